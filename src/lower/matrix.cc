// SPDX-License-Identifier: Apache-2.0
// MatMul [m, k] x [k, n] -> FULLY_CONNECTED of [m, k] with weights [n, k].
// BatchMatMul [..., m, k] x [..., k, n] -> BATCH_MATMUL; against one constant
// matrix FULLY_CONNECTED with keep_num_dims, which quantizes better.
// Cross of [..., 3]: y_i = a_j b_k - a_k b_j, (i, j, k) = (0, 1, 2) in turn.
#include <fmt/format.h>

#include <span>

#include "lower/formula.h"

namespace liteforge {
namespace {

constexpr int32_t kSwap[] = {1, 0};

Result<void> CheckFloat(const Value& value) {
  if (value.type == DataType::kFloat32 || value.type == DataType::kFloat16 ||
      value.type == DataType::kBFloat16)
    return {};
  return Unsupported(fmt::format("TFLite multiplies matrices of floats, not {}",
                                 Name(value.type)));
}

Result<Value*> FullyConnected(IrBuilder& ir, Value* x, Value* weights,
                              bool keep_num_dims) {
  FullyConnectedOptions options;
  options.keep_num_dims = keep_num_dims;
  return ir.Emit(Op::kFullyConnected, options, {x, weights, nullptr});
}

Result<void> CheckMatrix(const Value& value) {
  if (!value.shape.has_rank() || value.shape.rank() == 2) return {};
  return InvalidModel(fmt::format("an operand has shape {}, which is no matrix",
                                  value.shape.ToString()));
}

Result<void> LowerMatMul(LowerContext& c) {
  IrBuilder& ir = c.ir();
  Value* a = c.input(0);
  Value* b = c.input(1);
  TRY(CheckFloat(*a));
  TRY(CheckMatrix(*a));
  TRY(CheckMatrix(*b));
  TRY_ASSIGN(const bool transpose_a, c.Attribute<bool>("transpose_a", false));
  TRY_ASSIGN(const bool transpose_b, c.Attribute<bool>("transpose_b", false));
  if (transpose_a) {
    TRY_ASSIGN(a, ir.Transpose(a, kSwap));
  }
  if (!transpose_b) {
    TRY_ASSIGN(b, ir.Transpose(b, kSwap));
  }
  return Finish(c, FullyConnected(ir, a, b, false));
}

Result<void> LowerBatchMatMul(LowerContext& c) {
  IrBuilder& ir = c.ir();
  Value* a = c.input(0);
  Value* b = c.input(1);
  TRY(CheckFloat(*a));
  BatchMatMulOptions options;
  TRY_ASSIGN(options.adj_x, c.Attribute<bool>("adj_x", false));
  TRY_ASSIGN(options.adj_y, c.Attribute<bool>("adj_y", false));
  if (b->is_constant() && b->shape.rank() == 2 && a->shape.rank() >= 2 &&
      !a->is_constant() && !options.adj_x) {
    if (!options.adj_y) {
      TRY_ASSIGN(b, ir.Transpose(b, kSwap));
    }
    return Finish(c, FullyConnected(ir, a, b, true));
  }
  return Finish(c, ir.Emit(Op::kBatchMatMul, options, {a, b}));
}

Result<void> LowerCross(LowerContext& c) {
  Formula f(c);
  const int32_t axis = c.input(0)->shape.rank() - 1;
  if (axis < 0) return Unsupported("an input of unknown rank");
  const auto turned = [&](int i, std::vector<int32_t> order) {
    return f.Gather(c.input(i), f.Ints(std::move(order)), axis);
  };
  Value* ahead = f.Mul(turned(0, {1, 2, 0}), turned(1, {2, 0, 1}));
  Value* behind = f.Mul(turned(0, {2, 0, 1}), turned(1, {1, 2, 0}));
  return f.Finish(f.Sub(ahead, behind));
}

constexpr TfOp kOps[] = {
    {"BatchMatMul", 2, LowerBatchMatMul},
    {"BatchMatMulV2", 2, LowerBatchMatMul},
    {"BatchMatMulV3", 2, LowerBatchMatMul},
    {"Cross", 2, LowerCross},
    {"MatMul", 2, LowerMatMul},
};

}  // namespace

std::span<const TfOp> MatrixOps() { return kOps; }

}  // namespace liteforge
