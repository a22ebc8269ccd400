// SPDX-License-Identifier: Apache-2.0
// The zip archive is read from its end (PKWARE's APPNOTE.TXT, 4.3): the end
// record says where the central headers are, they say where the files are.
//
//   end      signature … entries at 10 (2 bytes), offset of the first at 16
//   central  signature, method at 10, size at 24, lengths of name, extra and
//            comment at 28, 30, 32, offset of the local header at 42, name at
//            46
//   local    signature … lengths of name and extra at 26, 28; 30 bytes
#include <algorithm>
#include <cstring>

#include "formats/tflite/metadata_generated.h"
#include "formats/tflite/model_metadata.h"

namespace liteforge {
namespace {

namespace md = tflite::metadata;

constexpr uint32_t kLocal = 0x04034b50, kCentral = 0x02014b50,
                   kZipEnd = 0x06054b50;
constexpr size_t kLocalSize = 30, kCentralSize = 46, kEndSize = 22;
constexpr size_t kLongestComment = 65535;

class Bytes {
 public:
  explicit Bytes(std::span<const std::byte> bytes) : bytes_(bytes) {}

  // Little-endian; 0 outside.
  uint32_t At(size_t offset, int count) const {
    uint32_t value = 0;
    for (int i = count - 1; i >= 0; --i) {
      const size_t place = offset + static_cast<size_t>(i);
      value =
          value << 8 |
          (place < bytes_.size() ? static_cast<uint32_t>(bytes_[place]) : 0u);
    }
    return value;
  }
  // Empty when it does not lie inside.
  std::string_view Text(size_t offset, size_t size) const {
    if (offset > bytes_.size() || size > bytes_.size() - offset) return {};
    return {reinterpret_cast<const char*>(bytes_.data()) + offset, size};
  }
  size_t size() const { return bytes_.size(); }

 private:
  std::span<const std::byte> bytes_;
};

std::optional<size_t> FindEnd(const Bytes& bytes) {
  if (bytes.size() < kEndSize) return std::nullopt;
  const size_t last = bytes.size() - kEndSize;
  for (size_t back = 0; back <= std::min(last, kLongestComment); ++back)
    if (bytes.At(last - back, 4) == kZipEnd) return last - back;
  return std::nullopt;
}

std::optional<std::string> Stored(const Bytes& bytes, size_t central) {
  if (bytes.At(central + 10, 2) != 0) return std::nullopt;  // compressed
  const size_t local = bytes.At(central + 42, 4);
  if (bytes.At(local, 4) != kLocal) return std::nullopt;
  const size_t start =
      local + kLocalSize + bytes.At(local + 26, 2) + bytes.At(local + 28, 2);
  return std::string(bytes.Text(start, bytes.At(central + 24, 4)));
}

TensorDescription::Content ContentFrom(const md::TensorMetadataT& tensor) {
  using Content = TensorDescription::Content;
  if (tensor.content == nullptr) return Content::kFeature;
  switch (tensor.content->content_properties.type) {
    case md::ContentProperties::ImageProperties:
      return Content::kImage;
    case md::ContentProperties::BoundingBoxProperties:
      return Content::kBoxes;
    default:
      return Content::kFeature;
  }
}

TensorDescription DescriptionOf(const md::TensorMetadataT& tensor) {
  TensorDescription description;
  description.name = tensor.name;
  description.description = tensor.description;
  description.content = ContentFrom(tensor);
  for (const auto& unit : tensor.process_units) {
    const auto* options =
        unit == nullptr ? nullptr : unit->options.AsNormalizationOptions();
    if (options == nullptr) continue;
    description.mean = options->mean;
    description.std = options->std;
  }
  for (const auto& file : tensor.associated_files) {
    if (file == nullptr) continue;
    const bool values =
        file->type == md::AssociatedFileType::TENSOR_VALUE_LABELS;
    if (!values && file->type != md::AssociatedFileType::TENSOR_AXIS_LABELS)
      continue;
    description.labels = file->name;
    description.labels_are_of_values = values;
    break;
  }
  return description;
}

}  // namespace

Result<ModelDescriptionParts> UnpackMetadata(const Blob& buffer) {
  // The verifier wants alignment, which a buffer in a file need not have.
  const std::vector<std::byte> bytes = buffer.ToVector<std::byte>();
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  flatbuffers::Verifier verifier(data, bytes.size());
  if (bytes.size() < 8 || !md::VerifyModelMetadataBuffer(verifier))
    return InvalidModel("the TFLite Metadata is damaged; leave it out");
  md::ModelMetadataT root;
  md::GetModelMetadata(data)->UnPackTo(&root);
  ModelDescriptionParts parts;
  parts.name = root.name;
  parts.description = root.description;
  if (root.subgraph_metadata.empty() || root.subgraph_metadata[0] == nullptr)
    return parts;
  const md::SubGraphMetadataT& graph = *root.subgraph_metadata[0];
  for (const auto& input : graph.input_tensor_metadata)
    if (input != nullptr) parts.inputs.push_back(DescriptionOf(*input));
  for (const auto& output : graph.output_tensor_metadata)
    if (output != nullptr) parts.outputs.push_back(DescriptionOf(*output));
  return parts;
}

std::optional<std::string> ReadPackedFile(std::span<const std::byte> model,
                                          std::string_view name) {
  const Bytes bytes(model);
  const auto end = FindEnd(bytes);
  if (!end) return std::nullopt;
  size_t central = bytes.At(*end + 16, 4);
  for (uint32_t left = bytes.At(*end + 10, 2); left > 0; --left) {
    if (bytes.At(central, 4) != kCentral) return std::nullopt;
    const size_t name_size = bytes.At(central + 28, 2);
    if (bytes.Text(central + kCentralSize, name_size) == name)
      return Stored(bytes, central);
    central += kCentralSize + name_size + bytes.At(central + 30, 2) +
               bytes.At(central + 32, 2);
  }
  return std::nullopt;
}

}  // namespace liteforge
