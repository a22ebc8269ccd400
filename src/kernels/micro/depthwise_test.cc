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

TEST(FloatDepthwise, Grid) {
  ForEachTarget([] {
    for (const int64_t channels : {1, 2, 3, 4, 5, 8, 15, 16, 17, 37, 64}) {
      for (const int64_t count : {1, 3, 4, 9}) {
        for (const int64_t stride : {1, 2}) {
          Sequence draw(static_cast<uint32_t>(channels * 10 + count));
          const int64_t step = stride * channels;
          std::vector<float> input(
              static_cast<size_t>((count * stride + kTaps) * channels));
          std::vector<float> w(static_cast<size_t>(kTaps * channels));
          std::vector<float> bias(static_cast<size_t>(channels));
          for (auto* list : {&input, &w, &bias}) {
            for (float& x : *list) x = draw.Real();
          }
          const float* taps[kTaps];
          const float* weights[kTaps];
          for (int t = 0; t < kTaps; ++t) {
            taps[t] = input.data() + t * channels;
            weights[t] = w.data() + t * channels;
          }
          std::vector<float> got(static_cast<size_t>(count * channels + 1), 7);
          ConvolveFloatDepthwiseRow({channels, count, step, taps, weights,
                                     kTaps, bias.data(), -1, 1.5f},
                                    got.data());
          for (int64_t x = 0; x < count; ++x) {
            for (int64_t c = 0; c < channels; ++c) {
              double sum = static_cast<double>(bias[static_cast<size_t>(c)]);
              for (int t = 0; t < kTaps; ++t)
                sum += static_cast<double>(taps[t][x * step + c]) *
                       static_cast<double>(weights[t][c]);
              ASSERT_NEAR(static_cast<double>(
                              got[static_cast<size_t>(x * channels + c)]),
                          std::clamp(sum, -1.0, 1.5), 2e-6)
                  << channels << " channels, output " << x << "," << c;
            }
          }
          ASSERT_EQ(got.back(), 7);
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
