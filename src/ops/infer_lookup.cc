// SPDX-License-Identifier: Apache-2.0
// Operators that pick elements by index or search for them.
#include <algorithm>
#include <string>

#include "base/try.h"
#include "ops/all_infer_rules.h"

namespace liteforge {
namespace {

Result<void> Gather(InferContext& c) {
  const Shape& params = c.input(0).shape;
  const Shape& indices = c.input(1).shape;
  const auto& o = c.options<GatherOptions>();
  if (!params.has_rank() || !indices.has_rank()) {
    c.SetOutput(0, c.input(0).type, Shape::UnknownRank());
    return {};
  }
  TRY_ASSIGN(const int axis, NormalizeAxis(o.axis, params.rank(), "axis"));
  const int batch_dims =
      o.batch_dims < 0 ? o.batch_dims + indices.rank() : o.batch_dims;
  if (batch_dims < 0 || batch_dims > indices.rank() || batch_dims > axis) {
    return InvalidModel("batch_dims " + std::to_string(o.batch_dims) +
                        " does not fit indices " + indices.ToString() +
                        " and axis " + std::to_string(axis));
  }
  Shape output;
  for (int a = 0; a < batch_dims; ++a) {
    if (params[a] >= 0 && indices[a] >= 0 && params[a] != indices[a]) {
      return InvalidModel("the batches of " + params.ToString() + " and " +
                          indices.ToString() + " differ");
    }
  }
  if (params.rank() - 1 + indices.rank() - batch_dims > Shape::kMaxRank) {
    return Unsupported("the output would have too many dimensions");
  }
  for (int a = 0; a < axis; ++a) output.Append(params[a]);
  for (int a = batch_dims; a < indices.rank(); ++a) output.Append(indices[a]);
  for (int a = axis + 1; a < params.rank(); ++a) output.Append(params[a]);
  c.SetOutput(0, c.input(0).type, output);
  return {};
}

Result<void> GatherNd(InferContext& c) {
  const Shape& params = c.input(0).shape;
  const Shape& indices = c.input(1).shape;
  if (!params.has_rank() || !indices.has_rank() ||
      (indices.rank() > 0 && indices[indices.rank() - 1] < 0)) {
    c.SetOutput(0, c.input(0).type, Shape::UnknownRank());
    return {};
  }
  if (indices.rank() == 0 || params.rank() == 0) {
    return InvalidModel("params and indices must have dimensions");
  }
  const int depth = indices[indices.rank() - 1];
  if (depth > params.rank()) {
    return InvalidModel("indices name " + std::to_string(depth) +
                        " axes, params have " + std::to_string(params.rank()));
  }
  if (indices.rank() - 1 + params.rank() - depth > Shape::kMaxRank) {
    return Unsupported("the output would have too many dimensions");
  }
  Shape output;
  for (int a = 0; a + 1 < indices.rank(); ++a) output.Append(indices[a]);
  for (int a = depth; a < params.rank(); ++a) output.Append(params[a]);
  c.SetOutput(0, c.input(0).type, output);
  return {};
}

Result<void> EmbeddingLookup(InferContext& c) {
  const Shape& ids = c.input(0).shape;
  const Shape& table = c.input(1).shape;
  if (!table.has_rank() || !ids.has_rank()) {
    c.SetOutput(0, DataType::kFloat32, Shape::UnknownRank());
    return {};
  }
  if (ids.rank() != 1 || table.rank() < 2) {
    return InvalidModel(
        "ids must have one dimension and the table two or "
        "more");
  }
  Shape output = table;
  output.set_dim(0, ids[0]);
  const DataType declared = c.declared_type(0);
  c.SetOutput(0, declared == DataType::kNone ? c.input(1).type : declared,
              output);
  return {};
}

Result<void> OneHot(InferContext& c) {
  const Shape& indices = c.input(0).shape;
  std::vector<int64_t> depth;
  if (!indices.has_rank() || indices.rank() == Shape::kMaxRank) {
    c.SetOutput(0, c.input(2).type, Shape::UnknownRank());
    return {};
  }
  const bool known = c.GetIntegers(1, depth);
  if (known && (depth.size() != 1 || depth[0] < 0 || depth[0] > INT32_MAX)) {
    return InvalidModel("depth must be one value of at least 0");
  }
  TRY_ASSIGN(const int at, NormalizeAxis(c.options<OneHotOptions>().axis,
                                         indices.rank() + 1, "axis"));
  Shape output;
  for (int a = 0; a <= indices.rank(); ++a) {
    if (a == at)
      output.Append(known ? static_cast<int32_t>(depth[0])
                          : Shape::kUnknownDim);
    if (a < indices.rank()) output.Append(indices[a]);
  }
  c.SetOutput(0, c.input(2).type, output);
  return {};
}

Result<void> TopK(InferContext& c) {
  const Shape& input = c.input(0).shape;
  std::vector<int64_t> k;
  Shape output = input;
  if (input.has_rank()) {
    if (input.rank() == 0) return InvalidModel("input must have dimensions");
    const int last = input.rank() - 1;
    const bool known = c.GetIntegers(1, k);
    if (known && (k.size() != 1 || k[0] > INT32_MAX ||
                  (input[last] >= 0 && k[0] > input[last]))) {
      return InvalidModel(
          "k must be one value, at most the last dimension of " +
          input.ToString());
    }
    // A negative k asks for none.
    output.set_dim(last, known
                             ? static_cast<int32_t>(std::max<int64_t>(0, k[0]))
                             : Shape::kUnknownDim);
  }
  c.SetOutput(0, c.input(0).type, output);
  const bool narrow = c.declared_type(1) == DataType::kInt16;
  if (c.output_count() > 1) {
    c.SetOutput(1, narrow ? DataType::kInt16 : DataType::kInt32, output);
  }
  return {};
}

// The coordinates of true elements: how many there are, only running tells.
Result<void> Where(InferContext& c) {
  const Shape& condition = c.input(0).shape;
  c.SetOutput(
      0, DataType::kInt64,
      Shape{Shape::kUnknownDim,
            condition.has_rank() ? condition.rank() : Shape::kUnknownDim});
  return {};
}

Result<void> Unique(InferContext& c) {
  c.SetOutput(0, c.input(0).type, Shape{Shape::kUnknownDim});
  c.SetOutput(1, c.options<UniqueOptions>().idx_out_type, c.input(0).shape);
  return {};
}

Result<void> ScatterNd(InferContext& c) {
  std::vector<int64_t> dims;
  Shape output;
  if (!c.GetIntegers(2, dims)) {
    const Shape& shape = c.input(2).shape;
    if (shape.rank() != 1 || shape[0] < 0 || shape[0] > Shape::kMaxRank) {
      output = Shape::UnknownRank();
    } else {
      while (output.rank() < shape[0]) output.Append(Shape::kUnknownDim);
    }
    c.SetOutput(0, c.input(1).type, output);
    return {};
  }
  if (dims.size() > Shape::kMaxRank) {
    return Unsupported("the output would have too many dimensions");
  }
  for (int64_t dim : dims) {
    if (dim < 0 || dim > INT32_MAX) return InvalidModel("shape is not valid");
    output.Append(static_cast<int32_t>(dim));
  }
  c.SetOutput(0, c.input(1).type, output);
  return {};
}

}  // namespace

std::span<const InferRule> LookupRules() {
  static constexpr InferRule kRules[] = {
      {Op::kEmbeddingLookup, EmbeddingLookup},
      {Op::kGather, Gather},
      {Op::kGatherNd, GatherNd},
      {Op::kOneHot, OneHot},
      {Op::kScatterNd, ScatterNd},
      {Op::kTopKV2, TopK},
      {Op::kUnique, Unique},
      {Op::kWhere, Where},
  };
  return kRules;
}

}  // namespace liteforge
