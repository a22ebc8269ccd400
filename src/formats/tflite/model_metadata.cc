// SPDX-License-Identifier: Apache-2.0
// A zip archive of stored files (PKWARE's APPNOTE.TXT, 4.3):
//
//   for each file   local header, name, bytes
//   for each file   central header, name
//   end             counts, size and offset of the central headers
//
// Times are the format's first day, so equal files make equal archives.
#include "formats/tflite/model_metadata.h"

#include <array>
#include <cstdint>

#include "formats/tflite/metadata_generated.h"

namespace liteforge {
namespace {

namespace md = tflite::metadata;

// What readers must know at the least: groups of tensors came with it.
constexpr std::string_view kMinParserVersion = "1.2.0";

std::unique_ptr<md::ContentT> ContentOf(const TensorDescription& tensor) {
  auto content = std::make_unique<md::ContentT>();
  switch (tensor.content) {
    case TensorDescription::Content::kFeature:
      content->content_properties.Set(md::FeaturePropertiesT());
      break;
    case TensorDescription::Content::kImage: {
      md::ImagePropertiesT image;
      image.color_space = tensor.grayscale ? md::ColorSpaceType::GRAYSCALE
                                           : md::ColorSpaceType::RGB;
      content->content_properties.Set(std::move(image));
      break;
    }
    case TensorDescription::Content::kBoxes: {
      md::BoundingBoxPropertiesT boxes;
      boxes.index = {1, 0, 3, 2};
      boxes.type = md::BoundingBoxType::BOUNDARIES;
      boxes.coordinate_type = md::CoordinateType::RATIO;
      content->content_properties.Set(std::move(boxes));
      break;
    }
  }
  if (tensor.first_axis >= 0) {
    content->range = std::make_unique<md::ValueRangeT>();
    content->range->min = tensor.first_axis;
    content->range->max = tensor.last_axis;
  }
  return content;
}

std::unique_ptr<md::TensorMetadataT> MetadataOf(
    const TensorDescription& tensor) {
  auto metadata = std::make_unique<md::TensorMetadataT>();
  metadata->name = tensor.name;
  metadata->description = tensor.description;
  metadata->content = ContentOf(tensor);
  if (!tensor.mean.empty()) {
    md::NormalizationOptionsT options;
    options.mean = tensor.mean;
    options.std = tensor.std;
    auto unit = std::make_unique<md::ProcessUnitT>();
    unit->options.Set(std::move(options));
    metadata->process_units.push_back(std::move(unit));
  }
  if (!tensor.labels.empty()) {
    auto file = std::make_unique<md::AssociatedFileT>();
    file->name = tensor.labels;
    file->description = "Labels, one a line.";
    file->type = tensor.labels_are_of_values
                     ? md::AssociatedFileType::TENSOR_VALUE_LABELS
                     : md::AssociatedFileType::TENSOR_AXIS_LABELS;
    metadata->associated_files.push_back(std::move(file));
  }
  return metadata;
}

//------------------------------------------------------------------------ zip

constexpr uint32_t kLocalHeader = 0x04034b50;
constexpr uint32_t kCentralHeader = 0x02014b50;
constexpr uint32_t kEnd = 0x06054b50;
constexpr uint16_t kVersion = 20;     // 2.0
constexpr uint16_t kFirstDay = 0x21;  // 1980-01-01

// CRC-32 of IEEE 802.3, reflected.
uint32_t Crc32(std::string_view bytes) {
  uint32_t crc = 0xFFFFFFFFu;
  for (const char c : bytes) {
    crc ^= static_cast<uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit)
      crc = crc >> 1 ^ ((crc & 1u) != 0 ? 0xEDB88320u : 0u);
  }
  return ~crc;
}

class LittleEndian {
 public:
  LittleEndian& U16(size_t value) { return Put(value, 2); }
  LittleEndian& U32(size_t value) { return Put(value, 4); }
  LittleEndian& Text(std::string_view text) {
    bytes_ += text;
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  LittleEndian& Put(size_t value, int count) {
    for (int i = 0; i < count; ++i, value >>= 8)
      bytes_ += static_cast<char>(value & 0xFF);
    return *this;
  }
  std::string bytes_;
};

// What both headers have: flags, method, time, date, checksum, sizes, length
// of the name, of the extra field.
void PutFile(LittleEndian& to, const std::string& name,
             const std::string& content) {
  to.U16(0).U16(0).U16(0).U16(kFirstDay).U32(Crc32(content));
  to.U32(content.size()).U32(content.size()).U16(name.size()).U16(0);
}

}  // namespace

Blob PackMetadata(const ModelDescriptionParts& model) {
  md::ModelMetadataT root;
  root.name = model.name;
  root.description = model.description;
  root.min_parser_version = kMinParserVersion;
  auto graph = std::make_unique<md::SubGraphMetadataT>();
  for (const TensorDescription& input : model.inputs)
    graph->input_tensor_metadata.push_back(MetadataOf(input));
  for (const TensorDescription& output : model.outputs)
    graph->output_tensor_metadata.push_back(MetadataOf(output));
  if (!model.grouped.empty()) {
    auto group = std::make_unique<md::TensorGroupT>();
    group->name = model.group;
    group->tensor_names = model.grouped;
    graph->output_tensor_groups.push_back(std::move(group));
  }
  root.subgraph_metadata.push_back(std::move(graph));
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(md::ModelMetadata::Pack(builder, &root),
                 md::ModelMetadataIdentifier());
  return Blob::Copy(
      std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize())));
}

std::vector<std::byte> PackFiles(
    const std::vector<std::pair<std::string, std::string>>& files,
    size_t before) {
  LittleEndian archive, central;
  for (const auto& [name, content] : files) {
    const size_t offset = before + archive.bytes().size();
    archive.U32(kLocalHeader).U16(kVersion);
    PutFile(archive, name, content);
    archive.Text(name).Text(content);
    central.U32(kCentralHeader).U16(kVersion).U16(kVersion);
    PutFile(central, name, content);
    // No comment, first disk, no attributes.
    central.U16(0).U16(0).U16(0).U32(0).U32(offset).Text(name);
  }
  const size_t start = before + archive.bytes().size();
  archive.Text(central.bytes());
  archive.U32(kEnd).U16(0).U16(0).U16(files.size()).U16(files.size());
  archive.U32(central.bytes().size()).U32(start).U16(0);
  const auto bytes = std::as_bytes(std::span(archive.bytes()));
  return {bytes.begin(), bytes.end()};
}

}  // namespace liteforge
