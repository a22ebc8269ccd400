// SPDX-License-Identifier: Apache-2.0
// Axis arithmetic and shapes that are only known when the model runs.
#pragma once

#include <string>
#include <vector>

#include "function/builder.h"
#include "liteforge/result.h"

namespace liteforge {

// Brings axes from [-rank, rank) to [0, rank). Errors when one is out of range
// or given twice.
Result<void> WrapAxes(std::vector<int32_t>& axes, int rank);
Result<int32_t> WrapAxis(int32_t axis, int rank, std::string_view key);

// What a file may make a layer list: repeated elements, written-out steps.
constexpr int32_t kMaxListed = 1 << 20;
// Elements of a constant that a layer makes without having it stored.
constexpr int64_t kMaxMadeElements = int64_t{1} << 27;

// Errors unless 1 <= size <= INT32_MAX.
Result<int32_t> CheckedDim(int64_t size);

// x reshaped to [batch, inner…]: x's own batch, and dimensions of which one at
// most is -1, found from the element count. What is known of the result is in
// its shape; the rest is computed in the graph. Errors when the element counts
// differ.
Result<Tensor> ReshapeInner(Tensor x, std::vector<int32_t> inner);

// The shape that an Einsum equation of two operands gives.
Result<Shape> EinsumShape(const std::string& equation, const Tensor& a,
                          const Tensor& b);

// The permutation that moves axis 1 (channels first) to the end, and back.
std::vector<int32_t> ChannelsToLast(int rank);
std::vector<int32_t> ChannelsToFirst(int rank);

}  // namespace liteforge
