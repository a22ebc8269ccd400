// SPDX-License-Identifier: Apache-2.0
// The part of the way that every source shares.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "base/blob.h"
#include "function/concrete_function.h"
#include "liteforge/result.h"

namespace liteforge {

// Lowers, rewrites and emits: the bytes of a .tflite. `metadata` are entries of
// the file by name.
// `allow_constant_outputs`: see check_outputs.h.
Result<std::vector<std::byte>> Compile(
    const ConcreteFunction& function, bool allow_constant_outputs = false,
    std::map<std::string, Blob> metadata = {});

}  // namespace liteforge
