// SPDX-License-Identifier: Apache-2.0
// PAD, PADV2: the input with rows of a constant around it; 0 for PAD, which
// is the zero_point of a quantized output.
// MIRROR_PAD: the border filled with the input's own rows, mirrored with
// (SYMMETRIC) or without (REFLECT) repeating the outermost.
//   paddings: i8 | i16 | i32 | i64 [rank, 2]
// Source: tflite/kernels/{pad,mirror_pad}.cc.
#include <cstring>

#include "kernels/move_elements.h"
#include "kernels/numerics.h"

namespace liteforge {
namespace {

Result<void> Prepare(KernelContext& k) {
  const DataType paddings = k.Input(1).type;
  if (!IsIndexType(paddings) && paddings != DataType::kInt8 &&
      paddings != DataType::kInt16) {
    return InvalidModel("paddings must be int8, int16, int32 or int64");
  }
  if (k.HasInput(2) &&
      (k.Input(2).type != k.Input(0).type || k.Input(2).elements() != 1)) {
    return InvalidModel("the padding value must be one of the input's type");
  }
  if (k.Input(0).type == DataType::kString) {
    return Unsupported("string elements are not supported");
  }
  return CheckWhole(k.Input(0));
}

void FillWith(RuntimeTensor& output, const std::byte* value) {
  StridedBox box;
  box.AddAxis(static_cast<int32_t>(output.elements()), 0, 1);
  CopyBox(box, ElementBytes(output), value, output.data);
}

void FillPadding(KernelContext& k) {
  RuntimeTensor& output = k.Output(0);
  if (output.elements() == 0) return;
  if (k.HasInput(2)) return FillWith(output, k.Input(2).data);
  const bool bytes =
      output.type == DataType::kInt8 || output.type == DataType::kUInt8;
  if (output.type == DataType::kInt16) {
    const auto value = static_cast<int16_t>(output.zero_point());
    return FillWith(output, reinterpret_cast<const std::byte*>(&value));
  }
  std::memset(output.data,
              bytes ? static_cast<uint8_t>(output.zero_point()) : 0,
              output.bytes);
}

void EvalPad(KernelContext& k) noexcept {
  const RuntimeTensor& input = k.Input(0);
  RuntimeTensor& output = k.Output(0);
  const auto from = RowMajorStrides(input.shape);
  const auto to = RowMajorStrides(output.shape);
  StridedBox box;
  int64_t offset = 0;
  for (int axis = 0; axis < input.shape.rank(); ++axis) {
    const int64_t before = IntegerAt(k.Input(1), int64_t{2} * axis);
    if (before < 0 || before + input.shape[axis] > output.shape[axis]) {
      return k.FailEval("paddings do not give the output's shape");
    }
    offset += before * to[static_cast<size_t>(axis)];
    box.AddAxis(input.shape[axis], from[static_cast<size_t>(axis)],
                to[static_cast<size_t>(axis)]);
  }
  FillPadding(k);
  MoveBox(k, box, input, 0, output, offset);
}

// A stretch of one output axis that one walk over the input fills.
struct Stretch {
  int32_t count;
  int64_t from;
  int64_t to;
  int64_t step;
};

void MirrorAxis(KernelContext& k, int axis, StridedBox box, int64_t from,
                int64_t to) {
  const RuntimeTensor& input = k.Input(0);
  RuntimeTensor& output = k.Output(0);
  if (axis == input.shape.rank())
    return MoveBox(k, box, input, from, output, to);
  const auto a = static_cast<size_t>(axis);
  const int64_t from_stride = RowMajorStrides(input.shape)[a];
  const int64_t to_stride = RowMajorStrides(output.shape)[a];
  const int32_t size = input.shape[axis];
  const auto before = static_cast<int32_t>(IntegerAt(k.Input(1), 2 * axis));
  const int32_t after = output.shape[axis] - size - before;
  const int border =
      k.options<MirrorPadOptions>().mode == MirrorPadMode::kReflect ? 1 : 0;
  const Stretch stretches[] = {
      {before, int64_t{before} - 1 + border, 0, -1},
      {size, 0, before, 1},
      {after, int64_t{size} - 1 - border, int64_t{before} + size, -1}};
  for (const Stretch& s : stretches) {
    if (s.count == 0) continue;
    StridedBox longer = box;
    longer.AddAxis(s.count, s.step * from_stride, to_stride);
    MirrorAxis(k, axis + 1, longer, from + s.from * from_stride,
               to + s.to * to_stride);
  }
}

void EvalMirrorPad(KernelContext& k) noexcept {
  const RuntimeTensor& input = k.Input(0);
  const int border =
      k.options<MirrorPadOptions>().mode == MirrorPadMode::kReflect ? 1 : 0;
  for (int axis = 0; axis < input.shape.rank(); ++axis) {
    const int64_t before = IntegerAt(k.Input(1), int64_t{2} * axis);
    const int64_t after =
        int64_t{k.Output(0).shape[axis]} - input.shape[axis] - before;
    const int64_t room = int64_t{input.shape[axis]} - border;
    if (before < 0 || after < 0 || before > room || after > room) {
      return k.FailEval("paddings are larger than the input");
    }
  }
  MirrorAxis(k, 0, StridedBox(), 0, 0);
}

}  // namespace

extern const Kernel kPad{Op::kPad, kEveryNumber, Prepare, EvalPad};
extern const Kernel kPadV2{Op::kPadV2, kEveryNumber, Prepare, EvalPad};
extern const Kernel kMirrorPad{Op::kMirrorPad, kEveryNumber, Prepare,
                               EvalMirrorPad};

}  // namespace liteforge
