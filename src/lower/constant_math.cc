// SPDX-License-Identifier: Apache-2.0
// IEEE 754 binary16: sign 1, exponent 5 (bias 15), fraction 10 bits.
// bfloat16: the upper half of a binary32.
#include "lower/constant_math.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/try.h"

namespace liteforge {
namespace {

float HalfToFloat(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000u) << 16;
  const uint32_t exponent = (half >> 10) & 0x1fu;
  const uint32_t fraction = half & 0x3ffu;
  if (exponent == 0) {  // zero and subnormals: fraction * 2^-24
    const float magnitude = std::ldexp(static_cast<float>(fraction), -24);
    return std::bit_cast<float>(std::bit_cast<uint32_t>(magnitude) | sign);
  }
  const uint32_t widened = exponent == 31 ? 255 : exponent + (127 - 15);
  return std::bit_cast<float>(sign | (widened << 23) | (fraction << 13));
}

float BFloatToFloat(uint16_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

float DoubleToFloat(double value) { return static_cast<float>(value); }

template <class From>
Blob Convert(const Blob& data, float (*convert)(From)) {
  std::vector<float> widened;
  widened.reserve(data.size() / sizeof(From));
  for (From value : data.ToVector<From>()) widened.push_back(convert(value));
  return Blob::Own(std::move(widened));
}

// Copies `count` elements that lie `stride_bytes` apart. kBytes == 0: elements
// of any size.
template <size_t kBytes>
void CopyStrided(const std::byte* from, size_t stride_bytes, size_t count,
                 size_t element_bytes, std::byte* to) {
  const size_t size = kBytes == 0 ? element_bytes : kBytes;
  for (size_t i = 0; i < count; ++i) {
    std::memcpy(to, from, size);
    from += stride_bytes;
    to += size;
  }
}

using CopyFunction = void (*)(const std::byte*, size_t, size_t, size_t,
                              std::byte*);

void CopyAdjacent(const std::byte* from, size_t, size_t count,
                  size_t element_bytes, std::byte* to) {
  std::memcpy(to, from, count * element_bytes);
}

// Weights run to tens of millions of elements: the usual sizes are compiled
// as single loads and stores.
CopyFunction ChooseCopy(size_t stride_bytes, size_t element_bytes) {
  if (stride_bytes == element_bytes) return CopyAdjacent;
  switch (element_bytes) {
    case 1:
      return CopyStrided<1>;
    case 2:
      return CopyStrided<2>;
    case 4:
      return CopyStrided<4>;
    case 8:
      return CopyStrided<8>;
    default:
      return CopyStrided<0>;
  }
}

// Advances a mixed-radix counter over the outer axes; the offset follows.
// false after the last combination.
bool Advance(std::vector<size_t>& index, std::span<const size_t> extents,
             std::span<const size_t> strides, size_t& offset) {
  for (size_t axis = index.size(); axis-- > 0;) {
    offset += strides[axis];
    if (++index[axis] < extents[axis]) return true;
    offset -= strides[axis] * extents[axis];
    index[axis] = 0;
  }
  return false;
}

}  // namespace

Blob TransposeBytes(const Blob& data, const Shape& shape,
                    std::span<const int32_t> permutation,
                    size_t element_bytes) {
  const auto rank = static_cast<size_t>(shape.rank());
  CHECK(permutation.size() == rank && element_bytes > 0);
  if (data.empty() || rank == 0) return data;
  std::vector<size_t> from_strides(rank, element_bytes);
  for (size_t i = rank - 1; i-- > 0;) {
    from_strides[i] = from_strides[i + 1] *
                      static_cast<size_t>(shape[static_cast<int>(i + 1)]);
  }
  std::vector<size_t> extents, strides;  // in the order of the result
  for (int32_t axis : permutation) {
    extents.push_back(static_cast<size_t>(shape[axis]));
    strides.push_back(from_strides[static_cast<size_t>(axis)]);
  }
  const size_t run = extents.back();
  const std::span outer_extents(extents.data(), rank - 1);
  const std::span outer_strides(strides.data(), rank - 1);
  std::vector<size_t> index(rank - 1, 0);
  std::vector<std::byte> moved(data.size());
  std::byte* to = moved.data();
  size_t offset = 0;
  const CopyFunction copy = ChooseCopy(strides.back(), element_bytes);
  do {
    copy(data.data() + offset, strides.back(), run, element_bytes, to);
    to += run * element_bytes;
  } while (Advance(index, outer_extents, outer_strides, offset));
  return Blob::Own(std::move(moved));
}

bool WidensToFloat32(DataType type) {
  return type == DataType::kFloat16 || type == DataType::kBFloat16 ||
         type == DataType::kFloat64;
}

Blob ToFloat32(const Blob& data, DataType type) {
  CHECK(WidensToFloat32(type));
  if (type == DataType::kFloat64) return Convert<double>(data, DoubleToFloat);
  return Convert<uint16_t>(
      data, type == DataType::kFloat16 ? HalfToFloat : BFloatToFloat);
}

}  // namespace liteforge
