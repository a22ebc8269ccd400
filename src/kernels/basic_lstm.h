// SPDX-License-Identifier: Apache-2.0
// LSTM with kernel type BASIC: one step of a cell with a single weight matrix.
// Formula and types: basic_lstm.cc.
#pragma once

#include "kernels/kernel.h"

namespace liteforge {

Result<void> PrepareBasicLstm(KernelContext& k);
void EvalBasicLstm(KernelContext& k) noexcept;

}  // namespace liteforge
