// SPDX-License-Identifier: Apache-2.0
// The fixed-point functions of the quantized LSTM on vectors of numbers: what
// kernels/fixed_point.h computes of each, bit for bit. `to` may be `from`.
#pragma once

#include <cstdint>

namespace liteforge {

// 1 / (1 + e^-x) of Q3.12, in Q0.15.
void LogisticOfWords(const int16_t* from, int64_t count, int16_t* to);

// tanh of Qm.n, 0 <= m <= 6, in Q0.15.
void TanhOfWords(const int16_t* from, int64_t count, int integer_bits,
                 int16_t* to);

// gate[i] = clamp16(clamp16(M(a[i], a_scale)) + M(b[i], b_scale)), where
// M(x, scale) = x * multiplier * 2^(shift - 31), rounded as numerics.h does,
// ties away from zero.
struct WordScale {
  int32_t multiplier = 0;
  int shift = 0;  // positive: to the left
};
void AddScaledToWords(const int32_t* a, WordScale a_scale, const int32_t* b,
                      WordScale b_scale, int64_t count, int16_t* gate);

}  // namespace liteforge
