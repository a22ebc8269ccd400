// SPDX-License-Identifier: Apache-2.0
// How much an operator has to do, for the profile.
#pragma once

#include <cstdint>

#include "kernels/kernel.h"

namespace liteforge {

// Multiplications and additions of a convolution, a matrix product or a
// recurrent layer's matrices as they are defined, with the shapes that the
// tensors have now; 0 for other operators and while shapes are unknown.
int64_t CountOperations(const KernelContext& node);

// Bytes of its inputs and outputs.
int64_t CountBytes(const KernelContext& node);

}  // namespace liteforge
