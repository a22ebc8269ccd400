// SPDX-License-Identifier: Apache-2.0
// Entries of the table:
//
//   ""       BundleHeaderProto
//   name     BundleEntryProto: where its bytes lie
//   0x00 …   BundleEntryProto of one slice of a partitioned tensor
//            (slice_key.h)
//
// A tensor's bytes are its elements; a string tensor's are
//
//   varint length of each element, u32 masked CRC-32C, the characters
//
// where the checksum within covers the lengths, each as a u32 (u64 when it
// does not fit), and the entry's covers those, the stored checksum and the
// characters. Source: tensorflow/core/util/tensor_bundle/tensor_bundle.cc.
#include "formats/tensorflow/tensor_bundle.h"

#include <fmt/format.h>

#include <cstring>

#include "base/mapped_file.h"
#include "base/try.h"
#include "formats/tensorflow/crc32c.h"
#include "formats/tensorflow/slice_key.h"
#include "formats/tensorflow/sorted_table.h"
#include "formats/tensorflow/tensor_proto.h"

namespace liteforge {
namespace {

constexpr int64_t kMaxEntryBytes = int64_t{1} << 40;

Result<void> CheckHeader(const std::string& bytes,
                         tf::BundleHeaderProto& header) {
  if (!header.ParseFromString(bytes))
    return InvalidModel("its header is damaged");
  if (header.endianness() != tf::BundleHeaderProto::LITTLE) {
    return Unsupported(
        "was written on a big-endian machine, which liteforge does not read; "
        "save it again on a little-endian one");
  }
  if (header.num_shards() < 0 || header.num_shards() > 99999)
    return InvalidModel(fmt::format("claims {} shards", header.num_shards()));
  return {};
}

template <class T>
uint32_t Extend(uint32_t crc, T value) {
  return Crc32c(std::as_bytes(std::span(&value, 1)), crc);
}

// Takes a varint off the front; false: cut short.
bool TakeVarint(std::span<const std::byte>& bytes, uint64_t& value) {
  value = 0;
  for (int shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = std::to_integer<uint64_t>(bytes.front());
    bytes = bytes.subspan(1);
    value |= (byte & 0x7Fu) << shift;
    if ((byte & 0x80u) == 0) return true;
  }
  return false;
}

Result<std::vector<std::string>> SplitStrings(std::span<const std::byte> bytes,
                                              int64_t count, uint32_t stored) {
  const auto cut_short = InvalidModel("its strings are cut short");
  // A string takes a byte at least, for its length.
  if (count < 0 || static_cast<uint64_t>(count) > bytes.size())
    return cut_short;
  std::vector<uint64_t> lengths(static_cast<size_t>(count));
  uint32_t crc = 0;
  for (uint64_t& length : lengths) {
    if (!TakeVarint(bytes, length)) return cut_short;
    crc = length <= UINT32_MAX ? Extend(crc, static_cast<uint32_t>(length))
                               : Extend(crc, length);
  }
  uint32_t lengths_crc;
  if (bytes.size() < sizeof(lengths_crc)) return cut_short;
  std::memcpy(&lengths_crc, bytes.data(), sizeof(lengths_crc));
  if (UnmaskCrc(lengths_crc) != crc)
    return InvalidModel("the checksum of its lengths is wrong");
  bytes = bytes.subspan(sizeof(lengths_crc));
  if (Crc32c(bytes, Extend(crc, lengths_crc)) != UnmaskCrc(stored))
    return InvalidModel("its checksum is wrong; the file is damaged");
  std::vector<std::string> strings;
  for (const uint64_t length : lengths) {
    if (length > bytes.size()) return cut_short;
    strings.emplace_back(reinterpret_cast<const char*>(bytes.data()), length);
    bytes = bytes.subspan(length);
  }
  return strings;
}

// Copies a slice, itself dense, to its place in the whole tensor, one run of
// the last dimension at a time. The extents are within the shape.
void CopySlice(const Shape& shape, const SliceExtents& extents,
               size_t element_bytes, const std::byte* from, std::byte* to) {
  const int rank = shape.rank();
  const int64_t run = rank == 0 ? 1 : extents.back().length;
  std::vector<int64_t> at(static_cast<size_t>(rank));
  const size_t run_bytes = static_cast<size_t>(run) * element_bytes;
  while (true) {
    int64_t offset = 0;
    for (int axis = 0; axis < rank; ++axis) {
      const auto i = static_cast<size_t>(axis);
      offset = offset * shape[axis] + extents[i].start + at[i];
    }
    std::memcpy(to + static_cast<size_t>(offset) * element_bytes, from,
                run_bytes);
    from += run_bytes;
    int axis = rank - 2;
    for (; axis >= 0; --axis) {
      const auto i = static_cast<size_t>(axis);
      if (++at[i] < extents[i].length) break;
      at[i] = 0;
    }
    if (axis < 0) return;
  }
}

int64_t Elements(const SliceExtents& extents) {
  int64_t elements = 1;
  for (const SliceExtent& extent : extents) elements *= extent.length;
  return elements;
}

}  // namespace

Result<TensorBundle> TensorBundle::Open(const std::filesystem::path& prefix) {
  TensorBundle bundle;
  bundle.prefix_ = prefix;
  const std::string index = prefix.string() + ".index";
  TRY_ASSIGN(const Blob file, MapFile(index));
  auto table = ReadSortedTable(file.bytes());
  if (!table) return tl::unexpected(std::move(table.error()).In(index));
  const auto header_bytes = table->find("");
  if (header_bytes == table->end()) {
    return tl::unexpected(
        Error{ErrorCode::kInvalidModel, "has no header", index});
  }
  tf::BundleHeaderProto header;
  TRY_IN(index, CheckHeader(header_bytes->second, header));
  bundle.shards_ = header.num_shards();
  for (auto& [key, value] : *table) {
    if (key.empty()) continue;
    tf::BundleEntryProto entry;
    if (!entry.ParseFromString(value)) {
      return tl::unexpected(Error{ErrorCode::kInvalidModel,
                                  "the entry of '" + key + "' is damaged",
                                  index});
    }
    bundle.entries_.emplace_hint(bundle.entries_.end(), key, std::move(entry));
  }
  return bundle;
}

std::vector<std::string> TensorBundle::Names() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries_) {
    if (name.front() != '\0') names.push_back(name);
  }
  return names;
}

