// SPDX-License-Identifier: Apache-2.0
// Depthwise convolution of float32: each channel by itself.
#pragma once

#include <cstdint>

namespace liteforge {

// One row of outputs of one depthwise convolution: for output x of [0, count)
// and channel c of [0, channels)
//   output[x * channels + c] = clamp(bias[c] + sum over t of
//       taps[t][x * step + c] * weights[t * channels + c])
// `step`: numbers from one output's input to the next one's. `bias` may be
// null.
struct FloatDepthwiseRow {
  int64_t channels;
  int64_t count;
  int64_t step;
  const float* const* taps;
  const float* const* weights;  // of each tap
  int tap_count;
  const float* bias;
  float low, high;
};
void ConvolveFloatDepthwiseRow(const FloatDepthwiseRow& row, float* output);

}  // namespace liteforge
