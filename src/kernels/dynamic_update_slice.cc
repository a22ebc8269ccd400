// SPDX-License-Identifier: Apache-2.0
// DYNAMIC_UPDATE_SLICE: the operand with a box of `update`'s shape replaced;
// where the box starts (i32 | i64) is moved so that it fits. Any
// type but strings.
// Source: tflite/kernels/dynamic_update_slice.cc.
#include <algorithm>
#include <cstring>

#include "kernels/move_elements.h"

namespace liteforge {
namespace {

Result<void> Prepare(KernelContext& k) {
  if (k.Input(0).type == DataType::kString) {
    return Unsupported("strings are not supported");
  }
  if (k.Input(1).type != k.Input(0).type) {
    return InvalidModel("operand and update must be of one type");
  }
  if (!IsIndexType(k.Input(2).type)) {
    return InvalidModel("start indices must be int32 or int64");
  }
  return CheckMovable(k.Input(0));
}

void Eval(KernelContext& k) noexcept {
  const Shape& shape = k.Input(0).shape;
  const Shape& update = k.Input(1).shape;
  if (k.Output(0).bytes == 0) return;
  std::memcpy(k.Output(0).data, k.Input(0).data, k.Output(0).bytes);
  if (k.Input(1).bytes == 0) return;
  const auto to = RowMajorStrides(shape), from = RowMajorStrides(update);
  StridedBox box;
  int64_t offset = 0;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const auto a = static_cast<size_t>(axis);
    box.AddAxis(update[axis], from[a], to[a]);
    const int64_t start = IntegerAt(k.Input(2), axis);
    const int64_t latest = int64_t{shape[axis]} - update[axis];
    offset += to[a] * std::clamp<int64_t>(start, 0, latest);
  }
  MoveBox(k, Simplify(box), k.Input(1), 0, k.Output(0), offset);
}

}  // namespace

extern const Kernel kDynamicUpdateSlice{Op::kDynamicUpdateSlice,
                                        kEveryFixedType, Prepare, Eval};

}  // namespace liteforge
