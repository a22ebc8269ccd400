// SPDX-License-Identifier: Apache-2.0
// LOGISTIC and TANH against their formulas in double.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kernels/half_testing.h"
#include "kernels/kernel_tester.h"

namespace liteforge::logistic_test {

double Logistic(double x) { return 1 / (1 + std::exp(-x)); }
double Tanh(double x) { return std::tanh(x); }
double ValueOf(Op op, double x) {
  return op == Op::kLogistic ? Logistic(x) : Tanh(x);
}
constexpr Op kOps[] = {Op::kLogistic, Op::kTanh};

TEST(Logistic, Floats) {
  std::vector<float> x = {HUGE_VALF, -HUGE_VALF, std::nanf(""), 1e30f, -1e30f};
  for (int i = -128; i <= 128; ++i) x.push_back(static_cast<float>(i) / 8);
  const Shape shape{2, static_cast<int32_t>(x.size()) / 2};
  for (const Op op : kOps) {
    std::vector<float> expected;
    for (const float value : x)
      expected.push_back(
          static_cast<float>(ValueOf(op, static_cast<double>(value))));
    KernelCase k{op};
    k.inputs = {KernelTensor::Of<float>(shape, x)};
    ExpectNear(k, expected, 1e-6, shape);
    for (const HalfFormat& format : kHalfFormats) {
      std::vector<double> rounded;
      k.inputs = {Halves(format, shape, x, &rounded)};
      for (double& value : rounded) value = ValueOf(op, value);
      ExpectHalvesNear(k, format, rounded, shape);
    }
    k.inputs = {KernelTensor::Of<float>({0, 2}, {})};
    ExpectValues<float>(k, {}, {0, 2});
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
void ExpectWithin(Op op, float in, int in_zero, float out, int out_zero,
                  double tolerance) {
  using Limits = std::numeric_limits<T>;
  std::vector<T> x;
  for (int q = Limits::min(); q <= Limits::max(); q += sizeof(T) == 1 ? 1 : 13)
    x.push_back(static_cast<T>(q));
  const KernelCase k =
      QuantizedCase(op, x, Steps(in, in_zero), Steps(out, out_zero));
  for (const KernelMode mode : kKernelModes) {
    const KernelRun run = RunKernel(k, mode);
    ASSERT_TRUE(run.ok()) << run.stage << ": " << run.error;
    const auto got = run.Values<T>();
    for (size_t i = 0; i < x.size(); ++i) {
      const double steps =
          ValueOf(op, static_cast<double>(in) * (x[i] - in_zero)) /
              static_cast<double>(out) +
          out_zero;
      ASSERT_NEAR(got[i],
                  std::clamp<double>(steps, Limits::min(), Limits::max()),
                  tolerance)
          << Name(op) << " of " << x[i] << ", input scale " << in;
    }
  }
}

TEST(Logistic, Bytes) {
  for (const float in : {0.01f, 0.05f, 0.25f, 3.0f}) {
    for (const int zero : {-128, -5, 0, 127}) {
      ExpectWithin<int8_t>(Op::kLogistic, in, zero, 1.0f / 256, -128, 0.51);
      ExpectWithin<int8_t>(Op::kTanh, in, zero, 1.0f / 128, 0, 0.51);
      ExpectWithin<int8_t>(Op::kTanh, in, zero, 0.02f, 30, 0.51);
      ExpectWithin<uint8_t>(Op::kLogistic, in, zero + 128, 1.0f / 256, 0, 0.51);
      ExpectWithin<uint8_t>(Op::kTanh, in, zero + 128, 1.0f / 128, 128, 0.51);
    }
  }
}

// A table of 256 entries, interpolated.
TEST(Logistic, Words) {
  for (const float in : {1.0f / 4096, 1.0f / 2048, 0.0001f, 0.0003f, 0.01f}) {
    ExpectWithin<int16_t>(Op::kLogistic, in, 0, 1.0f / 32768, 0, 4);
    ExpectWithin<int16_t>(Op::kTanh, in, 0, 1.0f / 32768, 0, 6);
  }
}

TEST(Logistic, RefusesWhatDoesNotGoTogether) {
  const auto words = Steps(1.0f / 32768);
  ExpectRefused(
      QuantizedCase<int8_t>(Op::kLogistic, {1}, Steps(0.5f), Steps(0.5f)),
      "prepare", "must be 1/256");
  ExpectRefused(QuantizedCase<int8_t>(Op::kTanh, {1}, {}, Steps(0.5f)),
                "prepare", "without a quantization scale");
  ExpectRefused(QuantizedCase<int16_t>(Op::kTanh, {1}, Steps(0.1f, 3), words),
                "prepare", "zero_point 0");
  ExpectRefused(
      QuantizedCase<int16_t>(Op::kTanh, {1}, Steps(0.1f), Steps(0.1f)),
      "prepare", "1/32768");
  ExpectRefused(QuantizedCase<int32_t>(Op::kTanh, {1}, words, words), "prepare",
                "int32 is not supported");
}

}  // namespace liteforge::logistic_test
