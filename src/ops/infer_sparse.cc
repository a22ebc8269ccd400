// SPDX-License-Identifier: Apache-2.0
// Sparse and symbolic lookups: SPARSE_TO_DENSE, EMBEDDING_LOOKUP_SPARSE,
// HASHTABLE_LOOKUP, LSH_PROJECTION, SKIP_GRAM, NON_MAX_SUPPRESSION_V4 and _V5.
#include <string>

#include "base/try.h"
#include "ops/all_infer_rules.h"
#include "ops/infer_checks.h"

namespace liteforge {
namespace {

// indices [] | [N] | [N, R], output_shape [R], values [] | [N], default [].
Result<void> SparseToDense(InferContext& c) {
  TRY(NeedInputs(c, 4));
  const Shape& indices = c.input(0).shape;
  const Shape& values = c.input(2).shape;
  if (indices.rank() > 2 || values.rank() > 1) {
    return InvalidModel("indices " + indices.ToString() + " and values " +
                        values.ToString() + " have too many dimensions");
  }
  if (indices.rank() >= 1 && values.rank() == 1) {
    TRY(NeedEqual(indices[0], values[0], "the counts of indices and values"));
  }
  if (indices.rank() == 2) {
    TRY(NeedEqual(indices[1], DimOf(c.input(1).shape, 0),
                  "the ranks of indices and output"));
  }
  TRY_ASSIGN(const Shape shape, ShapeHeldBy(c, 1));
  c.SetOutput(0, c.input(2).type, shape);
  return {};
}

// ids [N], indices [N, R], dense_shape [R], weights [N], table [V, ..]
// -> dense_shape without its last, then the table's row.
Result<void> EmbeddingLookupSparse(InferContext& c) {
  TRY(NeedRank(c, 0, 1, "ids"));
  TRY(NeedRank(c, 1, 2, "indices"));
  TRY(NeedRank(c, 3, 1, "weights"));
  TRY(NeedRankAtLeast(c, 4, 2, "table"));
  TRY(NeedEqual(DimOf(c.input(0).shape, 0), DimOf(c.input(1).shape, 0),
                "the counts of ids and indices"));
  TRY(NeedEqual(DimOf(c.input(0).shape, 0), DimOf(c.input(3).shape, 0),
                "the counts of ids and weights"));
  TRY_ASSIGN(const Shape dense, ShapeHeldBy(c, 2));
  const Shape& table = c.input(4).shape;
  Shape output = Shape::UnknownRank();
  if (dense.rank() >= 1 && table.has_rank()) {
    if (dense.rank() + table.rank() - 2 > Shape::kMaxRank) {
      return Unsupported("the output would have too many dimensions");
    }
    output = Shape(dense.dims().first(dense.dims().size() - 1));
    for (int axis = 1; axis < table.rank(); ++axis) output.Append(table[axis]);
  }
  c.SetOutput(0, DataType::kFloat32, output);
  return {};
}

// lookup [N], keys [K], values [K, ..] -> [N, ..] and which were found [N].
Result<void> HashtableLookup(InferContext& c) {
  TRY(NeedRank(c, 0, 1, "lookup"));
  TRY(NeedRank(c, 1, 1, "keys"));
  TRY(NeedRankAtLeast(c, 2, 1, "values"));
  Shape values = c.input(2).shape;
  TRY(NeedEqual(DimOf(c.input(1).shape, 0), DimOf(values, 0),
                "the counts of keys and values"));
  const int32_t count = DimOf(c.input(0).shape, 0);
  if (values.has_rank()) values.set_dim(0, count);
  c.SetOutput(0, c.input(2).type, values);
  c.SetOutput(1, DataType::kUInt8, Shape{count});
  return {};
}

// hash [functions, bits]: a number a function, or every bit by itself.
Result<void> LshProjection(InferContext& c) {
  TRY(NeedRank(c, 0, 2, "hash"));
  TRY(NeedRankAtLeast(c, 1, 1, "input"));
  const int32_t functions = DimOf(c.input(0).shape, 0);
  const int32_t bits = DimOf(c.input(0).shape, 1);
  if (bits > 32) return InvalidModel("hash has more than 32 bits");
  switch (c.options<LSHProjectionOptions>().type) {
    case LSHProjectionType::kSparse:
      c.SetOutput(0, DataType::kInt32, Shape{functions});
      return {};
    case LSHProjectionType::kDense: {
      int32_t size = Shape::kUnknownDim;
      if (functions >= 0 && bits >= 0) {
        TRY_ASSIGN(size, ToDim(int64_t{functions} * bits, "the output"));
      }
      c.SetOutput(0, DataType::kInt32, Shape{size});
      return {};
    }
    default:
      return InvalidModel("it is neither sparse nor dense");
  }
}

// How many phrases a text has, only running tells.
Result<void> SkipGram(InferContext& c) {
  TRY(NeedInputs(c, 1));
  c.SetOutput(0, DataType::kString, Shape{Shape::kUnknownDim});
  return {};
}

// boxes [N, 4], scores [N], max_output_size [] -> indices [max], V5 scores
// [max], and how many of them count [].
Result<void> NonMaxSuppression(InferContext& c) {
  const bool soft = c.op() == Op::kNonMaxSuppressionV5;
  TRY(NeedInputs(c, soft ? 6 : 5));
  TRY(NeedRank(c, 0, 2, "boxes"));
  TRY(NeedRank(c, 1, 1, "scores"));
  TRY(NeedEqual(DimOf(c.input(0).shape, 1), 4, "the numbers that make a box"));
  TRY(NeedEqual(DimOf(c.input(0).shape, 0), DimOf(c.input(1).shape, 0),
                "the counts of boxes and scores"));
  std::vector<int64_t> limit;
  int32_t most = Shape::kUnknownDim;
  if (c.GetIntegers(2, limit)) {
    if (limit.size() != 1) {
      return InvalidModel("max_output_size must be one value");
    }
    TRY_ASSIGN(most, ToDim(limit[0], "max_output_size"));
  }
  int i = 0;
  c.SetOutput(i++, DataType::kInt32, Shape{most});
  if (soft) c.SetOutput(i++, DataType::kFloat32, Shape{most});
  c.SetOutput(i, DataType::kInt32, Shape());
  return {};
}

}  // namespace

std::span<const InferRule> SparseRules() {
  static constexpr InferRule kRules[] = {
      {Op::kEmbeddingLookupSparse, EmbeddingLookupSparse},
      {Op::kHashtableLookup, HashtableLookup},
      {Op::kLshProjection, LshProjection},
      {Op::kNonMaxSuppressionV4, NonMaxSuppression},
      {Op::kNonMaxSuppressionV5, NonMaxSuppression},
      {Op::kSkipGram, SkipGram},
      {Op::kSparseToDense, SparseToDense},
  };
  return kRules;
}

}  // namespace liteforge
