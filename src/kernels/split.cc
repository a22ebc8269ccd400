// SPDX-License-Identifier: Apache-2.0
// SPLIT, SPLIT_V, UNPACK: one tensor cut along an axis into its outputs.
//   SPLIT    axis: i32 scalar, input            num_splits equal parts
//   SPLIT_V  input, sizes [parts], axis: i32    parts of these sizes
//   UNPACK   input; option axis                 slices, the axis dropped
// The outputs' shapes (inference) say how far each part reaches.
// Source: TFLite schema SplitOptions, SplitVOptions, UnpackOptions.
#include "kernels/move_elements.h"

namespace liteforge {
namespace {

struct Layout {
  int data_input;
  int axis_input;  // -1: the option says
};

constexpr Layout LayoutOf(Op op) {
  if (op == Op::kSplit) return {1, 0};
  if (op == Op::kSplitV) return {0, 2};
  return {0, -1};
}

Result<void> Prepare(KernelContext& k) {
  return CheckMovable(k.Input(LayoutOf(k.op()).data_input));
}

void Eval(KernelContext& k) noexcept {
  const Layout layout = LayoutOf(k.op());
  const RuntimeTensor& input = k.Input(layout.data_input);
  const int rank = input.shape.rank();
  int64_t axis = layout.axis_input < 0
                     ? k.options<UnpackOptions>().axis
                     : IntegerAt(k.Input(layout.axis_input), 0);
  if (axis < 0) axis += rank;
  if (axis < 0 || axis >= rank) return k.FailEval("axis is out of range");

  int64_t inner = 1;
  for (int a = static_cast<int>(axis) + 1; a < rank; ++a)
    inner *= input.shape[a];
  const int64_t row = inner * input.shape[static_cast<int>(axis)];
  if (row == 0) return;
  const int64_t rows = input.elements() / row;
  int64_t offset = 0;
  for (int i = 0; i < k.output_count(); ++i) {
    RuntimeTensor& output = k.Output(i);
    const int64_t part = rows == 0 ? 0 : output.elements() / rows;
    if (offset + part > row) return k.FailEval("the parts exceed the input");
    StridedBox box;
    box.AddAxis(static_cast<int32_t>(rows), row, part);
    box.AddAxis(static_cast<int32_t>(part), 1, 1);
    MoveBox(k, box, input, offset, output);
    offset += part;
  }
}

}  // namespace

extern const Kernel kSplit{Op::kSplit, kEveryType, Prepare, Eval};
extern const Kernel kSplitV{Op::kSplitV, kEveryType, Prepare, Eval};
extern const Kernel kUnpack{Op::kUnpack, kEveryType, Prepare, Eval};

}  // namespace liteforge
