// SPDX-License-Identifier: Apache-2.0
// A choice of mode for each layer, from JSON:
//   {"default": "int8", "layers": {"head": "float", "block*": "int16x8"}}
// Modes: float, dynamic, float16, int4, int8, int16x8.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "liteforge/result.h"
#include "quantize/quantize.h"

namespace liteforge {

struct Recipe {
  std::optional<QuantizeMode> mode;                          // "default"
  std::vector<std::pair<std::string, QuantizeMode>> layers;  // as they stand
};

// Errors: kIo; kInvalidArgument naming the key that is wrong.
Result<Recipe> ReadRecipe(const std::filesystem::path& path);

}  // namespace liteforge
