// SPDX-License-Identifier: Apache-2.0
#include "base/half.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace liteforge::half_test {

Float16 Bits(uint32_t bits) {
  Float16 half;
  half.bits = static_cast<uint16_t>(bits);
  return half;
}

// (-1)^s · 2^(e-15) · 1.f, and 2^-14 · 0.f where e is 0.
double Definition(uint32_t bits) {
  const double sign = (bits >> 15) != 0 ? -1.0 : 1.0;
  const int exponent = static_cast<int>(bits >> 10 & 31u);
  const double fraction = (bits & 1023u) / 1024.0;
  if (exponent == 31) {
    return fraction == 0 ? sign * std::numeric_limits<double>::infinity()
                         : std::numeric_limits<double>::quiet_NaN();
  }
  return exponent == 0 ? sign * std::ldexp(fraction, -14)
                       : sign * std::ldexp(1 + fraction, exponent - 15);
}

TEST(Float16, EveryNumberIsItsDefinitionAndComesBack) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const double want = Definition(bits);
    const float got = Bits(bits);
    if (std::isnan(want)) {
      ASSERT_TRUE(std::isnan(got));
      ASSERT_TRUE(std::isnan(static_cast<float>(Float16(got))));
      continue;
    }
    ASSERT_EQ(static_cast<double>(got), want) << bits;
    ASSERT_EQ(std::signbit(got), (bits >> 15) != 0) << bits;
    ASSERT_EQ(Float16(got).bits, bits);
  }
}

TEST(Float16, RoundsToNearestAndTiesToEven) {
  for (uint32_t bits = 0; bits < 0x7C00; ++bits) {
    const float low = Bits(bits);
    const double high = bits == 0x7BFF ? 65536.0 : Definition(bits + 1);
    const auto middle = static_cast<float>((low + high) / 2);
    ASSERT_EQ(Float16(middle).bits, bits + (bits & 1u)) << bits;
    ASSERT_EQ(Float16(std::nextafter(middle, 0.0f)).bits, bits) << bits;
    ASSERT_EQ(Float16(std::nextafter(middle, 1e9f)).bits, bits + 1) << bits;
    ASSERT_EQ(Float16(-middle).bits, 0x8000u | (bits + (bits & 1u))) << bits;
  }
  EXPECT_EQ(Float16(1e30f).bits, 0x7C00);
  EXPECT_EQ(Float16(std::numeric_limits<float>::denorm_min()).bits, 0);
}

TEST(BFloat16, RoundsToNearestAndTiesToEven) {
  EXPECT_EQ(BFloat16(1.0f).bits, 0x3F80);
  EXPECT_EQ(static_cast<float>(BFloat16(-2.5f)), -2.5f);
  const float tie = 1.0f + std::ldexp(1.0f, -8);
  EXPECT_EQ(BFloat16(tie).bits, 0x3F80);
  EXPECT_EQ(BFloat16(std::nextafter(tie, 2.0f)).bits, 0x3F81);
  EXPECT_EQ(BFloat16(1.0f + std::ldexp(3.0f, -8)).bits, 0x3F82);
  EXPECT_EQ(BFloat16(std::numeric_limits<float>::max()).bits, 0x7F80);
  EXPECT_TRUE(std::isnan(
      static_cast<float>(BFloat16(std::numeric_limits<float>::quiet_NaN()))));
}

}  // namespace liteforge::half_test
