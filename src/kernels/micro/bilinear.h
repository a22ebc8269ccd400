// SPDX-License-Identifier: Apache-2.0
// Bilinear resizing of one output row, in two steps: two rows of the input are
// weighted (MixRows), then columns of that (MixColumns).
#pragma once

#include <cstdint>

namespace liteforge {

// Weights of 8-bit signed numbers have so many fractional bits.
inline constexpr int kBilinearBits = 10;

// Where an output pixel looks, in numbers from the row's first, and how much of
// it is `high`: the rest, one less that, is `low`. Weights may lie outside
// [0, 1] where low and high are the same.
template <class Weight>
struct BilinearPlace {
  int64_t low, high;
  Weight weight;
};

// mixed[i] = low[i] (1 - weight) + high[i] weight, exactly.
void MixRows(const int8_t* low, const int8_t* high, int32_t weight,
             int64_t count, int32_t* mixed);

// to[x * channels + c] of the mixed row, rounded half away from zero. What the
// weights make must fit 8 bits, and 128 times their magnitudes 31.
void MixColumns(const int32_t* mixed, const BilinearPlace<int32_t>* places,
                int64_t pixels, int64_t channels, int8_t* to);

// The two products by themselves: [0, count) of low, then of high, for floats
// are added in the order of TensorFlow Lite's reference.
void MixRows(const float* low, const float* high, float weight, int64_t count,
             float* mixed);
void MixRows(const uint8_t* low, const uint8_t* high, float weight,
             int64_t count, float* mixed);

// `count` is MixRows'. Bytes get a half added and lose their fraction.
void MixColumns(const float* mixed, int64_t count,
                const BilinearPlace<float>* places, int64_t pixels,
                int64_t channels, float* to);
void MixColumns(const float* mixed, int64_t count,
                const BilinearPlace<float>* places, int64_t pixels,
                int64_t channels, uint8_t* to);

}  // namespace liteforge
