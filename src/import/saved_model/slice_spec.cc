// SPDX-License-Identifier: Apache-2.0
// Dimensions, a space after each, then an extent for each, with colons
// between: "-" for everything or "start,length".
// Source: tensorflow/core/util/saved_tensor_slice_util.cc.
#include "import/saved_model/slice_spec.h"

#include <charconv>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "base/try.h"
#include "formats/tensorflow/slice_key.h"

namespace liteforge {
namespace {

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<int64_t> Number(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty())
    return std::nullopt;
  return number;
}

// nullopt: not such a text, or of another shape.
std::optional<tf::TensorSliceProto> ParseSlice(std::string_view text,
                                               const Shape& shape) {
  const auto words = Split(text, ' ');
  if (static_cast<int>(words.size()) != shape.rank() + 1) return std::nullopt;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (Number(words[static_cast<size_t>(axis)]) != shape[axis])
      return std::nullopt;
  }
  tf::TensorSliceProto slice;
  if (shape.rank() == 0) return slice;
  for (const std::string_view part : Split(words.back(), ':')) {
    auto* extent = slice.add_extent();
    if (part == "-") continue;
    const auto numbers = Split(part, ',');
    if (numbers.size() != 2) return std::nullopt;
    const auto start = Number(numbers[0]);
    const auto length = Number(numbers[1]);
    if (!start || !length) return std::nullopt;
    extent->set_start(*start);
    extent->set_length(*length);
  }
  return slice;
}

}  // namespace

Result<StoredTensor> TakeSlice(StoredTensor whole, std::string_view text) {
  const auto slice = ParseSlice(text, whole.shape);
  if (!slice) {
    return InvalidModel("slice '" + std::string(text) + "' is not one of " +
                        Describe(whole.type, whole.shape));
  }
  TRY_ASSIGN(const SliceExtents extents, ReadSlice(*slice, whole.shape));
  StoredTensor part{whole.type, {}, {}};
  for (const SliceExtent& extent : extents)
    part.shape.Append(static_cast<int32_t>(extent.length));
  const auto element = static_cast<size_t>(ByteSize(whole.type, 1));
  std::vector<std::byte> bytes(static_cast<size_t>(part.shape.elements()) *
                               element);
  for (size_t i = 0; i < bytes.size() / element; ++i) {
    // The element's place in the part, then in the whole.
    int64_t from = 0, stride = 1, rest = static_cast<int64_t>(i);
    for (int axis = part.shape.rank() - 1; axis >= 0; --axis) {
      from +=
          (extents[static_cast<size_t>(axis)].start + rest % part.shape[axis]) *
          stride;
      rest /= part.shape[axis];
      stride *= whole.shape[axis];
    }
    std::memcpy(&bytes[i * element],
                whole.data.data() + static_cast<size_t>(from) * element,
                element);
  }
  part.data = Blob::Own(std::move(bytes));
  return part;
}

}  // namespace liteforge
