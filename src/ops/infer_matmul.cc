// SPDX-License-Identifier: Apache-2.0
// FULLY_CONNECTED: input [.., I] as [batch, I], weights [O, I] -> [batch, O],
// or [.., O] with keep_num_dims. BATCH_MATMUL: [.., M, K] x [.., K, N].
#include <string>

#include "base/try.h"
#include "ops/all_infer_rules.h"
#include "ops/infer_checks.h"

namespace liteforge {
namespace {

Result<Shape> FullyConnectedShape(const Shape& input, int32_t outputs,
                                  int32_t depth, bool keep_num_dims) {
  if (keep_num_dims) {
    if (!input.has_rank() || input.rank() == 0) return Shape::UnknownRank();
    if (depth >= 0 && input[input.rank() - 1] >= 0 &&
        input[input.rank() - 1] != depth) {
      return InvalidModel("input " + input.ToString() + " does not end in " +
                          std::to_string(depth) + ", which weights take");
    }
    Shape output = input;
    output.set_dim(input.rank() - 1, outputs);
    return output;
  }
  int32_t batch = Shape::kUnknownDim;
  const int64_t elements = input.elements();
  if (depth == 0 && elements > 0) {
    return InvalidModel("weights take no values, input " + input.ToString() +
                        " has some");
  }
  if (depth == 0 && input.IsStatic() && input.rank() > 0) {
    const auto rows = input.dims().first(input.dims().size() - 1);
    TRY_ASSIGN(batch, ToDim(Shape(rows).elements(), "the batch"));
  } else if (elements >= 0 && depth > 0) {
    if (elements % depth != 0) {
      return InvalidModel("input " + input.ToString() +
                          " does not divide into rows of " +
                          std::to_string(depth) + ", which weights take");
    }
    TRY_ASSIGN(batch, ToDim(elements / depth, "the batch"));
  }
  return Shape{batch, outputs};
}

Result<void> FullyConnected(InferContext& c) {
  if (!c.has_input(0) || !c.has_input(1)) {
    return InvalidModel("input or weights are missing");
  }
  const TensorInfo& input = c.input(0);
  const Shape& weights = c.input(1).shape;
  if (weights.has_rank() && weights.rank() != 2) {
    return InvalidModel("weights must be [outputs, inputs], they are " +
                        weights.ToString());
  }
  const int32_t outputs = weights.has_rank() ? weights[0] : -1;
  const int32_t depth = weights.has_rank() ? weights[1] : -1;
  if (c.has_input(2)) {
    const int64_t bias = c.input(2).shape.elements();
    if (bias >= 0 && outputs >= 0 && bias != outputs) {
      return InvalidModel("bias has " + std::to_string(bias) + " values for " +
                          std::to_string(outputs) + " outputs");
    }
  }
  TRY_ASSIGN(
      const Shape shape,
      FullyConnectedShape(input.shape, outputs, depth,
                          c.options<FullyConnectedOptions>().keep_num_dims));
  // Quantized inputs may leave in another integer type.
  const bool take_declared =
      c.declared_type(0) != DataType::kNone && input.type != DataType::kFloat32;
  c.SetOutput(0, take_declared ? c.declared_type(0) : input.type, shape);
  // The second output of the shuffled weights format is working memory.
  if (c.output_count() > 1) c.SetOutput(1, DataType::kUInt8, input.shape);
  return {};
}

Result<void> BatchMatMul(InferContext& c) {
  const Shape& a = c.input(0).shape;
  const Shape& b = c.input(1).shape;
  const auto& options = c.options<BatchMatMulOptions>();
  if (!c.has_input(0) || !c.has_input(1)) {
    return InvalidModel("an operand is missing");
  }
  const bool declared = c.declared_type(0) != DataType::kNone;
  const DataType type = declared ? c.declared_type(0) : c.input(0).type;
  if (!a.has_rank() || !b.has_rank()) {
    c.SetOutput(0, type, Shape::UnknownRank());
    return {};
  }
  if (a.rank() < 2 || b.rank() < 2) {
    return InvalidModel("operands must have at least 2 dimensions, they are " +
                        a.ToString() + " and " + b.ToString());
  }
  const int32_t rows = a[a.rank() - (options.adj_x ? 1 : 2)];
  const int32_t depth_a = a[a.rank() - (options.adj_x ? 2 : 1)];
  const int32_t depth_b = b[b.rank() - (options.adj_y ? 1 : 2)];
  const int32_t columns = b[b.rank() - (options.adj_y ? 2 : 1)];
  if (depth_a >= 0 && depth_b >= 0 && depth_a != depth_b) {
    return InvalidModel("operands " + a.ToString() + " and " + b.ToString() +
                        " do not agree in the summed dimension");
  }
  TRY_ASSIGN(Shape shape,
             Broadcast(Shape(a.dims().first(a.dims().size() - 2)),
                       Shape(b.dims().first(b.dims().size() - 2))));
  shape.Append(rows);
  shape.Append(columns);
  c.SetOutput(0, type, shape);
  return {};
}

}  // namespace

std::span<const InferRule> MatmulRules() {
  static constexpr InferRule kRules[] = {
      {Op::kBatchMatMul, BatchMatMul},
      {Op::kFullyConnected, FullyConnected},
  };
  return kRules;
}

}  // namespace liteforge
