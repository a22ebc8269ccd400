// SPDX-License-Identifier: Apache-2.0
// Every TensorFlow operation that can be lowered.
#pragma once

#include <string_view>

#include "lower/context.h"

namespace liteforge {

// nullptr: it cannot be.
const TfOp* FindTfOp(std::string_view name);

// All of them, sorted by name.
std::vector<const TfOp*> AllTfOps();

}  // namespace liteforge
