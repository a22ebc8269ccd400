// SPDX-License-Identifier: Apache-2.0
// Functions of many float32 numbers. Within 4 units in the last place of the
// exact value, NaN staying NaN. `to` may be `from`.
#pragma once

#include <cstdint>

namespace liteforge {

void ExpOfFloats(const float* from, int64_t count, float* to);
void LogisticOfFloats(const float* from, int64_t count, float* to);
void TanhOfFloats(const float* from, int64_t count, float* to);
void EluOfFloats(const float* from, int64_t count, float* to);

// e^(beta (x - max)) / sum of the same, of one row.
void SoftmaxOfFloats(const float* from, int64_t count, float beta, float* to);

// The least and the largest of zero and the numbers; NaN does not count.
struct FloatExtent {
  float low = 0, high = 0;
};
FloatExtent ExtentOfFloats(const float* from, int64_t count);

// round(offset + x * by), half away from zero, clamped to [low, 127]; NaN as 0.
void RoundFloats(const float* from, int64_t count, float by, float offset,
                 float low, int8_t* to);

}  // namespace liteforge
