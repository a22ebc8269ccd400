// SPDX-License-Identifier: Apache-2.0
// LevelDB's sorted string table: the file of a checkpoint's index.
#pragma once

#include <map>
#include <span>
#include <string>

#include "liteforge/result.h"

namespace liteforge {

// All keys and values of a table. Checksums are verified, sizes are checked
// against the bytes that are there before anything is allocated. Errors:
// kInvalidModel for a damaged table or keys out of order.
Result<std::map<std::string, std::string>> ReadSortedTable(
    std::span<const std::byte> file);

}  // namespace liteforge
