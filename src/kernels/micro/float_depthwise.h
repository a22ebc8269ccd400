// SPDX-License-Identifier: Apache-2.0
// Depthwise convolution of float32: each channel by itself.
#pragma once

#include <cstdint>

namespace liteforge {

// One row of outputs of one depthwise convolution: for output x of [0, count)
// and channel c of [0, channels)
//   output[x * channels + c] = clamp(bias[c] + sum over i, j of
//       rows[i][x * step + j * tap_step + c] * weights[i][j * channels + c])
// for i of [0, row_count), j of [0, width). `step`: numbers from one output's
// input to the next one's; `tap_step`: from one position of the window to the
// next. `bias` may be null.
struct FloatDepthwiseRow {
  int64_t channels;
  int64_t count;
  int64_t step;
  int64_t tap_step;
  const float* const* rows;
  const float* const* weights;
  int row_count;
  int width;
  const float* bias;
  float low, high;
};
void ConvolveFloatDepthwiseRow(const FloatDepthwiseRow& row, float* output);

}  // namespace liteforge
