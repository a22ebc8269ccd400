// SPDX-License-Identifier: Apache-2.0
// TFLite Metadata of a converted model: what its tensors mean.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "function/concrete_function.h"
#include "liteforge/result.h"

namespace liteforge {

struct ModelNotes {
  std::map<std::string, Blob> metadata;                    // by entry
  std::vector<std::pair<std::string, std::string>> files;  // to pack behind it
};

// What is known of `function`: a detector's roles of outputs, the normalization
// of its image where that is noted, the labels of a file. Empty when
// nothing is. Errors: kIo, kInvalidModel for the labels, naming their file.
Result<ModelNotes> DescribeModel(const ConcreteFunction& function,
                                 const std::filesystem::path& labels);

}  // namespace liteforge
