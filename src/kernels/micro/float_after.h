// SPDX-License-Identifier: Apache-2.0
// What operators behind a convolution do to its results, while they are in the
// first cache.
#pragma once

#include <cstdint>

namespace liteforge {

struct FloatAfter {
  const float* addend = nullptr;  // a number a result, or null
  float low = 0, high = 0;        // what the sum is clamped to
  const float* slope = nullptr;   // of what is negative then, a column's
};

// For r of [0, rows), c of [0, columns), in place:
//   x = clamp(x[r * stride + c] + addend[r * stride + c])
//   x[r * stride + c] = x >= 0 ? x : slope[c] * x
void FinishFloats(const FloatAfter& after, int64_t rows, int64_t columns,
                  int64_t stride, float* x);

}  // namespace liteforge
