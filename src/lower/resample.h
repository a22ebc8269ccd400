// SPDX-License-Identifier: Apache-2.0
// Images of another size of which each pixel is linear in those there were,
// rows and columns on their own:
//   y = R x K^T,  R [h, H], K [w, W]
// The matrices are formulas of the sizes: constants where these are known.
#pragma once

#include "lower/formula.h"

namespace liteforge {

// Rows or columns. A matrix has a row for each of `places` and a column for
// each of `pixels`.
struct ResampleAxis {
  Value* from;    // how many there are, a float32 scalar
  Value* to;      // how many there will be, likewise
  Value* pixels;  // 0, 1, … from - 1: float32 [1, from]
  Value* places;  // 0, 1, … to - 1: float32 [to, 1]
};

// Axes of the images of operand 0, and the size {height, width} of operand 1.
struct Resampling {
  ResampleAxis rows, columns;
};
// kUnsupported for images of unknown rank, kInvalidModel for a known size that
// is none.
Result<Resampling> ReadResampling(LowerContext& c, Formula& f);

// c[0] x^3 + c[1] x^2 + c[2] x + c[3] of a float32 x.
Value* CubicOf(Formula& f, Value* x, const double (&c)[4]);

// What a matrix may take of the file where the sizes are known.
inline constexpr int64_t kMostMatrixBytes = 1 << 28;

// Output 0: the images of operand 0, as float32, by these matrices.
Result<void> LowerByWeights(LowerContext& c, Formula& f, Value* rows,
                            Value* columns);

}  // namespace liteforge
