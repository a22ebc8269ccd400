// SPDX-License-Identifier: Apache-2.0
// Functions of one value against the same functions in double.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "kernels/filter_testing.h"
#include "kernels/half_testing.h"
#include "kernels/kernel_tester.h"

namespace liteforge::elementwise_test {

using Function = std::function<double(double)>;

constexpr double kSqrtHalf = 0.70710678118654752440;

double HalfToEven(double x) {
  const double below = std::floor(x), rest = x - below;
  if (rest != 0.5) return rest < 0.5 ? below : below + 1;
  return 2 * std::floor((below + 1) / 2);
}
double HardSwish(double x) { return x * std::clamp(x + 3, 0.0, 6.0) / 6; }
double Gelu(double x) { return x / 2 * (1 + std::erf(x * kSqrtHalf)); }
double GeluByTanh(double x) {
  const double inner =
      std::sqrt(2 / 3.14159265358979323846) * (x + 0.044715 * x * x * x);
  return x / 2 * (1 + std::tanh(inner));
}
double Elu(double x) { return x < 0 ? std::expm1(x) : x; }
double Rsqrt(double x) { return 1 / std::sqrt(x); }
double Sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : x; }

struct RealOp {
  Op op;
  Function f;
  OpOptions options = {};
  double slack = 0;  // float cancels some digits
};
const RealOp kRealOps[] = {
    {Op::kAbs, [](double x) { return x < 0 ? -x : x; }},
    {Op::kCeil, [](double x) { return -std::floor(-x); }},
    {Op::kCos, [](double x) { return std::cos(x); }},
    {Op::kElu, Elu},
    {Op::kExp, [](double x) { return std::exp(x); }},
    {Op::kFloor, [](double x) { return std::floor(x); }},
    {Op::kGelu, Gelu, GeluOptions{.approximate = false}, 1e-6},
    {Op::kGelu, GeluByTanh, GeluOptions{.approximate = true}, 1e-6},
    {Op::kHardSwish, HardSwish},
    {Op::kLeakyRelu, [](double x) { return x > 0 ? x : 0.25 * x; },
     LeakyReluOptions{.alpha = 0.25f}},
    {Op::kLeakyRelu, [](double x) { return x > 0 ? x : -1.5 * x; },
     LeakyReluOptions{.alpha = -1.5f}},
    {Op::kLog, [](double x) { return std::log(x); }},
    {Op::kNeg, [](double x) { return -x; }},
    {Op::kRound, HalfToEven},
    {Op::kRsqrt, Rsqrt},
    {Op::kSign, Sign},
    {Op::kSin, [](double x) { return std::sin(x); }},
    {Op::kSqrt, [](double x) { return std::sqrt(x); }},
    {Op::kSquare, [](double x) { return x * x; }}};

// Eighths, with halves among them, and the odd ones.
std::vector<double> Numbers() {
  std::vector<double> numbers = {0.0,  -0.0,         1e-20,    -1e-20,
                                 1e10, std::nan(""), HUGE_VAL, -HUGE_VAL};
  for (int i = -72; i <= 72; ++i) numbers.push_back(i / 8.0);
  return numbers;
}

template <class T>
void ExpectReals(double tolerance) {
  std::vector<T> x;
  for (const double number : Numbers()) x.push_back(static_cast<T>(number));
  const Shape shape{static_cast<int32_t>(x.size())};
  for (const RealOp& real : kRealOps) {
    SCOPED_TRACE(Name(real.op));
    std::vector<T> expected;
    for (const T value : x)
      expected.push_back(static_cast<T>(real.f(static_cast<double>(value))));
    KernelCase k{real.op, real.options};
    k.inputs = {KernelTensor::Of<T>(shape, x)};
    ExpectNear(k, expected, tolerance + real.slack, shape);
  }
}

