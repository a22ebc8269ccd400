// SPDX-License-Identifier: Apache-2.0
// A key is written so that keys sort as what they stand for does:
//
//   0, the name, the rank, then start and length of each dimension
//
//   number    count of its bytes, then the bytes, most significant first
//             (0 has none)
//   name      00 as 00 FF, FF as FF 00, then 00 01
//   signed    as many leading ones as it has bytes (negative numbers: all
//             bits inverted), then the number; -64 … 63 take one byte
//
// The length of a whole dimension is -1. Source: tensorflow/core/lib/strings/
// ordered_code.cc, tensorflow/core/util/saved_tensor_slice_util.cc.
#include "formats/tensorflow/slice_key.h"

#include <bit>

namespace liteforge {
namespace {

constexpr int64_t kWholeDimension = -1;

void AppendNumber(std::string& key, uint64_t number) {
  const int bytes = (std::bit_width(number) + 7) / 8;
  key += static_cast<char>(bytes);
  for (int i = bytes - 1; i >= 0; --i)
    key += static_cast<char>(number >> (8 * i));
}

void AppendName(std::string& key, std::string_view name) {
  for (const char c : name) {
    key += c;
    if (c == '\0') key += '\xFF';
    if (c == '\xFF') key += '\0';
  }
  key += '\0';
  key += '\1';
}

// A byte of length gives up one bit to the header each, one bit is the sign's:
// n bytes hold 7n - 1 bits of magnitude.
void AppendSigned(std::string& key, int64_t number) {
  const bool negative = number < 0;
  const auto magnitude = static_cast<uint64_t>(negative ? ~number : number);
  const int bytes = std::bit_width(magnitude) / 7 + 1;
  // The header's ones, in the two bytes they may take.
  const uint32_t header = (0xFFFFu << (16 - bytes)) & 0xFFFFu;
  for (int i = bytes - 1; i >= 0; --i) {
    auto byte = i < 8 ? static_cast<uint8_t>(magnitude >> (8 * i)) : uint8_t{0};
    const int from_front = bytes - 1 - i;
    if (from_front == 0) byte |= static_cast<uint8_t>(header >> 8);
    if (from_front == 1) byte |= static_cast<uint8_t>(header & 0xFFu);
    key += static_cast<char>(negative ? ~byte : byte);
  }
}

}  // namespace

Result<SliceExtents> ReadSlice(const tf::TensorSliceProto& slice,
                               const Shape& shape) {
  if (slice.extent_size() != shape.rank())
    return InvalidModel("a slice of it has another rank");
  SliceExtents extents;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const auto& stored = slice.extent(axis);
    SliceExtent extent{0, shape[axis]};
    if (stored.has_length_case() != 0 && stored.length() != kWholeDimension)
      extent = {stored.start(), stored.length()};
    if (extent.start < 0 || extent.length < 0 || extent.length > shape[axis] ||
        extent.start > shape[axis] - extent.length)
      return InvalidModel("a slice of it lies outside " + shape.ToString());
    extents.push_back(extent);
  }
  return extents;
}

std::string SliceKey(std::string_view tensor,
                     const tf::TensorSliceProto& slice) {
  std::string key;
  AppendNumber(key, 0);
  AppendName(key, tensor);
  AppendNumber(key, static_cast<uint64_t>(slice.extent_size()));
  for (const auto& extent : slice.extent()) {
    const bool whole =
        extent.has_length_case() == 0 || extent.length() == kWholeDimension;
    AppendSigned(key, whole ? 0 : extent.start());
    AppendSigned(key, whole ? kWholeDimension : extent.length());
  }
  return key;
}

}  // namespace liteforge
