// SPDX-License-Identifier: Apache-2.0
// CONCATENATION along an axis; scalars count as vectors of one element.
// Elements are moved; uint8 and int8 inputs whose
// quantization differs from the output's are requantized on the way, in float
// as TFLite does: round(q * s + (-zp * s)) + zp_out with s = scale/scale_out.
// Source: tflite/kernels/concatenation.cc, reference/concatenation.h.
#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "kernels/lookup_table.h"
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

struct State {
  std::vector<std::optional<ByteTable>> tables;  // of inputs that differ
};

template <class T>
ByteTable RequantizingTable(const RuntimeTensor& input,
                            const RuntimeTensor& output) {
  const float scale = input.scale() * (1.0f / output.scale());
  const float bias = static_cast<float>(-input.zero_point()) * scale;
  return MakeStepTable<T, T>([&](int32_t q) {
    const float steps = std::round(static_cast<float>(q) * scale + bias);
    // Not a number when the scales are some 10^38 apart.
    const auto whole = static_cast<int64_t>(
        std::isnan(steps) ? 0.0f : std::clamp(steps, -1e9f, 1e9f));
    return std::clamp<int64_t>(whole + output.zero_point(),
                               std::numeric_limits<T>::min(),
                               std::numeric_limits<T>::max());
  });
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
  State& s = k.NewState<State>();
  s.tables.resize(static_cast<size_t>(k.input_count()));
  for (int i = 0; i < k.input_count(); ++i) {
    const RuntimeTensor& input = k.Input(i);
    if (input.type != output.type) {
      return InvalidModel("input " + std::to_string(i) +
                          " is not of the output's type");
    }
    if (!IsByte(output.type) || !Differs(input, output)) continue;
    TRY(CheckQuantized(input, "input"));
    TRY(CheckQuantized(output, "output"));
    s.tables[static_cast<size_t>(i)] =
        input.type == DataType::kInt8
            ? RequantizingTable<int8_t>(input, output)
            : RequantizingTable<uint8_t>(input, output);
  }
  return CheckMovable(output);
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
  const auto& tables = k.State<State>().tables;
  int64_t offset = 0;
  for (int i = 0; i < k.input_count(); ++i) {
    const RuntimeTensor& input = k.Input(i);
    const int64_t size = input.shape.rank() == 0 ? 1 : input.shape[axis];
    const int64_t part = inner * size;
    if (const auto& table = tables[static_cast<size_t>(i)]) {
      const auto* from = input.Data<uint8_t>();
      auto* to = output.MutableData<uint8_t>() + offset;
      for (int64_t r = 0; r < rows; ++r)
        LookUpBytes(table->data(), from + r * part, part, to + r * row);
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
