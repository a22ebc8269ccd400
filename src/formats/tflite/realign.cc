// SPDX-License-Identifier: Apache-2.0
// A table refers to a vector by a forward offset, so a vector may move to the
// end of the file without anything else moving:
//
//   before   … field → [length | elements] …
//   after    … field ─┐ (the old bytes stay) … │ pad [length | elements]
//                     └────────────────────────────→┘
#include "formats/tflite/realign.h"

#include <cstring>
#include <unordered_set>

#include "base/try.h"
#include "formats/tflite/model_reader.h"

namespace liteforge {
namespace {

constexpr size_t kBufferAlignment = 16;
constexpr size_t kLengthBytes = 4;

// The first position from `end` on whose elements are aligned.
size_t Place(size_t end) {
  const size_t elements = (end + kLengthBytes + kBufferAlignment - 1) /
                          kBufferAlignment * kBufferAlignment;
  return elements - kLengthBytes;
}

MisplacedVector DataField(const FileView& file, const tflite::Buffer& buffer) {
  const auto position = [&file](const void* address) {
    return static_cast<size_t>(static_cast<const std::byte*>(address) -
                               file.bytes.data());
  };
  const auto& table = reinterpret_cast<const flatbuffers::Table&>(buffer);
  return {position(table.GetAddressOf(tflite::Buffer::VT_DATA)),
          position(buffer.data()), buffer.data()->size()};
}

class ConstantSearch {
 public:
  explicit ConstantSearch(const FileView& file) : file_(file) {}

  Result<void> Look(const tflite::Tensor& tensor) {
    const int bits = BitWidth(static_cast<DataType>(tensor.type()));
    const auto data = FindTensorData(file_, tensor);
    if (bits < 64 || !data.has_value()) return {};
    if (reinterpret_cast<uintptr_t>(data->data()) % 8 == 0) return {};
    const tflite::Buffer& buffer = *file_.model.buffers()->Get(tensor.buffer());
    if (Count(buffer.data()) == 0) {
      return InvalidModel("its data behind the FlatBuffer is not aligned");
    }
    if (seen_.insert(tensor.buffer()).second) {
      found_.push_back(DataField(file_, buffer));
    }
    return {};
  }

  std::vector<MisplacedVector> Found() && { return std::move(found_); }

 private:
  const FileView& file_;
  std::unordered_set<uint32_t> seen_;
  std::vector<MisplacedVector> found_;
};

}  // namespace

Result<std::vector<MisplacedVector>> FindMisplacedConstants(
    const FileView& file) {
  ConstantSearch search(file);
  for (uint32_t g = 0; g < file.model.subgraphs()->size(); ++g) {
    const auto* tensors = file.model.subgraphs()->Get(g)->tensors();
    for (uint32_t i = 0; i < Count(tensors); ++i) {
      TRY_IN(SubgraphPlace(g) + ": " + TensorPlace(i, *tensors->Get(i)),
             search.Look(*tensors->Get(i)));
    }
  }
  return std::move(search).Found();
}

Result<Blob> Realign(const Blob& file,
                     const std::vector<MisplacedVector>& misplaced) {
  size_t end = file.size();
  for (const MisplacedVector& vector : misplaced) {
    end = Place(end) + kLengthBytes + vector.bytes;
  }
  if (end >= FLATBUFFERS_MAX_BUFFER_SIZE) {
    return Unsupported(
        "has 8-byte numbers that are not aligned, and at nearly 2 GB is too "
        "large to put them right; write it anew with a current converter");
  }
  std::vector<std::byte> copy(end);
  std::memcpy(copy.data(), file.data(), file.size());
  end = file.size();
  for (const MisplacedVector& vector : misplaced) {
    const size_t place = Place(end);
    std::memcpy(copy.data() + place, file.data() + vector.vector,
                kLengthBytes + vector.bytes);
    const auto offset = static_cast<uint32_t>(place - vector.field);
    std::memcpy(copy.data() + vector.field, &offset, sizeof(offset));
    end = place + kLengthBytes + vector.bytes;
  }
  return Blob::Own(std::move(copy));
}

}  // namespace liteforge
