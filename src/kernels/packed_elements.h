// SPDX-License-Identifier: Apache-2.0
// Elements of 4 or 2 bits: several share a byte, the first in its low bits.
//
//   i4 u4   element 0: bits 0-3   element 1: bits 4-7   element 2: next byte …
//   i2      element 0: bits 0-1   … element 3: bits 6-7
//
// Values are bytes, sign-extended for the signed types.
// Source: tflite/kernels/internal/portable_tensor_utils.cc,
// UnpackPackedIntToInt8.
#pragma once

#include <cstdint>

#include "kernels/kernel.h"

namespace liteforge {

// Whether the type is one of those.
bool IsPacked(DataType type);

int8_t PackedAt(const RuntimeTensor& tensor, int64_t i);
// Keeps the low bits of `value`. Not for threads that share a byte.
void SetPacked(RuntimeTensor& tensor, int64_t i, int8_t value);

// Zeros in what elements leave over of the last byte.
void ClearPadding(RuntimeTensor& tensor);

// `count` elements from `begin` on; of PackElements' target `begin` must start
// a byte.
void UnpackElements(const RuntimeTensor& tensor, int64_t begin, int64_t count,
                    int8_t* values);
void PackElements(const int8_t* values, int64_t begin, int64_t count,
                  RuntimeTensor& tensor);

}  // namespace liteforge
