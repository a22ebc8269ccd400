// SPDX-License-Identifier: Apache-2.0
// numpy's .npy files, versions 1.0 to 3.0.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <vector>

#include "liteforge/result.h"
#include "liteforge/types.h"

namespace liteforge {

struct NpyArray {
  DataType type = DataType::kNone;
  Shape shape;
  std::vector<std::byte> data;  // row-major, little-endian
};

// Reads a row-major or column-major array (the latter is transposed), either
// byte order. Errors: kIo; kInvalidModel when the header claims more than the
// file holds; kUnsupported for structured, object and text types.
Result<NpyArray> ReadNpy(const std::filesystem::path& path);

// The same of a file's bytes.
Result<NpyArray> ParseNpy(std::span<const std::byte> bytes);

// Writes version 1.0, row-major, atomically. `data` holds
// ByteSize(type, shape.elements()) bytes.
Result<void> WriteNpy(const std::filesystem::path& path, DataType type,
                      const Shape& shape, std::span<const std::byte> data);

}  // namespace liteforge
