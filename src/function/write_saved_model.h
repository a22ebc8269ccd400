// SPDX-License-Identifier: Apache-2.0
// ConcreteFunctions -> a SavedModel's directory, as TensorFlow 1 wrote them and
// every TensorFlow reads them: one graph tagged "serve" with each function as a
// signature, variables restored from a checkpoint by nodes of the graph.
#pragma once

#include <filesystem>
#include <span>

#include "function/concrete_function.h"
#include "liteforge/result.h"

namespace liteforge {

// DIRECTORY/saved_model.pb and DIRECTORY/variables/; the first is written last
// and atomically. Variables that have one name and value in several functions
// are one; nodes of several functions stand under the functions' names. Errors:
// kUnsupported for a graph of more than 2 GB without its variables, which no
// protocol buffer holds; kIo.
Result<void> WriteSavedModel(std::span<const ConcreteFunction> functions,
                             const std::filesystem::path& directory);
Result<void> WriteSavedModel(const ConcreteFunction& function,
                             const std::filesystem::path& directory);

}  // namespace liteforge