bool TensorBundle::Contains(std::string_view name) const {
  return entries_.find(name) != entries_.end();
}

Result<const tf::BundleEntryProto*> TensorBundle::Find(
    std::string_view name) const {
  const auto found = entries_.find(name);
  if (found != entries_.end()) return &found->second;
  return tl::unexpected(
      Error{ErrorCode::kInvalidModel,
            fmt::format(
                "has no tensor '{}'; the checkpoint is of another model", name),
            prefix_.string() + ".index"});
}

std::filesystem::path TensorBundle::ShardPath(int32_t shard) const {
  return fmt::format("{}.data-{:05}-of-{:05}", prefix_.string(), shard,
                     shards_);
}

Result<Blob> TensorBundle::Shard(int32_t shard) const {
  const auto found = mapped_.find(shard);
  if (found != mapped_.end()) return found->second;
  if (shard < 0 || shard >= shards_) {
    return InvalidModel(fmt::format("shard {} of {} is named", shard, shards_));
  }
  TRY_ASSIGN(const Blob file, MapFile(ShardPath(shard)));
  mapped_[shard] = file;
  return file;
}

Result<Blob> TensorBundle::BytesOf(const tf::BundleEntryProto& entry) const {
  TRY_ASSIGN(const Blob shard, Shard(entry.shard_id()));
  const auto held = static_cast<int64_t>(shard.size());
  if (entry.offset() < 0 || entry.size() < 0 || entry.size() > held ||
      entry.offset() > held - entry.size()) {
    return InvalidModel(fmt::format(
        "its {} bytes at {} lie outside {} of {} bytes; the file is cut short",
        entry.size(), entry.offset(),
        ShardPath(entry.shard_id()).filename().string(), held));
  }
  return Slice(shard, static_cast<size_t>(entry.offset()),
               static_cast<size_t>(entry.size()));
}

Result<StoredTensor> TensorBundle::Describe(std::string_view name) const {
  TRY_ASSIGN(const tf::BundleEntryProto* entry, Find(name));
  return StoredTensor{
      FromTensorFlow(entry->dtype()), FromTensorFlow(entry->shape()), {}};
}

