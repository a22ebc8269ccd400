// SPDX-License-Identifier: Apache-2.0
// Sums of products of two vectors: what recurrent layers compute, one row of a
// matrix after the other.
#pragma once

#include <cstdint>

namespace liteforge {

// Sum of a[i] * b[i], made in parts, fused where the machine can.
float DotOfFloats(const float* a, const float* b, int64_t count);

// Sum of (x[i] - zero_point) * weights[i], modulo 2^32. `zero_point`: of int8.
int32_t DotOfBytes(const int8_t* x, int32_t zero_point, const int8_t* weights,
                   int64_t count);

}  // namespace liteforge
