// SPDX-License-Identifier: Apache-2.0
// The part of the way that every source shares.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "function/concrete_function.h"
#include "ir/graph.h"
#include "liteforge/result.h"

namespace liteforge {

// Lowers and rewrites: TFLite operators.
// `allow_constant_outputs`: see check_outputs.h.
Result<std::unique_ptr<ir::Module>> CompileModule(
    const ConcreteFunction& function, bool allow_constant_outputs = false);

// Emits them as well: the bytes of a .tflite.
Result<std::vector<std::byte>> Compile(const ConcreteFunction& function,
                                       bool allow_constant_outputs = false);

}  // namespace liteforge
