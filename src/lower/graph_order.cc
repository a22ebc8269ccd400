// SPDX-License-Identifier: Apache-2.0
// Two walks with explicit stacks (graphs may be a hundred thousand nodes
// deep): backwards from the outputs to find what is needed, then depth first
// over the needed nodes in file order, a node placed once all it reads is
// placed.
#include "lower/graph_order.h"

#include <fmt/format.h>

#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include "base/try.h"

namespace liteforge {
namespace {

class Orderer {
 public:
  explicit Orderer(const ConcreteFunction& function) : function_(function) {}

  Result<void> Index();
  Result<void> FindNeeded();
  // The needed nodes; a cycle's closing edge is noted in cycle_.
  std::vector<OrderedNode> Order();
  const std::optional<std::string>& cycle() const { return cycle_; }

 private:
  struct Entry {
    OrderedNode node;
    std::vector<size_t> reads;  // indices of the nodes it reads
    bool needed = false;
    enum { kNew, kOpen, kPlaced } state = kNew;
  };
  struct Frame {
    size_t node;
    size_t next_read;
  };

  Result<size_t> Find(const TensorReference& tensor,
                      const std::string& reader) const;
  Result<void> Link(Entry& entry);
  void Place(size_t root, std::vector<OrderedNode>& order);

  const ConcreteFunction& function_;
  std::vector<Entry> entries_;
  std::unordered_map<std::string_view, size_t> by_name_;
  std::set<TensorReference> fed_;
  std::optional<std::string> cycle_;
};

// Whether it matters that a node runs before others: because of what it does
// to variables, or of what is done to them afterwards.
bool IsOrdered(std::string_view op) {
  return op == "AssignVariableOp" || op == "ReadVariableOp" ||
         op == "LookupTableImportV2" || op.ends_with("While") ||
         op.ends_with("If");
}

void MarkRead(OrderedNode& node, int output) {
  const auto i = static_cast<size_t>(output);
  if (node.read.size() <= i) node.read.resize(i + 1);
  node.read[i] = true;
}

TensorReference ReferenceOf(std::string_view text) {
  const InputReference input = ParseInput(text);
  return {input.node, input.output};
}

Result<void> Orderer::Index() {
  for (const tf::NodeDef& def : function_.graph.node()) {
    if (!by_name_.emplace(def.name(), entries_.size()).second) {
      return InvalidModel(fmt::format(
          "two nodes are named '{}'; the graph is damaged", def.name()));
    }
    entries_.push_back({{&def, {}, {}}, {}});
  }
  for (const FunctionArgument& input : function_.inputs) {
    const TensorReference tensor = ReferenceOf(input.tensor);
    TRY(Find(tensor, fmt::format("input '{}'", input.name)));
    fed_.insert(tensor);
  }
  return {};
}

Result<size_t> Orderer::Find(const TensorReference& tensor,
                             const std::string& reader) const {
  const auto found = by_name_.find(tensor.first);
  if (found == by_name_.end()) {
    return InvalidModel(
        fmt::format("{} refers to node '{}', which does not "
                    "exist; the graph is damaged",
                    reader, tensor.first));
  }
  if (tensor.second < 0) {
    return InvalidModel(fmt::format("{} refers to output {} of node '{}'",
                                    reader, tensor.second, tensor.first));
  }
  return found->second;
}

Result<void> Orderer::Link(Entry& entry) {
  const tf::NodeDef& def = *entry.node.def;
  for (const std::string& text : def.input()) {
    if (const InputReference input = ParseInput(text); input.control) {
      const auto before = by_name_.find(input.node);
      if (before != by_name_.end() &&
          IsOrdered(entries_[before->second].node.def->op()))
        entry.reads.push_back(before->second);
      continue;
    }
    const TensorReference tensor = ReferenceOf(text);
    entry.node.inputs.push_back(tensor);
    if (fed_.count(tensor) > 0) continue;
    TRY_ASSIGN(
        const size_t read,
        Find(tensor, fmt::format("node '{}' ({})", def.name(), def.op())));
    entry.reads.push_back(read);
    MarkRead(entries_[read].node, tensor.second);
  }
  return {};
}

Result<void> Orderer::FindNeeded() {
  std::vector<size_t> stack;
  for (const FunctionArgument& output : function_.outputs) {
    const TensorReference tensor = ReferenceOf(output.tensor);
    TRY_ASSIGN(const size_t node,
               Find(tensor, fmt::format("output '{}'", output.name)));
    if (fed_.count(tensor) > 0) continue;
    stack.push_back(node);
    MarkRead(entries_[node].node, tensor.second);
  }
  while (!stack.empty()) {
    Entry& entry = entries_[stack.back()];
    stack.pop_back();
    if (entry.needed) continue;
    entry.needed = true;
    TRY(Link(entry));
    stack.insert(stack.end(), entry.reads.begin(), entry.reads.end());
  }
  return {};
}

void Orderer::Place(size_t root, std::vector<OrderedNode>& order) {
  std::vector<Frame> stack = {{root, 0}};
  entries_[root].state = Entry::kOpen;
  while (!stack.empty()) {
    Frame& frame = stack.back();
    Entry& entry = entries_[frame.node];
    if (frame.next_read == entry.reads.size()) {
      entry.state = Entry::kPlaced;
      order.push_back(entry.node);
      stack.pop_back();
      continue;
    }
    const size_t read = entry.reads[frame.next_read++];
    if (entries_[read].state == Entry::kOpen && !cycle_)
      cycle_ = entries_[read].node.def->name();
    if (entries_[read].state != Entry::kNew) continue;
    entries_[read].state = Entry::kOpen;
    stack.push_back({read, 0});
  }
}

std::vector<OrderedNode> Orderer::Order() {
  std::vector<OrderedNode> order;
  for (size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].needed && entries_[i].state == Entry::kNew) Place(i, order);
  }
  return order;
}

}  // namespace

Result<std::vector<OrderedNode>> NodesInOrder(const ConcreteFunction& function,
                                              const CheckNodes& check) {
  Orderer orderer(function);
  TRY(orderer.Index());
  TRY(orderer.FindNeeded());
  std::vector<OrderedNode> order = orderer.Order();
  if (check) TRY(check(order));
  if (orderer.cycle()) {
    return InvalidModel(
        fmt::format("node '{}' depends on its own output; the graph is damaged",
                    *orderer.cycle()));
  }
  return order;
}

}  // namespace liteforge
