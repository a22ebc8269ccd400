// SPDX-License-Identifier: Apache-2.0
// LOGISTIC and TANH of int16 values through one table of 256 segments.
#pragma once

#include <cstdint>

#include "kernels/numerics.h"

namespace liteforge {

// How an int16 input is brought to steps of 1 / (3 * 4096).
struct SigmoidInput {
  int32_t multiplier = 0;
  int shift = 0;
};

// `extra_shift_allowed`: TANH takes a power-of-two scale twice as large.
SigmoidInput PrepareSigmoidInput(float scale, bool extra_shift_allowed);

// The output in Q0.15.
int16_t LogisticOfInt16(int16_t x, SigmoidInput input);
int16_t TanhOfInt16(int16_t x, SigmoidInput input);

}  // namespace liteforge
