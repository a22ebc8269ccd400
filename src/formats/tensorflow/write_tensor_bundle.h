// SPDX-License-Identifier: Apache-2.0
// Writes checkpoints: the inverse of tensor_bundle.h.
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>

#include "formats/tensorflow/tensor_bundle.h"
#include "liteforge/result.h"

namespace liteforge {

// The bytes of a LevelDB table (sorted_table.h), not compressed.
std::string WriteSortedTable(const std::map<std::string, std::string>& rows);

// PREFIX.index and PREFIX.data-00000-of-00001; the index comes last. Types of
// a fixed width only: kUnsupported otherwise.
Result<void> WriteTensorBundle(
    const std::filesystem::path& prefix,
    const std::map<std::string, StoredTensor>& tensors);

}  // namespace liteforge
