// SPDX-License-Identifier: Apache-2.0
// What kind of model a path holds, by looking at it, never by its name alone.
#pragma once

#include <filesystem>
#include <string_view>

#include "liteforge/result.h"

namespace liteforge {

enum class FileKind {
  kTflite,
  kKerasH5,
  kKerasZip,        // .keras
  kSavedModel,      // a directory with saved_model.pb
  kGraphDef,        // .pb / .pbtxt, by name: protocol buffers have no signature
  kPipelineConfig,  // pipeline.config of the Object Detection API, by name
  kUnknown,
};

// "TFLite model", "Keras HDF5 model", …
std::string_view Name(FileKind kind);

// Errors: kIo when there is nothing to read at the path.
Result<FileKind> DetectKind(const std::filesystem::path& path);

// The error for a file that is not a model liteforge knows, or a kind it
// cannot convert: says what the file seems to be and what to give instead.
Error CannotConvert(const std::filesystem::path& path, FileKind kind);

}  // namespace liteforge
