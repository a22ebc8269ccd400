// SPDX-License-Identifier: Apache-2.0
// Every value of the fixed-point functions against double. How they round to
// the bit is tested where TensorFlow Lite's values are at hand: in
// lstm_integer_test.cc and basic_lstm_test.cc.
#include "kernels/fixed_point.h"

#include <gtest/gtest.h>

#include <cmath>

namespace liteforge {
namespace {

TEST(FixedPoint, LogisticOfEveryValue) {
  for (int x = -32768; x <= 32767; ++x) {
    const int16_t y = LogisticOfQ3(static_cast<int16_t>(x));
    ASSERT_NEAR(y / 32768.0, 1 / (1 + std::exp(-x / 4096.0)), 8.0 / 32768) << x;
  }
}

TEST(FixedPoint, TanhOfEveryValue) {
  for (int bits = 0; bits <= 6; ++bits) {
    for (int x = -32768; x <= 32767; ++x) {
      const int16_t y = TanhOfFixed(static_cast<int16_t>(x), bits);
      const double real = std::ldexp(x, bits - 15);
      ASSERT_NEAR(y / 32768.0, std::tanh(real), 16.0 / 32768)
          << x << " with " << bits << " integer bits";
    }
  }
}

TEST(FixedPoint, OddFunctions) {
  for (int x = 1; x <= 32767; x += 7) {
    const auto positive = static_cast<int16_t>(x);
    const auto negative = static_cast<int16_t>(-x);
    EXPECT_EQ(TanhOfFixed(positive, 3), -TanhOfFixed(negative, 3));
    EXPECT_EQ(LogisticOfQ3(positive), 32767 - LogisticOfQ3(negative));
  }
}

TEST(FixedPoint, InverseSquareRoots) {
  for (const int32_t x : {2, 3, 4, 5, 17, 1000, 4096, 65535, 1 << 20,
                          (1 << 29) - 1, 1 << 29, 2147483647}) {
    const FixedScale scale = InverseSquareRoot(x);
    const double real = std::ldexp(scale.multiplier, scale.shift - 31);
    EXPECT_NEAR(real * std::sqrt(x), 1.0, 1e-5) << x;
  }
  EXPECT_EQ(InverseSquareRoot(1).multiplier, 2147483647);
  EXPECT_EQ(InverseSquareRoot(0).multiplier, 2147483647);
  EXPECT_EQ(InverseSquareRoot(-7).shift, 0);
}

TEST(FixedPoint, Saturation) {
  EXPECT_EQ(DoublingHighMultiply16(-32768, -32768), 32767);
  EXPECT_EQ(DoublingHighMultiply16(16384, 16384), 8192);
  EXPECT_EQ(DoublingHighMultiply16(-1, 16384), 0);
  EXPECT_EQ(DoublingHighMultiply16(1, 16384), 1);
  EXPECT_EQ(SaturatingAdd16(32767, 1), 32767);
  EXPECT_EQ(SaturatingAdd16(-32768, -1), -32768);
  EXPECT_EQ(SaturatingShiftLeft16(-20000, 1), -32768);
  EXPECT_EQ(SaturatingShiftLeft16(5, 2), 20);
}

}  // namespace
}  // namespace liteforge
