// SPDX-License-Identifier: Apache-2.0
#include "kernels/move_elements.h"

#include <new>
#include <numeric>
#include <string>
#include <vector>

#include "kernels/packed_elements.h"
#include "kernels/string_tensor.h"

namespace liteforge {

namespace {

// One element at a time; `from` and `to` in elements.
void MovePacked(const StridedBox& box, int axis, const RuntimeTensor& source,
                int64_t from, RuntimeTensor& target, int64_t to) {
  if (axis == box.rank) return SetPacked(target, to, PackedAt(source, from));
  const auto a = static_cast<size_t>(axis);
  for (int32_t i = 0; i < box.extent[a]; ++i) {
    MovePacked(box, axis + 1, source, from + i * box.from[a], target,
               to + i * box.to[a]);
  }
}

}  // namespace

Result<void> CheckMovable(const RuntimeTensor& tensor) {
  return IsPacked(tensor.type) ? Result<void>() : CheckWhole(tensor);
}

Result<void> CheckWhole(const RuntimeTensor& tensor) {
  const int bits = BitWidth(tensor.type);
  if (tensor.type == DataType::kString || (bits >= 8 && bits % 8 == 0)) {
    return {};
  }
  return Unsupported(std::string(Name(tensor.type)) +
                     " elements are not supported");
}

void MoveStrings(KernelContext& k, const RuntimeTensor& from,
                 std::span<const int32_t> places, RuntimeTensor& to) noexcept {
  try {
    const int32_t count = StringCount(from);
    std::vector<std::string_view> strings;
    strings.reserve(places.size());
    for (int32_t place : places) {
      strings.push_back(place < count ? StringAt(from, place)
                                      : std::string_view());
    }
    SetStrings(k, to, strings);
  } catch (const std::bad_alloc&) {
    k.FailEval("not enough memory for its strings");
  }
}

void MoveBox(KernelContext& k, const StridedBox& box, const RuntimeTensor& from,
             int64_t from_offset, RuntimeTensor& to,
             int64_t to_offset) noexcept {
  if (IsPacked(from.type)) {
    MovePacked(box, 0, from, from_offset, to, to_offset);
    return ClearPadding(to);
  }
  if (from.type != DataType::kString) {
    if (box.is_empty()) return;  // the arrays may be nowhere
    const auto bytes = static_cast<int64_t>(ElementBytes(from));
    const std::byte* source = from.data + from_offset * bytes;
    std::byte* target = to.data + to_offset * bytes;
    if (source != target) CopyBox(box, ElementBytes(from), source, target);
    return;
  }
  // Strings have no fixed place: the walk moves their numbers.
  try {
    std::vector<int32_t> numbers(static_cast<size_t>(from.elements()));
    std::iota(numbers.begin(), numbers.end(), 0);
    std::vector<int32_t> places(static_cast<size_t>(to.elements()));
    if (!box.is_empty())
      CopyBox(box, sizeof(int32_t),
              reinterpret_cast<const std::byte*>(numbers.data() + from_offset),
              reinterpret_cast<std::byte*>(places.data() + to_offset));
    MoveStrings(k, from, places, to);
  } catch (const std::bad_alloc&) {
    k.FailEval("not enough memory for its strings");
  }
}

int64_t IntegerAt(const RuntimeTensor& tensor, int64_t i) {
  switch (tensor.type) {
    case DataType::kInt8:
      return tensor.Data<int8_t>()[i];
    case DataType::kUInt8:
      return tensor.Data<uint8_t>()[i];
    case DataType::kInt16:
      return tensor.Data<int16_t>()[i];
    case DataType::kInt32:
      return tensor.Data<int32_t>()[i];
    case DataType::kInt64:
      return tensor.Data<int64_t>()[i];
    default:
      return 0;
  }
}

bool IsIndexType(DataType type) {
  return type == DataType::kInt32 || type == DataType::kInt64;
}

}  // namespace liteforge
