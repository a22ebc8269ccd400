// SPDX-License-Identifier: Apache-2.0
#include "kernels/string_tensor.h"

#include <algorithm>
#include <cstring>
#include <span>

namespace liteforge {
namespace {

int32_t WordAt(const RuntimeTensor& tensor, size_t word) {
  int32_t value = 0;
  if ((word + 1) * sizeof(value) <= tensor.bytes) {
    std::memcpy(&value, tensor.data + word * sizeof(value), sizeof(value));
  }
  return value;
}

}  // namespace

int32_t StringCount(const RuntimeTensor& tensor) {
  const int32_t count = WordAt(tensor, 0);
  const auto room = static_cast<int64_t>(tensor.bytes / sizeof(int32_t)) - 2;
  return count > 0 && count <= room ? count : 0;
}

std::string_view StringAt(const RuntimeTensor& tensor, int32_t i) {
  const int32_t begin = WordAt(tensor, static_cast<size_t>(i) + 1);
  const int32_t end = WordAt(tensor, static_cast<size_t>(i) + 2);
  if (begin < 0 || end < begin || static_cast<size_t>(end) > tensor.bytes) {
    return {};
  }
  return {reinterpret_cast<const char*>(tensor.data) + begin,
          static_cast<size_t>(end - begin)};
}

void SetStrings(KernelContext& k, RuntimeTensor& output,
                const std::vector<std::string_view>& strings) noexcept {
  size_t bytes = sizeof(int32_t) * (strings.size() + 2);
  const size_t header = bytes;
  for (std::string_view text : strings) bytes += text.size();
  if (bytes > INT32_MAX) {
    return k.FailEval("its strings take more than 2 GB");
  }
  if (auto done = k.host().Resize(output, output.shape, bytes); !done) {
    return k.FailEval(done.error().message);
  }
  auto* words = output.MutableData<int32_t>();
  std::byte* at = output.data + header;
  words[0] = static_cast<int32_t>(strings.size());
  for (size_t i = 0; i < strings.size(); ++i) {
    words[i + 1] = static_cast<int32_t>(at - output.data);
    at = std::ranges::copy(std::as_bytes(std::span(strings[i])), at).out;
  }
  words[strings.size() + 1] = static_cast<int32_t>(at - output.data);
}

}  // namespace liteforge
