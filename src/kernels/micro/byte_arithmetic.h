// SPDX-License-Identifier: Apache-2.0
// Sums, differences and products of quantized 8-bit tensors, exact.
#pragma once

#include <cstdint>

namespace liteforge {

struct ByteScale {
  int32_t multiplier = 0;
  int shift = 0;  // positive: to the left
};

// Sum: M(M((a + a_offset) << 20, a) ± M((b + b_offset) << 20, b), output);
// product: M((a + a_offset) (b + b_offset), output); M as numerics.h's
// Multiply. Then output_offset is added, and the result clamped.
struct ByteArithmetic {
  enum class Kind : uint8_t { kSum, kDifference, kProduct };
  Kind kind = Kind::kSum;
  ByteScale a, b, output;
  int32_t a_offset = 0, b_offset = 0, output_offset = 0;
  int32_t low = 0, high = 0;
};

// `a_step`, `b_step`: 1, or 0 for an operand that is one number.
void ComputeBytes(const ByteArithmetic& op, const int8_t* a, int64_t a_step,
                  const int8_t* b, int64_t b_step, int64_t count, int8_t* to);
void ComputeBytes(const ByteArithmetic& op, const uint8_t* a, int64_t a_step,
                  const uint8_t* b, int64_t b_step, int64_t count, uint8_t* to);

}  // namespace liteforge
