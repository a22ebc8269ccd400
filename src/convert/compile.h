// SPDX-License-Identifier: Apache-2.0
// The part of the way that every source shares.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "function/concrete_function.h"
#include "ir/graph.h"
#include "liteforge/result.h"
#include "lower/lower.h"

namespace liteforge {

// Lowers and rewrites: TFLite operators. Each function becomes a graph and a
// signature, under its name; weights that are equal are stored once.
// `allow_constant_outputs`: see check_outputs.h. `lowered` is shown the module
// before it is rewritten.
Result<std::unique_ptr<ir::Module>> CompileModule(
    std::span<const ConcreteFunction> functions,
    bool allow_constant_outputs = false,
    const std::function<void(ir::Module&)>& lowered = {},
    const LowerOptions& options = {});

// Emits them as well: the bytes of a .tflite.
Result<std::vector<std::byte>> Compile(
    std::span<const ConcreteFunction> functions,
    bool allow_constant_outputs = false);
Result<std::vector<std::byte>> Compile(const ConcreteFunction& function,
                                       bool allow_constant_outputs = false);

}  // namespace liteforge
