// SPDX-License-Identifier: Apache-2.0
// ConcreteFunction -> a SavedModel's directory, as TensorFlow 1 wrote them and
// every TensorFlow reads them: one graph tagged "serve" with the function as
// its signature, variables restored from a checkpoint by nodes of the graph.
#pragma once

#include <filesystem>

#include "function/concrete_function.h"
#include "liteforge/result.h"

namespace liteforge {

// DIRECTORY/saved_model.pb and DIRECTORY/variables/; the first is written last
// and atomically. Errors: kUnsupported for a graph of more than 2 GB without
// its variables, which no protocol buffer holds; kIo.
Result<void> WriteSavedModel(const ConcreteFunction& function,
                             const std::filesystem::path& directory);

}  // namespace liteforge
