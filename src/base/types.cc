// SPDX-License-Identifier: Apache-2.0
#include "liteforge/types.h"

#include <algorithm>

#include "base/try.h"

namespace liteforge {
namespace {

struct TypeRow {
  DataType type;
  std::string_view name;
  int bits;
};

constexpr TypeRow kTypes[] = {
    {DataType::kNone, "none", 0},
    {DataType::kFloat32, "float32", 32},
    {DataType::kFloat16, "float16", 16},
    {DataType::kInt32, "int32", 32},
    {DataType::kUInt8, "uint8", 8},
    {DataType::kInt64, "int64", 64},
    {DataType::kString, "string", 0},
    {DataType::kBool, "bool", 8},
    {DataType::kInt16, "int16", 16},
    {DataType::kComplex64, "complex64", 64},
    {DataType::kInt8, "int8", 8},
    {DataType::kFloat64, "float64", 64},
    {DataType::kComplex128, "complex128", 128},
    {DataType::kUInt64, "uint64", 64},
    {DataType::kResource, "resource", 32},
    {DataType::kVariant, "variant", 0},
    {DataType::kUInt32, "uint32", 32},
    {DataType::kUInt16, "uint16", 16},
    {DataType::kInt4, "int4", 4},
    {DataType::kBFloat16, "bfloat16", 16},
    {DataType::kInt2, "int2", 2},
    {DataType::kUInt4, "uint4", 4},
    {DataType::kFloat8E4M3FN, "float8_e4m3fn", 8},
    {DataType::kFloat8E5M2, "float8_e5m2", 8},
};

}  // namespace

std::string_view Name(DataType type) {
  for (const TypeRow& row : kTypes) {
    if (row.type == type) return row.name;
  }
  return "unknown type";
}

DataType DataTypeFromName(std::string_view name) {
  for (const TypeRow& row : kTypes) {
    if (row.name == name) return row.type;
  }
  return DataType::kNone;
}

int BitWidth(DataType type) {
  for (const TypeRow& row : kTypes) {
    if (row.type == type) return row.bits;
  }
  return 0;
}

Shape::Shape(std::initializer_list<int32_t> dims)
    : Shape(std::span<const int32_t>(dims.begin(), dims.size())) {}

Shape::Shape(std::span<const int32_t> dims)
    : rank_(static_cast<int>(dims.size())) {
  CHECK(rank_ <= kMaxRank);
  std::copy(dims.begin(), dims.end(), dims_.begin());
}

Shape Shape::UnknownRank() {
  Shape shape;
  shape.rank_ = -1;
  return shape;
}

bool Shape::IsStatic() const {
  return has_rank() && std::all_of(dims().begin(), dims().end(),
                                   [](int32_t d) { return d >= 0; });
}

int64_t Shape::elements() const {
  if (!IsStatic()) return -1;
  // With a 0 too: strides are products of what stands beside it.
  constexpr int64_t kLimit = int64_t{1} << 56;
  int64_t product = 1;
  bool has_zero = false;
  for (int32_t d : dims()) {
    has_zero |= d == 0;
    if (d == 0) continue;
    if (product > kLimit / d) return -1;
    product *= d;
  }
  return has_zero ? 0 : product;
}

std::string Shape::ToString() const {
  if (!has_rank()) return "unknown rank";
  std::string text = "[";
  for (int axis = 0; axis < rank_; ++axis) {
    if (axis > 0) text += ",";
    text += dim(axis) < 0 ? "?" : std::to_string(dim(axis));
  }
  return text + "]";
}

bool operator==(const Shape& a, const Shape& b) {
  return a.rank_ == b.rank_ &&
         std::equal(a.dims().begin(), a.dims().end(), b.dims().begin());
}

int64_t ByteSize(DataType type, int64_t elements) {
  const int bits = BitWidth(type);
  if (elements < 0 || bits == 0) return -1;
  if (bits < 8) {
    const int64_t per_byte = 8 / bits;
    return elements / per_byte + (elements % per_byte != 0);
  }
  constexpr int64_t kLimit = int64_t{1} << 62;
  return elements > kLimit / (bits / 8) ? -1 : elements * (bits / 8);
}

std::string Describe(DataType type, const Shape& shape) {
  const std::string name(type == DataType::kNone ? "unknown type" : Name(type));
  return name + (shape.has_rank() ? "" : " of ") + shape.ToString();
}

}  // namespace liteforge