TEST(Elementwise, Floats) { ExpectReals<float>(1e-6); }
TEST(Elementwise, Doubles) { ExpectReals<double>(1e-14); }

TEST(Elementwise, HalfFloats) {
  const std::vector<double> numbers = Numbers();
  const Shape shape{static_cast<int32_t>(numbers.size())};
  for (const HalfFormat& format : kHalfFormats) {
    for (const RealOp& real : kRealOps) {
      SCOPED_TRACE(Name(real.op));
      std::vector<double> x, expected;
      KernelCase k{real.op, real.options};
      k.inputs = {Halves(format, shape, numbers, &x)};
      for (const double value : x) expected.push_back(real.f(value));
      ExpectHalvesNear(k, format, expected, shape, real.slack);
    }
  }
}

TEST(Elementwise, EveryShape) {
  for (const Shape& shape :
       {Shape{}, Shape{0}, Shape{2, 0, 3}, Shape{2, 3}, Shape{1, 2, 3, 4, 5}}) {
    const auto x = RandomEighths(shape, 1);
    std::vector<float> expected;
    for (const float value : x) expected.push_back(-value);
    KernelCase k{Op::kNeg};
    k.inputs = {KernelTensor::Of<float>(shape, x)};
    ExpectValues(k, expected, shape);
  }
}

// The least number has no opposite of its type: it stays.
template <class T>
void ExpectIntegers(Op op, const std::function<int64_t(int64_t)>& f) {
  constexpr T kLow = std::numeric_limits<T>::min();
  constexpr T kHigh = std::numeric_limits<T>::max();
  const std::vector<T> x = {0, 1, -1, 5, -7, kHigh, kLow, kLow + 1};
  std::vector<T> expected;
  for (const T value : x)
    expected.push_back(value == kLow && op != Op::kSign
                           ? kLow
                           : static_cast<T>(f(int64_t{value})));
  KernelCase k{op};
  k.inputs = {KernelTensor::Of<T>({2, 4}, x)};
  ExpectValues(k, expected, {2, 4});
}

TEST(Elementwise, PlainIntegers) {
  const auto abs = [](int64_t x) { return x < 0 ? -x : x; };
  const auto negate = [](int64_t x) { return -x; };
  const auto sign = [](int64_t x) { return int64_t{x > 0} - int64_t{x < 0}; };
  ExpectIntegers<int16_t>(Op::kAbs, abs);
  ExpectIntegers<int32_t>(Op::kAbs, abs);
  ExpectIntegers<int64_t>(Op::kAbs, abs);
  ExpectIntegers<int8_t>(Op::kNeg, negate);
  ExpectIntegers<int16_t>(Op::kNeg, negate);
  ExpectIntegers<int32_t>(Op::kNeg, negate);
  ExpectIntegers<int64_t>(Op::kNeg, negate);
  ExpectIntegers<int32_t>(Op::kSign, sign);
  ExpectIntegers<int64_t>(Op::kSign, sign);
}

TEST(LogicalNot, TurnsBools) {
  KernelCase k{Op::kLogicalNot};
  k.inputs = {KernelTensor::OfType<uint8_t>(DataType::kBool, {3}, {1, 0, 1})};
  ExpectValues<uint8_t>(k, {0, 1, 0}, {3});
  k.inputs = {KernelTensor::Of<int32_t>({1}, {1})};
  ExpectRefused(k, "prepare", "must be bool");
}

//---------------------------------------------------------------- quantized

template <class T>
KernelCase QuantizedCase(Op op, const OpOptions& options,
                         const std::vector<T>& x, const Quantization& in,
                         const Quantization& out) {
  KernelCase k{op, options};
  k.inputs = {KernelTensor::Of<T>({static_cast<int32_t>(x.size())}, x, in)};
  k.outputs = {KernelTensor::Output(TypeOf<T>(), out)};
  return k;
}

struct Scales {
  float in;
  int in_zero;
  float out;
  int out_zero;
};

