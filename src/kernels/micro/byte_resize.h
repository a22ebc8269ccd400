// SPDX-License-Identifier: Apache-2.0
// The two passes of resizing an image of bytes: weighted sums of rows, then of
// pixels. Weights are fixed point of kResizeBits bits and add up to 1, so that
// no sum leaves 32 bits:
//
//   out = (sum_k weights[k] in[k] + 1/2) >> kResizeBits, within [0, 255]
#pragma once

#include <cstddef>
#include <cstdint>

namespace liteforge {

constexpr int kResizeBits = 14;
// How many bytes behind its last pixel MixBytePixels may read of a row.
constexpr size_t kResizeSlack = 16;

// out[x] of rows[k * stride + x], k < taps, for all x < count.
void MixByteRows(const uint8_t* rows, size_t stride, const int16_t* weights,
                 int taps, size_t count, uint8_t* out);

// Pixels of three bytes: out[i] of in[first[i] + k], k < taps, with the weights
// weights[i * taps + k], for all i < count. `taps` is even.
void MixBytePixels(const uint8_t* in, const int32_t* first,
                   const int16_t* weights, int taps, size_t count,
                   uint8_t* out);

}  // namespace liteforge
