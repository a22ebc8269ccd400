// SPDX-License-Identifier: Apache-2.0
#include "function/concrete_function.h"

#include <charconv>

namespace liteforge {

InputReference ParseInput(std::string_view input) {
  if (input.starts_with('^')) return {input.substr(1), 0, true};
  const size_t colon = input.rfind(':');
  if (colon == std::string_view::npos) return {input, 0, false};
  int output = 0;
  const char* const end = input.data() + input.size();
  const auto [stop, error] =
      std::from_chars(input.data() + colon + 1, end, output);
  if (error != std::errc() || stop != end) return {input, 0, false};
  return {input.substr(0, colon), output, false};
}

}  // namespace liteforge
