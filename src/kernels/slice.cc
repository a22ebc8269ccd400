// SPDX-License-Identifier: Apache-2.0
// SLICE: output = input[begin[0] : begin[0] + size[0], …]
//   input [any]   begin, size: i32 | i64 [rank]   output [size]
// A size of -1 reaches to the end; inference has settled that.
// Source: TFLite schema, SliceOptions; tensorflow/core/ops Slice.
#include "kernels/move_elements.h"

namespace liteforge {
namespace {

Result<void> Prepare(KernelContext& k) {
  if (!IsIndexType(k.Input(1).type) || !IsIndexType(k.Input(2).type)) {
    return InvalidModel("begin and size must be int32 or int64");
  }
  return CheckMovable(k.Input(0));
}

void Eval(KernelContext& k) noexcept {
  const RuntimeTensor& input = k.Input(0);
  RuntimeTensor& output = k.Output(0);
  const auto from = RowMajorStrides(input.shape);
  const auto to = RowMajorStrides(output.shape);
  StridedBox box;
  int64_t offset = 0;
  for (int axis = 0; axis < input.shape.rank(); ++axis) {
    const auto a = static_cast<size_t>(axis);
    const int64_t begin = IntegerAt(k.Input(1), axis);
    if (begin < 0 || begin > input.shape[axis] - output.shape[axis]) {
      return k.FailEval("begin and size reach outside the input");
    }
    offset += begin * from[a];
    box.AddAxis(output.shape[axis], from[a], to[a]);
  }
  MoveBox(k, box, input, offset, output);
}

}  // namespace

extern const Kernel kSlice{Op::kSlice, kEveryType, Prepare, Eval};

}  // namespace liteforge
