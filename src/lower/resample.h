// SPDX-License-Identifier: Apache-2.0
// Images of another size of which each pixel is linear in those there were,
// rows and columns on their own:
//   y = R x K^T,  R [h, H], K [w, W]
#pragma once

#include <vector>

#include "lower/context.h"

namespace liteforge {

// [to, from], row-major.
using ResampleWeights = std::vector<float>;

// The size that operand 1 says, in {height, width}, for the images of operand
// 0. kUnsupported where either is not known, or the matrices would be huge.
struct ResampleSize {
  int32_t from[2], to[2];
};
Result<ResampleSize> ReadResampleSize(const LowerContext& c);

// Output 0: the images of operand 0, as float32, by these matrices.
Result<void> LowerByWeights(LowerContext& c, const ResampleSize& size,
                            ResampleWeights rows, ResampleWeights columns);

}  // namespace liteforge
