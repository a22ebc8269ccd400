// SPDX-License-Identifier: Apache-2.0
// Constants with the same type, shape, quantization and bytes become one, and
// so do nodes that compute the same from the same operands. Nodes with effects
// or state of their own stay: two random numbers are not one.
#include <algorithm>
#include <cstring>
#include <map>
#include <tuple>

#include "passes/passes.h"
#include "passes/rewrite.h"

namespace liteforge {
namespace {

using ir::Graph;
using ir::Node;
using ir::Value;

bool SameConstant(const Value& a, const Value& b) {
  if (a.type != b.type || !(a.shape == b.shape) ||
      !(a.quantization == b.quantization) ||
      a.data().size() != b.data().size()) {
    return false;
  }
  return a.data().empty() || a.data().data() == b.data().data() ||
         std::memcmp(a.data().data(), b.data().data(), a.data().size()) == 0;
}

bool IsMergeable(const Value& value) {
  return value.is_constant() && !value.is_variable && !value.users().empty() &&
         !value.is_graph_output();
}

// Constants are compared only with those of as many bytes that begin alike.
using Beginning = std::pair<size_t, uint64_t>;

Beginning BeginningOf(const Value& value) {
  uint64_t first = 0;
  if (!value.data().empty()) {
    std::memcpy(&first, value.data().data(),
                std::min(sizeof(first), value.data().size()));
  }
  return {value.data().size(), first};
}

int MergeConstantValues(Graph& graph) {
  std::map<Beginning, std::vector<Value*>> seen;
  int rewrites = 0;
  for (const auto& value : graph.values()) {
    if (!IsMergeable(*value)) continue;
    auto& candidates = seen[BeginningOf(*value)];
    const auto twin = std::find_if(
        candidates.begin(), candidates.end(),
        [&](const Value* other) { return SameConstant(*other, *value); });
    if (twin == candidates.end()) {
      candidates.push_back(value.get());
    } else {
      graph.ReplaceAllUses(value.get(), *twin);
      ++rewrites;
    }
  }
  return rewrites;
}

bool SameType(const Value& a, const Value& b) {
  return a.type == b.type && a.shape == b.shape &&
         a.quantization == b.quantization;
}

bool SameNode(const Node& a, const Node& b) {
  return std::ranges::equal(a.inputs(), b.inputs()) && a.options == b.options &&
         std::ranges::equal(
             a.outputs(), b.outputs(),
             [](const Value* x, const Value* y) { return SameType(*x, *y); });
}

bool HasState(const Node& node) {
  return ir::IsStateful(node.op()) ||
         std::any_of(node.inputs().begin(), node.inputs().end(),
                     [](const Value* v) { return v && v->is_variable; });
}

// One value cannot bear the names of two outputs.
bool NamesAreFree(const Node& node, const Node& twin) {
  for (size_t i = 0; i < node.outputs().size(); ++i) {
    if (node.outputs()[i]->is_graph_output() &&
        twin.outputs()[i]->is_graph_output()) {
      return false;
    }
  }
  return true;
}

void MergeNode(Graph& graph, Node* node, Node* twin) {
  for (size_t i = 0; i < node->outputs().size(); ++i) {
    Value* output = node->outputs()[i];
    if (output->is_graph_output()) twin->outputs()[i]->name = output->name;
    graph.ReplaceAllUses(output, twin->outputs()[i]);
  }
  graph.RemoveNode(node);
}

using Key = std::pair<Op, std::vector<Value*>>;

int MergeNodes(Graph& graph) {
  std::map<Key, std::vector<Node*>> seen;
  int rewrites = 0;
  for (Node* node : graph.Nodes()) {
    if (HasState(*node)) continue;
    const auto inputs = node->inputs();
    auto& candidates = seen[{node->op(), {inputs.begin(), inputs.end()}}];
    const auto twin = std::find_if(
        candidates.begin(), candidates.end(), [&](const Node* other) {
          return SameNode(*other, *node) && NamesAreFree(*node, *other);
        });
    if (twin == candidates.end()) {
      candidates.push_back(node);
    } else {
      MergeNode(graph, node, *twin);
      ++rewrites;
    }
  }
  return rewrites;
}

}  // namespace

Result<int> MergeDuplicates(Graph& graph) {
  const int constants = MergeConstantValues(graph);
  return constants + MergeNodes(graph);
}

}  // namespace liteforge
