// SPDX-License-Identifier: Apache-2.0
// The words every part of liteforge shares: element types, shapes and
// quantization parameters of tensors.
#pragma once

#include <array>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace liteforge {

// Element type of a tensor. The numbers are TensorType's in the TFLite schema.
enum class DataType : int8_t {
  kNone = -1,  // no tensor: an omitted optional input
  kFloat32 = 0,
  kFloat16 = 1,
  kInt32 = 2,
  kUInt8 = 3,
  kInt64 = 4,
  kString = 5,
  kBool = 6,
  kInt16 = 7,
  kComplex64 = 8,
  kInt8 = 9,
  kFloat64 = 10,
  kComplex128 = 11,
  kUInt64 = 12,
  kResource = 13,
  kVariant = 14,
  kUInt32 = 15,
  kUInt16 = 16,
  kInt4 = 17,
  kBFloat16 = 18,
  kInt2 = 19,
  kUInt4 = 20,
  kFloat8E4M3FN = 21,
  kFloat8E5M2 = 22,
};

// "float32", "int8", "string": numpy's spelling where numpy has the type.
std::string_view Name(DataType type);

// The inverse of Name(); kNone when there is no such type.
DataType DataTypeFromName(std::string_view name);

// The DataType that holds a C++ arithmetic type.
template <class T>
struct DataTypeOf;
template <>
struct DataTypeOf<float> {
  static constexpr auto value = DataType::kFloat32;
};
template <>
struct DataTypeOf<double> {
  static constexpr auto value = DataType::kFloat64;
};
template <>
struct DataTypeOf<int8_t> {
  static constexpr auto value = DataType::kInt8;
};
template <>
struct DataTypeOf<uint8_t> {
  static constexpr auto value = DataType::kUInt8;
};
template <>
struct DataTypeOf<int16_t> {
  static constexpr auto value = DataType::kInt16;
};
template <>
struct DataTypeOf<int32_t> {
  static constexpr auto value = DataType::kInt32;
};
template <>
struct DataTypeOf<int64_t> {
  static constexpr auto value = DataType::kInt64;
};
template <>
struct DataTypeOf<uint16_t> {
  static constexpr auto value = DataType::kUInt16;
};
template <>
struct DataTypeOf<uint32_t> {
  static constexpr auto value = DataType::kUInt32;
};
template <>
struct DataTypeOf<uint64_t> {
  static constexpr auto value = DataType::kUInt64;
};
template <>
struct DataTypeOf<bool> {
  static constexpr auto value = DataType::kBool;
};
template <>
struct DataTypeOf<std::complex<float>> {
  static constexpr auto value = DataType::kComplex64;
};
template <>
struct DataTypeOf<std::complex<double>> {
  static constexpr auto value = DataType::kComplex128;
};

// Bits one element takes: 32, 8, 4 …; 0 for string, resource, variant, none.
int BitWidth(DataType type);

// Dimensions of a tensor. A dimension that is not known before run time is
// kUnknownDim; a shape whose very rank is unknown answers rank() == -1.
// Value type without heap memory: copying one in an inner loop is fine.
class Shape {
 public:
  static constexpr int kMaxRank = 16;
  static constexpr int32_t kUnknownDim = -1;

  Shape() = default;  // a scalar: rank 0
  Shape(std::initializer_list<int32_t> dims);
  explicit Shape(std::span<const int32_t> dims);  // dims.size() <= kMaxRank
  static Shape UnknownRank();

  int rank() const { return rank_; }
  bool has_rank() const { return rank_ >= 0; }
  int32_t dim(int axis) const { return dims_[static_cast<size_t>(axis)]; }
  int32_t operator[](int axis) const { return dim(axis); }
  void set_dim(int axis, int32_t size) {
    dims_[static_cast<size_t>(axis)] = size;
  }
  void Append(int32_t size) { dims_[static_cast<size_t>(rank_++)] = size; }
  std::span<const int32_t> dims() const {
    return {dims_.data(), static_cast<size_t>(rank_ < 0 ? 0 : rank_)};
  }

  // Whether rank and every dimension are known.
  bool IsStatic() const;

  // Product of the dimensions; -1 when one is unknown, or when those beside 0
  // exceed 2^56.
  int64_t elements() const;

  // "[1,224,224,3]", "[?,10]", "[]", and "unknown rank".
  std::string ToString() const;

  friend bool operator==(const Shape& a, const Shape& b);

 private:
  std::array<int32_t, kMaxRank> dims_{};
  int rank_ = 0;
};

// Bytes that `elements` packed elements take (4-bit types share bytes);
// -1 when elements is negative or the type has no fixed width.
int64_t ByteSize(DataType type, int64_t elements);

// "float32[1,224,224,3]"
std::string Describe(DataType type, const Shape& shape);

// real = scale * (quantized - zero_point). One entry per tensor, or one per
// slice along `axis` (per-channel). Empty scale: not quantized.
// Source: TFLite schema, QuantizationParameters.
struct Quantization {
  std::vector<float> scale;
  std::vector<int64_t> zero_point;
  int32_t axis = 0;
  std::vector<float> min;  // the observed range, where a converter noted it
  std::vector<float> max;

  bool empty() const { return scale.empty(); }
  bool per_channel() const { return scale.size() > 1; }
  friend bool operator==(const Quantization&, const Quantization&) = default;
};

}  // namespace liteforge
