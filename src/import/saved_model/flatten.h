// SPDX-License-Identifier: Apache-2.0
// One signature of a model as one graph: only what its outputs depend on,
// called functions inlined, variables replaced by their values.
//
// Every value is either a tensor of the new graph or a resource, which exists
// only while flattening: the handle of a variable. Reading one gives a
// constant. Functions that must survive (branches, loops) are flattened on
// their own, for the resources that they are called with.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "function/concrete_function.h"
#include "import/saved_model/model_graph.h"
#include "import/saved_model/variables.h"

namespace liteforge {

// A variable's handle: a node of the top graph, or an object of the
// SavedModel that a function captured.
struct Resource {
  const tf::NodeDef* node = nullptr;
  int object = -1;
  std::string name;

  friend bool operator<(const Resource& a, const Resource& b) {
    return std::pair(a.node, a.object) < std::pair(b.node, b.object);
  }
};

// A value while flattening.
struct Operand {
  std::string tensor;  // "node:1" of the new graph; "" for a resource
  std::shared_ptr<const Resource> resource;
  bool by_reference = false;  // TensorFlow 1: the resource is read wherever
                              // a tensor is wanted
};

class Flattener {
 public:
  // All must outlive it.
  Flattener(const ModelGraph& model, const Variables& variables)
      : model_(model), variables_(variables) {}

  // The top graph from `inputs` to `outputs`, whose tensors are named as in
  // the model ("node:0"). Types that are kNone are found.
  Result<ConcreteFunction> FlattenGraph(
      const std::string& name, const std::vector<FunctionArgument>& inputs,
      const std::vector<FunctionArgument>& outputs);

  // A function of the library. Its last arguments are `captured`.
  Result<ConcreteFunction> FlattenFunction(
      const tf::FunctionDef& function, const std::vector<Operand>& captured);

 private:
  struct Scope;
  struct Node;
  using Operands = std::vector<Operand>;

  // `depth` counts functions within functions.
  Flattener(const Flattener& outer)
      : model_(outer.model_),
        variables_(outer.variables_),
        depth_(outer.depth_ + 1) {}

  Result<void> Visit(Scope& scope, std::string_view root);
  Result<void> VisitAll(Scope& scope, std::vector<std::string_view> roots);
  Result<void> Expand(Scope& scope, const tf::NodeDef& def, Node& node);
  Result<Operand> Resolve(Scope& scope, std::string_view input);
  Result<Operands> ResolveInputs(Scope& scope, const tf::NodeDef& def);
  std::string NewName(const std::string& name);
  const std::string& FlatName(Scope& scope, const tf::NodeDef& def);

  // What a node becomes, by its operator.
  Result<void> ExpandResource(Scope& scope, const tf::NodeDef& def, Node& node,
                              const Operands& inputs, bool& done);
  Result<void> Call(Scope& scope, const tf::FunctionDef& function,
                    const tf::NodeDef& def, Node& node, Operands inputs);
  Result<void> CallLater(Scope& scope, const tf::NodeDef& def, Node& node,
                         const Operands& inputs);
  Result<void> Copy(Scope& scope, const tf::NodeDef& def, Node& node,
                    const Operands& inputs);
  Result<void> CopyConst(Scope& scope, const tf::NodeDef& def, Node& node);

  Result<std::string> TensorOf(const Operand& operand, const tf::NodeDef& user);
  Result<std::string> ReadVariable(const Resource& resource);
  std::string AddConst(const std::string& name, const StoredTensor& value);
  Operand AddPlaceholder(const FunctionArgument& argument);
  Result<std::shared_ptr<ConcreteFunction>> Branch(
      const std::string& name, const Operands& arguments, bool drop_resources);
  Result<void> CheckSize() const;

  const ModelGraph& model_;
  const Variables& variables_;
  int depth_ = 0;
  ConcreteFunction function_;
  std::unordered_set<std::string> names_;
  std::map<Resource, std::string> read_;
  std::vector<std::string_view> calls_;  // functions being inlined
};

}  // namespace liteforge
