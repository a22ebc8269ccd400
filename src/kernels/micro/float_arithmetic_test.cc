// SPDX-License-Identifier: Apache-2.0
#include "kernels/micro/float_arithmetic.h"

#include "kernels/micro/targets_with_vnni.h"
//
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/micro/target_testing.h"

namespace liteforge::float_arithmetic_test {

using F = FloatArithmetic;
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

float Exactly(F f, float a, float b) {
  switch (f) {
    case F::kSum:
      return a + b;
    case F::kDifference:
      return a - b;
    case F::kProduct:
      return a * b;
    case F::kQuotient:
      return a / b;
    case F::kMaximum:
      return a > b ? a : b;
    case F::kMinimum:
      return a < b ? a : b;
    case F::kSquaredDifference:
      return (a - b) * (a - b);
    default:
      return a >= 0 ? a : a * b;
  }
}

// The same bits, but that one not-a-number is like another.
void ExpectSame(float got, float want) {
  if (std::isnan(want)) {
    EXPECT_TRUE(std::isnan(got));
  } else {
    EXPECT_EQ(std::bit_cast<uint32_t>(got), std::bit_cast<uint32_t>(want));
  }
}

TEST(FloatArithmetic, EveryFunctionCountAndStep) {
  ForEachTarget([] {
    Sequence draw(3);
    std::vector<float> a(70), b(70);
    for (size_t i = 0; i < a.size(); ++i) {
      a[i] = draw.Real() * 3;
      b[i] = draw.Real() * 3;
    }
    a[2] = b[5] = kNan;
    a[9] = kInfinity;
    b[11] = -kInfinity;
    a[13] = -0.0f;
    b[14] = 0.0f;
    for (int f = 0; f <= static_cast<int>(F::kSlope); ++f) {
      for (const int64_t count : {0, 1, 7, 16, 33, 69}) {
        for (const int steps : {0, 1, 2, 3}) {
          const int64_t a_step = steps & 1, b_step = steps >> 1;
          std::vector<float> to(static_cast<size_t>(count) + 1, 7);
          ComputeFloats(static_cast<F>(f), a.data(), a_step, b.data(), b_step,
                        count, -kInfinity, kInfinity, to.data());
          for (int64_t i = 0; i < count; ++i) {
            ExpectSame(
                to[static_cast<size_t>(i)],
                Exactly(static_cast<F>(f), a[static_cast<size_t>(i * a_step)],
                        b[static_cast<size_t>(i * b_step)]));
          }
          EXPECT_EQ(to.back(), 7);
        }
      }
    }
  });
}

TEST(FloatArithmetic, Clamps) {
  ForEachTarget([] {
    const std::vector<float> a = {-9, -1, 0, 1, 5, 7, kNan, kInfinity, -3};
    const std::vector<float> b(a.size());
    std::vector<float> to(a.size());
    ComputeFloats(F::kSum, a.data(), 1, b.data(), 0,
                  static_cast<int64_t>(a.size()), 0, 6, to.data());
    for (size_t i = 0; i < a.size(); ++i)
      ExpectSame(to[i], std::isnan(a[i]) ? a[i] : std::clamp(a[i], 0.0f, 6.0f));
  });
}

}  // namespace liteforge::float_arithmetic_test
