// SPDX-License-Identifier: Apache-2.0
// TensorFlow's lists of tensors as tensors [count, element…].
//
// A list may be made before the shape of its elements is known: it is "open",
// a vector of `count` zeros, until something is written into it.
#pragma once

#include "lower/ir_builder.h"

namespace liteforge {

bool IsOpenList(const IrBuilder& ir, const Value* list);

// An open list's zeros, as many as it has elements, of the shape that `like`
// [?, element…] says; 1 for what is unknown.
Result<Value*> ListLike(IrBuilder& ir, const Value* open, const Shape& like);

}  // namespace liteforge
