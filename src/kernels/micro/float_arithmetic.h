// SPDX-License-Identifier: Apache-2.0
// Functions of two float32 tensors.
#pragma once

#include <cstdint>

namespace liteforge {

enum class FloatArithmetic : uint8_t {
  kSum,                // a + b
  kDifference,         // a - b
  kProduct,            // a * b
  kQuotient,           // a / b
  kMaximum,            // a > b ? a : b
  kMinimum,            // a < b ? a : b
  kSquaredDifference,  // (a - b) * (a - b)
  kSlope,              // a >= 0 ? a : a * b
};

// to[i] = clamp(f(a[i * a_step], b[i * b_step])); steps are 0 or 1. Not a
// number stays what it is. `to` may be an operand.
void ComputeFloats(FloatArithmetic f, const float* a, int64_t a_step,
                   const float* b, int64_t b_step, int64_t count, float low,
                   float high, float* to);

}  // namespace liteforge
