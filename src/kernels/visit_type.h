// SPDX-License-Identifier: Apache-2.0
// From a tensor's DataType to the C++ type its elements have.
#pragma once

#include <complex>
#include <cstdint>
#include <string>

#include "base/half.h"
#include "kernels/kernel.h"

namespace liteforge {

template <class T>
struct TypeTag {
  using Type = T;
};

template <class T>
inline constexpr DataType kDataTypeOf = DataType::kNone;
template <>
inline constexpr DataType kDataTypeOf<float> = DataType::kFloat32;
template <>
inline constexpr DataType kDataTypeOf<double> = DataType::kFloat64;
template <>
inline constexpr DataType kDataTypeOf<Float16> = DataType::kFloat16;
template <>
inline constexpr DataType kDataTypeOf<BFloat16> = DataType::kBFloat16;
template <>
inline constexpr DataType kDataTypeOf<int8_t> = DataType::kInt8;
template <>
inline constexpr DataType kDataTypeOf<int16_t> = DataType::kInt16;
template <>
inline constexpr DataType kDataTypeOf<int32_t> = DataType::kInt32;
template <>
inline constexpr DataType kDataTypeOf<int64_t> = DataType::kInt64;
template <>
inline constexpr DataType kDataTypeOf<uint8_t> = DataType::kUInt8;
template <>
inline constexpr DataType kDataTypeOf<uint16_t> = DataType::kUInt16;
template <>
inline constexpr DataType kDataTypeOf<uint32_t> = DataType::kUInt32;
template <>
inline constexpr DataType kDataTypeOf<uint64_t> = DataType::kUInt64;
template <>
inline constexpr DataType kDataTypeOf<bool> = DataType::kBool;
template <>
inline constexpr DataType kDataTypeOf<std::complex<float>> =
    DataType::kComplex64;
template <>
inline constexpr DataType kDataTypeOf<std::complex<double>> =
    DataType::kComplex128;

// The element types a kernel takes: one list serves Prepare and Eval.
template <class... Ts>
struct TypeList {
  static bool Has(DataType type) { return ((type == kDataTypeOf<Ts>) || ...); }

  static Result<void> Check(DataType type) {
    if (Has(type)) return {};
    return Unsupported(std::string(Name(type)) + " is not supported");
  }

  // Calls visit(TypeTag<T>()) for the T of this list that `type` names;
  // nothing when there is none.
  template <class Visit>
  static void Dispatch(DataType type, const Visit& visit) {
    (void)((type == kDataTypeOf<Ts> && (visit(TypeTag<Ts>()), true)) || ...);
  }
};

// TypeOf(tag) is the type in declarations: using T = TypeOf<decltype(tag)>.
template <class Tag>
using TypeOf = typename Tag::Type;

}  // namespace liteforge
