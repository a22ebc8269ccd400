// SPDX-License-Identifier: Apache-2.0
// Opening a .tflite: nothing in the file is believed until it is checked.
#pragma once

#include <filesystem>

#include "base/blob.h"
#include "formats/tflite/schema_generated.h"
#include "liteforge/result.h"

namespace liteforge {

// A verified model. The table pointers stay valid while the object lives; it
// keeps the file mapped.
class TfliteModel {
 public:
  // Maps and verifies. Errors: kIo; kInvalidModel naming the place in the
  // file ("subgraph 0: operator 3 (CONV_2D): input 1: tensor index 99 of 12").
  static Result<TfliteModel> Open(const std::filesystem::path& path);

  // Verifies bytes in memory; `bytes` should be 16-byte aligned, or is copied.
  static Result<TfliteModel> FromBytes(Blob bytes);

  const tflite::Model& root() const { return *root_; }
  const tflite::Model* operator->() const { return root_; }

  // The bytes of one buffer, wherever they lie (in the FlatBuffer or behind
  // it). Empty for an empty buffer. `index` must be < buffers()->size().
  Blob BufferData(uint32_t index) const;

  // The operator's number from both fields of its OperatorCode; checked to be
  // a known operator.
  int32_t OperatorNumber(uint32_t opcode_index) const;

  const Blob& bytes() const { return bytes_; }

 private:
  Blob bytes_;
  const tflite::Model* root_ = nullptr;
};

}  // namespace liteforge
