// SPDX-License-Identifier: Apache-2.0
// Comparing models that are bytes in memory.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "liteforge/compare.h"
#include "liteforge/result.h"

namespace liteforge {

// A .tflite in memory, and what errors call it.
struct NamedModel {
  std::string name;
  std::span<const std::byte> bytes;
};

// A .tflite as it is; what converts is converted.
Result<std::vector<std::byte>> TfliteBytes(const std::filesystem::path& path);

// As CompareModels; on `examples`, where there are any, instead of
// options.data.
Result<Comparison> CompareBytes(const NamedModel& a, const NamedModel& b,
                                const CompareOptions& options,
                                RepresentativeDataset examples = nullptr);

}  // namespace liteforge
