// SPDX-License-Identifier: Apache-2.0
// Functions that a node calls by an attribute: branches, conditions, bodies of
// loops (ConcreteFunction::functions).
#pragma once

#include <string>
#include <vector>

#include "function/concrete_function.h"
#include "ir/graph.h"
#include "liteforge/result.h"

namespace liteforge {

class CalledFunctions {
 public:
  virtual ~CalledFunctions() = default;

  // What a function is given: an input of this type and shape, or a constant,
  // which becomes one in the function's graph.
  struct Argument {
    DataType type = DataType::kNone;
    Shape shape;
    const ir::Value* constant = nullptr;
  };

  // What the function makes of the caller's values, written into the caller's
  // graph. One value an output.
  virtual Result<std::vector<ir::Value*>> Inline(
      const std::string& function,
      const std::vector<ir::Value*>& arguments) = 0;
  // The same of a function at hand, which brings the functions that it calls.
  virtual Result<std::vector<ir::Value*>> Inline(
      const ConcreteFunction& function,
      const std::vector<ir::Value*>& arguments) = 0;

  // The function as a graph of its own, the module's last; its number there.
  // Inputs are the arguments that are no constants, outputs those that are
  // `kept`.
  virtual Result<int> Lower(const std::string& function,
                            const std::vector<Argument>& arguments,
                            const std::vector<bool>& kept) = 0;
  // A function without arguments that sets up the resource `key`, as a graph of
  // its own: the same one whenever the module sets up this resource.
  virtual Result<int> LowerInitializer(const std::string& key,
                                       const std::string& function) = 0;
  virtual const ir::Graph& graph(int index) const = 0;
  // Forgets the graphs that were made since there were `count`.
  virtual int graph_count() const = 0;
  virtual void Forget(int count) = 0;

  virtual Result<size_t> OutputCount(const std::string& function) const = 0;
  // Whether output i is argument i, unchanged.
  virtual bool HandsOn(const std::string& function, size_t i) const = 0;
  // Whether anybody needs output i of the node that is being lowered.
  virtual bool IsRead(size_t i) const = 0;
};

}  // namespace liteforge
