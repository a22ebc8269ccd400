// SPDX-License-Identifier: Apache-2.0
// RELU and its kin: clamping, after a rescaling where quantized.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kernels/filter_testing.h"
#include "kernels/half_testing.h"
#include "kernels/kernel_tester.h"

namespace liteforge::relu_test {

struct Clamping {
  Op op;
  double low, high;
};
const Clamping kOps[] = {{Op::kRelu, 0, HUGE_VAL},
                         {Op::kRelu6, 0, 6},
                         {Op::kReluN1To1, -1, 1},
                         {Op::kRelu0To1, 0, 1}};

TEST(Relu, Floats) {
  std::vector<float> x = {HUGE_VALF, -HUGE_VALF, 3e38f, -3e38f};
  for (int i = -64; i <= 64; ++i) x.push_back(static_cast<float>(i) / 8);
  const Shape shape{static_cast<int32_t>(x.size())};
  for (const Clamping& c : kOps) {
    std::vector<float> expected;
    for (const float value : x)
      expected.push_back(static_cast<float>(
          std::clamp(static_cast<double>(value), c.low, c.high)));
    KernelCase k{c.op};
    k.inputs = {KernelTensor::Of<float>(shape, x)};
    ExpectValues(k, expected, shape);
    for (const HalfFormat& format : kHalfFormats) {
      std::vector<double> rounded;
      k.inputs = {Halves(format, shape, x, &rounded)};
      for (double& value : rounded) value = std::clamp(value, c.low, c.high);
      ExpectHalvesNear(k, format, rounded, shape);
    }
  }
}

TEST(Relu, EveryShape) {
  for (const Shape& shape : {Shape{}, Shape{0, 3}, Shape{2, 3, 4, 2}}) {
    const auto x = RandomEighths(shape, 1);
    std::vector<float> expected;
    for (const float value : x) expected.push_back(value < 0 ? 0 : value);
    KernelCase k{Op::kRelu};
    k.inputs = {KernelTensor::Of<float>(shape, x)};
    ExpectValues(k, expected, shape);
  }
}

template <class T>
KernelCase QuantizedCase(Op op, const std::vector<T>& x, const Quantization& in,
                         const Quantization& out) {
  KernelCase k{op};
  k.inputs = {KernelTensor::Of<T>({static_cast<int32_t>(x.size())}, x, in)};
  k.outputs = {KernelTensor::Output(TypeOf<T>(), out)};
  return k;
}

template <class T>
void ExpectExact(float in, int in_zero, float out, int out_zero) {
  using Limits = std::numeric_limits<T>;
  std::vector<T> x;
  for (int q = Limits::min(); q <= Limits::max(); q += sizeof(T) == 1 ? 1 : 97)
    x.push_back(static_cast<T>(q));
  for (const Clamping& c : kOps) {
    const auto steps = [&](double real) {
      return std::clamp(std::round(real / static_cast<double>(out)) + out_zero,
                        static_cast<double>(Limits::min()),
                        static_cast<double>(Limits::max()));
    };
    std::vector<T> expected;
    for (const T q : x) {
      const auto value = static_cast<double>(
          Rescaled(q - in_zero, static_cast<double>(in / out),
                   Rounding::kTiesAway) +
          out_zero);
      expected.push_back(
          static_cast<T>(std::clamp(value, steps(c.low), steps(c.high))));
    }
    ExpectValues(
        QuantizedCase(c.op, x, Steps(in, in_zero), Steps(out, out_zero)),
        expected);
  }
}

TEST(Relu, Quantized) {
  for (const float in : {0.05f, 0.0625f, 0.3f}) {
    for (const float out : {0.025f, 0.0625f, 0.2f}) {
      ExpectExact<int8_t>(in, 3, out, -7);
      ExpectExact<int8_t>(in, -128, out, -128);
      ExpectExact<uint8_t>(in, 128, out, 0);
      ExpectExact<uint8_t>(in, 0, out, 200);
      ExpectExact<int16_t>(in / 256, 0, out / 256, 0);
    }
  }
}

TEST(Relu, RefusesWhatDoesNotGoTogether) {
  const auto steps = Steps(0.5f);
  ExpectRefused(QuantizedCase<int8_t>(Op::kRelu, {1}, {}, steps), "prepare",
                "without a quantization scale");
  ExpectRefused(QuantizedCase<int8_t>(Op::kRelu6, {1}, steps, {}), "prepare",
                "without a quantization scale");
  ExpectRefused(QuantizedCase<int32_t>(Op::kRelu, {1}, steps, steps), "prepare",
                "int32 is not supported");
  KernelCase k = QuantizedCase<int8_t>(Op::kRelu, {1}, steps, steps);
  k.outputs = {KernelTensor::Output(DataType::kUInt8, steps)};
  ExpectRefused(k, "", "uint8");
}

}  // namespace liteforge::relu_test
