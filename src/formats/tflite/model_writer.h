// SPDX-License-Identifier: Apache-2.0
// Collecting a .tflite's buffers and packing the whole into bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "base/blob.h"
#include "formats/tflite/schema_generated.h"
#include "liteforge/result.h"

namespace liteforge {

// The data of a model's buffers, equal contents kept once. Buffer 0 is the
// one of tensors without data.
class BufferTable {
 public:
  // The number of the buffer that holds these bytes; never 0. Numbers are
  // given in the order of first use. Constants without elements share one
  // buffer, whose data is there but empty, which is how readers tell them
  // from tensors yet to be computed.
  uint32_t Add(Blob bytes);
  // The same without looking for an equal one: for metadata, which tools
  // change in place.
  uint32_t AddUnshared(Blob bytes);
  const std::vector<Blob>& buffers() const { return buffers_; }

 private:
  std::vector<Blob> buffers_{Blob()};
  std::unordered_multimap<uint64_t, uint32_t> by_hash_;
};

// The file's bytes: `model` without buffers, plus the table. Data is aligned
// to 16 bytes from the start of the file and lies behind everything else, in
// the table's order. Byte-identical for equal arguments. Beyond the result,
// memory is needed only for the tables, never for a second copy of the data.
// Errors: kUnsupported when the file would exceed 2 GB.
Result<std::vector<std::byte>> PackModel(const tflite::ModelT& model,
                                         const BufferTable& buffers);

}  // namespace liteforge
