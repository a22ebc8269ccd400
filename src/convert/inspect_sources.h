// SPDX-License-Identifier: Apache-2.0
// Inspect(), one function a kind of file.
#pragma once

#include <filesystem>

#include "liteforge/inspect.h"

namespace liteforge {

// Each fills what it knows of `model`; kind and size are there already.
Result<void> DescribeTflite(const std::filesystem::path& path,
                            ModelDescription& model);
Result<void> DescribeKeras(const std::filesystem::path& path,
                           ModelDescription& model);
Result<void> DescribeSavedModel(const std::filesystem::path& path,
                                ModelDescription& model);
Result<void> DescribeGraph(const std::filesystem::path& path,
                           ModelDescription& model);

}  // namespace liteforge
