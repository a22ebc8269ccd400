// SPDX-License-Identifier: Apache-2.0
// Updates put into a tensor.
#pragma once

#include "lower/formula.h"

namespace liteforge {

// x with `updates` at the int32 `indices` [..., depth] in place of what was
// there. Indices that occur twice leave the place with the sum of their
// updates; TensorFlow promises no order for them.
Value* ScatterUpdate(Formula& f, Value* x, Value* indices, Value* updates);

// op(x, segment(updates of a place)) at each place that has updates: maxima,
// minima or products of float32 and int32.
Value* ScatterBySegment(Formula& f, Op segment, Op op, Value* x, Value* indices,
                        Value* updates);

}  // namespace liteforge
