// SPDX-License-Identifier: Apache-2.0
// ADD, SUB, MUL, DIV against their definitions, broadcast by numpy's rule.
#include <gtest/gtest.h>

#include <vector>

#include "kernels/filter_testing.h"
#include "kernels/half_testing.h"
#include "kernels/kernel_tester.h"

namespace liteforge::arithmetic_test {

const std::pair<Shape, Shape> kShapes[] = {
    {{2, 3, 4}, {2, 3, 4}},
    {{}, {}},
    {{2, 3, 4}, {}},
    {{4}, {2, 3, 4}},
    {{2, 1, 4}, {3, 1}},
    {{1, 2, 1, 2}, {3, 1, 5, 1}},
    {{2, 1, 2, 1, 2, 1}, {1, 2, 1, 2, 1, 2}}};

constexpr Activation kActivations[] = {Activation::kNone, Activation::kRelu,
                                       Activation::kRelu6,
                                       Activation::kReluN1To1};

OpOptions OptionsFor(Op op, Activation activation) {
  switch (op) {
    case Op::kAdd:
      return AddOptions{.fused_activation_function = activation,
                        .pot_scale_int16 = false};
    case Op::kSub:
      return SubOptions{.fused_activation_function = activation,
                        .pot_scale_int16 = false};
    case Op::kMul:
      return MulOptions{.fused_activation_function = activation};
    default:
      return DivOptions{.fused_activation_function = activation};
  }
}

KernelCase MakeCase(Op op, Activation activation, KernelTensor a,
                    KernelTensor b, KernelTensor output = {}) {
  KernelCase k{op, OptionsFor(op, activation)};
  k.inputs = {std::move(a), std::move(b)};
  k.outputs = {std::move(output)};
  return k;
}

// f of each pair that broadcasting brings together.
template <class Out, class T, class Function>
std::vector<Out> Broadcasted(const Shape& a, const std::vector<T>& x,
                             const Shape& b, const std::vector<T>& y,
                             const Shape& output, const Function& f) {
  const auto under = [&](const Shape& operand, int64_t index) {
    int64_t at = 0, step = 1;
    for (int back = 1; back <= operand.rank(); ++back) {
      const int32_t extent = output[output.rank() - back];
      const int32_t own = operand[operand.rank() - back];
      if (own != 1) at += index % extent * step;
      index /= extent;
      step *= own;
    }
    return static_cast<size_t>(at);
  };
  std::vector<Out> results;
  for (int64_t i = 0; i < output.elements(); ++i)
    results.push_back(f(x[under(a, i)], y[under(b, i)]));
  return results;
}

double Combined(Op op, double a, double b) {
  if (op == Op::kAdd) return a + b;
  if (op == Op::kSub) return a - b;
  return op == Op::kMul ? a * b : a / b;
}

TEST(Arithmetic, Float) {
  for (const Op op : {Op::kAdd, Op::kSub, Op::kMul, Op::kDiv}) {
    for (const Activation activation : kActivations) {
      for (const auto& [a, b] : kShapes) {
        const auto x = RandomEighths(a, 1);
        auto y = RandomEighths(b, 2);
        for (float& value : y) value = value == 0 ? 0.5f : value;
        const Shape output = *Broadcast(a, b);
        const auto expected =
            Broadcasted<float>(a, x, b, y, output, [&](float p, float q) {
              return static_cast<float>(
                  Limited(activation, Combined(op, static_cast<double>(p),
                                               static_cast<double>(q))));
            });
        ExpectValues(MakeCase(op, activation, KernelTensor::Of(a, x),
                              KernelTensor::Of(b, y)),
                     expected, output);
      }
    }
  }
}

// One rounding: float32 has more than twice the digits, and so has double.
TEST(Arithmetic, HalvesRoundOnce) {
  for (const HalfFormat& format : kHalfFormats) {
    for (const Op op : {Op::kAdd, Op::kSub, Op::kMul, Op::kDiv}) {
      for (const Activation activation : kActivations) {
        for (const auto& [a, b] : kShapes) {
          std::vector<double> x, y;
          auto divisors = RandomEighths(b, 4);
          for (float& value : divisors)
            value = value == 0 ? 0.3f : value * 1.7f;
          const KernelTensor left = Halves(format, a, RandomEighths(a, 3), &x);
          const KernelTensor right = Halves(format, b, divisors, &y);
          const Shape output = *Broadcast(a, b);
          ExpectValues(MakeCase(op, activation, left, right),
                       Broadcasted<uint16_t>(
                           a, x, b, y, output,
                           [&](double p, double q) {
                             return BitsOf(format, Limited(activation,
                                                           Combined(op, p, q)));
                           }),
                       output);
        }
      }
    }
  }
}

TEST(Arithmetic, HalvesOverflowToInfinity) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  for (const HalfFormat& format : kHalfFormats) {
    const double largest = LargestOf(format);
    const auto pair = [&](Op op) {
      return MakeCase(op, Activation::kNone,
                      Halves<double>(format, {3}, {largest, -largest, kNaN}),
                      Halves<double>(format, {3}, {largest, largest, 1}));
    };
    const KernelRun sum = RunKernel(pair(Op::kAdd));
    const KernelRun product = RunKernel(pair(Op::kMul));
    ASSERT_TRUE(sum.ok() && product.ok());
    EXPECT_EQ(ValueOf(format, sum.Values<uint16_t>()[0]), kInfinity);
    EXPECT_EQ(ValueOf(format, sum.Values<uint16_t>()[1]), 0);
    EXPECT_TRUE(std::isnan(ValueOf(format, sum.Values<uint16_t>()[2])));
    EXPECT_EQ(ValueOf(format, product.Values<uint16_t>()[1]), -kInfinity);
  }
}

