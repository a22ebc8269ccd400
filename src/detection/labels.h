// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "liteforge/result.h"

namespace liteforge {

// What ReadLabels makes of a text file's and of a label map's content.
Result<std::vector<std::string>> ParseLabelLines(std::string_view text);
Result<std::vector<std::string>> ParseLabelMap(std::string_view text);

}  // namespace liteforge
