// SPDX-License-Identifier: Apache-2.0
// The checks and small shapes that the families of inference rules share.
// Unknown ranks and dimensions pass every check.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "ops/infer.h"

namespace liteforge {

// Inputs 0 … count - 1 are present.
Result<void> NeedInputs(const InferContext& c, int count);
// Input `i` is present and has that rank.
Result<void> NeedRank(const InferContext& c, int i, int rank,
                      std::string_view role);
// The same, for a rank of at least `least`.
Result<void> NeedRankAtLeast(const InferContext& c, int i, int least,
                             std::string_view role);
// Two sizes that must agree.
Result<void> NeedEqual(int64_t a, int64_t b, std::string_view what);

// Dimension of a shape whose rank may be unknown, or may not reach it.
int32_t DimOf(const Shape& shape, int axis);
// [?, ?, …]
Shape UnknownOfRank(int rank);
// Dimensions read from a tensor; -1 is refused.
Result<Shape> ShapeOfDims(const std::vector<int64_t>& dims);
// The shape that input `i`, a list, holds; unknown as far as its value is.
Result<Shape> ShapeHeldBy(const InferContext& c, int i);
// size as a dimension; an error when it does not fit.
Result<int32_t> ToDim(int64_t size, std::string_view what);

}  // namespace liteforge
