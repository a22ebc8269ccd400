// SPDX-License-Identifier: Apache-2.0
// SavedModels and graph files -> ConcreteFunction.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "function/concrete_function.h"

namespace liteforge {

struct SavedModelSelection {
  // Of the graph to take; empty: the one tagged "serve", or the only one.
  std::vector<std::string> tags;
  // The one signature to take; empty: all.
  std::string signature;
  // A function of the library instead of signatures.
  std::string function;
  // Functions marked with one of these names ("_implements") are kept as nodes
  // of that name.
  std::set<std::string> custom_ops;
};

struct SavedModelFunctions {
  // "serving_default" first, the others sorted; never empty.
  std::vector<ConcreteFunction> functions;
  // Why signatures are not among them.
  std::vector<Error> left_out;
};

// Functions of a SavedModel's directory, named as their signatures. Their
// inputs and outputs are named and ordered by the signature's keys, sorted.
// Errors name the directory; a tag, signature or function that is not there is
// answered with those that are. Of several signatures the first must be one
// that can be imported; others may be left out for kUnsupported.
Result<SavedModelFunctions> ImportSavedModel(
    const std::filesystem::path& directory,
    const SavedModelSelection& selection);

struct SavedModelSummary {
  std::string tensorflow_version;
  std::vector<std::string> tags;
  std::vector<std::string> signatures;  // "serving_default" first
};

// Of the graph tagged "serve", or the only one.
Result<SavedModelSummary> SummarizeSavedModel(
    const std::filesystem::path& directory);

struct GraphSelection {
  // Tensors, "node" or "node:1". Without inputs: the Placeholders that the
  // outputs depend on. Without outputs: what no other node reads.
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
};

// A GraphDef in which variables are frozen to constants, .pb or .pbtxt.
// Inputs and outputs are named as they are given, found ones by their nodes.
Result<ConcreteFunction> ImportGraph(const std::filesystem::path& path,
                                     const GraphSelection& selection);

}  // namespace liteforge
