// SPDX-License-Identifier: Apache-2.0
// With q the stored input less its zero point:
//   ABS         |q| * (input scale / output scale)
//   LEAKY_RELU  q * (input scale [* alpha] / output scale)
//   SQRT        truncated, not rounded
//   RSQRT       i8: 1 / sqrt(q) in fixed point, q = 0 giving the largest value
//   HARD_SWISH  16-bit fixed point: (q + 3) / 6 clamped to [0, 1], times q
//   the others  f(real value), rounded
// Source: tflite/kernels/{elementwise,activations,exp}.cc and
// kernels/internal/reference/{hard_swish,leaky_relu,gelu}.h.
#include "kernels/quantized_unary.h"

#include <algorithm>
#include <cmath>

#include "kernels/fixed_point.h"

namespace liteforge {

float Gelu(float x) {
  return 0.5f * x * (1.0f + std::erf(x * 0.70710678118654752440f));
}

float GeluByTanh(float x) {
  constexpr float kSqrt2OverPi = 0.79788456080286535588f;
  const float inner = kSqrt2OverPi * (x + 0.044715f * x * x * x);
  return 0.5f * x * (1.0f + std::tanh(inner));
}

namespace {

using Real = std::function<float(float)>;
using Steps = std::function<int32_t(int32_t)>;

//--------------------------------------------------- functions of real values

// What LOG and RSQRT of numbers that have none come out as.
float LowestOutput(const RuntimeTensor& output) {
  const int32_t low = RangeOf(output.type).min;
  return static_cast<float>(low - output.zero_point()) * output.scale();
}

Real RealFunction(KernelContext& k) {
  const RuntimeTensor& output = k.Output(0);
  switch (k.op()) {
    case Op::kElu:
      return [](float x) { return x < 0.0f ? std::expm1(x) : x; };
    case Op::kExp:
      return [](float x) { return std::exp(x); };
    case Op::kGelu:
      return k.options<GeluOptions>().approximate ? GeluByTanh : Gelu;
    case Op::kLog:
      return [low = LowestOutput(output)](float x) {
        return x <= 0.0f ? low : std::log(x);
      };
    case Op::kRsqrt:
      if (output.type != DataType::kInt16) return nullptr;
      return [high = 32767.0f * output.scale()](float x) {
        return x <= 0.0f ? high : 1.0f / std::sqrt(x);
      };
    default:
      return nullptr;
  }
}

//----------------------------------------- functions of steps from zero_point

Steps Abs(float in, float out) {
  if (in == out) return [](int32_t q) { return std::abs(q); };
  const FixedScale scale = ToFixedScale(static_cast<double>(in / out));
  return [scale](int32_t q) { return Multiply(std::abs(q), scale); };
}

Steps LeakyRelu(float in, float out, float alpha) {
  const FixedScale positive = ToFixedScale(static_cast<double>(in / out));
  const FixedScale negative =
      ToFixedScale(std::abs(static_cast<double>(in * alpha / out)));
  const int sign = alpha < 0 ? -1 : 1;
  return [=](int32_t q) {
    return q >= 0 ? Multiply(q, positive) : sign * Multiply(q, negative);
  };
}

Steps Sqrt(float in, float out) {
  return [=](int32_t q) {
    const float steps = std::sqrt(in * static_cast<float>(q)) / out;
    return static_cast<int32_t>(std::clamp(steps, 0.0f, 1e6f));
  };
}

Steps Rsqrt(float in, float out) {
  constexpr int kFraction = 20;  // bits that keep 1 / sqrt(q) an integer
  FixedScale scale =
      ToFixedScale(1.0 / static_cast<double>(std::sqrt(in) * out));
  scale.shift = std::clamp(scale.shift - kFraction, -31, 31);
  return [=](int32_t q) {
    if (q == 0) return int32_t{1} << 16;  // more than any output holds
    FixedScale inverse = InverseSquareRoot(q);
    inverse.shift += kFraction;
    return Multiply(Multiply(1, inverse), scale);
  };
}

int16_t NarrowMultiplier(FixedScale scale) {
  return static_cast<int16_t>(scale.multiplier >= 0x7FFF8000
                                  ? 0x7FFF
                                  : (scale.multiplier + (1 << 15)) >> 16);
}

Result<Steps> HardSwish(float in, float out) {
  const float fine = in / 128.0f;  // one step of a value shifted up by 7
  const FixedScale output = ToFixedScale(static_cast<double>(fine / out));
  const FixedScale third =
      ToFixedScale(static_cast<double>(fine / (3.0f / 32768.0f)));
  if (output.shift > 0)
    return InvalidModel("the output's scale is too small for the input's");
  const int16_t to_output = NarrowMultiplier(output);
  const int16_t to_third = NarrowMultiplier(third);
  const int shift = std::min(third.shift, 16);  // saturates from there on
  return Steps([=, right = -output.shift](int32_t q) {
    const auto value = static_cast<int16_t>(q * 128);
    // q / 3 in Q0.15, saturated only by the last bit of a shift to the left.
    int16_t part = value;
    if (shift > 0) part = SaturatingShiftLeft16(part, shift - 1);
    part = DoublingHighMultiply16(part, to_third);
    if (shift > 0) part = SaturatingShiftLeft16(part, 1);
    if (shift < 0)
      part = static_cast<int16_t>(RoundingDivideByPowerOfTwo(part, -shift));
    const int32_t gate = (part + (1 << 15)) >> 1;
    const int32_t product =
        gate * DoublingHighMultiply16(value, to_output) / (1 << 15);
    return RoundingDivideByPowerOfTwo(product, right);
  });
}

Result<Steps> StepFunction(KernelContext& k) {
  const float in = k.Input(0).scale(), out = k.Output(0).scale();
  switch (k.op()) {
    case Op::kAbs:
      return Abs(in, out);
    case Op::kLeakyRelu:
      return LeakyRelu(in, out, k.options<LeakyReluOptions>().alpha);
    case Op::kSqrt:
      return Sqrt(in, out);
    case Op::kRsqrt:
      return Rsqrt(in, out);
    default:
      return HardSwish(in, out);
  }
}

//-------------------------------------------------------------------- tables

template <class T>
ByteTable TableOfSteps(const QuantizedUnary& f) {
  ByteTable table{};
  for (int32_t q = std::numeric_limits<T>::min();
       q <= std::numeric_limits<T>::max(); ++q) {
    if (q < f.lowest) continue;
    table[static_cast<uint8_t>(static_cast<T>(q))] =
        static_cast<uint8_t>(static_cast<T>(Clamp(f.steps(q), f.range)));
  }
  return table;
}

void PrepareReal(const RuntimeTensor& input, const RuntimeTensor& output,
                 const Real& real, QuantizedUnary& f) {
  if (input.type == DataType::kInt16) {
    f.words = MakeWordTable<float>(input.scale(), input.zero_point(),
                                   output.scale(), output.zero_point(), real);
  } else {
    f.bytes = input.type == DataType::kInt8
                  ? MakeByteTable<int8_t>(input, output, real)
                  : MakeByteTable<uint8_t>(input, output, real);
  }
}

void PrepareSteps(const RuntimeTensor& input, const RuntimeTensor& output,
                  const Steps& steps, QuantizedUnary& f) {
  f.steps = [steps, from = input.zero_point(),
             to = output.zero_point()](int32_t q) {
    constexpr int32_t kFar = 1 << 24;  // clamped so that the sum cannot wrap
    return std::clamp(steps(q - from), -kFar, kFar) + to;
  };
  if (input.type == DataType::kInt8) f.bytes = TableOfSteps<int8_t>(f);
  if (input.type == DataType::kUInt8) f.bytes = TableOfSteps<uint8_t>(f);
}

}  // namespace

Result<QuantizedUnary> PrepareQuantizedUnary(KernelContext& k) {
  const RuntimeTensor& input = k.Input(0);
  const RuntimeTensor& output = k.Output(0);
  TRY(CheckQuantized(input, "input"));
  TRY(CheckQuantized(output, "output"));
  const bool words = input.type == DataType::kInt16;
  if (words && (input.zero_point() != 0 || output.zero_point() != 0) &&
      k.op() != Op::kExp)
    return InvalidModel("int16 tensors must have zero_point 0");
  QuantizedUnary f;
  f.range = RangeOf(output.type);
  if (k.op() == Op::kSqrt || k.op() == Op::kRsqrt)
    f.lowest = input.zero_point();
  if (const Real real = RealFunction(k)) {
    PrepareReal(input, output, real, f);
    return f;
  }
  TRY_ASSIGN(const Steps steps, StepFunction(k));
  PrepareSteps(input, output, steps, f);
  return f;
}

void EvalQuantizedUnary(KernelContext& k, const QuantizedUnary& f) noexcept {
  const RuntimeTensor& input = k.Input(0);
  const int64_t count = input.elements();
  bool undefined = false;
  if (input.type == DataType::kInt16) {
    const auto* from = input.Data<int16_t>();
    auto* to = k.Output(0).MutableData<int16_t>();
    for (int64_t i = 0; i < count; ++i) {
      undefined |= from[i] < f.lowest;
      to[i] = f.words ? LookUp(*f.words, from[i])
                      : static_cast<int16_t>(Clamp(f.steps(from[i]), f.range));
    }
  } else if (f.lowest <= RangeOf(input.type).min) {
    LookUpTensor(k, f.bytes);
  } else {
    const bool is_signed = input.type == DataType::kInt8;
    const auto* from = input.Data<uint8_t>();
    auto* to = k.Output(0).MutableData<uint8_t>();
    for (int64_t i = 0; i < count; ++i) {
      const int32_t q =
          is_signed ? int32_t{static_cast<int8_t>(from[i])} : from[i];
      undefined |= q < f.lowest;
      to[i] = f.bytes[from[i]];
    }
  }
  if (undefined) k.FailEval("an input is negative");
}

}  // namespace liteforge
