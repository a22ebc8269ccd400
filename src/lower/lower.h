// SPDX-License-Identifier: Apache-2.0
// ConcreteFunction -> ir::Module: TensorFlow operations to TFLite's.
#pragma once

#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "function/concrete_function.h"
#include "ir/graph.h"
#include "liteforge/result.h"

namespace liteforge {

// Computes a node whose inputs are all constant. convert/ supplies the real
// interpreter, run on a one-node model.
class ConstantEvaluator {
 public:
  virtual ~ConstantEvaluator() = default;
  struct Output {
    DataType type;
    Shape shape;
    Blob data;
  };
  // One per output of the node. An error means "leave it in the graph".
  virtual Result<std::vector<Output>> Evaluate(const ir::Node& node) = 0;
};

// Walks the function in topological order. Every node made is shaped at once
// (ops/infer.h) and, when all its inputs are constant, evaluated at once.
// All operations that cannot be lowered are named in one kUnsupported error,
// with their nodes.
//
// Each function is a graph and a signature of the module, in their order; its
// name is the signature's key. The first runs where nobody asks for a
// signature. A variable that several functions hold is one, set up by whichever
// runs first. kInvalidArgument where two have one name.
struct LowerOptions {
  // Operations that become CUSTOM where there is nothing else for them.
  std::set<std::string> custom_ops;
  // When given, functions but the first that cannot be expressed are no error:
  // they are left out, and why is added here.
  std::vector<Error>* left_out = nullptr;
};
Result<std::unique_ptr<ir::Module>> Lower(
    std::span<const ConcreteFunction> functions, ConstantEvaluator& evaluator,
    const LowerOptions& options = {});
Result<std::unique_ptr<ir::Module>> Lower(const ConcreteFunction& function,
                                          ConstantEvaluator& evaluator);

}  // namespace liteforge