TEST(Arithmetic, Complex) {
  using Complex = std::complex<float>;
  const auto complex_case = [](Op op) {
    return MakeCase(op, Activation::kNone,
                    KernelTensor::Of<Complex>({2, 1}, {{1, 2}, {-3, 0.5f}}),
                    KernelTensor::Of<Complex>({2}, {{0, 1}, {2, -1}}));
  };
  ExpectValues<Complex>(complex_case(Op::kAdd),
                        {{1, 3}, {3, 1}, {-3, 1.5f}, {-1, -0.5f}});
  ExpectValues<Complex>(complex_case(Op::kSub),
                        {{1, 1}, {-1, 3}, {-3, -0.5f}, {-5, 1.5f}});
  ExpectValues<Complex>(complex_case(Op::kMul),
                        {{-2, 1}, {4, 3}, {-0.5f, -3}, {-5.5f, 4}});
  ExpectValues<Complex>(complex_case(Op::kDiv),
                        {{2, -1}, {0, 1}, {0.5f, 3}, {-1.3f, -0.4f}});
  ExpectRefused(MakeCase(Op::kMul, Activation::kRelu,
                         KernelTensor::Of<Complex>({1}, {{1, 2}}),
                         KernelTensor::Of<Complex>({1}, {{1, 2}})),
                "prepare", "no activation");
}

template <class T>
void ExpectWrapped() {
  constexpr T kLow = std::numeric_limits<T>::min();
  constexpr T kHigh = std::numeric_limits<T>::max();
  const std::vector<T> x = {kLow, kLow, kLow, kHigh, kHigh, 0, -7, 7, 1000};
  const std::vector<T> y = {-1, 1, kLow, 1, kHigh, 5, 2, -2, 1000};
  for (const Op op : {Op::kAdd, Op::kSub, Op::kMul, Op::kDiv}) {
    std::vector<T> expected;
    for (size_t i = 0; i < x.size(); ++i) {
      const __int128 p = x[i], q = y[i];
      const __int128 exact = op == Op::kAdd   ? p + q
                             : op == Op::kSub ? p - q
                             : op == Op::kMul ? p * q
                                              : p / q;
      expected.push_back(static_cast<T>(static_cast<unsigned __int128>(exact)));
    }
    ExpectValues(MakeCase(op, Activation::kNone, KernelTensor::Of<T>({9}, x),
                          KernelTensor::Of<T>({9}, y)),
                 expected, Shape{9});
  }
}

TEST(Arithmetic, IntegersWrap) {
  ExpectWrapped<int32_t>();
  ExpectWrapped<int64_t>();
}

