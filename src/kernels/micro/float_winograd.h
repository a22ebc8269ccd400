// SPDX-License-Identifier: Apache-2.0
// 3x3 convolution by Winograd's F(4x4, 3x3): a 6x6 tile of the input, the
// filter and a 4x4 tile of the output are transformed so that 36 products of
// matrices stand for what would be 144.
//   output = A^T [ (G filter G^T) * (B^T input B) ] A
// Source: Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks",
// 2015, section 4.3. The numbers in between are larger than the result, so
// rounding shows more: the transforms add an error of at most 20 * 2^-24 times
// the sum of the magnitudes of a result's products (float_winograd_test.cc
// measures it), where the plain sum of K products is off by at most K * 2^-24
// times that, mostly by about sqrt(K).
#pragma once

#include <cstdint>
#include <vector>

namespace liteforge {

inline constexpr int kWinogradInput = 6;  // rows and columns of a tile
inline constexpr int kWinogradOutput = 4;
inline constexpr int kWinogradProducts = 36;

// [outputs, 3, 3, channels] -> [36, outputs, channels].
std::vector<float> TransformWinogradFilter(const float* filter, int64_t outputs,
                                           int64_t channels);

// `pixels`: the 36 pixels of a tile, row by row, `channels` numbers each.
// to[p * step + c] for p of [0, 36).
void TransformWinogradInput(const float* const* pixels, int64_t channels,
                            float* to, int64_t step);

// from[p * step + c] to the 16 pixels of an output tile, row by row; null for
// those that lie outside. Adds the bias and clamps.
struct WinogradOutput {
  const float* bias;  // may be null
  int64_t channels;
  float low, high;
};
void TransformWinogradOutput(const float* from, int64_t step,
                             const WinogradOutput& output,
                             float* const* pixels);

}  // namespace liteforge
