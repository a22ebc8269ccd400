// SPDX-License-Identifier: Apache-2.0
// What other kernels compute of ADD on quantized 8-bit numbers.
#pragma once

#include "kernels/kernel.h"
#include "kernels/micro/byte_arithmetic.h"

namespace liteforge {

// Of a prepared ADD, SUB or MUL whose operands are int8 or uint8.
ByteArithmetic ByteArithmeticOf(const KernelContext& k);

}  // namespace liteforge
