// SPDX-License-Identifier: Apache-2.0
// What the targets that read TensorFlow's files start from.
#pragma once

#include <string>
#include <vector>

namespace liteforge {

struct SeedFile {
  std::string target, name, bytes;
};

std::vector<SeedFile> SeedGraphs();

}  // namespace liteforge
