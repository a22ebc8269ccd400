// SPDX-License-Identifier: Apache-2.0
// What operators behind a convolution do to its results, while they are in the
// first cache.
#pragma once

#include <cstdint>

namespace liteforge {

struct FloatAfter {
  // Numbers of `addend_columns` columns, a row `addend_stride` behind the one
  // before; 0 is added to the other columns. Or null: nothing is.
  const float* addend = nullptr;
  int64_t addend_columns = 0, addend_stride = 0;
  float low = 0, high = 0;       // what the sum is clamped to
  const float* slope = nullptr;  // of what is negative then, a column's
};

// For r of [0, rows), c of [0, columns), in place:
//   x = clamp(x[r * stride + c] + addend[r * addend_stride + c])
//   x[r * stride + c] = x >= 0 ? x : slope[c] * x
void FinishFloats(const FloatAfter& after, int64_t rows, int64_t columns,
                  int64_t stride, float* x);

}  // namespace liteforge
