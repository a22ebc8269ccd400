// SPDX-License-Identifier: Apache-2.0
// uint32 is computed as int64 (narrow_types.h), which does not overflow where
// uint32 does.
#pragma once

#include "function/concrete_function.h"

namespace liteforge {

// Brings what operations on uint32 give back to [0, 2^32), for all of them that
// may leave it, and writes those that look at bits in terms of int32. Types are
// still TensorFlow's; int64 where a node says so is what uint32 becomes. Not
// for the functions that this one calls.
void WrapUnsigned(ConcreteFunction& function);

}  // namespace liteforge
