// SPDX-License-Identifier: Apache-2.0
// Constants that a model keeps in files of their own, beside the .tflite.
// Internal to formats/tflite.
//
//   Tensor.external_buffer → ExternalBuffer.id   which bytes …
//   ExternalBuffer.group   → ExternalBufferGroup.name   … of which file
//
// Source: schema.fbs; g3doc on large models of LiteRT.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <unordered_map>

#include "base/blob.h"
#include "formats/tflite/schema_generated.h"
#include "liteforge/result.h"

namespace liteforge {

// By ExternalBuffer.id. Aligned to 16 bytes.
using ExternalData = std::unordered_map<uint32_t, Blob>;

// Maps what tensors name. `folder` is where the model lies; without one, for a
// model in memory, external data is refused. The FlatBuffer and its layout are
// verified. Errors: kInvalidModel for an id, group or range that does not
// exist and for a name that leads out of the folder, so that a model cannot
// read other files; kUnsupported for packed data; kIo.
Result<ExternalData> OpenExternalData(
    const tflite::Model& model,
    const std::optional<std::filesystem::path>& folder);

}  // namespace liteforge
