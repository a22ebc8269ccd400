// SPDX-License-Identifier: Apache-2.0
// Depthwise convolution of 8-bit numbers as 16-bit ones, less their zero
// points, into exact 32-bit sums.
#pragma once

#include <cstdint>

#include "base/aligned_vector.h"

namespace liteforge {

// Channels are taken in groups of WordDepthwiseGroup(); arrays of a number a
// channel are filled up to whole groups (PaddedChannels).
int64_t WordDepthwiseGroup();
int64_t PaddedChannels(int64_t channels);

// The order in which the kernel wants its 32-bit parameters of a group.
AlignedVector<int32_t> InDepthwiseOrder(const AlignedVector<int32_t>& values);

// One row of outputs, as FloatDepthwiseRow says: taps[t][x * step + c] and
// weights[t][c], both int16, channels filled up to whole groups in all of them;
// the output's are not.
struct WordDepthwiseRow {
  int64_t channels;
  int64_t count;
  int64_t step;
  const int16_t* const* taps;  // tap_count, made even by a tap of zeros
  const int16_t* const* weights;
  int tap_count;
  // In depthwise order.
  const int32_t* bias;
  const int32_t* multiplier;
  const int32_t* left_shift;
  const int32_t* right_shift;
  bool ties_up;
  int32_t offset;
  int32_t low, high;
};
void ConvolveWordDepthwiseRow(const WordDepthwiseRow& row, int8_t* output);
void ConvolveWordDepthwiseRow(const WordDepthwiseRow& row, uint8_t* output);

}  // namespace liteforge
