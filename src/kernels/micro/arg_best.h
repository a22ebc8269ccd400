// SPDX-License-Identifier: Apache-2.0
// Where the largest or smallest number of a row is.
#pragma once

#include <cstdint>

namespace liteforge {

// places[r]: where in values[r * stride + i], 0 <= i < size, the largest number
// is (or the smallest), the first of equals; NaN only where there is nothing
// else. 1 <= size < 2^31.
void ArgBestOfRows(const float* values, int64_t rows, int64_t stride,
                   int64_t size, bool largest, int32_t* places);
void ArgBestOfRows(const int8_t* values, int64_t rows, int64_t stride,
                   int64_t size, bool largest, int32_t* places);
void ArgBestOfRows(const uint8_t* values, int64_t rows, int64_t stride,
                   int64_t size, bool largest, int32_t* places);

}  // namespace liteforge
