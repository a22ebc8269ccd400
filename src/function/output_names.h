// SPDX-License-Identifier: Apache-2.0
// What TensorFlow calls the outputs of its operators: inside functions an input
// is not "node:1" but "node:indices:0".
#pragma once

#include <string_view>

namespace liteforge {

// The number of the output that "node:argument:offset" means. Operators that
// are not in the table have one output argument.
int OutputIndexOf(std::string_view op, std::string_view argument, int offset);

struct OutputArgument {
  std::string_view name;
  int offset = 0;
};
// The inverse.
OutputArgument OutputArgumentOf(std::string_view op, int index);

}  // namespace liteforge
