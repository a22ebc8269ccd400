// SPDX-License-Identifier: Apache-2.0
// Arrays of one element type as arrays of another.
#pragma once

#include "liteforge/npy.h"
#include "liteforge/result.h"

namespace liteforge {

// Numbers and bool to any of int8 … int64, uint8, float32, float64, saturated,
// or to bool, where all but zero is true. Errors: kInvalidArgument for other
// types, and for fractions or NaN given to integers.
Result<NpyArray> ConvertElements(NpyArray array, DataType to);

}  // namespace liteforge
