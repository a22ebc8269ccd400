// SPDX-License-Identifier: Apache-2.0
// A part of a model as one graph: only what its outputs depend on, called
// functions inlined, variables replaced by their values.
//
// Every value is either a tensor of the new graph or a resource, which exists
// only while flattening: the handle of a variable. Reading one gives a
// constant. Functions that must survive (branches, loops) are flattened on
// their own, for the resources that they are called with.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "function/concrete_function.h"
#include "import/saved_model/graph_index.h"
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
  bool is_node = false;       // a node's first output; the others are "node:N"
  bool is_handle() const { return resource != nullptr && !by_reference; }
};

class Flattener {
 public:
  // Both must outlive it.
  Flattener(const GraphIndex& model, const Variables& variables)
      : model_(model), variables_(variables) {}

  // The top graph from `inputs` to `outputs`, whose tensors are named as in
  // the model ("node:0"). Types of inputs that are kNone, and shapes of no
  // known rank, are taken from the node.
  Result<ConcreteFunction> FlattenGraph(
      const std::string& name, const std::vector<FunctionArgument>& inputs,
      const std::vector<FunctionArgument>& outputs);

  // A function of the library. Those of its arguments that are handles in
  // `arguments` are bound; the others become inputs. Handles that it returns
  // are left out.
  Result<ConcreteFunction> FlattenFunction(
      const tf::FunctionDef& function, const std::vector<Operand>& arguments,
      const tf::NameAttrList& call);

 private:
  using Operands = std::vector<Operand>;
  using AttributeMap = google::protobuf::Map<std::string, tf::AttrValue>;
  struct Scope;
  struct Point;  // where an input of a node points

  // For a function within: knows what is being called, builds a new graph.
  Result<std::shared_ptr<ConcreteFunction>> FlattenBranch(
      const tf::NameAttrList& call, const Operands& arguments);
  Result<const tf::FunctionDef*> Called(const tf::NameAttrList& call) const;
  // Before and after what happens in a function's body; arguments are bound
  // between. Leave gives what it returns.
  Result<void> Enter(Scope& scope, const tf::FunctionDef& function);
  Result<Operands> Leave(Scope& scope);

  Result<void> Visit(Scope& scope, std::string_view root);
  Result<Point> Locate(const Scope& scope, std::string_view input) const;
  Result<Operand> Resolve(Scope& scope, std::string_view input);
  Result<Operands> ResolveInputs(Scope& scope, const tf::NodeDef& def);
  Result<Operands> Expand(Scope& scope, const tf::NodeDef& def);

  // What a node becomes.
  Result<Operands> Copy(Scope& scope, const tf::NodeDef& def,
                        const Operands& inputs);
  Result<Operands> CopyConst(const std::string& name, const tf::NodeDef& def);
  Result<Operands> Inline(Scope& scope, const tf::NodeDef& def,
                          const tf::NameAttrList& call, const Operands& inputs);
  Result<Operands> CopyComposite(Scope& scope, const tf::NodeDef& def,
                                 const tf::NameAttrList& composite,
                                 const Operands& inputs);
  Result<Operands> CallLater(Scope& scope, const tf::NodeDef& def,
                             const Operands& inputs);
  Result<Operands> ReadResource(Scope& scope, const tf::NodeDef& def,
                                const Operands& inputs);
  Result<void> CheckAssignments(const Scope& scope, const tf::NodeDef& def);

  Result<std::string> TensorOf(const Operand& operand);
  std::string NewName(const std::string& name);
  std::string AddConst(const std::string& name, DataType type,
                       const Shape& shape, Blob data);
  Operand AddPlaceholder(FunctionArgument argument);
  Result<void> CheckSize() const;

  const GraphIndex& model_;
  const Variables& variables_;
  ConcreteFunction function_;
  std::unordered_set<std::string> names_;
  std::map<Resource, std::string> read_;
  std::vector<std::string_view> calls_;  // functions being flattened, outermost
                                         // first
};

}  // namespace liteforge
