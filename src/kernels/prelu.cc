// SPDX-License-Identifier: Apache-2.0
// PRELU: x >= 0 ? x : alpha x, alpha broadcast to the input's shape.
//   f32, u8, i8, i16 with an alpha of i8: quantized values go through one
//   multiplier when positive and another, times alpha, when negative.
// Source: tflite/kernels/activations.cc, kernels/internal/reference/prelu.h.
#include <string>

#include "kernels/float_broadcast.h"
#include "kernels/numerics.h"

namespace liteforge {
namespace {

struct State {
  BroadcastPlan plan;
  FixedScale positive, negative;
  int32_t input_offset = 0, alpha_offset = 0, output_offset = 0;
};

Result<void> Prepare(KernelContext& k) {
  const RuntimeTensor& input = k.Input(0);
  const RuntimeTensor& alpha = k.Input(1);
  const RuntimeTensor& output = k.Output(0);
  State& s = k.NewState<State>();
  const DataType alpha_type =
      input.type == DataType::kInt16 ? DataType::kInt8 : input.type;
  if (alpha.type != alpha_type || output.type != input.type)
    return InvalidModel(
        "input, alpha and output must be of one type (alpha "
        "int8 where they are int16)");
  s.plan = PlanBroadcast(input.shape, alpha.shape, output.shape);
  if (input.type == DataType::kFloat32) return {};
  if (input.type != DataType::kInt8 && input.type != DataType::kUInt8 &&
      input.type != DataType::kInt16)
    return Unsupported(std::string(Name(input.type)) + " is not supported");
  TRY(CheckQuantized(input, "input"));
  TRY(CheckQuantized(alpha, "alpha"));
  TRY(CheckQuantized(output, "output"));
  s.positive =
      ToFixedScale(static_cast<double>(input.scale() / output.scale()));
  s.negative = ToFixedScale(
      static_cast<double>(input.scale() * alpha.scale() / output.scale()));
  s.input_offset = -input.zero_point();
  s.alpha_offset = -alpha.zero_point();
  s.output_offset = output.zero_point();
  return {};
}

template <class T, class Alpha = T>
void EvalQuantized(KernelContext& k, const State& s) {
  BroadcastBinary(
      s.plan, k.Input(0).Data<T>(), k.Input(1).Data<Alpha>(),
      k.Output(0).MutableData<T>(), [&](T x, Alpha a) {
        const int32_t value = s.input_offset + x;
        const int32_t scaled =
            value >= 0
                ? Multiply(value, s.positive)
                : Multiply(static_cast<int32_t>(
                               static_cast<uint32_t>(value) *
                               static_cast<uint32_t>(s.alpha_offset + a)),
                           s.negative);
        return static_cast<T>(std::clamp<int64_t>(
            int64_t{scaled} + s.output_offset, std::numeric_limits<T>::min(),
            std::numeric_limits<T>::max()));
      });
}

void Eval(KernelContext& k) noexcept {
  const State& s = k.State<State>();
  switch (k.Input(0).type) {
    case DataType::kInt8:
      return EvalQuantized<int8_t>(k, s);
    case DataType::kUInt8:
      return EvalQuantized<uint8_t>(k, s);
    case DataType::kInt16:
      return EvalQuantized<int16_t, int8_t>(k, s);
    default:
      return EvalFloatArithmetic(k, s.plan, FloatArithmetic::kSlope);
  }
}

}  // namespace

extern const Kernel kPrelu{Op::kPrelu, "f32 i8 u8 i16", Prepare, Eval};

}  // namespace liteforge
