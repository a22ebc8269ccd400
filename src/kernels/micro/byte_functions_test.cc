// SPDX-License-Identifier: Apache-2.0
#include "kernels/micro/byte_functions.h"

#include "kernels/micro/targets_with_vnni.h"
//
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/micro/target_testing.h"

namespace liteforge::byte_functions_test {

TEST(ByteFunctions, LookUpOfEveryValue) {
  ForEachTarget([] {
    uint8_t table[256];
    for (int i = 0; i < 256; ++i) table[i] = static_cast<uint8_t>(i * 37 + 11);
    for (const size_t count : {0, 1, 63, 64, 65, 300}) {
      std::vector<uint8_t> from(count), to(count + 1, 9);
      for (size_t i = 0; i < count; ++i) from[i] = static_cast<uint8_t>(i * 5);
      LookUpBytes(table, from.data(), static_cast<int64_t>(count), to.data());
      for (size_t i = 0; i < count; ++i)
        ASSERT_EQ(to[i], static_cast<uint8_t>(from[i] * 37 + 11)) << i;
      ASSERT_EQ(to.back(), 9);
    }
  });
}

template <class T>
void ExpectDequantized(int low) {
  std::vector<T> from;
  for (int i = 0; i < 256; ++i) from.push_back(static_cast<T>(low + i));
  from.push_back(static_cast<T>(low + 3));
  std::vector<float> to(from.size() + 1, 7);
  constexpr float kScale = 0.0123f;
  constexpr int kZero = -9;
  DequantizeBytes(from.data(), static_cast<int64_t>(from.size()), kScale, kZero,
                  to.data());
  for (size_t i = 0; i < from.size(); ++i)
    ASSERT_EQ(to[i], kScale * static_cast<float>(from[i] - kZero)) << i;
  ASSERT_EQ(to.back(), 7);
}

TEST(ByteFunctions, DequantizeEveryValue) {
  ForEachTarget([] {
    ExpectDequantized<int8_t>(-128);
    ExpectDequantized<uint8_t>(0);
  });
}

TEST(ByteFunctions, QuantizeRoundsHalfAwayFromZero) {
  ForEachTarget([] {
    std::vector<float> x = {0.5f,
                            -0.5f,
                            1.5f,
                            -1.5f,
                            0.49999997f,
                            1e30f,
                            -1e30f,
                            std::numeric_limits<float>::quiet_NaN(),
                            std::numeric_limits<float>::infinity()};
    for (int i = -400; i < 400; ++i) x.push_back(static_cast<float>(i) * 0.37f);
    std::vector<int8_t> y(x.size());
    std::vector<uint8_t> z(x.size());
    QuantizeFloats(x.data(), static_cast<int64_t>(x.size()), 1.0f, 3, y.data());
    QuantizeFloats(x.data(), static_cast<int64_t>(x.size()), 0.5f, 128,
                   z.data());
    for (size_t i = 0; i < x.size(); ++i) {
      const auto want = [&](float scale, double zero, double low, double high) {
        const double steps =
            std::isnan(x[i]) ? 0
                             : std::round(static_cast<double>(x[i] / scale));
        return std::clamp(steps + zero, low, high);
      };
      EXPECT_EQ(y[i], want(1.0f, 3, -128, 127)) << x[i];
      EXPECT_EQ(z[i], want(0.5f, 128, 0, 255)) << x[i];
    }
  });
}

}  // namespace liteforge::byte_functions_test
