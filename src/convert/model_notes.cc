// SPDX-License-Identifier: Apache-2.0
#include "convert/model_notes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "detection/labels.h"

namespace liteforge {
namespace {

constexpr double kMostOfRange = 0.25;

bool SaysHow(const TensorDescription& tensor) {
  return !tensor.mean.empty() && tensor.mean.size() == tensor.std.size();
}

std::optional<ModelDescriptionParts> Unpacked(const Blob& buffer) {
  auto parts = UnpackMetadata(buffer);
  return parts ? std::optional(*std::move(parts)) : std::nullopt;
}

}  // namespace

std::optional<ModelDescriptionParts> NotesOf(const ir::Module& module) {
  const auto packed = module.metadata.find(std::string(kMetadataName));
  return packed == module.metadata.end() ? std::nullopt
                                         : Unpacked(packed->second);
}

std::optional<ModelDescriptionParts> NotesOf(const TfliteModel& model) {
  if (model->metadata() == nullptr) return std::nullopt;
  for (const tflite::Metadata* entry : *model->metadata()) {
    if (Text(entry->name()) == kMetadataName)
      return Unpacked(model.BufferData(entry->buffer()));
  }
  return std::nullopt;
}

std::vector<std::string> LabelsOf(std::span<const std::byte> model,
                                  const ModelDescriptionParts& notes) {
  for (const TensorDescription& output : notes.outputs) {
    if (output.labels.empty()) continue;
    const auto file = ReadPackedFile(model, output.labels);
    if (!file) continue;
    auto labels = ParseLabelLines(*file);
    if (labels && !labels->empty()) return *std::move(labels);
  }
  return {};
}

void UseMetadata(const ModelDescriptionParts& notes, DatasetOptions& options) {
  const auto image = std::ranges::find_if(notes.inputs, SaysHow);
  if (image == notes.inputs.end()) return;
  options.image_mean = image->mean;
  options.image_std = image->std;
}

std::string WarnOfRange(const TensorDescription& input, double least,
                        double greatest) {
  if (!SaysHow(input)) return "";
  double low = INFINITY, high = -INFINITY;
  for (size_t c = 0; c < input.mean.size(); ++c) {
    const double mean = input.mean[c], std = input.std[c];
    low = std::min(low, (0 - mean) / std);
    high = std::max(high, (255 - mean) / std);
  }
  const double allowed = kMostOfRange * (high - low);
  if (std::abs(least - low) <= allowed && std::abs(greatest - high) <= allowed)
    return "";
  return fmt::format(
      "the examples of input '{}' lie in [{:.4g}, {:.4g}], but its metadata "
      "says that images become [{:.4g}, {:.4g}]; ranges learned from other "
      "numbers than the model will be given make it blind: --mean and --std "
      "normalize them",
      input.name, least, greatest, low, high);
}

}  // namespace liteforge
