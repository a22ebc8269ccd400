// SPDX-License-Identifier: Apache-2.0
// TFLite Metadata: what a model's tensors mean, for programs that know nothing
// of the model. Labels are files in a zip archive behind the model's bytes.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/blob.h"
#include "liteforge/result.h"

namespace liteforge {

// The name of the model's metadata entry that holds it.
constexpr std::string_view kMetadataName = "TFLITE_METADATA";

struct TensorDescription {
  enum class Content {
    kFeature,  // numbers
    kImage,    // [.., height, width, channels]
    kBoxes,    // [.., 4] top, left, bottom, right in fractions of the image
  };
  std::string name;
  std::string description;
  Content content = Content::kFeature;
  // The tensor holds (x - mean) / std of pixels x in [0, 255]; empty: x.
  std::vector<float> mean, std;
  bool grayscale = false;
  // A file of labels, one a line: of the values, or of places along the last
  // axis. Empty: none.
  std::string labels;
  bool labels_are_of_values = false;
  // First and last axis that the content is about; -1: not said.
  int first_axis = -1, last_axis = -1;
};

struct ModelDescriptionParts {
  std::string name;
  std::string description;
  std::vector<TensorDescription> inputs, outputs;  // in the model's order
  // Outputs whose elements belong together, by name.
  std::string group;
  std::vector<std::string> grouped;
};

// The bytes of the buffer.
Blob PackMetadata(const ModelDescriptionParts& model);

// What PackMetadata and other writers have written; what is not known stays
// empty. Errors: kInvalidModel for a damaged buffer.
Result<ModelDescriptionParts> UnpackMetadata(const Blob& buffer);

// The content of a file in the zip archive at the end of `model`; none when
// there is no such file, or it is compressed.
std::optional<std::string> ReadPackedFile(std::span<const std::byte> model,
                                          std::string_view name);

// A zip archive of stored files, to be put behind `before` bytes of something
// else: its offsets count from there. Unix's unzip and Python's zipfile read
// such a file as an archive.
std::vector<std::byte> PackFiles(
    const std::vector<std::pair<std::string, std::string>>& files,
    size_t before);

}  // namespace liteforge
