// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "liteforge/interpreter.h"
#include "liteforge/result.h"

namespace liteforge {

// The dense elements, row-major, of a sparse tensor; 0 where nothing is
// stored. `stored` are its elements as the file has them, of
// `element_bytes` each. The file's reader has checked that the sparsity and
// the stored elements go together. Errors: kUnsupported when the dense form is
// more than 1,000 times as large as the file's.
Result<std::vector<std::byte>> Densify(const Sparsity& sparsity,
                                       const Shape& shape, size_t element_bytes,
                                       std::span<const std::byte> stored);

}  // namespace liteforge
