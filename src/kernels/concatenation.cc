// SPDX-License-Identifier: Apache-2.0
// CONCATENATION along an axis; scalars count as vectors of one element.
// Elements are moved; uint8 and int8 inputs whose
// quantization differs from the output's are requantized on the way, in float
// as TFLite does: round(q * s + (-zp * s)) + zp_out with s = scale/scale_out.
// Source: tflite/kernels/concatenation.cc, reference/concatenation.h.
#include <cmath>
#include <string>

#include "kernels/move_elements.h"
#include "kernels/numerics.h"

namespace liteforge {
namespace {

bool Differs(const RuntimeTensor& input, const RuntimeTensor& output) {
  return input.scale() != output.scale() ||
         input.zero_point() != output.zero_point();
}

bool IsByte(DataType type) {
  return type == DataType::kInt8 || type == DataType::kUInt8;
}

Result<void> Prepare(KernelContext& k) {
  const RuntimeTensor& output = k.Output(0);
  if (k.options<ConcatenationOptions>().fused_activation_function !=
      Activation::kNone) {
    return Unsupported("a fused activation is not supported");
  }
  if (output.type == DataType::kString) {
    return Unsupported("string elements are not supported");
  }
  for (int i = 0; i < k.input_count(); ++i) {
    const RuntimeTensor& input = k.Input(i);
    if (input.type != output.type) {
      return InvalidModel("input " + std::to_string(i) +
                          " is not of the output's type");
    }
    if (!IsByte(output.type) || !Differs(input, output)) continue;
    TRY(CheckQuantized(input, "input"));
    TRY(CheckQuantized(output, "output"));
  }
  return CheckMovable(output);
}

template <class T>
void Requantize(const RuntimeTensor& input, RuntimeTensor& output, int64_t rows,
                int64_t part, int64_t row, int64_t offset) {
  const float scale = input.scale() * (1.0f / output.scale());
  const float bias = static_cast<float>(-input.zero_point()) * scale;
  const T* from = input.Data<T>();
  T* to = output.MutableData<T>() + offset;
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t i = 0; i < part; ++i) {
      const float steps =
          std::round(static_cast<float>(from[r * part + i]) * scale + bias);
      // Not a number when the scales are some 10^38 apart.
      const auto whole = static_cast<int64_t>(
          std::isnan(steps) ? 0.0f : std::clamp(steps, -1e9f, 1e9f));
      const int64_t value = whole + output.zero_point();
      to[r * row + i] = static_cast<T>(std::clamp<int64_t>(
          value, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
    }
  }
}

void Eval(KernelContext& k) noexcept {
  RuntimeTensor& output = k.Output(0);
  int axis = k.options<ConcatenationOptions>().axis;
  if (axis < 0) axis += output.shape.rank();
  int64_t inner = 1;
  for (int a = axis + 1; a < output.shape.rank(); ++a) inner *= output.shape[a];
  const int64_t row = inner * output.shape[axis];
  if (row == 0) return;
  const int64_t rows = output.elements() / row;
  int64_t offset = 0;
  for (int i = 0; i < k.input_count(); ++i) {
    const RuntimeTensor& input = k.Input(i);
    const int64_t size = input.shape.rank() == 0 ? 1 : input.shape[axis];
    const int64_t part = inner * size;
    if (IsByte(input.type) && Differs(input, output)) {
      input.type == DataType::kInt8
          ? Requantize<int8_t>(input, output, rows, part, row, offset)
          : Requantize<uint8_t>(input, output, rows, part, row, offset);
    } else {
      StridedBox box;
      box.AddAxis(static_cast<int32_t>(rows), part, row);
      box.AddAxis(static_cast<int32_t>(part), 1, 1);
      MoveBox(k, box, input, 0, output, offset);
    }
    offset += part;
  }
}

}  // namespace

extern const Kernel kConcatenation{Op::kConcatenation, kEveryFixedType, Prepare,
                                   Eval};

}  // namespace liteforge
