// SPDX-License-Identifier: Apache-2.0
#include "import/saved_model/effects.h"

#include <algorithm>
#include <vector>

namespace liteforge {
namespace {

using Names = Effects::Names;
using Nodes = google::protobuf::RepeatedPtrField<tf::NodeDef>;
using Arrows =
    std::unordered_map<std::string_view, std::vector<std::string_view>>;

// "^node", "node:1", "node:output:0" -> "node"
std::string_view NodeOf(std::string_view input) {
  if (input.starts_with('^')) input.remove_prefix(1);
  return input.substr(0, input.find(':'));
}

// Adds what arrows lead to from what is in `names`.
void Follow(Arrows& arrows, Names& names) {
  std::vector<std::string_view> open(names.begin(), names.end());
  while (!open.empty()) {
    const std::string_view from = open.back();
    open.pop_back();
    for (const std::string_view to : arrows[from]) {
      if (names.insert(to).second) open.push_back(to);
    }
  }
}

// The functions that a node calls.
std::vector<std::string_view> CalledBy(const tf::NodeDef& node) {
  std::vector<std::string_view> called = {node.op()};
  for (const auto& [key, value] : node.attr()) {
    if (value.has_func()) called.push_back(value.func().name());
    for (const tf::NameAttrList& call : value.list().func())
      called.push_back(call.name());
  }
  return called;
}

}  // namespace

bool AssignsVariable(std::string_view op) {
  for (const std::string_view start :
       {"Assign", "ResourceApply", "ResourceScatter", "ScatterAdd",
        "ScatterNdAdd", "ScatterNdUpdate", "ScatterUpdate"}) {
    if (op.starts_with(start)) return true;
  }
  return false;
}

namespace {

bool ReadsVariable(std::string_view op) {
  return op == "ReadVariableOp" || op.starts_with("ResourceGather");
}

// Variables of TensorFlow 1, which whatever takes them reads.
bool IsReference(std::string_view op) {
  return op == "Variable" || op == "VariableV2";
}

bool CallsAny(const tf::NodeDef& node, const Names& functions) {
  return !functions.empty() &&
         std::ranges::any_of(CalledBy(node), [&](std::string_view called) {
           return functions.contains(called);
         });
}

}  // namespace

Effects::Effects(const GraphIndex& model) : model_(model) {
  Arrows callers;
  for (const auto& function : model.meta().graph_def().library().function()) {
    const std::string_view name = function.signature().name();
    for (const tf::NodeDef& node : function.node_def()) {
      if (AssignsVariable(node.op())) changing_.insert(name);
      if (ReadsVariable(node.op())) reading_.insert(name);
      for (const std::string_view called : CalledBy(node)) {
        if (model.FindFunction(called) != nullptr)
          callers[called].push_back(name);
      }
    }
  }
  Follow(callers, changing_);
  Follow(callers, reading_);
}

bool Effects::Changes(const tf::NodeDef& node) const {
  return AssignsVariable(node.op()) || CallsAny(node, changing_);
}

bool Effects::Reads(const tf::NodeDef& node) const {
  return ReadsVariable(node.op()) || CallsAny(node, reading_);
}

const Names& Effects::Behind(const tf::FunctionDef* function) {
  const auto [found, is_new] = behind_.try_emplace(function);
  Names& names = found->second;
  if (!is_new) return names;
  const Nodes& nodes = function == nullptr ? model_.meta().graph_def().node()
                                           : function->node_def();
  for (const tf::NodeDef& node : nodes) {
    if (Changes(node)) names.insert(node.name());
  }
  if (names.empty()) return names;
  Arrows readers;
  for (const tf::NodeDef& node : nodes) {
    if (Reads(node)) names.insert(node.name());
    for (const std::string& input : node.input())
      readers[NodeOf(input)].push_back(node.name());
  }
  for (const tf::NodeDef& node : nodes) {
    if (!IsReference(node.op())) continue;
    const auto& own = readers[node.name()];
    names.insert(own.begin(), own.end());
  }
  Follow(readers, names);
  return names;
}

}  // namespace liteforge
