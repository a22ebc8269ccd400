// SPDX-License-Identifier: Apache-2.0
#include "ops/infer_checks.h"

#include <string>

#include "base/try.h"

namespace liteforge {

Result<void> NeedInputs(const InferContext& c, int count) {
  for (int i = 0; i < count; ++i) {
    if (!c.has_input(i)) {
      return InvalidModel("input " + std::to_string(i) + " is missing");
    }
  }
  return {};
}

Result<void> NeedRank(const InferContext& c, int i, int rank,
                      std::string_view role) {
  if (!c.has_input(i)) return InvalidModel(std::string(role) + " is missing");
  const Shape& shape = c.input(i).shape;
  if (!shape.has_rank() || shape.rank() == rank) return {};
  return InvalidModel(std::string(role) + " must have " + std::to_string(rank) +
                      " dimensions, it is " + shape.ToString());
}

Result<void> NeedRankAtLeast(const InferContext& c, int i, int least,
                             std::string_view role) {
  if (!c.has_input(i)) return InvalidModel(std::string(role) + " is missing");
  const Shape& shape = c.input(i).shape;
  if (!shape.has_rank() || shape.rank() >= least) return {};
  return InvalidModel(std::string(role) + " must have at least " +
                      std::to_string(least) + " dimensions, it is " +
                      shape.ToString());
}

Result<void> NeedEqual(int64_t a, int64_t b, std::string_view what) {
  if (a < 0 || b < 0 || a == b) return {};
  return InvalidModel(std::string(what) + " differ: " + std::to_string(a) +
                      " and " + std::to_string(b));
}

int32_t DimOf(const Shape& shape, int axis) {
  return axis >= 0 && axis < shape.rank() ? shape[axis] : Shape::kUnknownDim;
}

Shape UnknownOfRank(int rank) {
  if (rank < 0 || rank > Shape::kMaxRank) return Shape::UnknownRank();
  Shape shape;
  while (shape.rank() < rank) shape.Append(Shape::kUnknownDim);
  return shape;
}

Result<int32_t> ToDim(int64_t size, std::string_view what) {
  if (size >= 0 && size <= INT32_MAX) return static_cast<int32_t>(size);
  return InvalidModel(std::string(what) + " is " + std::to_string(size));
}

Result<Shape> ShapeOfDims(const std::vector<int64_t>& dims) {
  if (dims.size() > Shape::kMaxRank) {
    return Unsupported("the output would have " + std::to_string(dims.size()) +
                       " dimensions; at most " +
                       std::to_string(Shape::kMaxRank) + " are supported");
  }
  Shape shape;
  for (int64_t size : dims) {
    TRY_ASSIGN(const int32_t dim, ToDim(size, "a dimension"));
    shape.Append(dim);
  }
  return shape;
}

Result<Shape> ShapeHeldBy(const InferContext& c, int i) {
  TRY(NeedRank(c, i, 1, "shape"));
  std::vector<int64_t> dims;
  if (c.GetIntegers(i, dims)) return ShapeOfDims(dims);
  const Shape& holder = c.input(i).shape;
  if (!holder.has_rank()) return Shape::UnknownRank();
  if (holder[0] > Shape::kMaxRank) {
    return Unsupported("the output would have too many dimensions");
  }
  return UnknownOfRank(holder[0]);
}

}  // namespace liteforge
