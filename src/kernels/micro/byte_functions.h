// SPDX-License-Identifier: Apache-2.0
// Functions of many 8-bit numbers, to them and from them.
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

// round(x / scale) + zero_point, half away from zero, saturated; NaN as 0.
void QuantizeFloats(const float* from, int64_t count, float scale,
                    int32_t zero_point, int8_t* to);
void QuantizeFloats(const float* from, int64_t count, float scale,
                    int32_t zero_point, uint8_t* to);

}  // namespace liteforge
