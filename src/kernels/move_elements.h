// SPDX-License-Identifier: Apache-2.0
// What operators that only move elements share: they take every type.
// "Whole" leaves out the packed types of 4 and 2 bits, "fixed" the strings,
// "number" both.
#pragma once

#include "kernels/kernel.h"
#include "kernels/strided_copy.h"

namespace liteforge {

// For docs/supported_ops.md.
inline constexpr const char* kEveryType =
    "f32 f16 bf16 f64 i8 i16 i32 i64 u8 u16 u32 u64 bool complex64 string i4 "
    "i2 u4";
inline constexpr const char* kEveryFixedType =
    "f32 f16 bf16 f64 i8 i16 i32 i64 u8 u16 u32 u64 bool complex64 i4 i2 u4";
inline constexpr const char* kEveryWholeType =
    "f32 f16 bf16 f64 i8 i16 i32 i64 u8 u16 u32 u64 bool complex64 string";
inline constexpr const char* kEveryNumber =
    "f32 f16 bf16 f64 i8 i16 i32 i64 u8 u16 u32 u64 bool complex64";

// Whether MoveBox can move the elements.
Result<void> CheckMovable(const RuntimeTensor& tensor);
// Whether they are whole bytes each, or strings.
Result<void> CheckWhole(const RuntimeTensor& tensor);

// Fills part of `to` from `from` along the box; offsets in elements. Strings
// work when one call fills the whole of `to`. What begins at the same place is
// there already: then `to` lies within `from`, or the other way round.
void MoveBox(KernelContext& k, const StridedBox& box, const RuntimeTensor& from,
             int64_t from_offset, RuntimeTensor& to,
             int64_t to_offset = 0) noexcept;

// Gives `to` the strings of `from` at these places.
void MoveStrings(KernelContext& k, const RuntimeTensor& from,
                 std::span<const int32_t> places, RuntimeTensor& to) noexcept;

// Of types that are whole.
inline size_t ElementBytes(const RuntimeTensor& tensor) {
  return static_cast<size_t>(BitWidth(tensor.type)) / 8;
}

// Element `i` of an int32 or int64 tensor (any integer type).
int64_t IntegerAt(const RuntimeTensor& tensor, int64_t i);

// Whether a tensor is of a type that IntegerAt reads as an index.
bool IsIndexType(DataType type);

}  // namespace liteforge
