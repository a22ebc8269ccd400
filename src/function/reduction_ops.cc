// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "function/op_helpers.h"
#include "function/ops.h"

namespace liteforge {
namespace {

Tensor Reduce(std::string_view op, const Tensor& x, std::vector<int32_t> axes,
              bool keep_dims) {
  if (x.empty()) return {};
  Shape shape = Shape::UnknownRank();
  if (x.shape().has_rank()) {
    shape = Shape();
    for (int32_t& axis : axes) {
      const int wrapped = WrapAxis(axis, x.rank());
      if (wrapped < 0) {
        return FailOp(x, op,
                      "axis " + std::to_string(axis) + " is out of range for " +
                          x.shape().ToString());
      }
      axis = wrapped;
    }
    for (int axis = 0; axis < x.rank(); ++axis) {
      const bool reduced =
          std::find(axes.begin(), axes.end(), axis) != axes.end();
      if (!reduced) shape.Append(x.shape()[axis]);
      if (reduced && keep_dims) shape.Append(1);
    }
  }
  const Tensor indices = x.builder()->Constant(
      IntVector(std::move(axes)), std::string(op) + "/reduction_indices");
  return x.builder()->AddNode(op, {x, indices},
                              Attributes()
                                  .Type("T", x.type())
                                  .Type("Tidx", DataType::kInt32)
                                  .Bool("keep_dims", keep_dims),
                              x.type(), shape);
}

Tensor ArgExtreme(std::string_view op, const Tensor& x, int32_t axis,
                  DataType type) {
  if (x.empty()) return {};
  const int wrapped = WrapAxis(axis, x.rank());
  if (wrapped < 0) return FailOp(x, op, "the axis is out of range");
  Shape shape;
  for (int i = 0; i < x.rank(); ++i) {
    if (i != wrapped) shape.Append(x.shape()[i]);
  }
  const Tensor at =
      x.builder()->Constant(IntScalar(wrapped), std::string(op) + "/dimension");
  return x.builder()->AddNode(op, {x, at},
                              Attributes()
                                  .Type("T", x.type())
                                  .Type("Tidx", DataType::kInt32)
                                  .Type("output_type", type),
                              type, shape);
}

}  // namespace

Tensor Mean(Tensor x, std::vector<int32_t> axes, bool keep_dims) {
  return Reduce("Mean", x, std::move(axes), keep_dims);
}
Tensor Sum(Tensor x, std::vector<int32_t> axes, bool keep_dims) {
  return Reduce("Sum", x, std::move(axes), keep_dims);
}
Tensor Max(Tensor x, std::vector<int32_t> axes, bool keep_dims) {
  return Reduce("Max", x, std::move(axes), keep_dims);
}
Tensor Min(Tensor x, std::vector<int32_t> axes, bool keep_dims) {
  return Reduce("Min", x, std::move(axes), keep_dims);
}
Tensor Prod(Tensor x, std::vector<int32_t> axes, bool keep_dims) {
  return Reduce("Prod", x, std::move(axes), keep_dims);
}
Tensor Any(Tensor x, std::vector<int32_t> axes, bool keep_dims) {
  return Reduce("Any", x, std::move(axes), keep_dims);
}
Tensor All(Tensor x, std::vector<int32_t> axes, bool keep_dims) {
  return Reduce("All", x, std::move(axes), keep_dims);
}

Tensor Cumsum(Tensor x, int32_t axis, bool exclusive, bool reverse) {
  if (x.empty()) return {};
  const int wrapped = WrapAxis(axis, x.rank());
  if (wrapped < 0) return FailOp(x, "Cumsum", "the axis is out of range");
  const Tensor at = x.builder()->Constant(IntScalar(wrapped), "Cumsum/axis");
  return x.builder()->AddNode("Cumsum", {x, at},
                              Attributes()
                                  .Type("T", x.type())
                                  .Type("Tidx", DataType::kInt32)
                                  .Bool("exclusive", exclusive)
                                  .Bool("reverse", reverse),
                              x.type(), x.shape());
}

Tensor ArgMax(Tensor x, int32_t axis, DataType type) {
  return ArgExtreme("ArgMax", x, axis, type);
}
Tensor ArgMin(Tensor x, int32_t axis, DataType type) {
  return ArgExtreme("ArgMin", x, axis, type);
}

}  // namespace liteforge
