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

}  // namespace liteforge
