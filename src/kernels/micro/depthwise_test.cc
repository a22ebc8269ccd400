// SPDX-License-Identifier: Apache-2.0
#include "kernels/micro/targets.h"
//
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "kernels/micro/float_depthwise.h"
#include "kernels/micro/target_testing.h"
#include "kernels/micro/word_depthwise.h"

namespace liteforge {
namespace {

constexpr int kTaps = 5;

struct FloatCase {
  int64_t channels, count, stride, dilation;
  int height, width;
};

void ExpectConvolved(const FloatCase& t) {
  Sequence draw(static_cast<uint32_t>(t.channels * 10 + t.count));
  const int64_t tap_step = t.dilation * t.channels;
  const int64_t step = t.stride * t.channels;
  const int64_t pixels = t.count * t.stride + t.width * t.dilation;
  std::vector<float> input(static_cast<size_t>(t.height * pixels * t.channels));
  std::vector<float> w(static_cast<size_t>(t.height * t.width * t.channels));
  std::vector<float> bias(static_cast<size_t>(t.channels));
  for (auto* list : {&input, &w, &bias}) {
    for (float& x : *list) x = draw.Real();
  }
  std::vector<const float*> rows, weights;
  for (int i = 0; i < t.height; ++i) {
    rows.push_back(input.data() + i * pixels * t.channels);
    weights.push_back(w.data() + i * t.width * t.channels);
  }
  std::vector<float> got(static_cast<size_t>(t.count * t.channels + 1), 7);
  ConvolveFloatDepthwiseRow(
      {t.channels, t.count, step, tap_step, rows.data(), weights.data(),
       t.height, t.width, bias.data(), -1, 1.5f},
      got.data());
  for (int64_t x = 0; x < t.count; ++x) {
    for (int64_t c = 0; c < t.channels; ++c) {
      double sum = static_cast<double>(bias[static_cast<size_t>(c)]);
      for (size_t i = 0; i < rows.size(); ++i) {
        for (int j = 0; j < t.width; ++j)
          sum += static_cast<double>(rows[i][x * step + j * tap_step + c]) *
                 static_cast<double>(weights[i][j * t.channels + c]);
      }
      ASSERT_NEAR(
          static_cast<double>(got[static_cast<size_t>(x * t.channels + c)]),
          std::clamp(sum, -1.0, 1.5), 4e-6)
          << t.channels << " channels, " << t.height << " x " << t.width
          << ", output " << x << "," << c;
    }
  }
  ASSERT_EQ(got.back(), 7);
}

TEST(FloatDepthwise, Grid) {
  ForEachTarget([] {
    for (const int64_t channels : {1, 2, 3, 4, 5, 8, 15, 16, 17, 37, 64}) {
      for (const int64_t count : {1, 3, 4, 9, 21}) {
        for (const int width : {1, 2, 3, 5}) {
          for (const int64_t stride : {1, 2, 3})
            ExpectConvolved({channels, count, stride, 1, 3, width});
          ExpectConvolved({channels, count, 2, 2, 2, width});
        }
      }
    }
  });
}

TEST(WordDepthwise, Grid) {
  ForEachTarget([] {
    for (const int64_t channels : {1, 7, 8, 16, 31, 32, 40, 96}) {
      for (const int64_t count : {1, 2, 5}) {
        for (const bool ties_up : {false, true}) {
          Sequence draw(static_cast<uint32_t>(channels * 10 + count));
          const int64_t padded = PaddedChannels(channels);
          const auto size = static_cast<size_t>(padded);
          std::vector<int16_t> input(
              static_cast<size_t>((count + kTaps + 1) * padded));
          std::vector<int16_t> w(static_cast<size_t>((kTaps + 1) * padded));
          for (int16_t& x : input)
            x = static_cast<int16_t>(draw.Integer(-255, 255));
          for (size_t i = 0; i < kTaps * size; ++i)
            w[i] = static_cast<int16_t>(draw.Integer(-255, 255));
          AlignedVector<int32_t> bias(size), multiplier(size), left(size),
              right(size);
          for (size_t c = 0; c < size; ++c) {
            bias[c] = draw.Integer(-20000, 20000);
            multiplier[c] = (1 << 30) + static_cast<int32_t>(draw.Next() * 63);
            right[c] = draw.Integer(5, 12);
          }
          const int16_t* taps[kTaps + 1];
          const int16_t* weights[kTaps + 1];
          for (int t = 0; t <= kTaps; ++t) {
            taps[t] = input.data() + t * padded;
            weights[t] = w.data() + t * padded;
          }
          const auto bias_in_order = InDepthwiseOrder(bias);
          const auto multiplier_in_order = InDepthwiseOrder(multiplier);
          const auto left_in_order = InDepthwiseOrder(left);
          const auto right_in_order = InDepthwiseOrder(right);
          std::vector<int8_t> got(static_cast<size_t>(count * channels + 1), 7);
          ConvolveWordDepthwiseRow(
              {channels, count, padded, taps, weights, kTaps + 1,
               bias_in_order.data(), multiplier_in_order.data(),
               left_in_order.data(), right_in_order.data(), ties_up, -5, -100,
               90},
              got.data());
          for (int64_t x = 0; x < count; ++x) {
            for (int64_t c = 0; c < channels; ++c) {
              const auto at = static_cast<size_t>(c);
              int64_t sum = bias[at];
              for (int t = 0; t < kTaps; ++t)
                sum += taps[t][x * padded + c] * weights[t][c];
              const int64_t high =
                  (sum * multiplier[at] + (int64_t{1} << 30)) >> 31;
              const int64_t half = int64_t{1} << (right[at] - 1);
              int64_t want = (high + half) >> right[at];
              if (!ties_up && high < 0) want = -((-high + half) >> right[at]);
              want = std::clamp<int64_t>(want - 5, -100, 90);
              ASSERT_EQ(got[static_cast<size_t>(x * channels + c)], want)
                  << channels << " channels, output " << x << "," << c;
            }
          }
          ASSERT_EQ(got.back(), 7);
        }
      }
    }
  });
}

}  // namespace
}  // namespace liteforge
