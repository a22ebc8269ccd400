// SPDX-License-Identifier: Apache-2.0
#include "lower/constant_math.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/half.h"
#include "base/try.h"

namespace liteforge {
namespace {

template <class From>
Blob Convert(const Blob& data) {
  const size_t count = data.size() / sizeof(From);
  return Blob::Fill(count * sizeof(float), [&](std::byte* to) {
    for (size_t i = 0; i < count; ++i) {
      From value;
      std::memcpy(&value, data.data() + i * sizeof(value), sizeof(value));
      const auto widened = static_cast<float>(value);
      std::memcpy(to + i * sizeof(widened), &widened, sizeof(widened));
    }
  });
}

// to[c * to_row + r] = from[r * from_row + c], a square at a time, whose lines
// stay in the cache until they are used up.
template <class T>
void TransposePlane(const std::byte* from_bytes, size_t from_row, size_t rows,
                    size_t columns, std::byte* to_bytes, size_t to_row) {
  constexpr size_t kSquare = 16;
  for (size_t r0 = 0; r0 < rows; r0 += kSquare) {
    const size_t r1 = std::min(rows, r0 + kSquare);
    for (size_t c0 = 0; c0 < columns; c0 += kSquare) {
      const size_t c1 = std::min(columns, c0 + kSquare);
      for (size_t c = c0; c < c1; ++c) {
        const std::byte* from = from_bytes + (r0 * from_row + c) * sizeof(T);
        std::byte* to = to_bytes + (c * to_row + r0) * sizeof(T);
        for (size_t r = r0; r < r1; ++r) {
          std::memcpy(to, from, sizeof(T));
          from += from_row * sizeof(T);
          to += sizeof(T);
        }
      }
    }
  }
}

using PlaneFunction = void (*)(const std::byte*, size_t, size_t, size_t,
                               std::byte*, size_t);

PlaneFunction PlaneOf(size_t element_bytes) {
  switch (element_bytes) {
    case 1:
      return TransposePlane<uint8_t>;
    case 2:
      return TransposePlane<uint16_t>;
    case 4:
      return TransposePlane<uint32_t>;
    case 8:
      return TransposePlane<uint64_t>;
    default:
      return TransposePlane<std::array<uint64_t, 2>>;
  }
}

// The result's axes, in elements, merged where they lie so that they are one.
struct TransposedAxis {
  size_t extent, from, to;
};

std::vector<TransposedAxis> TransposedAxes(
    const Shape& shape, std::span<const int32_t> permutation) {
  std::vector<size_t> from(permutation.size());
  size_t stride = 1;
  for (size_t i = from.size(); i-- > 0;) {
    from[i] = stride;
    stride *= static_cast<size_t>(shape[static_cast<int>(i)]);
  }
  std::vector<TransposedAxis> axes;  // the last one first
  size_t to = 1;
  for (size_t i = permutation.size(); i-- > 0;) {
    const auto extent = static_cast<size_t>(shape[permutation[i]]);
    const TransposedAxis axis{extent, from[static_cast<size_t>(permutation[i])],
                              to};
    to *= extent;
    if (extent == 1) continue;
    if (!axes.empty() && axis.from == axes.back().from * axes.back().extent) {
      axes.back().extent *= extent;
    } else {
      axes.push_back(axis);
    }
  }
  return axes;
}

// Copies everything: the two axes are walked by `copy`, the rest by this.
template <class Copy>
void ForEachPlane(std::span<const TransposedAxis> axes, size_t from, size_t to,
                  const Copy& copy) {
  if (axes.empty()) return copy(from, to);
  for (size_t i = 0; i < axes[0].extent; ++i) {
    ForEachPlane(axes.subspan(1), from + i * axes[0].from, to + i * axes[0].to,
                 copy);
  }
}

}  // namespace

Blob TransposeBytes(const Blob& data, const Shape& shape,
                    std::span<const int32_t> permutation,
                    size_t element_bytes) {
  CHECK(permutation.size() == static_cast<size_t>(shape.rank()));
  CHECK(element_bytes > 0 && element_bytes <= 16);
  std::vector<TransposedAxis> axes = TransposedAxes(shape, permutation);
  const bool moves = axes.size() > 1 || (axes.size() == 1 && axes[0].from != 1);
  if (data.empty() || !moves) return data;
  return Blob::Fill(data.size(), [&](std::byte* to) {
    // Those that lie side by side in the result, and in the source.
    const TransposedAxis in_result = axes.front();
    axes.erase(axes.begin());
    TransposedAxis in_source{1, 1, 1};
    const auto found = std::ranges::find(axes, 1u, &TransposedAxis::from);
    if (found != axes.end()) {
      in_source = *found;
      axes.erase(found);
    }
    const PlaneFunction plane = PlaneOf(element_bytes);
    ForEachPlane(axes, 0, 0, [&](size_t from, size_t at) {
      const std::byte* source = data.data() + from * element_bytes;
      std::byte* target = to + at * element_bytes;
      if (in_result.from == 1) {
        std::memcpy(target, source, in_result.extent * element_bytes);
      } else {
        plane(source, in_result.from, in_result.extent, in_source.extent,
              target, in_source.to);
      }
    });
  });
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
