// SPDX-License-Identifier: Apache-2.0
#include "lower/constant_math.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/half.h"
#include "base/try.h"

namespace liteforge {
namespace {

template <class From>
Blob Convert(const Blob& data) {
  const std::vector<From> values = data.ToVector<From>();
  std::vector<float> widened(values.size());
  std::ranges::transform(values, widened.begin(),
                         [](From value) { return static_cast<float>(value); });
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
  if (type == DataType::kFloat64) return Convert<double>(data);
  return type == DataType::kFloat16 ? Convert<Float16>(data)
                                    : Convert<BFloat16>(data);
}

}  // namespace liteforge
