// SPDX-License-Identifier: Apache-2.0
// Files whose writer did not align 8-byte numbers. TensorFlow Lite reads them
// on machines that do not care; here they are put right in a copy, so that
// everything in an opened model can be read in place. Internal to
// formats/tflite.
#pragma once

#include <cstddef>
#include <vector>

#include "base/blob.h"
#include "formats/tflite/verify.h"
#include "liteforge/result.h"

namespace liteforge {

// A vector whose elements do not lie at a multiple of their size. Positions
// count bytes from the file's start.
struct MisplacedVector {
  size_t field;   // of the table's offset to the vector
  size_t vector;  // of its length
  size_t bytes;   // of its elements
};

// Constants of 8-byte elements that are not aligned. The tensors are verified.
// Errors: kInvalidModel for one that lies behind the FlatBuffer.
Result<std::vector<MisplacedVector>> FindMisplacedConstants(
    const FileView& file);

// A copy of the file with aligned copies of the vectors behind it and the
// offsets pointing there. Errors: kUnsupported when that exceeds 2 GB.
Result<Blob> Realign(const Blob& file,
                     const std::vector<MisplacedVector>& misplaced);

}  // namespace liteforge
