// SPDX-License-Identifier: Apache-2.0
// The part of the way that every source shares.
#pragma once

#include <cstddef>
#include <vector>

#include "function/concrete_function.h"
#include "liteforge/result.h"

namespace liteforge {

// Lowers, rewrites and emits: the bytes of a .tflite.
Result<std::vector<std::byte>> Compile(const ConcreteFunction& function);

}  // namespace liteforge
