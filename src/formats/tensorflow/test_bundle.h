// SPDX-License-Identifier: Apache-2.0
// For tests: writes checkpoints with LevelDB's own table writer.
#pragma once

#include <fmt/format.h>
#include <leveldb/env.h>
#include <leveldb/options.h>
#include <leveldb/table_builder.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "formats/tensorflow/checkpoint.pb.h"
#include "formats/tensorflow/crc32c.h"
#include "formats/tensorflow/slice_key.h"
#include "formats/tensorflow/tensor_proto.h"

namespace liteforge {

// The bytes of a LevelDB table.
inline void WriteTable(
    const std::filesystem::path& path,
    const std::map<std::string, std::string>& rows,
    leveldb::CompressionType compression = leveldb::kSnappyCompression,
    size_t block_bytes = 4096) {
  leveldb::WritableFile* file = nullptr;
  leveldb::Env::Default()->NewWritableFile(path.string(), &file);
  const std::unique_ptr<leveldb::WritableFile> owner(file);
  leveldb::Options options;
  options.compression = compression;
  options.block_size = block_bytes;
  leveldb::TableBuilder builder(options, file);
  for (const auto& [key, value] : rows) builder.Add(key, value);
  builder.Finish();
  file->Close();
}

// Collects tensors and writes PREFIX.index and the shards.
class BundleWriter {
 public:
  explicit BundleWriter(int shards = 1) : shards_(static_cast<size_t>(shards)) {
    header.set_num_shards(shards);
    header.mutable_version()->set_producer(1);
  }

  template <class T>
  void Add(const std::string& name, DataType type, const Shape& shape,
           const std::vector<T>& values, int shard = 0) {
    entries[name] = Store(ToTensorFlow(type), shape,
                          {reinterpret_cast<const char*>(values.data()),
                           values.size() * sizeof(T)},
                          shard);
  }
  // One slice of a partitioned float tensor; starts and lengths a dimension.
  void AddSlice(const std::string& name, const Shape& whole,
                const std::vector<SliceExtent>& extents,
                const std::vector<float>& values, int shard = 0) {
    tf::BundleEntryProto& entry = entries[name];
    entry.set_dtype(tf::DT_FLOAT);
    *entry.mutable_shape() = ToTensorFlow(whole);
    tf::TensorSliceProto* slice = entry.add_slices();
    Shape shape;
    for (int axis = 0; axis < whole.rank(); ++axis) {
      const SliceExtent& extent = extents[static_cast<size_t>(axis)];
      auto* stored = slice->add_extent();
      shape.Append(static_cast<int32_t>(extent.length));
      if (extent.length == whole[axis]) continue;
      stored->set_start(extent.start);
      stored->set_length(extent.length);
    }
    Add(SliceKey(name, *slice), DataType::kFloat32, shape, values, shard);
  }
  void AddStrings(const std::string& name,
                  const std::vector<std::string>& strings) {
    std::string lengths, characters;
    std::vector<uint32_t> numbers;
    for (const std::string& text : strings) {
      auto length = static_cast<uint32_t>(text.size());
      numbers.push_back(length);
      for (; length >= 0x80; length >>= 7)
        lengths += static_cast<char>(length | 0x80);
      lengths += static_cast<char>(length);
      characters += text;
    }
    uint32_t crc = Crc32c(std::as_bytes(std::span(numbers)));
    const uint32_t masked = MaskCrc(crc);
    std::string rest(reinterpret_cast<const char*>(&masked), sizeof(masked));
    rest += characters;
    tf::BundleEntryProto entry =
        Store(tf::DT_STRING, {static_cast<int32_t>(strings.size())},
              lengths + rest, 0);
    entry.set_crc32c(MaskCrc(Crc32c(std::as_bytes(std::span(rest)), crc)));
    entries[name] = entry;
  }

  void Write(const std::filesystem::path& prefix) const {
    std::map<std::string, std::string> rows;
    rows[""] = header.SerializeAsString();
    for (const auto& [name, entry] : entries)
      rows[name] = entry.SerializeAsString();
    WriteTable(prefix.string() + ".index", rows);
    for (size_t i = 0; i < shards_.size(); ++i) {
      std::ofstream(prefix.string() +
                        fmt::format(".data-{:05}-of-{:05}", i, shards_.size()),
                    std::ios::binary)
          << shards_[i];
    }
  }

  tf::BundleHeaderProto header;
  std::map<std::string, tf::BundleEntryProto> entries;

 private:
  tf::BundleEntryProto Store(tf::DataType type, const Shape& shape,
                             const std::string& bytes, int shard) {
    std::string& file = shards_[static_cast<size_t>(shard)];
    tf::BundleEntryProto entry;
    entry.set_dtype(type);
    *entry.mutable_shape() = ToTensorFlow(shape);
    entry.set_shard_id(shard);
    entry.set_offset(static_cast<int64_t>(file.size()));
    entry.set_size(static_cast<int64_t>(bytes.size()));
    entry.set_crc32c(MaskCrc(Crc32c(std::as_bytes(std::span(bytes)))));
    file += bytes;
    return entry;
  }

  std::vector<std::string> shards_;
};

}  // namespace liteforge