TEST(Arithmetic, UnsignedWrap) {
  const std::vector<uint32_t> x = {0, 4000000000u, 4294967295u, 7, 100000};
  const std::vector<uint32_t> y = {1, 4000000000u, 4294967295u, 2, 100000};
  for (const Op op : {Op::kAdd, Op::kSub, Op::kMul, Op::kDiv}) {
    std::vector<uint32_t> expected;
    for (size_t i = 0; i < x.size(); ++i) {
      const __int128 p = x[i], q = y[i];
      const __int128 exact = op == Op::kAdd   ? p + q
                             : op == Op::kSub ? p - q
                             : op == Op::kMul ? p * q
                                              : p / q;
      expected.push_back(static_cast<uint32_t>(exact & 0xFFFFFFFF));
    }
    ExpectValues(MakeCase(op, Activation::kNone, KernelTensor::Of({5}, x),
                          KernelTensor::Of({5}, y)),
                 expected);
  }
}

TEST(Arithmetic, DivisionByZero) {
  const KernelTensor x = KernelTensor::Of<int32_t>({2}, {1, 2});
  ExpectRefused(MakeCase(Op::kDiv, Activation::kNone, x,
                         KernelTensor::Of<int32_t>({2}, {1, 0})),
                "eval", "division by zero");
  const KernelTensor bytes = KernelTensor::Of<uint8_t>({1}, {7}, Steps(1, 7));
  ExpectRefused(MakeCase(Op::kDiv, Activation::kNone, bytes, bytes,
                         KernelTensor::Output(DataType::kUInt8, Steps(1.0f))),
                "eval", "division by zero");
}

// Operands to the left by 20 (int16: 15), to twice the larger scale, and the
// sum to the output's: three roundings.
template <class T>
int64_t QuantizedSum(Op op, int64_t a, int64_t b, float a_scale, float b_scale,
                     float out_scale) {
  const int shift = sizeof(T) == 2 ? 15 : 20;
  const double twice = 2 * static_cast<double>(std::max(a_scale, b_scale));
  const int64_t x = Rescaled(a << shift, static_cast<double>(a_scale) / twice,
                             Rounding::kTiesAway);
  const int64_t y = Rescaled(b << shift, static_cast<double>(b_scale) / twice,
                             Rounding::kTiesAway);
  return Rescaled(op == Op::kAdd ? x + y : x - y,
                  twice / ((1 << shift) * static_cast<double>(out_scale)),
                  Rounding::kTiesAway);
}

struct Scales {
  float a, b, output;
  int a_zero, b_zero, output_zero;
};

// Every pair of values of a grid over the whole type.
template <class T>
void ExpectQuantized(Op op, Activation activation, const Scales& s) {
  constexpr int kLow = std::numeric_limits<T>::min();
  constexpr int kHigh = std::numeric_limits<T>::max();
  std::vector<T> grid;
  for (int i = 0; i <= 51; ++i)
    grid.push_back(static_cast<T>(kLow + (kHigh - kLow) / 51 * i));
  grid.back() = kHigh;
  const auto n = static_cast<int32_t>(grid.size());
  const auto [low, high] = Limits<T>(activation, s.output, s.output_zero);
  std::vector<T> expected;
  for (const T p : grid) {
    for (const T q : grid) {
      const int64_t a = p - s.a_zero, b = q - s.b_zero;
      const int64_t value =
          op == Op::kMul
              ? Rescaled(a * b, static_cast<double>(s.a * s.b / s.output),
                         Rounding::kTiesAway)
              : QuantizedSum<T>(op, a, b, s.a, s.b, s.output);
      expected.push_back(
          static_cast<T>(std::clamp(value + s.output_zero, low, high)));
    }
  }
  ExpectValues(MakeCase(op, activation,
                        KernelTensor::Of<T>({n, 1}, grid, Steps(s.a, s.a_zero)),
                        KernelTensor::Of<T>({1, n}, grid, Steps(s.b, s.b_zero)),
                        KernelTensor::Output(TypeOf<T>(),
                                             Steps(s.output, s.output_zero))),
               expected, Shape{n, n});
}

TEST(Arithmetic, Quantized) {
  for (const Op op : {Op::kAdd, Op::kSub, Op::kMul}) {
    for (const Activation activation : kActivations) {
      ExpectQuantized<int8_t>(op, activation, {0.5f, 0.25f, 1.0f, 3, -5, 7});
      ExpectQuantized<int8_t>(op, activation,
                              {0.021f, 0.37f, 0.11f, -128, 127, -128});
      ExpectQuantized<uint8_t>(op, activation,
                               {0.021f, 0.37f, 0.11f, 0, 255, 128});
      ExpectQuantized<uint8_t>(op, activation, {1, 1, 1, 128, 128, 128});
      ExpectQuantized<int16_t>(op, activation,
                               {0.001f, 0.003f, 0.002f, 0, 0, 0});
      ExpectQuantized<int16_t>(op, activation, {0.5f, 0.125f, 1.0f, 0, 0, 0});
    }
  }
}

