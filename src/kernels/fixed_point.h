// SPDX-License-Identifier: Apache-2.0
// The fixed-point functions of the quantized LSTM: gemmlowp's, bit for bit.
// Qm.n is an int16 with m integer and n = 15 - m fractional bits.
#pragma once

#include <cstdint>

#include "kernels/numerics.h"

namespace liteforge {

// (a * b * 2) / 2^16, rounded; INT16_MIN * INT16_MIN saturates. Multiplies a
// Q0.15 by anything.
int16_t DoublingHighMultiply16(int16_t a, int16_t b);

// a + b and x * 2^shift, clamped.
int16_t SaturatingAdd16(int32_t a, int32_t b);
int16_t SaturatingShiftLeft16(int32_t x, int shift);

// 1 / (1 + e^-x) of a Q3.12, in Q0.15.
int16_t LogisticOfQ3(int16_t x);

// tanh of a Qm.n, 0 <= m <= 6, in Q0.15.
int16_t TanhOfFixed(int16_t x, int integer_bits);

// 1 / sqrt(x) of an integer; 1 for x < 2.
FixedScale InverseSquareRoot(int32_t x);

}  // namespace liteforge
