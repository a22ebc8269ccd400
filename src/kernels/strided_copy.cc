// SPDX-License-Identifier: Apache-2.0
#include "kernels/strided_copy.h"

#include <cstring>

namespace liteforge {
namespace {

struct Bytes16 {
  uint64_t low, high;
};

template <class T>
void CopyRow(int32_t count, const std::byte* from, int64_t from_stride,
             std::byte* to, int64_t to_stride) {
  if (from_stride == 1 && to_stride == 1) {
    std::memcpy(to, from, static_cast<size_t>(count) * sizeof(T));
    return;
  }
  const T* source = reinterpret_cast<const T*>(from);
  T* target = reinterpret_cast<T*>(to);
  for (int32_t i = 0; i < count; ++i) {
    target[i * to_stride] = source[i * from_stride];
  }
}

template <class T>
void CopyAxis(const StridedBox& box, int axis, const std::byte* from,
              std::byte* to) {
  const auto a = static_cast<size_t>(axis);
  if (axis + 1 == box.rank) {
    CopyRow<T>(box.extent[a], from, box.from[a], to, box.to[a]);
    return;
  }
  constexpr auto kBytes = static_cast<int64_t>(sizeof(T));
  for (int32_t i = 0; i < box.extent[a]; ++i) {
    CopyAxis<T>(box, axis + 1, from + i * box.from[a] * kBytes,
                to + i * box.to[a] * kBytes);
  }
}

template <class T>
void CopyAll(const StridedBox& box, const std::byte* from, std::byte* to) {
  if (box.rank == 0) {
    std::memcpy(to, from, sizeof(T));
  } else {
    CopyAxis<T>(box, 0, from, to);
  }
}

}  // namespace

std::array<int64_t, Shape::kMaxRank> RowMajorStrides(const Shape& shape) {
  std::array<int64_t, Shape::kMaxRank> strides{};
  int64_t stride = 1;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    strides[static_cast<size_t>(axis)] = stride;
    stride *= shape[axis];
  }
  return strides;
}

StridedBox Simplify(const StridedBox& box) {
  StridedBox merged;
  for (size_t a = 0; a < static_cast<size_t>(box.rank); ++a) {
    if (box.extent[a] == 1) continue;
    const auto last = static_cast<size_t>(merged.rank) - 1;
    if (merged.rank > 0 && merged.from[last] == box.from[a] * box.extent[a] &&
        merged.to[last] == box.to[a] * box.extent[a] &&
        int64_t{merged.extent[last]} * box.extent[a] <= INT32_MAX) {
      merged.extent[last] *= box.extent[a];
      merged.from[last] = box.from[a];
      merged.to[last] = box.to[a];
    } else {
      merged.AddAxis(box.extent[a], box.from[a], box.to[a]);
    }
  }
  return merged;
}

void CopyBox(const StridedBox& box, size_t element_bytes, const std::byte* from,
             std::byte* to) noexcept {
  if (box.is_empty()) return;
  const StridedBox walk = Simplify(box);
  switch (element_bytes) {
    case 1:
      return CopyAll<uint8_t>(walk, from, to);
    case 2:
      return CopyAll<uint16_t>(walk, from, to);
    case 4:
      return CopyAll<uint32_t>(walk, from, to);
    case 8:
      return CopyAll<uint64_t>(walk, from, to);
    case 16:
      return CopyAll<Bytes16>(walk, from, to);
    default:
      return;
  }
}

}  // namespace liteforge