// The quotient of exact operands is within one step of the real one.
TEST(Arithmetic, QuantizedDivision) {
  std::vector<uint8_t> x, y, expected;
  const Scales s{0.5f, 0.25f, 0.125f, 0, 0, 10};
  for (int a = 0; a < 256; a += 5) {
    for (int b = 1; b < 256; b += 7) {
      x.push_back(static_cast<uint8_t>(a));
      y.push_back(static_cast<uint8_t>(b));
      expected.push_back(static_cast<uint8_t>(
          std::min(255L, std::lround(a * 0.5 / (b * 0.25) / 0.125) + 10)));
    }
  }
  const auto n = static_cast<int32_t>(x.size());
  const KernelCase k = MakeCase(
      Op::kDiv, Activation::kNone,
      KernelTensor::Of<uint8_t>({n}, x, Steps(s.a, s.a_zero)),
      KernelTensor::Of<uint8_t>({n}, y, Steps(s.b, s.b_zero)),
      KernelTensor::Output(DataType::kUInt8, Steps(s.output, s.output_zero)));
  for (const KernelMode mode : kKernelModes) {
    const KernelRun run = RunKernel(k, mode);
    ASSERT_TRUE(run.ok()) << run.error;
    for (size_t i = 0; i < x.size(); ++i)
      ASSERT_NEAR(run.Values<uint8_t>()[i], expected[i], 1)
          << +x[i] << " / " << +y[i];
  }
}

// So it is of int16, whose zero points need not be 0.
TEST(Arithmetic, QuantizedDivisionOfInt16) {
  const Scales s{0.5f, 0.25f, 0.125f, 40, -30, 10};
  std::vector<int16_t> x, y;
  std::vector<double> expected;
  for (int a = -32768; a < 32768; a += 1021) {
    for (int b = -32768; b < 32768; b += 1511) {
      if (b == s.b_zero) continue;
      x.push_back(static_cast<int16_t>(a));
      y.push_back(static_cast<int16_t>(b));
      const double quotient =
          (a - s.a_zero) * 0.5 / ((b - s.b_zero) * 0.25) / 0.125 + 10;
      expected.push_back(std::clamp(quotient, -32768.0, 32767.0));
    }
  }
  const auto n = static_cast<int32_t>(x.size());
  const KernelRun run = RunKernel(MakeCase(
      Op::kDiv, Activation::kNone,
      KernelTensor::Of<int16_t>({n}, x, Steps(s.a, s.a_zero)),
      KernelTensor::Of<int16_t>({n}, y, Steps(s.b, s.b_zero)),
      KernelTensor::Output(DataType::kInt16, Steps(s.output, s.output_zero))));
  ASSERT_TRUE(run.ok()) << run.error;
  for (size_t i = 0; i < x.size(); ++i)
    ASSERT_NEAR(run.Values<int16_t>()[i], expected[i], 1) << x[i] << y[i];
}

// Q0.15 x Q0.15, rounded to a Q0.15 and then, away from zero, to a Q0.7.
TEST(Arithmetic, ProductOfInt16In8Bits) {
  const std::vector<int16_t> x = {32767, -32768, 16384, -1000, 300, 0};
  std::vector<int8_t> expected;
  std::vector<uint8_t> unsigned_expected;
  for (const int16_t a : x) {
    for (const int16_t b : x) {
      const double once = std::min(32767.0, std::round(a * b / 32768.0));
      const double twice = std::round(once / 256);
      expected.push_back(
          static_cast<int8_t>(std::clamp(twice + 3, -128., 127.)));
      unsigned_expected.push_back(
          static_cast<uint8_t>(std::clamp(twice + 128, 0., 255.)));
    }
  }
  const KernelTensor a = KernelTensor::Of<int16_t>({6, 1}, x, Steps(0x1p-15f));
  const KernelTensor b = KernelTensor::Of<int16_t>({6}, x, Steps(0x1p-15f));
  ExpectValues(
      MakeCase(Op::kMul, Activation::kNone, a, b,
               KernelTensor::Output(DataType::kInt8, Steps(0x1p-7f, 3))),
      expected, Shape{6, 6});
  ExpectValues(
      MakeCase(Op::kMul, Activation::kNone, a, b,
               KernelTensor::Output(DataType::kUInt8, Steps(0x1p-7f, 128))),
      unsigned_expected, Shape{6, 6});
}

