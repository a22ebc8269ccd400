// SPDX-License-Identifier: Apache-2.0
// The file, in the machine's byte order:
//   header   64 bytes: what it is, whose, how long, the hash of the entries
//   entries  80 bytes each: the recipe, and where its array lies
//   arrays   each at a multiple of 64 bytes
#include "base/array_cache.h"

#include <cstring>

#include "base/atomic_file.h"
#include "base/hash.h"
#include "base/mapped_file.h"
#include "base/try.h"

namespace liteforge {
namespace {

constexpr size_t kAlignment = 64;
constexpr char kCacheMagic[8] = {'L', 'F', 'A', 'R', 'R', 'A', 'Y', '1'};

size_t Aligned(size_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace

struct ArrayCache::Header {
  char magic[8] = {};
  uint64_t maker_hash = 0;
  uint64_t file_bytes = 0;
  uint64_t entries = 0;
  uint64_t entries_hash = 0;
  uint64_t unused[3] = {};
};

bool ArrayCache::Entry::SameRecipe(const Entry& other) const {
  return source_hash == other.source_hash && numbers == other.numbers &&
         kind == other.kind;
}

ArrayCache::ArrayCache(std::filesystem::path file, std::string maker)
    : file_(std::move(file)), maker_(std::move(maker)) {
  static_assert(sizeof(Header) == 64 && sizeof(Entry) == 80);
  Read();
}

// Leaves entries_ empty where anything is wrong.
void ArrayCache::Read() {
  const auto mapped = MapFile(file_);
  if (!mapped || mapped->size() < sizeof(Header)) return;
  Header header;
  std::memcpy(&header, mapped->data(), sizeof(header));
  const size_t most = (mapped->size() - sizeof(Header)) / sizeof(Entry);
  if (std::memcmp(header.magic, kCacheMagic, sizeof(kCacheMagic)) != 0 ||
      header.maker_hash != HashBytes(std::as_bytes(std::span(maker_))) ||
      header.file_bytes != mapped->size() || header.entries > most)
    return;
  const auto table = mapped->bytes().subspan(
      sizeof(Header), static_cast<size_t>(header.entries) * sizeof(Entry));
  if (header.entries_hash != HashBytes(table)) return;
  std::vector<Entry> entries(static_cast<size_t>(header.entries));
  if (!entries.empty()) std::memcpy(entries.data(), table.data(), table.size());
  for (const Entry& entry : entries) {
    if (entry.offset % kAlignment != 0 || entry.offset > mapped->size() ||
        entry.bytes > mapped->size() - entry.offset)
      return;
  }
  stored_ = *mapped;
  entries_ = std::move(entries);
}

const ArrayCache::Entry* ArrayCache::FindIn(const std::vector<Entry>& entries,
                                            const Entry& wanted) const {
  for (const Entry& entry : entries) {
    if (entry.SameRecipe(wanted) && entry.bytes == wanted.bytes) return &entry;
  }
  return nullptr;
}

Blob ArrayCache::Find(const ArrayRecipe& recipe, size_t bytes,
                      FunctionRef<void(std::byte*)> make) {
  const auto made = [&] {
    Blob array = Blob::Fill(bytes, make);
    ForgetSource(recipe.source);
    return array;
  };
  if (file_.empty()) return made();
  Entry wanted{
      HashBytes(recipe.source), recipe.numbers, recipe.kind, 0, bytes, 0};
  if (const Entry* used = FindIn(used_, wanted))
    return arrays_[static_cast<size_t>(used - used_.data())];
  Blob array;
  if (const Entry* entry = FindIn(entries_, wanted)) {
    array = Slice(stored_, static_cast<size_t>(entry->offset), bytes);
    wanted.hash = HashBytes(array.bytes());
    if (wanted.hash == entry->hash) {
      ForgetSource(recipe.source);
    } else {
      array = {};
    }
  }
  if (array.data() == nullptr) {
    array = made();
    wanted.hash = HashBytes(array.bytes());
    complete_ = false;
  }
  used_.push_back(wanted);
  arrays_.push_back(array);
  return array;
}

void ArrayCache::ForgetSource(std::span<const std::byte> source) const {
  constexpr size_t kWorthwhile = 1 << 16;
  if (source.size() >= kWorthwhile) DropPages(sources_, source);
}

Result<void> ArrayCache::Save() {
  if (complete_) return {};
  std::vector<Entry> entries = used_;
  size_t end = Aligned(sizeof(Header) + entries.size() * sizeof(Entry));
  const std::byte padding[kAlignment] = {};
  Header header;
  std::vector<std::span<const std::byte>> pieces{
      std::as_bytes(std::span(&header, 1)), std::as_bytes(std::span(entries))};
  const auto pad = [&](size_t from, size_t to) {
    if (from < to) pieces.push_back(std::span(padding).first(to - from));
  };
  pad(sizeof(Header) + entries.size() * sizeof(Entry), end);
  for (size_t i = 0; i < entries.size(); ++i) {
    entries[i].offset = end;
    pieces.push_back(arrays_[i].bytes());
    end += arrays_[i].size();
    pad(end, Aligned(end));
    end = Aligned(end);
  }
  std::memcpy(header.magic, kCacheMagic, sizeof(kCacheMagic));
  header.maker_hash = HashBytes(std::as_bytes(std::span(maker_)));
  header.file_bytes = end;
  header.entries = entries.size();
  header.entries_hash = HashBytes(std::as_bytes(std::span(entries)));
  TRY(WriteFileAtomically(file_, pieces));
  complete_ = true;
  return {};
}

}  // namespace liteforge
