// SPDX-License-Identifier: Apache-2.0
#include "kernels/micro/targets_with_vnni.h"
//
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "kernels/micro/float_depthwise.h"
#include "kernels/micro/target_testing.h"
#include "kernels/micro/word_depthwise.h"

namespace liteforge::depthwise_test {

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

struct WordCase {
  int64_t channels, rows, count;
  bool ties_up, shifts_right;
};

// Source: gemmlowp's SaturatingRoundingDoublingHighMul, RoundingDivideByPOT;
// ruy's right shift for ties up.
int64_t Requantize(int64_t sum, int32_t multiplier, int shift, bool ties_up) {
  const int left = std::max(shift, 0), right = std::max(-shift, 0);
  const int64_t high = ((sum * multiplier << left) + (int64_t{1} << 30)) >> 31;
  if (right == 0) return high;
  const int64_t half = int64_t{1} << (right - 1);
  if (!ties_up && high < 0) return -((-high + half) >> right);
  return (high + half) >> right;
}

void ExpectWordsConvolved(const WordCase& t) {
  Sequence draw(static_cast<uint32_t>(t.channels * 10 + t.count));
  const int64_t row_step = (t.count + kTaps) * t.channels;
  const auto channels = static_cast<size_t>(t.channels);
  const auto padded = static_cast<size_t>(PaddedChannels(t.channels));
  std::vector<int16_t> input(
      static_cast<size_t>(t.rows * row_step + kWordDepthwiseSlack));
  AlignedVector<int16_t> w(kTaps * channels);
  for (int16_t& x : input) x = static_cast<int16_t>(draw.Integer(-255, 255));
  for (int16_t& x : w) x = static_cast<int16_t>(draw.Integer(-255, 255));
  AlignedVector<int32_t> bias(padded), multiplier(padded), left(padded),
      right(padded), shift(padded);
  for (size_t c = 0; c < padded; ++c) {
    bias[c] = draw.Integer(-20000, 20000);
    multiplier[c] = (1 << 30) + static_cast<int32_t>(draw.Next() * 63);
    shift[c] = draw.Integer(-12, t.shifts_right ? -1 : 1);
    left[c] = std::max(shift[c], 0);
    right[c] = std::max(-shift[c], 0);
  }
  const int16_t* taps[kTaps + 1];
  for (int i = 0; i < kTaps; ++i) taps[i] = input.data() + i * t.channels;
  taps[kTaps] = taps[0];
  const auto packed = PackWordDepthwise(w, kTaps, t.channels);
  const auto biases = InDepthwiseOrder(bias);
  const auto multipliers = InDepthwiseOrder(multiplier);
  const auto lefts = InDepthwiseOrder(left), rights = InDepthwiseOrder(right);
  std::vector<int8_t> got(
      static_cast<size_t>(t.rows * t.count * t.channels + 1), 7);
  ConvolveWordDepthwise(
      {t.channels, t.rows, t.count, row_step, t.channels, taps, kTaps + 1,
       packed.data()},
      {biases.data(), multipliers.data(), lefts.data(), rights.data(),
       t.ties_up, t.shifts_right, -5, -100, 90},
      got.data());
  for (int64_t i = 0; i < t.rows * t.count; ++i) {
    const int64_t at = i / t.count * row_step + i % t.count * t.channels;
    for (size_t c = 0; c < channels; ++c) {
      int64_t sum = bias[c];
      for (size_t j = 0; j < kTaps; ++j)
        sum += taps[j][at + static_cast<int64_t>(c)] * w[j * channels + c];
      const int64_t want = std::clamp<int64_t>(
          Requantize(sum, multiplier[c], shift[c], t.ties_up) - 5, -100, 90);
      ASSERT_EQ(got[static_cast<size_t>(i) * channels + c], want)
          << t.channels << " channels, output " << i << "," << c;
    }
  }
  ASSERT_EQ(got.back(), 7);
}

TEST(WordDepthwise, Grid) {
  ForEachTarget([] {
    for (const int64_t channels : {1, 7, 8, 9, 16, 24, 31, 32, 40, 49, 96}) {
      for (const int64_t count : {1, 2, 5, 9}) {
        for (const bool ties_up : {false, true}) {
          for (const bool shifts_right : {false, true})
            ExpectWordsConvolved({channels, 2, count, ties_up, shifts_right});
        }
      }
    }
  });
}

// Sums around every tie of a shift by 3 of a product that is exact.
TEST(WordDepthwise, TiesGoAwayFromZero) {
  ForEachTarget([] {
    for (int sum = -70; sum <= 70; ++sum) {
      const int16_t one = 1;
      std::vector<int16_t> input(1 + kWordDepthwiseSlack, one);
      const int16_t* taps[2] = {input.data(), input.data()};
      const auto packed = PackWordDepthwise({static_cast<int16_t>(sum)}, 1, 1);
      const auto padded = static_cast<size_t>(PaddedChannels(1));
      const AlignedVector<int32_t> zeros(padded), half(padded, 1 << 30),
          two(padded, 2);  // sum / 8
      int8_t got = 0;
      ConvolveWordDepthwise({1, 1, 1, 1, 1, taps, 2, packed.data()},
                            {zeros.data(), half.data(), zeros.data(),
                             two.data(), false, true, 0, -128, 127},
                            &got);
      ASSERT_EQ(got, Requantize(sum, 1 << 30, -2, false)) << sum;
    }
  });
}

TEST(WordDepthwise, RealResults) {
  ForEachTarget([] {
    for (const int64_t channels : {1, 5, 8, 13, 16, 30, 32, 33, 47, 70}) {
      constexpr int64_t kCount = 6;
      Sequence draw(static_cast<uint32_t>(channels));
      std::vector<int16_t> input(
          static_cast<size_t>(kCount * channels + kWordDepthwiseSlack));
      AlignedVector<int16_t> w(static_cast<size_t>(channels));
      for (int16_t& x : input)
        x = static_cast<int16_t>(draw.Integer(-255, 255));
      for (int16_t& x : w) x = static_cast<int16_t>(draw.Integer(-127, 127));
      const auto padded = static_cast<size_t>(PaddedChannels(channels));
      AlignedVector<float> scale(padded), bias(padded);
      for (auto* list : {&scale, &bias}) {
        for (float& x : *list) x = draw.Real();
      }
      const int16_t* taps[2] = {input.data(), input.data()};
      const auto packed = PackWordDepthwise(w, 1, channels);
      std::vector<float> got(static_cast<size_t>(kCount * channels) + 1, 7.0f);
      ConvolveWordDepthwise({channels, 2, kCount / 2, kCount / 2 * channels,
                             channels, taps, 2, packed.data()},
                            {scale.data(), bias.data(), 0.25f, -400.0f, 300.0f},
                            got.data());
      for (size_t i = 0; i + 1 < got.size(); ++i) {
        const size_t c = i % static_cast<size_t>(channels);
        const auto sum = static_cast<float>(input[i] * w[c]);
        const float want = sum * scale[c] * 0.25f + bias[c];
        ASSERT_EQ(got[i], std::clamp(want, -400.0f, 300.0f)) << channels;
      }
      ASSERT_EQ(got.back(), 7.0f);
    }
  });
}

}  // namespace liteforge::depthwise_test
