// SPDX-License-Identifier: Apache-2.0
#include "function/concrete_function.h"

#include <charconv>
#include <utility>

namespace liteforge {

InputReference ParseInput(std::string_view input) {
  if (input.starts_with('^')) return {input.substr(1), 0, true};
  const size_t colon = input.rfind(':');
  if (colon == std::string_view::npos) return {input, 0, false};
  int output = 0;
  const char* const end = input.data() + input.size();
  const auto [stop, error] =
      std::from_chars(input.data() + colon + 1, end, output);
  if (error != std::errc() || stop != end) return {input, 0, false};
  return {input.substr(0, colon), output, false};
}

namespace {

class Ordering {
 public:
  explicit Ordering(const tf::GraphDef& graph) {
    for (int i = 0; i < graph.node_size(); ++i)
      index_[graph.node(i).name()] = i;
  }

  // What `name` needs, then itself. Without recursion: graphs are deep.
  void Visit(const tf::GraphDef& graph, std::string_view name) {
    Push(name);
    while (!stack_.empty()) {
      auto& [node, next] = stack_.back();
      const tf::NodeDef& def = graph.node(node);
      if (next < def.input_size()) {
        Push(ParseInput(def.input(next++)).node);
        continue;
      }
      order_.push_back(node);
      stack_.pop_back();
    }
  }
  const std::vector<int>& order() const { return order_; }

 private:
  void Push(std::string_view name) {
    const auto found = index_.find(name);
    if (found != index_.end() && seen_.insert(found->second).second)
      stack_.emplace_back(found->second, 0);
  }

  std::map<std::string_view, int> index_;
  std::set<int> seen_;
  std::vector<std::pair<int, int>> stack_;  // a node, the next of its inputs
  std::vector<int> order_;
};

}  // namespace

void OrderByOutputs(ConcreteFunction& function) {
  tf::GraphDef& graph = function.graph;
  Ordering ordering(graph);
  for (const FunctionArgument& input : function.inputs)
    ordering.Visit(graph, ParseInput(input.tensor).node);
  std::map<std::string_view, std::string_view> outputs;
  for (const FunctionArgument& output : function.outputs)
    outputs[output.name] = ParseInput(output.tensor).node;
  for (const auto& [name, node] : outputs) ordering.Visit(graph, node);
  google::protobuf::RepeatedPtrField<tf::NodeDef> nodes;
  for (const int node : ordering.order())
    nodes.Add()->Swap(graph.mutable_node(node));
  graph.mutable_node()->Swap(&nodes);
}

}  // namespace liteforge
