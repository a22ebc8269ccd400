// SPDX-License-Identifier: Apache-2.0
// A table, from its end (LevelDB, doc/table_format.md):
//
//   data blocks … index block … footer
//   footer   48 bytes: handle of the meta index, handle of the index, zeros,
//            u64 magic 0xDB4775248B80FB57
//   handle   varint offset, varint size
//   block    `size` bytes, then u8 compression (0 none, 1 Snappy), u32 masked
//            CRC-32C of the bytes and the compression byte
//   bytes    entries, u32 restart offsets, u32 count of restarts
//   entry    varint shared, varint unshared, varint value length, the key's
//            last `unshared` bytes (its first `shared` are the key's before),
//            value
//
// The index block's values are handles of data blocks. libleveldb reads these
// too, but allocates whatever a handle claims before it looks at the file.
#include "formats/tensorflow/sorted_table.h"

#include <fmt/format.h>
#include <snappy.h>

#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "base/try.h"
#include "formats/tensorflow/crc32c.h"

namespace liteforge {
namespace {

constexpr size_t kFooterBytes = 48;
constexpr size_t kTrailerBytes = 5;
constexpr uint64_t kMagic = 0xDB4775248B80FB57u;
// An index of a million variables takes about 100 MB.
constexpr size_t kMaxBlockBytes = size_t{1} << 29;

struct Handle {
  uint64_t offset = 0;
  uint64_t size = 0;
};

// Reads fields off the front of some bytes.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : rest_(bytes) {}

  bool empty() const { return rest_.empty(); }
  size_t left() const { return rest_.size(); }

  // nullopt: cut short, or more than 64 bits.
  std::optional<uint64_t> Varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      value |= uint64_t{byte & 0x7Fu} << shift;
      if ((byte & 0x80u) == 0) return value;
    }
    return std::nullopt;
  }
  std::optional<Handle> ReadHandle() {
    const auto offset = Varint();
    const auto size = Varint();
    if (!offset || !size) return std::nullopt;
    return Handle{*offset, *size};
  }
  // size <= left()
  std::string_view Take(size_t size) {
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

 private:
  std::string_view rest_;
};

template <class T>
T Fixed(std::string_view bytes, size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(value));
  return value;
}

Result<std::string> Uncompress(std::string_view bytes) {
  size_t size = 0;
  if (!snappy::GetUncompressedLength(bytes.data(), bytes.size(), &size))
    return InvalidModel("a block's Snappy data is damaged");
  // Snappy's densest element writes 64 bytes for 3.
  if (size > kMaxBlockBytes || size / 32 > bytes.size())
    return InvalidModel(fmt::format("a block claims {} bytes", size));
  std::string plain(size, '\0');
  if (!snappy::RawUncompress(bytes.data(), bytes.size(), plain.data()))
    return InvalidModel("a block's Snappy data is damaged");
  return plain;
}

Result<std::string> ReadBlock(std::string_view file, const Handle& handle) {
  if (file.size() < kTrailerBytes ||
      handle.size > file.size() - kTrailerBytes ||
      handle.offset > file.size() - kTrailerBytes - handle.size) {
    return InvalidModel(
        fmt::format("a block of {} bytes at {} lies outside "
                    "the {} bytes of the file",
                    handle.size, handle.offset, file.size()));
  }
  const std::string_view bytes = file.substr(handle.offset, handle.size);
  const std::string_view summed = file.substr(handle.offset, handle.size + 1);
  const auto stored = Fixed<uint32_t>(file, handle.offset + handle.size + 1);
  if (Crc32c(std::as_bytes(std::span(summed))) != UnmaskCrc(stored)) {
    return InvalidModel(
        fmt::format("the checksum of the block at {} is wrong; the file is "
                    "damaged, copy it again",
                    handle.offset));
  }
  if (summed.back() == 0) return std::string(bytes);
  if (summed.back() == 1) return Uncompress(bytes);
  return Unsupported(fmt::format("a block has compression {}",
                                 static_cast<uint8_t>(summed.back())));
}

// The part of a block before its restart offsets.
Result<std::string_view> Entries(std::string_view block) {
  const auto damaged = InvalidModel("a block has no sound list of restarts");
  if (block.size() < sizeof(uint32_t)) return damaged;
  const size_t end = block.size() - sizeof(uint32_t);
  const uint64_t restarts = Fixed<uint32_t>(block, end);
  if (restarts > end / sizeof(uint32_t)) return damaged;
  return block.substr(0, end - restarts * sizeof(uint32_t));
}

// Calls visit(key, value) for each entry; it returns a Result<void>.
template <class Visit>
Result<void> ForEachEntry(std::string_view block, Visit visit) {
  TRY_ASSIGN(const std::string_view entries, Entries(block));
  Cursor cursor(entries);
  std::string key;
  while (!cursor.empty()) {
    const auto shared = cursor.Varint();
    const auto unshared = cursor.Varint();
    const auto length = cursor.Varint();
    if (!shared || !unshared || !length || *shared > key.size() ||
        *unshared > cursor.left() || *length > cursor.left() - *unshared) {
      return InvalidModel("an entry of a block is cut short");
    }
    key.resize(*shared);
    key += cursor.Take(*unshared);
    TRY(visit(key, cursor.Take(*length)));
  }
  return {};
}

}  // namespace

Result<std::map<std::string, std::string>> ReadSortedTable(
    std::span<const std::byte> bytes) {
  const std::string_view file(reinterpret_cast<const char*>(bytes.data()),
                              bytes.size());
  if (file.size() < kFooterBytes ||
      Fixed<uint64_t>(file, file.size() - sizeof(kMagic)) != kMagic) {
    return InvalidModel(
        "is no checkpoint index: its last bytes are not LevelDB's; the file "
        "may be cut short");
  }
  Cursor footer(file.substr(file.size() - kFooterBytes));
  const auto meta = footer.ReadHandle();
  const auto index = footer.ReadHandle();
  if (!meta || !index) return InvalidModel("its footer is damaged");
  TRY_ASSIGN(const std::string index_block, ReadBlock(file, *index));
  std::map<std::string, std::string> table;
  uint64_t read = 0;
  const auto add = [&](const std::string& key,
                       std::string_view value) -> Result<void> {
    if (!table.empty() && key <= table.rbegin()->first)
      return InvalidModel("its keys are out of order");
    table.emplace_hint(table.end(), key, value);
    return {};
  };
  TRY(ForEachEntry(
      index_block,
      [&](const std::string&, std::string_view value) -> Result<void> {
        const auto handle = Cursor(value).ReadHandle();
        if (!handle) return InvalidModel("its index is damaged");
        // Blocks do not overlap, so that reading them stays linear.
        if (handle->offset < read)
          return InvalidModel("its blocks are out of order");
        TRY_ASSIGN(const std::string block, ReadBlock(file, *handle));
        read = handle->offset + handle->size + kTrailerBytes;
        return ForEachEntry(block, add);
      }));
  return table;
}

}  // namespace liteforge