// Values from `first` on within so many steps of f; tolerance(x) in steps.
template <class T>
void ExpectWithin(const RealOp& real, const Scales& s, int first, int stride,
                  const Function& tolerance) {
  SCOPED_TRACE(Name(real.op));
  constexpr double kLow = std::numeric_limits<T>::min();
  constexpr double kHigh = std::numeric_limits<T>::max();
  std::vector<T> x;
  for (int q = first; q <= std::numeric_limits<T>::max(); q += stride)
    x.push_back(static_cast<T>(q));
  const KernelCase k =
      QuantizedCase(real.op, real.options, x, Steps(s.in, s.in_zero),
                    Steps(s.out, s.out_zero));
  for (const KernelMode mode : kKernelModes) {
    const KernelRun run = RunKernel(k, mode);
    ASSERT_TRUE(run.ok()) << run.stage << ": " << run.error;
    const auto got = run.Values<T>();
    for (size_t i = 0; i < x.size(); ++i) {
      const double value = static_cast<double>(s.in) * (x[i] - s.in_zero);
      const double steps =
          real.f(value) / static_cast<double>(s.out) + s.out_zero;
      ASSERT_NEAR(got[i], std::clamp(steps, kLow, kHigh), tolerance(value))
          << "of " << value;
    }
  }
}

template <class T>
void ExpectBytes(const RealOp& real, const Scales& s, double tolerance,
                 bool not_negative = false) {
  ExpectWithin<T>(real, s,
                  not_negative ? s.in_zero : std::numeric_limits<T>::min(), 1,
                  [&](double) { return tolerance; });
}

double LogOrLeast(double x) { return x <= 0 ? -HUGE_VAL : std::log(x); }

// Rounded once through a table, or twice by a multiplier: 1/2 or 3/4 of a
// step. SQRT drops the fraction.
TEST(Elementwise, Bytes) {
  const Scales grid[] = {
      {0.05f, 3, 0.04f, -5}, {0.02f, -128, 0.03f, 10}, {0.1f, 0, 0.1f, 0}};
  for (const Scales& s : grid) {
    ExpectBytes<int8_t>({Op::kAbs, [](double x) { return std::abs(x); }}, s,
                        0.76);
    ExpectBytes<int8_t>({Op::kElu, Elu}, s, 0.51);
    ExpectBytes<int8_t>({Op::kExp, [](double x) { return std::exp(x); }}, s,
                        0.51);
    ExpectBytes<int8_t>({Op::kLog, LogOrLeast}, s, 0.51);
    ExpectBytes<int8_t>({Op::kSqrt, [](double x) { return std::sqrt(x); }}, s,
                        1.01, true);
    ExpectBytes<int8_t>({Op::kRsqrt, Rsqrt}, s, 1.01, true);
    for (const float alpha : {0.1f, -0.5f, 2.0f}) {
      const RealOp leaky{Op::kLeakyRelu,
                         [a = static_cast<double>(alpha)](double x) {
                           return x > 0 ? x : a * x;
                         },
                         LeakyReluOptions{.alpha = alpha}};
      ExpectBytes<int8_t>(leaky, s, 0.76);
      ExpectBytes<uint8_t>(leaky, {s.in, s.in_zero + 128, s.out, 100}, 0.76);
    }
    for (const bool by_tanh : {false, true}) {
      const RealOp gelu{Op::kGelu, by_tanh ? GeluByTanh : Gelu,
                        GeluOptions{.approximate = by_tanh}};
      ExpectBytes<int8_t>(gelu, s, 0.51);
      ExpectBytes<uint8_t>(gelu, {s.in, s.in_zero + 128, s.out, 100}, 0.51);
    }
    const RealOp swish{Op::kHardSwish, HardSwish};
    ExpectBytes<int8_t>(swish, s, 1.01);
    ExpectBytes<uint8_t>(swish, {s.in, s.in_zero + 128, s.out, 100}, 1.01);
  }
}

