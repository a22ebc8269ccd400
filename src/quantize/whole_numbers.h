// SPDX-License-Identifier: Apache-2.0
// Numbers of rows and the like that come as floats.
#pragma once

#include "ir/graph.h"

namespace liteforge {

// Whether nothing but integers is made of a float32 value: all that reads it
// are CASTs to them.
bool BecomesIntegers(const ir::Value& value);

}  // namespace liteforge
