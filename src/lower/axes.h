// SPDX-License-Identifier: Apache-2.0
// Cutting, padding and spreading arrays of known rank along their axes.
#pragma once

#include <limits>
#include <vector>

#include "lower/formula.h"

namespace liteforge {

// Unknown where either is.
inline int32_t ProductOfDims(int32_t a, int32_t b) {
  return a < 0 || b < 0 ? Shape::kUnknownDim : a * b;
}

// x[.., begin : end : step, ..]; an end below 0 counts from the axis' end, one
// beyond it is the axis' end.
inline constexpr int32_t kAxisEnd = std::numeric_limits<int32_t>::max();
Value* SliceAxis(Formula& f, Value* x, int32_t axis, int32_t begin, int32_t end,
                 int32_t step = 1);

// Elements of `value`, a scalar, put before and after each axis. Negative
// amounts take elements away.
struct EdgePadding {
  std::vector<int32_t> low, high;

  explicit EdgePadding(int rank)
      : low(static_cast<size_t>(rank)), high(static_cast<size_t>(rank)) {}
};
Value* PadEdges(Formula& f, Value* x, const EdgePadding& padding, Value* value);

// `between` times `value` between neighbours along an axis: n become
// (n - 1) (between + 1) + 1. n must be known, and all other dimensions but one.
Value* SpreadAxis(Formula& f, Value* x, int32_t axis, int32_t between,
                  Value* value);

}  // namespace liteforge