// A table of 512 straight pieces bends by f'' h^2 / 8 in each, and its points
// lie 65535 / 512 apart instead of 128: the last of them off by one step.
void ExpectTable(const RealOp& real, float in, float out, int first,
                 const Function& slope, const Function& bend) {
  const double step = static_cast<double>(in), piece = 128 * step;
  ExpectWithin<int16_t>(real, {in, 0, out, 0}, first, 37, [&](double x) {
    const double error =
        std::abs(slope(x)) * step + std::abs(bend(x)) * piece * piece / 4;
    return 2 + error / static_cast<double>(out);
  });
}

TEST(Elementwise, Words) {
  const Scales s{0.0003f, 0, 0.0002f, 0};
  ExpectWithin<int16_t>({Op::kAbs, [](double x) { return std::abs(x); }}, s,
                        -32768, 37, [](double) { return 0.76; });
  ExpectWithin<int16_t>(
      {Op::kLeakyRelu, [](double x) { return x > 0 ? x : x / 4; },
       LeakyReluOptions{.alpha = 0.25f}},
      s, -32768, 37, [](double) { return 0.76; });
  ExpectWithin<int16_t>({Op::kSqrt, [](double x) { return std::sqrt(x); }}, s,
                        0, 37, [](double) { return 1.01; });
  const auto exp = [](double x) { return std::exp(x); };
  ExpectTable({Op::kExp, exp}, 4.0f / 32768, 56.0f / 32768, -32768, exp, exp);
  ExpectTable(
      {Op::kLog, LogOrLeast}, 4.0f / 32768, 2.0f / 32768, 2048,
      [](double x) { return 1 / x; }, [](double x) { return 1 / (x * x); });
  ExpectTable(
      {Op::kRsqrt, Rsqrt}, 4.0f / 32768, 4.0f / 32768, 4096,
      [](double x) { return 0.5 * std::pow(x, -1.5); },
      [](double x) { return 0.75 * std::pow(x, -2.5); });
}

TEST(Elementwise, RefusesWhatHasNoMeaning) {
  const auto steps = Steps(0.5f);
  const auto negative = [&](Op op) {
    return QuantizedCase<int8_t>(op, {}, {-1}, steps, steps);
  };
  ExpectRefused(negative(Op::kSqrt), "eval", "negative");
  ExpectRefused(negative(Op::kRsqrt), "eval", "negative");
  ExpectRefused(QuantizedCase<int8_t>(Op::kExp, {}, {1}, {}, steps), "prepare",
                "without a quantization scale");
  ExpectRefused(QuantizedCase<int8_t>(Op::kExp, {}, {1}, steps, {}), "prepare",
                "without a quantization scale");
  ExpectRefused(
      QuantizedCase<int16_t>(Op::kSqrt, {}, {1}, Steps(0.5f, 3), steps),
      "prepare", "zero_point 0");
  ExpectRefused(
      QuantizedCase<int8_t>(Op::kHardSwish, {}, {1}, Steps(1e9f), Steps(1.0f)),
      "prepare", "too small for the input's");
  for (const Op op : {Op::kSin, Op::kCos, Op::kFloor, Op::kCeil, Op::kRound,
                      Op::kSquare, Op::kSign}) {
    ExpectRefused(QuantizedCase<int8_t>(op, {}, {1}, steps, steps), "prepare",
                  "int8 is not supported");
  }
  ExpectRefused(QuantizedCase<uint8_t>(Op::kAbs, {}, {1}, steps, steps),
                "prepare", "uint8 is not supported");
  KernelCase k{Op::kSin};
  k.inputs = {KernelTensor::Of<float>({1}, {1})};
  k.outputs = {KernelTensor::Output(DataType::kFloat16)};
  ExpectRefused(k, "", "float16");
}

}  // namespace liteforge::elementwise_test
