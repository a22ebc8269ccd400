// SPDX-License-Identifier: Apache-2.0
// Moving boxes of elements between arrays of any layout: what SLICE, TILE,
// PACK, TRANSPOSE and their kin come down to.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "liteforge/types.h"

namespace liteforge {

// A walk over a box: `rank` nested loops of `extent` steps; one step along an
// axis moves `from` and `to` elements (0 repeats, negative walks backwards).
struct StridedBox {
  // Twice the rank of a tensor, for operators that split every axis in two.
  static constexpr int kMaxRank = 2 * Shape::kMaxRank;
  int rank = 0;
  std::array<int32_t, kMaxRank> extent{};
  std::array<int64_t, kMaxRank> from{};
  std::array<int64_t, kMaxRank> to{};

  void AddAxis(int32_t steps, int64_t from_stride, int64_t to_stride) {
    extent[static_cast<size_t>(rank)] = steps;
    from[static_cast<size_t>(rank)] = from_stride;
    to[static_cast<size_t>(rank)] = to_stride;
    ++rank;
  }
  bool is_empty() const {
    return std::any_of(extent.begin(), extent.begin() + rank,
                       [](int32_t steps) { return steps <= 0; });
  }
};

// Elements between neighbours along each axis of a row-major array.
std::array<int64_t, Shape::kMaxRank> RowMajorStrides(const Shape& shape);

// Drops axes of extent 1 and merges neighbours that continue each other on
// both sides, so that the innermost loop is as long as it can be.
StridedBox Simplify(const StridedBox& box);

// Copies elements of `element_bytes` (1, 2, 4, 8 or 16). A box with an extent
// of 0 copies nothing.
void CopyBox(const StridedBox& box, size_t element_bytes, const std::byte* from,
             std::byte* to) noexcept;

}  // namespace liteforge
