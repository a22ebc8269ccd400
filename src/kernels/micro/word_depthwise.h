// SPDX-License-Identifier: Apache-2.0
// Depthwise convolution of 8-bit numbers as 16-bit ones, less their zero
// points, into exact 32-bit sums.
#pragma once

#include <cstdint>

#include "base/aligned_vector.h"

namespace liteforge {

// The narrowest vector that takes a few channels: of 128 bits.
inline constexpr int64_t kLeastDepthwiseLanes = 8;

// Parameters of a number a channel are filled up to this many.
int64_t PaddedChannels(int64_t channels);

// The order in which the kernel wants them: `values`, filled up.
AlignedVector<int32_t> InDepthwiseOrder(const AlignedVector<int32_t>& values);

// weights[t * channels + c] of `taps` positions of the window, in pairs: for
// each two of them and each channel in that order, one number of either; a tap
// of zeros is added where their number is odd.
AlignedVector<int16_t> PackWordDepthwise(const AlignedVector<int16_t>& weights,
                                         int64_t taps, int64_t channels);

// So many numbers behind the last of the input may be read.
inline constexpr int64_t kWordDepthwiseSlack = 32;

// Outputs of [rows, count, channels], of which each is what becomes of
//   sum over t of taps[t][y * row_step + x * step + c] * weight[t][c]
struct WordDepthwise {
  int64_t channels;
  int64_t rows, count;
  int64_t row_step, step;
  const int16_t* const* taps;  // tap_count of them, of which the last may be
  int tap_count;               // any: tap_count is even
  const int16_t* weights;      // packed
};

// clamp(offset + scaled(bias[c] + sum)). Arrays are in depthwise order.
struct WordResults {
  const int32_t* bias;
  const int32_t* multiplier;
  const int32_t* left_shift;
  const int32_t* right_shift;
  bool ties_up;
  bool shifts_right;  // every channel, and none to the left
  int32_t offset;
  int32_t low, high;
};
void ConvolveWordDepthwise(const WordDepthwise& call, const WordResults& how,
                           int8_t* output);
void ConvolveWordDepthwise(const WordDepthwise& call, const WordResults& how,
                           uint8_t* output);

// clamp(sum * scale[c] * input_scale + bias[c]). Arrays are filled up to
// PaddedChannels.
struct WordRealResults {
  const float* scale;
  const float* bias;
  float input_scale;
  float low, high;
};
void ConvolveWordDepthwise(const WordDepthwise& call,
                           const WordRealResults& how, float* output);

}  // namespace liteforge
