// SPDX-License-Identifier: Apache-2.0
// What this machine can do at most: loops of nothing but the instruction in
// question, on registers.
#pragma once

#include <cstdint>

namespace liteforge {

// Multiplies and adds; return how many multiplications and additions
// `rounds` rounds were. The sum keeps the compiler from leaving them out.
int64_t SpendFloatProducts(int64_t rounds, float* sum);
int64_t SpendByteProducts(int64_t rounds, int32_t* sum);

// The sum of the numbers, which is as fast as they can be read.
float SumOfFloats(const float* numbers, int64_t count);

}  // namespace liteforge
