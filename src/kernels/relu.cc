// SPDX-License-Identifier: Apache-2.0
// RELU, RELU6, RELU_N1_TO_1, RELU_0_TO_1: clamp to [0, inf), [0, 6], [-1, 1],
// [0, 1]. Quantized ones rescale to the output's parameters first.
//   f32 f16 bf16 u8 i8 i16
// Source: tflite/kernels/activations.cc.
#include <string>

#include "kernels/lookup_table.h"
#include "kernels/map_elements.h"
#include "kernels/numerics.h"
#include "kernels/visit_type.h"

namespace liteforge {
namespace {

using Floats = TypeList<float, Float16, BFloat16>;

struct State {
  Range<float> real{0, 0};
  Range<int32_t> steps{0, 0};
  FixedScale scale;
  int32_t from_zero = 0, to_zero = 0;
  ByteTable table{};  // of 8-bit values

  int32_t Of(int32_t q) const {
    return Clamp(to_zero + Multiply(q - from_zero, scale), steps);
  }
};

Range<float> LimitsOf(Op op) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  switch (op) {
    case Op::kRelu6:
      return {0.0f, 6.0f};
    case Op::kReluN1To1:
      return {-1.0f, 1.0f};
    case Op::kRelu0To1:
      return {0.0f, 1.0f};
    default:
      return {0.0f, kInfinity};
  }
}

Result<void> Prepare(KernelContext& k) {
  const RuntimeTensor& input = k.Input(0);
  const RuntimeTensor& output = k.Output(0);
  State& s = k.NewState<State>();
  s.real = LimitsOf(k.op());
  if (output.type != input.type) {
    return InvalidModel("the output must have the input's type");
  }
  if (Floats::Has(input.type)) return {};
  if (input.type != DataType::kInt8 && input.type != DataType::kUInt8 &&
      input.type != DataType::kInt16) {
    return Unsupported(std::string(Name(input.type)) + " is not supported");
  }
  TRY(CheckQuantized(input, "input"));
  TRY(CheckQuantized(output, "output"));
  s.scale = ToFixedScale(static_cast<double>(input.scale() / output.scale()));
  const Range<int32_t> whole = RangeOf(output.type);
  const auto steps = [&](float real) {
    const float q = std::round(real / output.scale());
    return output.zero_point() +
           static_cast<int32_t>(std::clamp(q, -1e6f, 1e6f));
  };
  s.steps.min = std::max(whole.min, steps(s.real.min));
  s.steps.max = std::min(whole.max, steps(s.real.max));
  s.from_zero = input.zero_point();
  s.to_zero = output.zero_point();
  const auto of = [&](int32_t q) { return s.Of(q); };
  if (input.type == DataType::kInt8)
    s.table = MakeStepTable<int8_t, int8_t>(of);
  if (input.type == DataType::kUInt8)
    s.table = MakeStepTable<uint8_t, uint8_t>(of);
  return {};
}

void EvalWords(KernelContext& k, const State& s) {
  const int16_t* from = k.Input(0).Data<int16_t>();
  int16_t* to = k.Output(0).MutableData<int16_t>();
  for (int64_t i = 0; i < k.Input(0).elements(); ++i)
    to[i] = static_cast<int16_t>(s.Of(from[i]));
}

void Eval(KernelContext& k) noexcept {
  const State& s = k.State<State>();
  switch (k.Input(0).type) {
    case DataType::kInt8:
    case DataType::kUInt8:
      return LookUpTensor(k, s.table);
    case DataType::kInt16:
      return EvalWords(k, s);
    default:
      break;
  }
  Floats::Dispatch(k.Input(0).type, [&](auto tag) {
    MapElements<TypeOf<decltype(tag)>>(
        k, [&](float x) { return Clamp(x, s.real); });
  });
}

constexpr const char* kTypes = "f32 f16 bf16 i8 u8 i16";

}  // namespace

extern const Kernel kRelu{Op::kRelu, kTypes, Prepare, Eval};
extern const Kernel kRelu6{Op::kRelu6, kTypes, Prepare, Eval};
extern const Kernel kReluN1To1{Op::kReluN1To1, kTypes, Prepare, Eval};
extern const Kernel kRelu0To1{Op::kRelu0To1, kTypes, Prepare, Eval};

}  // namespace liteforge
