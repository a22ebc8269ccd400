// SPDX-License-Identifier: Apache-2.0
// Elements spread apart, with one value in the holes and around:
//   STABLEHLO_PAD  element i of an axis goes to low + i (interior + 1); edges
//                  below zero crop
//   DILATE         element i goes to i dilation
// Source: the StableHLO specification, "pad"; tflite/kernels/{stablehlo_pad,
// dilate}.cc.
#include <algorithm>
#include <cstring>

#include "kernels/move_elements.h"

namespace liteforge {
namespace {

// Where an axis puts its elements.
struct Spacing {
  int64_t low;   // of element 0; may lie outside
  int64_t step;  // >= 1
};

using Spacings = std::array<Spacing, Shape::kMaxRank>;

Result<void> CheckTensors(const KernelContext& k, int padding_value) {
  const RuntimeTensor& value = k.Input(padding_value);
  if (value.type != k.Input(0).type || value.elements() != 1)
    return InvalidModel("the padding value must be one value of input's type");
  if (value.type == DataType::kString)
    return Unsupported("strings are not supported");
  return CheckWhole(k.Input(0));
}

void Fill(RuntimeTensor& output, const RuntimeTensor& value) {
  if (output.bytes == 0) return;
  std::memcpy(output.data, value.data, value.bytes);
  for (size_t done = value.bytes; done < output.bytes;) {
    const size_t next = std::min(done, output.bytes - done);
    std::memcpy(output.data + done, output.data, next);
    done += next;
  }
}

// Elements of the axis that fall inside the output: [first, end).
struct Kept {
  int64_t first, end;
};

Kept KeptOf(int64_t size, int64_t output, const Spacing& s) {
  const auto up = [&](int64_t x) {
    return x <= 0 ? 0 : (x + s.step - 1) / s.step;
  };
  return {up(-s.low), std::min(size, up(output - s.low))};
}

void Spread(KernelContext& k, const Spacings& spacings) {
  const RuntimeTensor& input = k.Input(0);
  RuntimeTensor& output = k.Output(0);
  const auto from = RowMajorStrides(input.shape);
  const auto to = RowMajorStrides(output.shape);
  StridedBox box;
  int64_t from_offset = 0, to_offset = 0;
  for (int axis = 0; axis < input.shape.rank(); ++axis) {
    const auto at = static_cast<size_t>(axis);
    const Spacing& s = spacings[at];
    const Kept kept = KeptOf(input.shape[axis], output.shape[axis], s);
    if (kept.first >= kept.end) return;
    box.AddAxis(static_cast<int32_t>(kept.end - kept.first), from[at],
                to[at] * s.step);
    from_offset += kept.first * from[at];
    to_offset += (s.low + kept.first * s.step) * to[at];
  }
  MoveBox(k, box, input, from_offset, output, to_offset);
}

Result<void> PreparePad(KernelContext& k) { return CheckTensors(k, 1); }

void EvalPad(KernelContext& k) noexcept {
  const auto& o = k.options<StablehloPadOptions>();
  Spacings spacings{};
  for (size_t i = 0; i < o.interior_padding.size(); ++i)
    spacings[i] = {o.edge_padding_low[i], o.interior_padding[i] + 1};
  Fill(k.Output(0), k.Input(1));
  if (k.Output(0).bytes > 0) Spread(k, spacings);
}

Result<void> PrepareDilate(KernelContext& k) {
  if (k.Input(1).type != DataType::kInt32)
    return InvalidModel("dilations must be int32");
  return CheckTensors(k, 2);
}

void EvalDilate(KernelContext& k) noexcept {
  Spacings spacings{};
  for (int axis = 0; axis < k.Input(0).shape.rank(); ++axis)
    spacings[static_cast<size_t>(axis)] = {0, IntegerAt(k.Input(1), axis)};
  Fill(k.Output(0), k.Input(2));
  if (k.Output(0).bytes > 0) Spread(k, spacings);
}

constexpr const char* kMoved =
    "f32 f16 bf16 f64 i8 i16 i32 i64 u8 u16 u32 u64 "
    "bool complex64";

}  // namespace

extern const Kernel kStablehloPad{Op::kStablehloPad, kMoved, PreparePad,
                                  EvalPad};
extern const Kernel kDilate{Op::kDilate, kMoved, PrepareDilate, EvalDilate};

}  // namespace liteforge
