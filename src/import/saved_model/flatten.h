// SPDX-License-Identifier: Apache-2.0
// A part of a model as one graph: only what its outputs depend on, called
// functions inlined, variables replaced by their values.
//
// Every value is either a tensor of the new graph or a resource, which exists
// only while flattening: the handle of a variable or of a table. Reading a
// variable gives a constant, unless it is one of those that the model assigns
// while it runs: these stay variables. Functions that must survive (branches,
// loops) are flattened on their own, for the resources that they are called
// with.
//
// What has an effect is written in the order in which TensorFlow runs it: each
// assignment comes after the effects before it, and the first output after the
// last of them (control inputs, ConcreteFunction's only ones).
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "function/concrete_function.h"
#include "import/saved_model/effects.h"
#include "import/saved_model/graph_index.h"
#include "import/saved_model/resource.h"
#include "import/saved_model/tables.h"
#include "import/saved_model/variables.h"

namespace liteforge {

// A value while flattening.
struct Operand {
  std::string tensor;  // "node:1" of the new graph; "" for a resource
  std::shared_ptr<const Resource> resource;
  bool by_reference = false;  // TensorFlow 1: the resource is read wherever
                              // a tensor is wanted
  bool is_node = false;       // a node's first output; the others are "node:N"
  bool is_handle() const { return resource != nullptr && !by_reference; }
};

// What flattening looks things up in. All must outlive the flatteners.
struct FlattenSource {
  const GraphIndex& model;
  const Variables& variables;
  const Tables& tables;
  // What functions may be marked as ("_implements") that the caller has an
  // operator for.
  const std::set<std::string>& custom_ops;
  Effects& effects;
  // The variables that keep what is assigned to them. Flattening adds those
  // that it finds assigned; what was written before is then wrong, and is to be
  // flattened again.
  std::set<Resource>& assigned;
};

class Flattener {
 public:
  explicit Flattener(const FlattenSource& source) : source_(source) {}

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
  struct Branch {
    std::shared_ptr<ConcreteFunction> function;
    bool has_effect = false;
  };
  Result<Branch> FlattenBranch(const tf::NameAttrList& call,
                               const Operands& arguments);
  Result<const tf::FunctionDef*> Called(const tf::NameAttrList& call) const;
  // Before and after what happens in a function's body; arguments are bound
  // between. Leave gives what it returns.
  Result<void> Enter(Scope& scope, const tf::FunctionDef& function);
  Result<Operands> Leave(Scope& scope);
  Result<void> RunEffects(Scope& scope);

  Result<void> Visit(Scope& scope, std::string_view root);
  const tf::NodeDef* FindNode(const Scope& scope, std::string_view name) const;
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
                                 const tf::FunctionDef& function,
                                 const tf::NameAttrList& composite,
                                 const Operands& inputs);
  // A call that stays one, of a function that stands for `composite`: the
  // node's attributes are the composite's, "_implements" its name.
  Result<Operands> KeepCall(Scope& scope, const tf::NodeDef& def,
                            const tf::NameAttrList& call,
                            const tf::NameAttrList& composite,
                            const Branch& body, const Operands& inputs);
  Result<Operands> CallLater(Scope& scope, const tf::NodeDef& def,
                             const Operands& inputs);
  // A Case as an If within an If …; `tensors` become what the first takes.
  Result<tf::NodeDef> CaseAsIf(const std::string& name,
                               std::vector<Branch> branches, Operands& tensors);
  std::string AddFunction(const std::string& name, const Branch& branch);

  // Nodes that work on resources (flatten_resources.cc).
  Result<Operands> OnResource(Scope& scope, const tf::NodeDef& def,
                              const Operands& inputs);
  Result<Operands> OnVariable(Scope& scope, const tf::NodeDef& def,
                              const Operands& inputs);
  Result<Operands> OnTable(Scope& scope, const tf::NodeDef& def,
                           const Operands& inputs);
  Result<Operands> Assign(Scope& scope, const tf::NodeDef& def,
                          const Operands& inputs);
  std::string PlaceIn(const std::string& name, const TableContents& table,
                      const std::string& keys);
  std::string Join(const std::string& name, const std::string& a,
                   const std::string& b, const std::string& axis,
                   DataType type);
  Result<std::string> ValuesOf(const std::string& name,
                               const TableContents& table,
                               const std::string& otherwise);
  Result<Operands> SearchTable(const std::string& name,
                               const TableContents& table,
                               const std::string& keys,
                               const Operand& otherwise);
  Result<std::string> ConstantString(const std::string& tensor) const;
  // The tensor, or what the variable holds now.
  Result<std::string> TensorOf(const Operand& operand);
  Result<StoredTensor> ValueOf(const Resource& variable) const;
  Result<std::string> ReadNow(const Resource& variable);
  Result<std::string> HandleOf(const Resource& variable);
  Result<std::string> HandleOfTable(const Resource& table,
                                    const TableContents& contents);

  // Nodes of the new graph.
  tf::NodeDef& AddNode(const std::string& op, const std::string& name,
                       std::initializer_list<std::string> inputs);
  std::string NewName(const std::string& name);
  std::string AddConst(const std::string& name, DataType type,
                       const Shape& shape, Blob data);
  std::string AddInt(const std::string& name, int32_t value);
  Operand AddPlaceholder(FunctionArgument argument);
  // The node runs after the last effect; and is one itself.
  void After(tf::NodeDef& node) const;
  void HasEffect(const tf::NodeDef& node) { last_effect_ = node.name(); }
  // Makes the first output come after all effects.
  void TieEffects();
  Result<void> CheckSize() const;
  Result<void> CheckRepeated(int64_t bytes, const tf::TensorProto& tensor);

  const FlattenSource source_;
  ConcreteFunction function_;
  std::unordered_set<std::string> names_;
  std::map<Resource, std::string> read_;  // constants
  std::map<Resource, tf::NodeDef*> handles_;
  // What has been used up, branches included: nodes and calls, and bytes of
  // constants that repeat a value.
  int64_t spent_ = 0;
  int64_t repeated_bytes_ = 0;
  std::string last_effect_;              // a node; "" before the first
  std::vector<std::string_view> calls_;  // functions being flattened, outermost
                                         // first
};

}  // namespace liteforge