Result<Blob> TensorBundle::Assemble(std::string_view name,
                                    const tf::BundleEntryProto& entry,
                                    const StoredTensor& whole) const {
  const auto element = static_cast<size_t>(ByteSize(whole.type, 1));
  std::vector<SliceExtents> slices;
  int64_t covered = 0;
  for (const tf::TensorSliceProto& slice : entry.slices()) {
    TRY_ASSIGN(SliceExtents extents, ReadSlice(slice, whole.shape));
    covered += Elements(extents);
    slices.push_back(std::move(extents));
    if (covered > whole.shape.elements()) break;
  }
  if (covered != whole.shape.elements())
    return InvalidModel("its slices do not make up the whole");
  std::vector<StoredTensor> parts;
  for (int i = 0; i < entry.slices_size(); ++i) {
    TRY_ASSIGN(const tf::BundleEntryProto* part,
               Find(SliceKey(name, entry.slices(i))));
    if (part->slices_size() > 0)
      return InvalidModel("one of its slices is sliced itself");
    TRY_ASSIGN(StoredTensor stored, ReadEntry(name, *part));
    if (stored.type != whole.type ||
        stored.shape.elements() != Elements(slices[static_cast<size_t>(i)]))
      return InvalidModel("one of its slices has another size or type");
    parts.push_back(std::move(stored));
  }
  std::vector<std::byte> bytes(static_cast<size_t>(whole.shape.elements()) *
                               element);
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].data.empty()) continue;
    CopySlice(whole.shape, slices[i], element, parts[i].data.data(),
              bytes.data());
  }
  return Blob::Own(std::move(bytes));
}

Result<StoredTensor> TensorBundle::ReadEntry(
    std::string_view name, const tf::BundleEntryProto& entry) const {
  StoredTensor tensor{
      FromTensorFlow(entry.dtype()), FromTensorFlow(entry.shape()), {}};
  if (BitWidth(tensor.type) < 8) {
    return Unsupported(fmt::format("a tensor of type {} is not read",
                                   tf::DataType_Name(entry.dtype())));
  }
  const int64_t bytes = ByteSize(tensor.type, tensor.shape.elements());
  if (bytes < 0 || bytes > kMaxEntryBytes)
    return InvalidModel("its shape " + tensor.shape.ToString() +
                        " is not one of a tensor");
  if (entry.slices_size() > 0) {
    TRY_ASSIGN(tensor.data, Assemble(name, entry, tensor));
    return tensor;
  }
  if (bytes != entry.size()) {
    return InvalidModel(fmt::format(
        "{} has {} bytes, and {} are stored",
        liteforge::Describe(tensor.type, tensor.shape), bytes, entry.size()));
  }
  TRY_ASSIGN(tensor.data, BytesOf(entry));
  if (Crc32c(tensor.data.bytes()) != UnmaskCrc(entry.crc32c())) {
    return InvalidModel(
        "its checksum is wrong; the file is damaged, copy it again");
  }
  return tensor;
}

Result<StoredTensor> TensorBundle::Read(std::string_view name) const {
  TRY_ASSIGN(const tf::BundleEntryProto* entry, Find(name));
  auto tensor = ReadEntry(name, *entry);
  if (tensor || tensor.error().code == ErrorCode::kIo) return tensor;
  return tl::unexpected(
      std::move(tensor.error())
          .In(fmt::format("{}: tensor '{}'", prefix_.string(), name)));
}

Result<std::vector<std::string>> TensorBundle::ReadStrings(
    std::string_view name) const {
  TRY_ASSIGN(const tf::BundleEntryProto* entry, Find(name));
  const std::string place =
      fmt::format("{}: tensor '{}'", prefix_.string(), name);
  if (FromTensorFlow(entry->dtype()) != DataType::kString ||
      entry->slices_size() > 0) {
    return tl::unexpected(
        Error{ErrorCode::kInvalidModel, "is no plain string tensor", place});
  }
  auto bytes = BytesOf(*entry);
  if (!bytes) return tl::unexpected(std::move(bytes.error()).In(place));
  auto strings =
      SplitStrings(bytes->bytes(), FromTensorFlow(entry->shape()).elements(),
                   entry->crc32c());
  if (!strings) return tl::unexpected(std::move(strings.error()).In(place));
  return strings;
}

}  // namespace liteforge
