// SPDX-License-Identifier: Apache-2.0
// ABS, EXP, LOG, RSQRT and SQRT of quantized values (int8, uint8, int16): the
// operators of kernels/elementwise.cc for whose tensors IsQuantizedUnary.
#pragma once

#include "kernels/kernel.h"

namespace liteforge {

// Whether the input is of 8 bits, or of 16 and quantized, and the operator
// takes quantized values.
bool IsQuantizedUnary(const KernelContext& k);

Result<void> PrepareQuantizedUnary(KernelContext& k);
void EvalQuantizedUnary(KernelContext& k) noexcept;

}  // namespace liteforge
