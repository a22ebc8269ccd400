// SPDX-License-Identifier: Apache-2.0
// What the files of operations share (function/ops.h).
#pragma once

#include <string>
#include <string_view>

#include "function/builder.h"

namespace liteforge {

// Records "<op>: <message>" with the builder of the first tensor that has one.
Tensor FailOp(const Tensor& operand, std::string_view op, std::string message);

// Whether every operand exists (an earlier failure leaves empty ones).
bool AllPresent(std::initializer_list<Tensor> operands);

// axis in [-rank, rank) brought to [0, rank); -1 when out of range.
int WrapAxis(int32_t axis, int rank);

// numpy's broadcasting; false when the shapes do not go together.
bool BroadcastShapes(const Shape& a, const Shape& b, Shape& result);

}  // namespace liteforge
