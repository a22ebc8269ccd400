// SPDX-License-Identifier: Apache-2.0
// Every value of the fixed-point functions against double. How they round to
// the bit is tested where TensorFlow Lite's values are at hand: in
// lstm_integer_test.cc and basic_lstm_test.cc.
#include "kernels/fixed_point.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/micro/target_testing.h"
#include "kernels/micro/word_functions.h"

namespace liteforge::fixed_point_test {

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

// The vectors compute the same, bit for bit.
TEST(FixedPoint, VectorsOfEveryValue) {
  std::vector<int16_t> x;
  for (int value = -32768; value <= 32767; ++value)
    x.push_back(static_cast<int16_t>(value));
  x.insert(x.end(), {-5, 0, 7});  // not whole vectors
  ForEachTarget([&] {
    std::vector<int16_t> y(x.size());
    LogisticOfWords(x.data(), static_cast<int64_t>(x.size()), y.data());
    for (size_t i = 0; i < x.size(); ++i)
      ASSERT_EQ(y[i], LogisticOfQ3(x[i])) << x[i];
    for (int bits = 0; bits <= 6; ++bits) {
      y = x;
      TanhOfWords(y.data(), static_cast<int64_t>(y.size()), bits, y.data());
      for (size_t i = 0; i < x.size(); ++i)
        ASSERT_EQ(y[i], TanhOfFixed(x[i], bits)) << x[i] << ", " << bits;
    }
  });
}

TEST(FixedPoint, ScaledSumsInVectors) {
  ForEachTarget([] {
    Sequence draw(3);
    for (const int count : {1, 20, 33}) {
      for (const FixedScale a : {FixedScale{1400000000, -7}, {1 << 30, 1}}) {
        const FixedScale b{2000000000, -3};
        std::vector<int32_t> x, y;
        for (int i = 0; i < count; ++i) {
          x.push_back(draw.Integer(-(1 << 22), 1 << 22));
          y.push_back(draw.Integer(-(1 << 18), 1 << 18));
        }
        std::vector<int16_t> gate(x.size() + 1, 7);
        AddScaledToWords(x.data(), {a.multiplier, a.shift}, y.data(),
                         {b.multiplier, b.shift}, count, gate.data());
        for (size_t i = 0; i < x.size(); ++i) {
          const int32_t first = std::clamp(Multiply(x[i], a), -32768, 32767);
          ASSERT_EQ(gate[i],
                    std::clamp(first + Multiply(y[i], b), -32768, 32767));
        }
        ASSERT_EQ(gate.back(), 7);
      }
    }
  });
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

}  // namespace liteforge::fixed_point_test
