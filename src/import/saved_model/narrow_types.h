// SPDX-License-Identifier: Apache-2.0
// TFLite computes in float32 where TensorFlow may in float64 or bfloat16, and
// in signed integers where it may in unsigned ones.
#pragma once

#include <string>
#include <vector>

#include "function/concrete_function.h"

namespace liteforge {

// Gives inputs, constants and computations of the function, and of those it
// calls, types that TFLite computes in:
//   float64, bfloat16 -> float32     complex128 -> complex64
//   uint16 -> int32                  uint32, uint64 -> int64
// uint32 overflows as it does (wrap_unsigned.h); uint16 and uint64 do not.
// Adds to `notices` a sentence for each type that was there, once.
Result<void> NarrowTypes(ConcreteFunction& function,
                         std::vector<std::string>& notices);

}  // namespace liteforge
