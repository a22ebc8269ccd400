// SPDX-License-Identifier: Apache-2.0
// Functions of many 8-bit numbers.
#pragma once

#include <cstdint>

namespace liteforge {

// to[i] = table[from[i]]; the table has 256 entries. `to` may be `from`.
void LookUpBytes(const uint8_t* table, const uint8_t* from, int64_t count,
                 uint8_t* to);

// to[i] = scale * (from[i] - zero_point), the product rounded once.
void DequantizeBytes(const int8_t* from, int64_t count, float scale,
                     int32_t zero_point, float* to);
void DequantizeBytes(const uint8_t* from, int64_t count, float scale,
                     int32_t zero_point, float* to);

}  // namespace liteforge
