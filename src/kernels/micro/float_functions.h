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

}  // namespace liteforge
