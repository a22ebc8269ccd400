// SPDX-License-Identifier: Apache-2.0
#include "kernels/micro/targets_with_vnni.h"
//
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "kernels/micro/pool.h"
#include "kernels/micro/target_testing.h"

namespace liteforge::pool_test {

struct Case {
  int64_t channels;
  int rows, cols;
};

// Outputs side by side are what each would be by itself.
template <class T>
void ExpectSideBySide(const Case& t, T low, T high) {
  constexpr int64_t kCount = 5;
  Sequence draw(static_cast<uint32_t>(t.channels * 5 + t.cols));
  const int64_t line = (t.cols + 2 * kCount) * t.channels;
  std::vector<T> input(static_cast<size_t>(t.rows * line));
  for (T& x : input) x = static_cast<T>(draw.Integer(0, 100));
  PoolWindow<T> window{input.data(), line, t.rows, t.cols,        t.channels,
                       low,          high, kCount, 2 * t.channels};
  std::vector<T> most(static_cast<size_t>(kCount * t.channels + 1), T{7});
  std::vector<T> mean = most;
  MaximumOfWindow(window, most.data());
  AverageOfWindow(window, mean.data());
  ASSERT_EQ(most.back(), T{7});
  ASSERT_EQ(mean.back(), T{7});
  window.count = 1;
  std::vector<T> one(static_cast<size_t>(t.channels));
  for (int64_t x = 0; x < kCount; ++x, window.first += window.step) {
    MaximumOfWindow(window, one.data());
    ASSERT_TRUE(
        std::equal(one.begin(), one.end(), most.begin() + x * t.channels));
    AverageOfWindow(window, one.data());
    ASSERT_TRUE(
        std::equal(one.begin(), one.end(), mean.begin() + x * t.channels));
  }
}

int64_t RoundedMean(int64_t sum, int64_t count) {
  const int64_t size = (2 * std::abs(sum) + count) / (2 * count);
  return sum < 0 ? -size : size;
}

template <class T>
void ExpectIntegers(const Case& t, int low, int high) {
  Sequence draw(static_cast<uint32_t>(t.channels * 7 + t.rows));
  const int64_t line = (t.cols + 2) * t.channels;
  std::vector<T> input(static_cast<size_t>(t.rows * line));
  for (T& x : input) x = static_cast<T>(draw.Integer(low, high));
  const PoolWindow<T> window{input.data(),
                             line,
                             t.rows,
                             t.cols,
                             t.channels,
                             static_cast<T>(low + 3),
                             static_cast<T>(high - 9)};
  std::vector<T> most(static_cast<size_t>(t.channels + 1), T{77}), mean = most;
  MaximumOfWindow(window, most.data());
  AverageOfWindow(window, mean.data());
  for (int64_t c = 0; c < t.channels; ++c) {
    int64_t largest = low, sum = 0;
    for (int i = 0; i < t.rows; ++i) {
      for (int j = 0; j < t.cols; ++j) {
        const int64_t x =
            input[static_cast<size_t>(i * line + j * t.channels + c)];
        largest = std::max(largest, x);
        sum += x;
      }
    }
    const auto at = static_cast<size_t>(c);
    ASSERT_EQ(most[at], std::clamp<int64_t>(largest, low + 3, high - 9));
    ASSERT_EQ(mean[at], std::clamp<int64_t>(RoundedMean(sum, t.rows * t.cols),
                                            low + 3, high - 9))
        << "sum " << sum << " of " << t.rows << " x " << t.cols;
  }
  ASSERT_EQ(most.back(), T{77});
  ASSERT_EQ(mean.back(), T{77});
}

void ExpectFloats(const Case& t) {
  Sequence draw(static_cast<uint32_t>(t.channels * 7 + t.rows));
  const int64_t line = (t.cols + 2) * t.channels;
  std::vector<float> input(static_cast<size_t>(t.rows * line));
  for (float& x : input) x = draw.Real();
  const PoolWindow<float> window{input.data(), line,  t.rows, t.cols,
                                 t.channels,   -0.5f, 0.9f};
  std::vector<float> most(static_cast<size_t>(t.channels)), mean = most;
  MaximumOfWindow(window, most.data());
  AverageOfWindow(window, mean.data());
  for (int64_t c = 0; c < t.channels; ++c) {
    double largest = -1, sum = 0;
    for (int i = 0; i < t.rows; ++i) {
      for (int j = 0; j < t.cols; ++j) {
        const double x =
            input[static_cast<size_t>(i * line + j * t.channels + c)];
        largest = std::max(largest, x);
        sum += x;
      }
    }
    const auto at = static_cast<size_t>(c);
    ASSERT_EQ(most[at], static_cast<float>(std::clamp(
                            largest, -0.5, static_cast<double>(0.9f))));
    ASSERT_NEAR(static_cast<double>(mean[at]),
                std::clamp(sum / (t.rows * t.cols), -0.5, 0.9), 1e-6);
  }
}

TEST(Pool, Grid) {
  ForEachTarget([] {
    for (const int64_t channels : {1, 3, 4, 7, 8, 14, 17, 32, 70}) {
      for (const Case& t : {Case{channels, 1, 1}, Case{channels, 2, 2},
                            Case{channels, 3, 3}, Case{channels, 7, 5}}) {
        ExpectIntegers<int8_t>(t, -128, 127);
        ExpectIntegers<uint8_t>(t, 0, 255);
        ExpectFloats(t);
        ExpectSideBySide<int8_t>(t, 3, 90);
        ExpectSideBySide<uint8_t>(t, 3, 90);
        ExpectSideBySide<float>(t, 3, 90);
      }
    }
  });
}

// Every sum of a window of 49: each rounding is met.
TEST(Pool, EverySumRoundsExactly) {
  ForEachTarget([] {
    for (int sum = -49 * 128; sum <= 49 * 127; ++sum) {
      std::vector<int8_t> input(49, static_cast<int8_t>(sum / 49));
      for (int i = 0; i < std::abs(sum % 49); ++i)
        input[static_cast<size_t>(i)] = static_cast<int8_t>(
            input[static_cast<size_t>(i)] + (sum < 0 ? -1 : 1));
      int8_t mean = 0;
      AverageOfWindow(PoolWindow<int8_t>{input.data(), 7, 7, 7, 1, -128, 127},
                      &mean);
      ASSERT_EQ(mean, RoundedMean(sum, 49)) << sum;
    }
  });
}

}  // namespace liteforge::pool_test
