// SPDX-License-Identifier: Apache-2.0
// What lowering does to constants by itself, without an interpreter: moving
// weights into another layout and widening stored half precision.
#pragma once

#include <span>

#include "base/blob.h"
#include "liteforge/types.h"

namespace liteforge {

// The elements of a row-major tensor in the order of its transposition:
// result.shape[i] == shape[permutation[i]]. `permutation` is one of all axes;
// the type has whole bytes and `data` the size that shape says.
Blob TransposeBytes(const Blob& data, const Shape& shape,
                    std::span<const int32_t> permutation, size_t element_bytes);

// Elements of float16, bfloat16 or float64 as float32 (the last rounded to
// nearest). false for other types.
bool WidensToFloat32(DataType type);
Blob ToFloat32(const Blob& data, DataType type);

}  // namespace liteforge
