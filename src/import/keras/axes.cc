// SPDX-License-Identifier: Apache-2.0
#include "import/keras/axes.h"

#include <algorithm>
#include <string>

#include "base/try.h"
#include "function/ops.h"

namespace liteforge {
namespace {

tl::unexpected<Error> DoesNotFit(const Tensor& x,
                                 const std::vector<int32_t>& inner) {
  return InvalidModel(
      "its input " + x.shape().ToString() + " does not fit the shape " +
      Shape(std::span<const int32_t>(inner)).ToString() + " per example");
}

// Elements of one example; -1 when not known.
int64_t InnerElements(const Shape& shape) {
  return Shape(shape.dims().subspan(1)).elements();
}

// Fills in the -1 where x's inner dimensions are known. Errors when they do
// not fit.
Result<void> Resolve(const Tensor& x, std::vector<int32_t>& inner) {
  const auto open = std::find(inner.begin(), inner.end(), -1);
  if (std::count(inner.begin(), inner.end(), -1) > 1) {
    return InvalidModel("more than one dimension of the shape is -1");
  }
  int64_t given = 1;
  for (int32_t dim : inner) {
    if (dim < -1 || dim == 0) return DoesNotFit(x, inner);
    if (dim > 0) given *= dim;
    if (given > INT32_MAX) return DoesNotFit(x, inner);
  }
  const int64_t have = InnerElements(x.shape());
  if (have < 0) return {};
  if (open == inner.end()) {
    if (given != have) return DoesNotFit(x, inner);
    return {};
  }
  if (have % given != 0 || have / given > INT32_MAX) {
    return DoesNotFit(x, inner);
  }
  *open = static_cast<int32_t>(have / given);
  return {};
}

// [batch of x, inner…] as a tensor.
Tensor ShapeWithBatch(const Tensor& x, const std::vector<int32_t>& inner) {
  const Tensor batch = Index(ShapeOf(x), 0, 0);
  std::vector<Tensor> dims = {batch};
  for (int32_t dim : inner) {
    dims.push_back(x.builder()->Constant(IntScalar(dim)));
  }
  return Pack(dims, 0);
}

}  // namespace

Result<int32_t> WrapAxis(int32_t axis, int rank, std::string_view key) {
  const int64_t wrapped = axis < 0 ? int64_t{axis} + rank : axis;
  if (wrapped >= 0 && wrapped < rank) return static_cast<int32_t>(wrapped);
  return InvalidModel(std::string("'").append(key) + "' is " +
                      std::to_string(axis) + ", its input has " +
                      std::to_string(rank) + " dimensions");
}

Result<void> WrapAxes(std::vector<int32_t>& axes, int rank) {
  for (int32_t& axis : axes) {
    TRY_ASSIGN(axis, WrapAxis(axis, rank, "axis"));
  }
  std::vector<int32_t> sorted = axes;
  std::sort(sorted.begin(), sorted.end());
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) {
    return InvalidModel("'axis' names one axis twice");
  }
  return {};
}

Result<int32_t> CheckedDim(int64_t size) {
  if (size >= 1 && size <= INT32_MAX) return static_cast<int32_t>(size);
  return InvalidModel("a dimension of its output would be " +
                      std::to_string(size));
}

Result<Tensor> ReshapeInner(Tensor x, std::vector<int32_t> inner) {
  if (x.rank() < 1) return InvalidModel("its input has no batch dimension");
  if (inner.size() >= Shape::kMaxRank) {
    return InvalidModel("the shape has too many dimensions");
  }
  TRY(Resolve(x, inner));
  const bool open = std::find(inner.begin(), inner.end(), -1) != inner.end();
  std::vector<int32_t> all = {x.dim(0)};
  all.insert(all.end(), inner.begin(), inner.end());
  // Reshape finds one unknown dimension itself; a batch and an inner one need
  // the batch taken from the input.
  if (!open || x.dim(0) >= 0) return Reshape(x, std::move(all));
  return Reshape(x, ShapeWithBatch(x, inner),
                 Shape(std::span<const int32_t>(all)));
}

Result<Shape> EinsumShape(const std::string& equation, const Tensor& a,
                          const Tensor& b) {
  const size_t comma = equation.find(','), arrow = equation.find("->");
  if (comma == std::string::npos || arrow == std::string::npos || arrow < comma)
    return InvalidModel("its equation '" + equation +
                        "' is none of two "
                        "operands");
  std::string left = equation.substr(0, comma);
  const std::string right = equation.substr(comma + 1, arrow - comma - 1);
  std::string result = equation.substr(arrow + 2);
  // An ellipsis stands for the axes that the other labels leave.
  const auto expand = [&](std::string& labels, int axes) {
    const size_t at = labels.find("...");
    if (at == std::string::npos) return;
    std::string digits;
    for (int i = 0; i < axes; ++i) digits += static_cast<char>('0' + i);
    labels = labels.substr(0, at) + digits + labels.substr(at + 3);
  };
  const int axes = a.rank() - static_cast<int>(left.size()) + 3;
  expand(left, axes);
  expand(result, axes);
  if (result.size() > static_cast<size_t>(Shape::kMaxRank))
    return InvalidModel("its equation '" + equation + "' has too many labels");
  Shape shape;
  for (const char label : result) {
    const size_t in_a = left.find(label), in_b = right.find(label);
    if (in_a < static_cast<size_t>(a.rank())) {
      shape.Append(a.dim(static_cast<int>(in_a)));
    } else if (in_b < static_cast<size_t>(b.rank())) {
      shape.Append(b.dim(static_cast<int>(in_b)));
    } else {
      return InvalidModel("its equation '" + equation + "' does not fit");
    }
  }
  return shape;
}

std::vector<int32_t> ChannelsToLast(int rank) {
  std::vector<int32_t> order = {0};
  for (int axis = 2; axis < rank; ++axis) order.push_back(axis);
  if (rank > 1) order.push_back(1);
  return order;
}

std::vector<int32_t> ChannelsToFirst(int rank) {
  std::vector<int32_t> order = {0};
  if (rank > 1) order.push_back(rank - 1);
  for (int axis = 1; axis < rank - 1; ++axis) order.push_back(axis);
  return order;
}

}  // namespace liteforge
