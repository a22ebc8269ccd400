// SPDX-License-Identifier: Apache-2.0
// Collecting a .tflite's buffers and packing the whole into bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/blob.h"
#include "formats/tflite/schema_generated.h"
#include "liteforge/result.h"

namespace liteforge {

// The data of a model's buffers, equal contents kept once. Buffer 0 is the
// empty one.
class BufferTable {
 public:
  // The number of the buffer that holds these bytes. Empty bytes: a new
  // buffer without data is not made; 0 is returned.
  uint32_t Add(Blob bytes);
  const std::vector<Blob>& buffers() const { return buffers_; }

 private:
  std::vector<Blob> buffers_{Blob()};
};

// The file's bytes: `model` without buffers, plus the table. Data is aligned
// to 16 bytes from the start of the file. Byte-identical for equal arguments.
Result<std::vector<std::byte>> PackModel(const tflite::ModelT& model,
                                         const BufferTable& buffers);

}  // namespace liteforge
