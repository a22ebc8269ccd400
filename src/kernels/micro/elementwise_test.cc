// SPDX-License-Identifier: Apache-2.0
#include "kernels/micro/targets_with_vnni.h"
//
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "kernels/micro/byte_arithmetic.h"
#include "kernels/micro/float_functions.h"
#include "kernels/micro/target_testing.h"

namespace liteforge::elementwise_test {

using Function = void (*)(const float*, int64_t, float*);

void ExpectFunction(Function function, double (*exact)(double),
                    double tolerance) {
  std::vector<float> x;
  for (double v = -100; v <= 90; v += 0.37) x.push_back(static_cast<float>(v));
  for (double v = -1; v <= 1; v += 0.013) x.push_back(static_cast<float>(v));
  std::vector<float> y(x.size() + 1, 5);
  for (const size_t count : {x.size(), size_t{1}, size_t{7}}) {
    function(x.data(), static_cast<int64_t>(count), y.data());
    for (size_t i = 0; i < count; ++i) {
      const double want = exact(static_cast<double>(x[i]));
      if (want > static_cast<double>(std::numeric_limits<float>::max())) {
        ASSERT_TRUE(std::isinf(y[i])) << x[i];
        continue;
      }
      ASSERT_NEAR(static_cast<double>(y[i]), want,
                  tolerance * std::abs(want) + 1e-37)
          << x[i];
    }
  }
  ASSERT_EQ(y.back(), 5);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  float out = 0;
  function(&nan, 1, &out);
  EXPECT_TRUE(std::isnan(out));
}

TEST(FloatFunctions, AgreeWithTheirDefinitions) {
  ForEachTarget([] {
    constexpr double kFewUlps = 6e-7;
    ExpectFunction(
        ExpOfFloats, [](double x) { return std::exp(x); }, kFewUlps);
    ExpectFunction(
        LogisticOfFloats, [](double x) { return 1 / (1 + std::exp(-x)); },
        kFewUlps);
    ExpectFunction(
        TanhOfFloats, [](double x) { return std::tanh(x); }, kFewUlps);
    ExpectFunction(
        EluOfFloats, [](double x) { return x < 0 ? std::expm1(x) : x; },
        kFewUlps);
  });
}

TEST(FloatFunctions, Softmax) {
  ForEachTarget([] {
    for (const int count : {1, 3, 16, 45}) {
      Sequence draw(static_cast<uint32_t>(count));
      std::vector<float> x(static_cast<size_t>(count)), y(x.size());
      for (float& v : x) v = 20 * draw.Real();
      SoftmaxOfFloats(x.data(), count, 0.7f, y.data());
      double sum = 0;
      for (const float v : x) sum += std::exp(0.7 * static_cast<double>(v));
      for (size_t i = 0; i < x.size(); ++i) {
        const double want = std::exp(0.7 * static_cast<double>(x[i])) / sum;
        EXPECT_NEAR(static_cast<double>(y[i]), want, 3e-6 * want + 1e-30);
      }
    }
  });
}

TEST(FloatFunctions, RoundsToSteps) {
  ForEachTarget([] {
    for (const int count : {1, 7, 16, 33, 100}) {
      std::vector<float> x;
      for (int i = 0; i < count; ++i)
        x.push_back(static_cast<float>(i * 37 % 101 - 60) * 2.5f);
      if (count > 20) x[5] = std::nanf("");
      float low = 0, high = 0;
      for (const float v : x) {
        if (v < low) low = v;
        if (v > high) high = v;
      }
      const FloatExtent extent = ExtentOfFloats(x.data(), count);
      EXPECT_EQ(extent.low, low);
      EXPECT_EQ(extent.high, high);
      std::vector<int8_t> y(x.size());
      RoundFloats(x.data(), count, 1.0f, -3.0f, -127.0f, y.data());
      for (size_t i = 0; i < x.size(); ++i) {
        const float want = std::isnan(x[i]) ? 0.0f : std::round(x[i] - 3.0f);
        EXPECT_EQ(y[i], std::clamp(want, -127.0f, 127.0f)) << x[i];
      }
    }
  });
}

int32_t Multiply(int32_t x, const ByteScale& s) {
  const int64_t shifted = int64_t{x} * (int64_t{1} << std::max(s.shift, 0));
  const int64_t high = (shifted * s.multiplier + (int64_t{1} << 30)) >> 31;
  if (s.shift >= 0) return static_cast<int32_t>(high);
  const int64_t half = int64_t{1} << (-s.shift - 1);
  const int64_t size = (high < 0 ? -high : high) + half;
  return static_cast<int32_t>(high < 0 ? -(size >> -s.shift)
                                       : size >> -s.shift);
}

template <class T>
void ExpectArithmetic(ByteArithmetic op, int64_t count, int64_t a_step,
                      int64_t b_step) {
  const auto kind = op.kind;
  Sequence draw(static_cast<uint32_t>(count * 4 + a_step * 2 + b_step));
  const int low = std::numeric_limits<T>::min();
  op.a_offset = -draw.Integer(low, low + 255);
  op.b_offset = -draw.Integer(low, low + 255);
  op.output_offset = low + 130;
  op.low = low + 2;
  op.high = low + 250;
  std::vector<T> a(static_cast<size_t>(count)), b(a.size()), to(a.size() + 1);
  for (size_t i = 0; i < a.size(); ++i) {
    a[i] = static_cast<T>(draw.Integer(low, low + 255));
    b[i] = static_cast<T>(draw.Integer(low, low + 255));
  }
  to.back() = 9;
  ComputeBytes(op, a.data(), a_step, b.data(), b_step, count, to.data());
  ASSERT_EQ(to.back(), 9);
  for (size_t i = 0; i < a.size(); ++i) {
    const int32_t x = a[a_step != 0 ? i : 0] + op.a_offset;
    const int32_t y = b[b_step != 0 ? i : 0] + op.b_offset;
    int32_t value = x * y;
    if (kind != ByteArithmetic::Kind::kProduct) {
      const int32_t left = Multiply(x * (1 << 20), op.a);
      const int32_t right = Multiply(y * (1 << 20), op.b);
      value = kind == ByteArithmetic::Kind::kSum ? left + right : left - right;
    }
    const int32_t want = std::clamp(
        Multiply(value, op.output) + op.output_offset, op.low, op.high);
    ASSERT_EQ(static_cast<int32_t>(to[i]), want) << i << ": " << x << "," << y;
  }
}

TEST(ByteArithmetic, Grid) {
  using Kind = ByteArithmetic::Kind;
  static constexpr ByteScale kHalf{1 << 30, 0}, kLess{1400000000, -1},
      kMore{2000000000, 0};
  ForEachTarget([] {
    for (const auto& [a, b] : {std::pair{kLess, kMore}, std::pair{kHalf, kLess},
                               std::pair{kLess, kHalf}, std::pair{kHalf, kHalf},
                               std::pair{kLess, kLess}}) {
      for (const auto& [kind, shift] :
           {std::pair{Kind::kSum, -18}, std::pair{Kind::kDifference, -19},
            std::pair{Kind::kProduct, -6}, std::pair{Kind::kProduct, 0}}) {
        for (const int64_t count : {1, 15, 16, 100}) {
          for (const int64_t step : {0, 1}) {
            const ByteArithmetic op{
                .kind = kind, .a = a, .b = b, .output = {1500000000, shift}};
            ExpectArithmetic<int8_t>(op, count, 1, step);
            ExpectArithmetic<uint8_t>(op, count, step, 1);
          }
        }
      }
    }
  });
}

}  // namespace liteforge::elementwise_test
