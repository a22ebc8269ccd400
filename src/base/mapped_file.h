// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "base/blob.h"
#include "liteforge/result.h"

namespace liteforge {

// The whole file, memory-mapped read-only; unmapped when the last copy of the
// Blob (or of a Blob viewing it) is gone. An empty file gives an empty Blob.
// Errors: kIo, naming the path ("model.h5: no such file"); a directory, a
// device or a pipe is refused.
Result<Blob> MapFile(const std::filesystem::path& path);

// A hint that the Blob's bytes are not read again soon. What lies in a mapped
// file leaves memory, and is read from the file if it is wanted after all.
void LeaveMemory(const Blob& blob);

// `part` of a mapped file is not read again soon: its pages no longer count as
// this process's memory. What is read after all comes from the system's cache.
// Does nothing where `file` is none, or `part` not of it.
void DropPages(const Blob& file, std::span<const std::byte> part);

// Part of a Blob, sharing its keeper. The caller guarantees the range.
Blob Slice(const Blob& whole, size_t offset, size_t size);

}  // namespace liteforge
