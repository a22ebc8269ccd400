// SPDX-License-Identifier: Apache-2.0
// For the layout see sorted_table.cc. Keys of a block share what they begin
// with; every sixteenth entry begins anew.
#include "formats/tensorflow/write_tensor_bundle.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/atomic_file.h"
#include "base/try.h"
#include "formats/tensorflow/checkpoint.pb.h"
#include "formats/tensorflow/crc32c.h"
#include "formats/tensorflow/tensor_proto.h"

namespace liteforge {
namespace {

constexpr size_t kBlockBytes = 4096;
constexpr int kRestartInterval = 16;
constexpr size_t kHandlesBytes = 40;
constexpr uint64_t kTableMagic = 0xDB4775248B80FB57u;

template <class T>
void AppendFixed(std::string& to, T value) {
  for (size_t i = 0; i < sizeof(T); ++i)
    to += static_cast<char>(value >> (8 * i) & 0xFF);
}

void AppendVarint(std::string& to, uint64_t value) {
  for (; value >= 0x80; value >>= 7) to += static_cast<char>(value | 0x80);
  to += static_cast<char>(value);
}

class Block {
 public:
  void Add(std::string_view key, std::string_view value) {
    size_t shared = 0;
    if (count_ % kRestartInterval == 0) {
      restarts_.push_back(static_cast<uint32_t>(bytes_.size()));
    } else {
      const auto [end, unused] = std::ranges::mismatch(last_, key);
      shared = static_cast<size_t>(end - last_.begin());
    }
    ++count_;
    AppendVarint(bytes_, shared);
    AppendVarint(bytes_, key.size() - shared);
    AppendVarint(bytes_, value.size());
    bytes_ += key.substr(shared);
    bytes_ += value;
    last_ = key;
  }
  size_t size() const { return bytes_.size(); }
  bool empty() const { return count_ == 0; }
  const std::string& last() const { return last_; }

  // Appends the block and gives its handle.
  std::string Finish(std::string& file) {
    if (restarts_.empty()) restarts_.push_back(0);
    for (const uint32_t restart : restarts_) AppendFixed(bytes_, restart);
    AppendFixed(bytes_, static_cast<uint32_t>(restarts_.size()));
    std::string handle;
    AppendVarint(handle, file.size());
    AppendVarint(handle, bytes_.size());
    bytes_ += '\0';  // not compressed
    AppendFixed(bytes_, MaskCrc(Crc32c(std::as_bytes(std::span(bytes_)))));
    file += bytes_;
    *this = Block();
    return handle;
  }

 private:
  std::string bytes_;
  std::string last_;
  std::vector<uint32_t> restarts_;
  int count_ = 0;
};

tf::BundleHeaderProto Header() {
  tf::BundleHeaderProto header;
  header.set_num_shards(1);
  header.mutable_version()->set_producer(1);
  return header;
}

}  // namespace

std::string WriteSortedTable(const std::map<std::string, std::string>& rows) {
  std::string file;
  Block block, index;
  const auto flush = [&] {
    if (block.empty()) return;
    const std::string last = block.last();
    index.Add(last, block.Finish(file));
  };
  for (const auto& [key, value] : rows) {
    block.Add(key, value);
    if (block.size() >= kBlockBytes) flush();
  }
  flush();
  std::string footer = Block().Finish(file);
  footer += index.Finish(file);
  footer.resize(kHandlesBytes);
  AppendFixed(footer, kTableMagic);
  return file + footer;
}

Result<void> WriteTensorBundle(
    const std::filesystem::path& prefix,
    const std::map<std::string, StoredTensor>& tensors) {
  std::map<std::string, std::string> rows;
  rows[""] = Header().SerializeAsString();
  std::vector<std::span<const std::byte>> pieces;
  size_t offset = 0;
  for (const auto& [name, tensor] : tensors) {
    if (BitWidth(tensor.type) == 0)
      return Unsupported(fmt::format("variable '{}' of type {} cannot be saved",
                                     name, Name(tensor.type)));
    tf::BundleEntryProto entry;
    entry.set_dtype(ToTensorFlow(tensor.type));
    *entry.mutable_shape() = ToTensorFlow(tensor.shape);
    entry.set_offset(static_cast<int64_t>(offset));
    entry.set_size(static_cast<int64_t>(tensor.data.size()));
    entry.set_crc32c(MaskCrc(Crc32c(tensor.data.bytes())));
    rows[name] = entry.SerializeAsString();
    pieces.push_back(tensor.data.bytes());
    offset += tensor.data.size();
  }
  TRY(WriteFileAtomically(prefix.string() + ".data-00000-of-00001", pieces));
  const std::string table = WriteSortedTable(rows);
  return WriteFileAtomically(prefix.string() + ".index",
                             std::as_bytes(std::span(table)));
}

}  // namespace liteforge