// int16 without quantization is a plain integer.
TEST(Arithmetic, PlainInt16Wraps) { ExpectWrapped<int16_t>(); }

TEST(Arithmetic, PowerOfTwoScalesOnlyShift) {
  KernelCase k = MakeCase(
      Op::kAdd, Activation::kNone,
      KernelTensor::Of<int16_t>({4}, {32767, -32768, 100, 3}, Steps(0.5f)),
      KernelTensor::Of<int16_t>({4}, {6, -6, 2, -2}, Steps(0.125f)),
      KernelTensor::Output(DataType::kInt16, Steps(0.5f)));
  k.options.Edit<AddOptions>().pot_scale_int16 = true;
  // 6 / 4 = 1.5 and 2 / 4 = 0.5, half away from zero.
  ExpectValues<int16_t>(k, {32767, -32768, 101, 2});
}

TEST(Arithmetic, EmptyTensors) {
  ExpectValues<float>(
      MakeCase(Op::kAdd, Activation::kNone, KernelTensor::Of<float>({0, 3}, {}),
               KernelTensor::Of<float>({3}, {1, 2, 3})),
      {}, Shape{0, 3});
}

TEST(Arithmetic, RefusesWhatDoesNotGoTogether) {
  const KernelTensor x = KernelTensor::Of<int8_t>({2}, {1, 2}, Steps(0.5f));
  const KernelTensor y = KernelTensor::Of<int8_t>({2}, {1, 2});
  const KernelTensor out = KernelTensor::Output(DataType::kInt8, Steps(1.0f));
  for (const Op op : {Op::kAdd, Op::kSub, Op::kMul}) {
    ExpectRefused(MakeCase(op, Activation::kNone, x, y, out), "prepare",
                  "without a quantization scale");
    ExpectRefused(MakeCase(op, Activation::kNone, x, x,
                           KernelTensor::Output(DataType::kInt8)),
                  "prepare", "without a quantization scale");
    KernelTensor wrong = x;
    wrong.quantization = Steps(0.5f, 1000);
    ExpectRefused(MakeCase(op, Activation::kNone, x, wrong, out), "prepare",
                  "zero point 1000");
    ExpectRefused(MakeCase(op, Activation::kNone, x,
                           KernelTensor::Of<float>({2}, {1, 2}), out),
                  "", "");
    ExpectRefused(
        MakeCase(op, Activation::kNone, KernelTensor::Of<float>({2}, {1, 2}),
                 KernelTensor::Of<float>({3}, {1, 2, 3})),
        "infer", "cannot be broadcast together");
  }
  const KernelTensor words =
      KernelTensor::Of<int16_t>({2}, {1, 2}, Steps(0.5f, 5));
  ExpectRefused(MakeCase(Op::kAdd, Activation::kNone, words, words,
                         KernelTensor::Output(DataType::kInt16, Steps(0.5f))),
                "prepare", "zero_point 0");
}

TEST(Arithmetic, SurvivesEnormousScales) {
  for (const Op op : {Op::kAdd, Op::kSub, Op::kMul, Op::kDiv}) {
    for (const float a : {1e-45f, 1.0f, 3e38f}) {
      for (const float out : {1e-45f, 1.0f, 3e38f}) {
        for (const float b : {1e-45f, 1.0f, 3e38f}) {
          const auto bytes = [](float scale) {
            return KernelTensor::Of<int8_t>({3}, {-128, 1, 127}, Steps(scale));
          };
          const auto words = [](float scale) {
            return KernelTensor::Of<int16_t>({3}, {-32768, 1, 32767},
                                             Steps(scale));
          };
          for (const KernelMode mode : kKernelModes) {
            RunKernel(
                MakeCase(op, Activation::kNone, bytes(a), bytes(b),
                         KernelTensor::Output(DataType::kInt8, Steps(out))),
                mode);
            RunKernel(
                MakeCase(op, Activation::kNone, words(a), words(b),
                         KernelTensor::Output(DataType::kInt16, Steps(out))),
                mode);
          }
        }
      }
    }
  }
}

}  // namespace liteforge::arithmetic_test
