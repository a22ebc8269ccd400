// SPDX-License-Identifier: Apache-2.0
// TRANSPOSE: output[i0, …] = input with axis perm[n] as axis n.
//   perm: i32 | i64 [rank]
// REVERSE_V2: the named axes run backwards.
//   axes: i32 | i64 [n]
// Source: TFLite schema TransposeOptions, ReverseV2Options.
#include "kernels/move_elements.h"

namespace liteforge {
namespace {

Result<void> Prepare(KernelContext& k) {
  if (!IsIndexType(k.Input(1).type)) {
    return InvalidModel("axes must be int32 or int64");
  }
  return CheckMovable(k.Input(0));
}

void EvalTranspose(KernelContext& k) noexcept {
  const RuntimeTensor& input = k.Input(0);
  RuntimeTensor& output = k.Output(0);
  const int rank = input.shape.rank();
  const auto from = RowMajorStrides(input.shape);
  const auto to = RowMajorStrides(output.shape);
  StridedBox box;
  for (int axis = 0; axis < rank; ++axis) {
    int64_t source = IntegerAt(k.Input(1), axis);
    if (source < 0) source += rank;
    if (source < 0 || source >= rank) return k.FailEval("perm is not valid");
    box.AddAxis(output.shape[axis], from[static_cast<size_t>(source)],
                to[static_cast<size_t>(axis)]);
  }
  MoveBox(k, box, input, 0, output);
}

void EvalReverse(KernelContext& k) noexcept {
  const RuntimeTensor& input = k.Input(0);
  const int rank = input.shape.rank();
  const auto strides = RowMajorStrides(input.shape);
  bool backwards[Shape::kMaxRank] = {};
  for (int64_t i = 0; i < k.Input(1).elements(); ++i) {
    int64_t axis = IntegerAt(k.Input(1), i);
    if (axis < 0) axis += rank;
    if (axis < 0 || axis >= rank) return k.FailEval("an axis is out of range");
    backwards[axis] = true;
  }
  StridedBox box;
  int64_t offset = 0;
  for (int axis = 0; axis < rank; ++axis) {
    const int64_t stride = strides[static_cast<size_t>(axis)];
    if (backwards[axis]) offset += stride * (int64_t{input.shape[axis]} - 1);
    box.AddAxis(input.shape[axis], backwards[axis] ? -stride : stride, stride);
  }
  MoveBox(k, box, input, offset, k.Output(0));
}

}  // namespace

extern const Kernel kTranspose{Op::kTranspose, kEveryType, Prepare,
                               EvalTranspose};
extern const Kernel kReverseV2{Op::kReverseV2, kEveryType, Prepare,
                               EvalReverse};

}  // namespace liteforge
