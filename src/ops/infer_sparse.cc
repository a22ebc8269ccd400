// SPDX-License-Identifier: Apache-2.0
// Operators on sparse data: tables looked up by key, hashes, segments.
//
//   SPARSE_TO_DENSE          indices, shape, values, default value
//   EMBEDDING_LOOKUP_SPARSE  ids [n], indices [n, rank], dense shape [rank],
//                            weights [n], table
//   HASHTABLE_LOOKUP         keys asked for [n], sorted keys [m], values [m, …]
//   LSH_PROJECTION           seeds [hashes, bits], items [n, …], weights [n]?
//   SKIP_GRAM                one string
//   SEGMENT_SUM              data, ids [n]
//   UNSORTED_SEGMENT_*       data, ids, number of segments
#include <algorithm>
#include <string>

#include "base/try.h"
#include "ops/all_infer_rules.h"

namespace liteforge {
namespace {

Result<void> NeedInputs(const InferContext& c, int count) {
  for (int i = 0; i < count; ++i) {
    if (!c.has_input(i)) {
      return InvalidModel("input " + std::to_string(i) + " is missing");
    }
  }
  return {};
}

Result<void> CheckRank(const InferContext& c, int i, int rank,
                       std::string_view role) {
  const Shape& shape = c.input(i).shape;
  if (!shape.has_rank() || shape.rank() == rank) return {};
  return InvalidModel(std::string(role) + " must have " + std::to_string(rank) +
                      " dimensions, it is " + shape.ToString());
}

Result<int32_t> ToDim(int64_t dim) {
  if (dim >= 0 && dim <= INT32_MAX) return static_cast<int32_t>(dim);
  return InvalidModel("a dimension of " + std::to_string(dim) +
                      " was asked for");
}

int32_t DimOf(const Shape& shape, int axis) {
  return axis < shape.rank() ? shape[axis] : Shape::kUnknownDim;
}

// Appends the axes of `from` from `first` on; an unknown rank makes the whole
// unknown.
Result<Shape> AppendAxes(Shape shape, const Shape& from, int first) {
  if (!from.has_rank() || !shape.has_rank()) return Shape::UnknownRank();
  if (shape.rank() + from.rank() - first > Shape::kMaxRank) {
    return Unsupported("the output would have too many dimensions");
  }
  for (int axis = first; axis < from.rank(); ++axis) shape.Append(from[axis]);
  return shape;
}

// The first `count` dimensions that input `i` holds, all of them for -1.
Result<Shape> DimsHeldBy(InferContext& c, int i, int count = -1) {
  std::vector<int64_t> dims;
  if (!c.GetIntegers(i, dims)) {
    const int32_t rank = DimOf(c.input(i).shape, 0);
    if (rank < 0) return Shape::UnknownRank();
    dims.assign(static_cast<size_t>(rank), Shape::kUnknownDim);
  } else {
    for (int64_t dim : dims) TRY(ToDim(dim));
  }
  if (dims.size() > Shape::kMaxRank) {
    return Unsupported("the output would have too many dimensions");
  }
  if (count >= 0)
    dims.resize(std::min(dims.size(), static_cast<size_t>(count)));
  Shape shape;
  for (int64_t dim : dims) shape.Append(static_cast<int32_t>(dim));
  return shape;
}

Result<void> SparseToDense(InferContext& c) {
  TRY(NeedInputs(c, 4));
  TRY(CheckRank(c, 1, 1, "output shape"));
  TRY_ASSIGN(const Shape shape, DimsHeldBy(c, 1));
  c.SetOutput(0, c.input(2).type, shape);
  return {};
}

Result<void> EmbeddingLookupSparse(InferContext& c) {
  TRY(NeedInputs(c, 5));
  TRY(CheckRank(c, 0, 1, "ids"));
  TRY(CheckRank(c, 1, 2, "indices"));
  TRY(CheckRank(c, 2, 1, "dense shape"));
  TRY(CheckRank(c, 3, 1, "weights"));
  const Shape& table = c.input(4).shape;
  if (table.has_rank() && table.rank() < 2) {
    return InvalidModel("the table must have two dimensions or more");
  }
  const int32_t rank = DimOf(c.input(2).shape, 0);
  const int32_t columns = DimOf(c.input(1).shape, 1);
  if (rank == 0 || (rank > 0 && columns >= 0 && rank != columns)) {
    return InvalidModel("indices have " + std::to_string(columns) +
                        " columns for a dense shape of rank " +
                        std::to_string(rank));
  }
  TRY_ASSIGN(Shape output, DimsHeldBy(c, 2, std::max(0, rank - 1)));
  TRY_ASSIGN(output, AppendAxes(output, table, 1));
  c.SetOutput(0, DataType::kFloat32, output);
  return {};
}

Result<void> HashtableLookup(InferContext& c) {
  TRY(NeedInputs(c, 3));
  TRY(CheckRank(c, 0, 1, "lookup"));
  TRY(CheckRank(c, 1, 1, "key"));
  const Shape& values = c.input(2).shape;
  const int32_t keys = DimOf(c.input(1).shape, 0), rows = DimOf(values, 0);
  if (values.rank() == 0 || (keys >= 0 && rows >= 0 && keys != rows)) {
    return InvalidModel("there are " + std::to_string(keys) +
                        " keys for values of " + values.ToString());
  }
  const Shape hits{DimOf(c.input(0).shape, 0)};
  TRY_ASSIGN(const Shape output, AppendAxes(hits, values, 1));
  c.SetOutput(0, c.input(2).type, output);
  if (c.output_count() > 1) c.SetOutput(1, DataType::kUInt8, hits);
  return {};
}

Result<void> LshProjection(InferContext& c) {
  TRY(NeedInputs(c, 2));
  TRY(CheckRank(c, 0, 2, "hash"));
  const int32_t hashes = DimOf(c.input(0).shape, 0);
  const int32_t bits = DimOf(c.input(0).shape, 1);
  const int32_t items = DimOf(c.input(1).shape, 0);
  const auto type = c.options<LSHProjectionOptions>().type;
  if (bits > 32) return InvalidModel("a hash has more than 32 bits");
  if (c.input(1).shape.rank() == 0 || items == 0) {
    return InvalidModel("there is nothing to hash");
  }
  if (type == LSHProjectionType::kUnknown) {
    return InvalidModel("the projection is neither sparse nor dense");
  }
  if (c.has_input(2)) {
    TRY(CheckRank(c, 2, 1, "weight"));
    const int32_t weights = DimOf(c.input(2).shape, 0);
    if (weights >= 0 && items >= 0 && weights != items) {
      return InvalidModel("there must be one weight for each item");
    }
  }
  int32_t size = hashes;
  if (type == LSHProjectionType::kDense) {
    const bool known = hashes >= 0 && bits >= 0;
    TRY_ASSIGN(size, ToDim(known ? int64_t{hashes} * bits : 0));
    if (!known) size = Shape::kUnknownDim;
  }
  c.SetOutput(0, DataType::kInt32, Shape{size});
  return {};
}

// How many grams there are, only running tells.
Result<void> SkipGram(InferContext& c) {
  TRY(NeedInputs(c, 1));
  c.SetOutput(0, DataType::kString, Shape{Shape::kUnknownDim});
  return {};
}

Result<void> SegmentSum(InferContext& c) {
  TRY(NeedInputs(c, 2));
  TRY(CheckRank(c, 1, 1, "segment_ids"));
  const Shape& data = c.input(0).shape;
  const int32_t count = DimOf(c.input(1).shape, 0), rows = DimOf(data, 0);
  if (data.rank() == 0 || (count >= 0 && rows >= 0 && count != rows)) {
    return InvalidModel("there are " + std::to_string(count) +
                        " segment_ids for data of " + data.ToString());
  }
  std::vector<int64_t> ids;
  int32_t segments = Shape::kUnknownDim;
  if (c.GetIntegers(1, ids)) {
    TRY_ASSIGN(segments, ToDim(ids.empty() ? 0 : ids.back() + 1));
    // Ids grow by 1 at most, so more segments than rows are a mistake: it must
    // not become a large output.
    if (segments > static_cast<int64_t>(ids.size())) {
      return InvalidModel("segment_ids must start at 0 and grow by 0 or 1");
    }
  }
  TRY_ASSIGN(const Shape output, AppendAxes(Shape{segments}, data, 1));
  c.SetOutput(0, c.input(0).type, output);
  return {};
}

Result<void> UnsortedSegment(InferContext& c) {
  TRY(NeedInputs(c, 3));
  const Shape& data = c.input(0).shape;
  const Shape& ids = c.input(1).shape;
  std::vector<int64_t> count;
  int32_t segments = Shape::kUnknownDim;
  if (c.GetIntegers(2, count)) {
    if (count.size() != 1) return InvalidModel("num_segments is no one value");
    TRY_ASSIGN(segments, ToDim(count[0]));
  }
  if (!ids.has_rank() || !data.has_rank()) {
    c.SetOutput(0, c.input(0).type, Shape::UnknownRank());
    return {};
  }
  bool fits = ids.rank() <= data.rank();
  for (int axis = 0; fits && axis < ids.rank(); ++axis) {
    fits = ids[axis] < 0 || data[axis] < 0 || ids[axis] == data[axis];
  }
  if (!fits) {
    return InvalidModel("segment_ids " + ids.ToString() +
                        " are not the first dimensions of data " +
                        data.ToString());
  }
  TRY_ASSIGN(const Shape output, AppendAxes(Shape{segments}, data, ids.rank()));
  c.SetOutput(0, c.input(0).type, output);
  return {};
}

constexpr InferRule kRules[] = {
    {Op::kEmbeddingLookupSparse, EmbeddingLookupSparse},
    {Op::kHashtableLookup, HashtableLookup},
    {Op::kLshProjection, LshProjection},
    {Op::kSegmentSum, SegmentSum},
    {Op::kSkipGram, SkipGram},
    {Op::kSparseToDense, SparseToDense},
    {Op::kUnsortedSegmentMax, UnsortedSegment},
    {Op::kUnsortedSegmentMin, UnsortedSegment},
    {Op::kUnsortedSegmentProd, UnsortedSegment},
    {Op::kUnsortedSegmentSum, UnsortedSegment},
};

}  // namespace

std::span<const InferRule> SparseRules() { return kRules; }

}  // namespace liteforge
