// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "cli/command.h"

std::string WithThousands(int64_t number) {
  std::string text = std::to_string(number);
  for (auto at = static_cast<int>(text.size()) - 3; at > 0; at -= 3) {
    text.insert(static_cast<size_t>(at), ",");
  }
  return text;
}
