// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <span>

#include "liteforge/result.h"

namespace liteforge {

// Writes the pieces, one after the other, to `path` so that a reader sees
// either the old file or the whole new one: a temporary file beside it, fsync,
// rename. On failure nothing is left. Errors: kIo, naming the path.
Result<void> WriteFileAtomically(
    const std::filesystem::path& path,
    std::span<const std::span<const std::byte>> pieces);
Result<void> WriteFileAtomically(const std::filesystem::path& path,
                                 std::span<const std::byte> bytes);

}  // namespace liteforge
