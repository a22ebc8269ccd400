// SPDX-License-Identifier: Apache-2.0
// Against the formula by itself: integers in 64 bits, floats operation by
// operation.
#include "kernels/micro/targets_with_vnni.h"
//
#include <gtest/gtest.h>

#include <vector>

#include "kernels/micro/bilinear.h"
#include "kernels/micro/target_testing.h"

namespace liteforge::bilinear_test {

constexpr int64_t kIn = 9, kOut = 17;
constexpr int64_t kChannels[] = {1, 2, 3, 4, 7, 8, 16, 21, 33, 64};

int8_t RoundedFixed(int64_t sum) {
  constexpr int64_t kOne = int64_t{1} << (2 * kBilinearBits);
  const int64_t size = (2 * std::abs(sum) + kOne) / (2 * kOne);
  return static_cast<int8_t>(sum < 0 ? -size : size);
}

TEST(Bilinear, Int8) {
  ForEachTarget([] {
    for (const int64_t channels : kChannels) {
      Sequence draw(static_cast<uint32_t>(channels));
      std::vector<int8_t> low, high;
      for (int64_t i = 0; i < kIn * channels; ++i) {
        low.push_back(static_cast<int8_t>(draw.Integer(-128, 127)));
        high.push_back(static_cast<int8_t>(draw.Integer(-128, 127)));
      }
      std::vector<BilinearPlace<int32_t>> places;
      for (int64_t x = 0; x < kOut; ++x) {
        const int64_t left = draw.Integer(0, kIn - 1);
        const bool is_last = left == kIn - 1;
        // Beside the image weights leave [0, 1].
        places.push_back({left * channels,
                          (is_last ? left : left + 1) * channels,
                          draw.Integer(0, is_last ? 2500 : 1024)});
      }
      for (const int32_t dy : {0, 1, 300, 1024}) {
        std::vector<int32_t> mixed(static_cast<size_t>(kIn * channels));
        std::vector<int8_t> got(static_cast<size_t>(kOut * channels) + 1, 77);
        MixRows(low.data(), high.data(), dy, kIn * channels, mixed.data());
        MixColumns(mixed.data(), places.data(), kOut, channels, got.data());
        ASSERT_EQ(got.back(), 77);
        for (int64_t i = 0; i < kOut * channels; ++i) {
          const auto& at = places[static_cast<size_t>(i / channels)];
          const auto between = [&](int64_t from) {
            const auto j = static_cast<size_t>(from + i % channels);
            return int64_t{low[j]} * (1024 - dy) + int64_t{high[j]} * dy;
          };
          ASSERT_EQ(got[static_cast<size_t>(i)],
                    RoundedFixed(between(at.low) * (1024 - at.weight) +
                                 between(at.high) * at.weight))
              << channels << " channels";
        }
      }
    }
  });
}

template <class T>
void ExpectReals() {
  for (const int64_t channels : kChannels) {
    Sequence draw(static_cast<uint32_t>(channels));
    std::vector<T> low, high;
    for (int64_t i = 0; i < kIn * channels; ++i) {
      low.push_back(static_cast<T>(draw.Integer(0, 255)));
      high.push_back(static_cast<T>(draw.Integer(0, 255)));
    }
    std::vector<BilinearPlace<float>> places;
    for (int64_t x = 0; x < kOut; ++x) {
      const int64_t left = draw.Integer(0, kIn - 2);
      places.push_back({left * channels, (left + 1) * channels,
                        static_cast<float>(draw.Integer(0, 1000)) / 1000});
    }
    for (const float dy : {0.0f, 0.3f, 1.0f}) {
      const int64_t count = kIn * channels;
      std::vector<float> mixed(static_cast<size_t>(2 * count));
      std::vector<T> got(static_cast<size_t>(kOut * channels) + 1, T{77});
      MixRows(low.data(), high.data(), dy, count, mixed.data());
      MixColumns(mixed.data(), count, places.data(), kOut, channels,
                 got.data());
      ASSERT_EQ(got.back(), T{77});
      for (int64_t i = 0; i < kOut * channels; ++i) {
        const auto& at = places[static_cast<size_t>(i / channels)];
        const auto l = static_cast<size_t>(at.low + i % channels);
        const auto h = static_cast<size_t>(at.high + i % channels);
        const float dx = at.weight;
        const auto f = [](T x) { return static_cast<float>(x); };
        float sum = f(low[l]) * (1 - dy) * (1 - dx);
        sum += f(high[l]) * dy * (1 - dx);
        sum += f(low[h]) * (1 - dy) * dx;
        sum += f(high[h]) * dy * dx;
        if (!std::is_same_v<T, float>) sum += 0.5f;
        ASSERT_EQ(got[static_cast<size_t>(i)], static_cast<T>(sum))
            << channels << " channels";
      }
    }
  }
}

TEST(Bilinear, Floats) { ForEachTarget(ExpectReals<float>); }
TEST(Bilinear, UInt8) { ForEachTarget(ExpectReals<uint8_t>); }

}  // namespace liteforge::bilinear_test
