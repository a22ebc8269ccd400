// SPDX-License-Identifier: Apache-2.0
//   VarHandleOp(shared_name) <- ReadVariableOp   =>   Const named shared_name
#include "function/freeze_variables.h"

#include <algorithm>
#include <set>

#include "function/trace.h"

namespace liteforge {
namespace {

using Names = std::map<std::string, std::string, std::less<>>;

// Of the function's handles, by node.
Names SharedNames(const ConcreteFunction& function) {
  Names names;
  for (const tf::NodeDef& node : function.graph.node()) {
    if (node.op() == "VarHandleOp")
      names[node.name()] = node.attr().at("shared_name").s();
  }
  return names;
}

// What sets up a variable assigns it too.
std::set<std::string> Initializers(const ConcreteFunction& function) {
  std::set<std::string> names;
  for (const tf::NodeDef& node : function.graph.node()) {
    if (node.op() == "VarHandleOp")
      names.insert(node.attr().at("initializer").func().name());
  }
  return names;
}

void FindAssigned(const ConcreteFunction& function,
                  std::set<std::string>& assigned) {
  const Names handles = SharedNames(function);
  for (const tf::NodeDef& node : function.graph.node()) {
    if (node.op() == "AssignVariableOp")
      assigned.insert(handles.at(node.input(0)));
  }
  const auto initializers = Initializers(function);
  for (const auto& [name, called] : function.functions) {
    if (!initializers.contains(name)) FindAssigned(*called, assigned);
  }
}

class Freezer {
 public:
  using Variables = std::map<std::string, std::shared_ptr<const VariableState>>;
  Freezer(const Variables& variables, const std::set<std::string>& assigned)
      : variables_(variables), assigned_(assigned) {}

  void Freeze(ConcreteFunction& function) const {
    const auto initializers = Initializers(function);
    for (auto& [name, called] : function.functions) {
      if (initializers.contains(name)) continue;
      auto frozen = std::make_shared<ConcreteFunction>(*called);
      Freeze(*frozen);
      called = std::move(frozen);
    }
    const Names handles = SharedNames(function);
    Names names;      // of the constants, by variable
    Names constants;  // the same, by the reads that go
    tf::GraphDef graph;
    *graph.mutable_versions() = function.graph.versions();
    for (tf::NodeDef& node : *function.graph.mutable_node()) {
      const std::string* variable = Frozen(node, handles);
      if (variable == nullptr) {
        *graph.add_node() = std::move(node);
      } else if (node.op() == "VarHandleOp") {
        function.functions.erase(node.attr().at("initializer").func().name());
      } else {
        std::string& name = names[*variable];
        if (name.empty()) {
          name = IsTaken(function, *variable) ? node.input(0) : *variable;
          AddConstant(function, *variable, name, graph);
        }
        constants[node.name()] = name;
      }
    }
    for (tf::NodeDef& node : *graph.mutable_node()) Redirect(node, constants);
    for (FunctionArgument& output : function.outputs) {
      if (const auto read = constants.find(output.tensor);
          read != constants.end())
        output.tensor = read->second;
    }
    function.graph = std::move(graph);
  }

 private:
  // The name of the variable that the node holds or reads, if it is frozen.
  const std::string* Frozen(const tf::NodeDef& node,
                            const Names& handles) const {
    const bool reads = node.op() == "ReadVariableOp";
    if (!reads && node.op() != "VarHandleOp") return nullptr;
    const auto handle = handles.find(reads ? node.input(0) : node.name());
    if (handle == handles.end() || assigned_.contains(handle->second))
      return nullptr;
    return &handle->second;
  }

  static bool IsTaken(const ConcreteFunction& function,
                      const std::string& name) {
    return std::ranges::any_of(
        function.graph.node(),
        [&](const tf::NodeDef& node) { return node.name() == name; });
  }

  void AddConstant(ConcreteFunction& function, const std::string& variable,
                   const std::string& name, tf::GraphDef& graph) const {
    const VariableState& state = *variables_.at(variable);
    tf::NodeDef& node = *graph.add_node();
    node.set_name(name);
    node.set_op("Const");
    (*node.mutable_attr())["dtype"].set_type(ToTensorFlow(state.type));
    tf::TensorProto& value = *(*node.mutable_attr())["value"].mutable_tensor();
    value.set_dtype(ToTensorFlow(state.type));
    *value.mutable_tensor_shape() = ToTensorFlow(state.shape);
    function.constants[name] = state.initial;
    function.variables.insert(name);
  }

  static void Redirect(tf::NodeDef& node, const Names& constants) {
    auto& inputs = *node.mutable_input();
    for (std::string& input : inputs) {
      const auto read = constants.find(input);
      if (read != constants.end()) input = read->second;
    }
    // Nothing waits for a constant.
    const auto end = std::remove_if(
        inputs.begin(), inputs.end(), [&](const std::string& input) {
          return input.starts_with('^') && constants.contains(input.substr(1));
        });
    inputs.erase(end, inputs.end());
  }

  const Variables& variables_;
  const std::set<std::string>& assigned_;
};

}  // namespace

void FreezeVariables(
    std::vector<ConcreteFunction>& model,
    const std::map<std::string, std::shared_ptr<const VariableState>>&
        variables) {
  std::set<std::string> assigned;
  for (const ConcreteFunction& function : model)
    FindAssigned(function, assigned);
  const Freezer freezer(variables, assigned);
  for (ConcreteFunction& function : model) freezer.Freeze(function);
}

}  // namespace liteforge
