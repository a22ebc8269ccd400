// SPDX-License-Identifier: Apache-2.0
#include "kernels/micro/targets_with_vnni.h"
//
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "kernels/micro/byte_resize.h"
#include "kernels/micro/target_testing.h"

namespace liteforge::byte_resize_test {

// Weights that add up to 1, some of them 0.
std::vector<int16_t> Weights(Sequence& draw, int taps) {
  std::vector<int16_t> weights(static_cast<size_t>(taps));
  int left = 1 << kResizeBits;
  for (int16_t& weight : weights) {
    const int part = &weight == &weights.back() ? left : draw.Integer(0, left);
    weight = static_cast<int16_t>(part);
    left -= part;
  }
  return weights;
}

std::vector<uint8_t> Bytes(Sequence& draw, size_t count) {
  std::vector<uint8_t> bytes(count);
  // White often: the largest sums.
  for (uint8_t& byte : bytes)
    byte = static_cast<uint8_t>(std::min(255, draw.Integer(0, 400)));
  return bytes;
}

uint8_t Rounded(int sum) {
  return static_cast<uint8_t>((sum + (1 << (kResizeBits - 1))) >> kResizeBits);
}

TEST(ByteResize, Rows) {
  ForEachTarget([] {
    for (const int taps : {1, 2, 3, 4, 7}) {
      for (const size_t count : {1u, 3u, 7u, 8u, 31u, 32u, 33u, 64u, 300u}) {
        Sequence draw(static_cast<uint32_t>(taps) * 1000 +
                      static_cast<uint32_t>(count));
        const size_t stride = count + 5;
        const auto weights = Weights(draw, taps);
        const auto rows = Bytes(draw, stride * static_cast<size_t>(taps));
        std::vector<uint8_t> out(count + 1, 99);
        MixByteRows(rows.data(), stride, weights.data(), taps, count,
                    out.data());
        for (size_t x = 0; x < count; ++x) {
          int sum = 0;
          for (size_t k = 0; k < weights.size(); ++k)
            sum += weights[k] * rows[k * stride + x];
          ASSERT_EQ(out[x], Rounded(sum)) << taps << " taps, byte " << x;
        }
        EXPECT_EQ(out[count], 99);  // no further
      }
    }
  });
}

TEST(ByteResize, Pixels) {
  ForEachTarget([] {
    for (const int taps : {2, 4, 6, 8, 10}) {
      Sequence draw(static_cast<uint32_t>(taps));
      const int pixels = 40;
      auto in = Bytes(draw, static_cast<size_t>(pixels) * 3);
      in.resize(in.size() + kResizeSlack);
      std::vector<int32_t> first;
      std::vector<int16_t> weights;
      for (int i = 0; i < 23; ++i) {
        first.push_back(i == 22 ? pixels - taps
                                : draw.Integer(0, pixels - taps));
        const auto some = Weights(draw, taps);
        weights.insert(weights.end(), some.begin(), some.end());
      }
      std::vector<uint8_t> out(first.size() * 3 + 1, 99);
      MixBytePixels(in.data(), first.data(), weights.data(), taps, first.size(),
                    out.data());
      for (size_t i = 0; i < first.size(); ++i) {
        for (int c = 0; c < 3; ++c) {
          int sum = 0;
          for (int k = 0; k < taps; ++k)
            sum += weights[i * static_cast<size_t>(taps) +
                           static_cast<size_t>(k)] *
                   in[static_cast<size_t>((first[i] + k) * 3 + c)];
          ASSERT_EQ(out[i * 3 + static_cast<size_t>(c)], Rounded(sum))
              << taps << " taps, pixel " << i << " channel " << c;
        }
      }
      EXPECT_EQ(out.back(), 99);
    }
  });
}

}  // namespace liteforge::byte_resize_test
