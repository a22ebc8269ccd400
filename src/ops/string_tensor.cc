// SPDX-License-Identifier: Apache-2.0
#include "ops/string_tensor.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>

#include "base/try.h"

namespace liteforge {
namespace {

int32_t IntegerAt(std::span<const std::byte> bytes, size_t index) {
  int32_t value = 0;
  std::memcpy(&value, bytes.data() + index * sizeof(value), sizeof(value));
  return value;
}

}  // namespace

size_t EmptyStringsBytes(int64_t elements) {
  return sizeof(int32_t) * (static_cast<size_t>(elements) + 2);
}

void WriteEmptyStrings(int64_t elements, std::byte* to) {
  const auto end = static_cast<int32_t>(EmptyStringsBytes(elements));
  const auto count = static_cast<int32_t>(elements);
  std::memcpy(to, &count, sizeof(count));
  for (int64_t i = 0; i <= elements; ++i)
    std::memcpy(to + sizeof(end) * static_cast<size_t>(i + 1), &end,
                sizeof(end));
}

Result<void> CheckStringTensor(std::span<const std::byte> bytes,
                               int64_t elements) {
  if (bytes.size() < sizeof(int32_t))
    return InvalidModel("a string tensor without a count");
  const int32_t count = IntegerAt(bytes, 0);
  if (count != elements)
    return InvalidModel("holds " + std::to_string(count) + " strings, not " +
                        std::to_string(elements));
  // count >= 0 here: elements is.
  if (bytes.size() < EmptyStringsBytes(count))
    return InvalidModel("a string tensor that ends inside its offsets");
  auto previous = static_cast<int64_t>(EmptyStringsBytes(count));
  for (size_t i = 0; i <= static_cast<size_t>(count); ++i) {
    const int64_t offset = IntegerAt(bytes, i + 1);
    if (offset < previous || offset > static_cast<int64_t>(bytes.size()))
      return InvalidModel("string " + std::to_string(i) +
                          " lies outside the tensor");
    previous = offset;
  }
  return {};
}

Result<std::vector<std::byte>> PackStrings(
    std::span<const std::string> values) {
  size_t bytes = EmptyStringsBytes(static_cast<int64_t>(values.size()));
  for (const std::string& value : values) bytes += value.size();
  if (bytes > std::numeric_limits<int32_t>::max())
    return Unsupported("the strings take " + std::to_string(bytes) +
                       " bytes; a string tensor holds up to 2^31");
  std::vector<std::byte> packed(bytes);
  size_t word = 0;
  const auto write = [&](size_t value) {
    const auto number = static_cast<int32_t>(value);
    std::memcpy(packed.data() + sizeof(number) * word++, &number,
                sizeof(number));
  };
  write(values.size());
  size_t at = EmptyStringsBytes(static_cast<int64_t>(values.size()));
  for (const std::string& value : values) {
    write(at);
    std::ranges::copy(std::as_bytes(std::span(value)),
                      packed.begin() + static_cast<ptrdiff_t>(at));
    at += value.size();
  }
  write(at);
  return packed;
}

std::vector<std::string> UnpackStrings(std::span<const std::byte> bytes) {
  std::vector<std::string> values;
  const int32_t count = bytes.empty() ? 0 : IntegerAt(bytes, 0);
  const auto* text = reinterpret_cast<const char*>(bytes.data());
  for (size_t i = 1; i <= static_cast<size_t>(count); ++i)
    values.emplace_back(text + IntegerAt(bytes, i),
                        text + IntegerAt(bytes, i + 1));
  return values;
}

}  // namespace liteforge
