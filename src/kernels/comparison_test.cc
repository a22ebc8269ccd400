// SPDX-License-Identifier: Apache-2.0
// The six comparisons over pairs of values, every type.
#include <gtest/gtest.h>

#include <vector>

#include "kernels/filter_testing.h"
#include "kernels/half_testing.h"
#include "kernels/kernel_tester.h"

namespace liteforge::comparison_test {

constexpr Op kComparisons[] = {Op::kEqual,   Op::kNotEqual,
                               Op::kLess,    Op::kLessEqual,
                               Op::kGreater, Op::kGreaterEqual};

template <class T>
uint8_t Holds(Op op, T a, T b) {
  const bool less = a<b, greater = a> b, equal = a == b;
  switch (op) {
    case Op::kEqual:
      return equal;
    case Op::kNotEqual:
      return !equal;
    case Op::kLess:
      return less;
    case Op::kLessEqual:
      return less || equal;
    case Op::kGreater:
      return greater;
    default:
      return greater || equal;
  }
}

KernelCase MakeCase(Op op, KernelTensor a, KernelTensor b) {
  KernelCase k{op};
  k.inputs = {std::move(a), std::move(b)};
  return k;
}

template <class T>
std::vector<uint8_t> Expected(Op op, const std::vector<T>& values) {
  std::vector<uint8_t> expected;
  for (const T a : values) {
    for (const T b : values) expected.push_back(Holds(op, a, b));
  }
  return expected;
}

template <class T>
void ExpectPlain() {
  using Limits = std::numeric_limits<T>;
  const std::vector<T> values = {Limits::lowest(), Limits::max(), 0, 1, 5};
  for (const Op op : kComparisons) {
    ExpectValues(MakeCase(op, KernelTensor::Of<T>({5, 1}, values),
                          KernelTensor::Of<T>({5}, values)),
                 Expected(op, values), Shape{5, 5});
  }
}

TEST(Comparison, PlainNumbers) {
  ExpectPlain<float>();
  ExpectPlain<double>();
  ExpectPlain<int8_t>();
  ExpectPlain<uint8_t>();
  ExpectPlain<int16_t>();
  ExpectPlain<int32_t>();
  ExpectPlain<int64_t>();
  ExpectPlain<uint32_t>();
}

TEST(Comparison, NaNEqualsNothing) {
  const std::vector<double> values = {
      std::numeric_limits<double>::quiet_NaN(), -0.0, 0.0, 1.5, -2,
      std::numeric_limits<double>::infinity()};
  for (const Op op : kComparisons) {
    for (const HalfFormat& format : kHalfFormats) {
      ExpectValues(MakeCase(op, Halves(format, {6, 1}, values),
                            Halves(format, {6}, values)),
                   Expected(op, values), Shape{6, 6});
    }
  }
}

// Both operands as round(256 (q - zero_point) scale).
template <class T>
void ExpectScaled(Op op, float a_scale, int a_zero, float b_scale, int b_zero) {
  constexpr int kLow = std::numeric_limits<T>::min();
  constexpr int kHigh = std::numeric_limits<T>::max();
  std::vector<T> grid;
  for (int i = kLow; i <= kHigh; i += (kHigh - kLow) / 51)
    grid.push_back(static_cast<T>(i));
  const auto n = static_cast<int32_t>(grid.size());
  const auto scaled = [](int64_t steps, float scale) {
    return Rescaled(steps * 256, static_cast<double>(scale),
                    Rounding::kTiesAway);
  };
  std::vector<uint8_t> expected;
  for (const T a : grid) {
    for (const T b : grid) {
      expected.push_back(
          Holds(op, scaled(a - a_zero, a_scale), scaled(b - b_zero, b_scale)));
    }
  }
  ExpectValues(
      MakeCase(op, KernelTensor::Of<T>({n, 1}, grid, Steps(a_scale, a_zero)),
               KernelTensor::Of<T>({n}, grid, Steps(b_scale, b_zero))),
      expected, Shape{n, n});
}

TEST(Comparison, Quantized) {
  for (const Op op : kComparisons) {
    ExpectScaled<int8_t>(op, 0.5f, 3, 0.25f, -7);
    ExpectScaled<int8_t>(op, 0.003f, 0, 0.003f, 0);  // neighbours coincide
    ExpectScaled<uint8_t>(op, 0.7f, 128, 1.9f, 3);
    ExpectScaled<int16_t>(op, 0.01f, 0, 0.03f, 0);
  }
  ExpectScaled<int16_t>(Op::kEqual, 0.001f, 0, 0.001f, 0);
}

// int16 of one scale is ordered by its steps, however fine they are.
TEST(Comparison, OrderOfInt16Steps) {
  const KernelTensor a = KernelTensor::Of<int16_t>({1}, {1}, Steps(0.0001f));
  const KernelTensor b = KernelTensor::Of<int16_t>({1}, {2}, Steps(0.0001f));
  ExpectValues<uint8_t>(MakeCase(Op::kLess, a, b), {1});
  ExpectValues<uint8_t>(MakeCase(Op::kGreaterEqual, a, b), {0});
}

TEST(Comparison, Bools) {
  const auto bools = [](const Shape& shape) {
    return KernelTensor::OfType<uint8_t>(DataType::kBool, shape, {0, 1});
  };
  ExpectValues<uint8_t>(MakeCase(Op::kEqual, bools({2, 1}), bools({2})),
                        {1, 0, 0, 1});
  ExpectValues<uint8_t>(MakeCase(Op::kNotEqual, bools({2, 1}), bools({2})),
                        {0, 1, 1, 0});
  ExpectRefused(MakeCase(Op::kLess, bools({2}), bools({2})), "prepare",
                "bool is not supported");
}

TEST(Comparison, Strings) {
  const KernelTensor a = KernelTensor::Strings({3, 1}, {"", "ab", "abc"});
  const KernelTensor b = KernelTensor::Strings({2}, {"ab", ""});
  ExpectValues<uint8_t>(MakeCase(Op::kEqual, a, b), {0, 1, 1, 0, 0, 0},
                        Shape{3, 2});
  ExpectValues<uint8_t>(MakeCase(Op::kNotEqual, a, b), {1, 0, 0, 1, 1, 1},
                        Shape{3, 2});
  ExpectRefused(MakeCase(Op::kGreater, a, b), "prepare",
                "string is not supported");
}

TEST(Comparison, RefusesMissingStringsAndScales) {
  KernelTensor few = KernelTensor::Strings({3}, {"a", "b"});
  ExpectRefused(MakeCase(Op::kEqual, few, few), "eval", "fewer strings");
  ExpectRefused(
      MakeCase(Op::kLess, KernelTensor::Of<int8_t>({1}, {1}, Steps(1.0f)),
               KernelTensor::Of<int8_t>({1}, {1})),
      "prepare", "without a quantization scale");
  ExpectRefused(MakeCase(Op::kLess, KernelTensor::Of<float>({1}, {1}),
                         KernelTensor::Of<int32_t>({1}, {1})),
                "infer", "must agree");
}

TEST(Comparison, SurvivesEnormousScales) {
  for (const float a : {1e-45f, 1.0f, 3e38f}) {
    for (const float b : {1e-45f, 1.0f, 3e38f}) {
      for (const Op op : kComparisons) {
        EXPECT_TRUE(
            RunKernel(
                MakeCase(
                    op, KernelTensor::Of<int8_t>({3}, {-128, 1, 127}, Steps(a)),
                    KernelTensor::Of<int8_t>({3}, {127, 0, 1}, Steps(b))))
                .ok());
      }
    }
  }
}

TEST(Comparison, EmptyTensors) {
  ExpectValues<uint8_t>(
      MakeCase(Op::kEqual, KernelTensor::Of<float>({0, 3}, {}),
               KernelTensor::Of<float>({3}, {1, 2, 3})),
      {}, Shape{0, 3});
}

}  // namespace liteforge::comparison_test
