// SPDX-License-Identifier: Apache-2.0
// Moves TRANSPOSEs until they cancel:
//
//   transpose(relu(transpose(x, p)) + c, inverse of p)
//                                          ->  relu(x) + transpose(c, inverse)
//
// For every TRANSPOSE by p, the region of operators around it that could as
// well work in the layout before p (layout_rules.h) is taken as a whole:
//
//   1. Grow: from the TRANSPOSE's readers to their neighbours, in both
//      directions, over everything that moves along.
//   2. Count what moving the region would take away: TRANSPOSEs by p read in
//      it only, and TRANSPOSEs by the inverse of what it makes. Constants are
//      transposed now and cost nothing.
//   3. Count what it would cost: a TRANSPOSE for every other value that enters,
//      and one for every value that leaves to someone else. Another TRANSPOSE
//      that reads a leaving value takes it up: nothing comes, nothing goes.
//   4. Move when more goes than comes. So every rewrite lowers the number of
//      TRANSPOSEs, and the pass ends.
//
// The largest region need not be the best one; where it does not pay, the one
// grown towards the readers only is tried.
#include <algorithm>
#include <map>
#include <set>

#include "base/try.h"
#include "passes/layout_rules.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace liteforge {
namespace {

using ir::Graph;
using ir::Node;
using ir::Value;

class Region {
 public:
  Region(Graph& graph, const Permutation& p)
      : graph_(graph), p_(p), inverse_(Inverse(p)) {}

  // Everything that can move along, from the readers of `value` on.
  void Grow(const Value* value, bool backwards) {
    std::vector<const Value*> open{value};
    while (!open.empty()) {
      const Value* next = open.back();
      open.pop_back();
      for (Node* user : next->users()) Take(user, backwards, open);
      if (backwards && next->producer() && next != value) {
        Take(next->producer(), backwards, open);
      }
    }
  }

  // TRANSPOSEs that would go, less those that would come.
  int Gain() const {
    int gain = 0;
    for (const Value* value : Entering()) {
      if (!IsTranspose(value))
        --gain;
      else
        gain += ReadOutside(value) ? 0 : 1;
    }
    for (const Value* value : Leaving()) {
      bool needed = value->is_graph_output();
      for (const Node* user : value->users()) {
        if (Contains(user)) continue;
        const auto q = PermutationOf(*user);
        if (q == inverse_) ++gain;
        needed |= !q.has_value();
      }
      gain -= needed ? 1 : 0;
    }
    return gain;
  }

  Result<void> Move() {
    const auto nodes = Ordered();
    const auto leaving = Leaving();
    for (Node* node : nodes) {
      for (int i : LayoutOperands(*node)) TRY(MoveOperand(node, i));
      MoveAxes(graph_, node, p_);
    }
    for (const Node* node : nodes) {
      if (swallowing_.contains(node)) continue;
      for (Value* output : node->outputs()) {
        output->shape = Permuted(output->shape, inverse_);
      }
    }
    for (Value* value : leaving) TRY(MoveResult(value));
    return {};
  }

 private:
  bool Contains(const Node* node) const {
    return moving_.contains(node) || swallowing_.contains(node);
  }

  void Take(Node* node, bool backwards, std::vector<const Value*>& open) {
    if (Contains(node)) return;
    const LayoutRole role = RoleOf(*node, p_);
    if (role == LayoutRole::kBlocks) return;
    if (role == LayoutRole::kSwallows) {
      swallowing_.insert(node);
    } else {
      moving_.insert(node);
      for (const Value* output : node->outputs()) open.push_back(output);
    }
    if (!backwards) return;
    for (int i : LayoutOperands(*node)) {
      if (!node->input(i)->is_constant()) open.push_back(node->input(i));
    }
  }

  bool IsMade(const Value* value) const {
    return value->producer() && moving_.contains(value->producer());
  }

  // Whether the value in the region's new layout is there already. Not so when
  // the region makes what was transposed: that will be in the new layout, too.
  bool IsTranspose(const Value* value) const {
    const Node* producer = value->producer();
    return producer && PermutationOf(*producer) == p_ &&
           !IsMade(producer->input(0));
  }

  bool ReadOutside(const Value* value) const {
    const auto users = value->users();
    return value->is_graph_output() ||
           std::any_of(users.begin(), users.end(),
                       [&](const Node* user) { return !Contains(user); });
  }

  // Computed values that nodes of the region read in its layout.
  std::set<const Value*> Entering() const {
    std::set<const Value*> values;
    for (const auto& node : graph_.nodes()) {
      if (!Contains(node.get())) continue;
      for (int i : LayoutOperands(*node)) {
        const Value* value = node->input(i);
        const bool follows = value->shape.rank() == static_cast<int>(p_.size());
        if (follows && !value->is_constant() && !IsMade(value) &&
            value->shape.elements() != 1) {
          values.insert(value);
        }
      }
    }
    return values;
  }

  std::vector<Value*> Leaving() const {
    std::vector<Value*> values;
    for (const Node* node : Ordered()) {
      if (swallowing_.contains(node)) continue;
      for (Value* output : node->outputs()) {
        if (ReadOutside(output)) values.push_back(output);
      }
    }
    return values;
  }

  std::vector<Node*> Ordered() const {
    std::vector<Node*> nodes;
    for (const auto& node : graph_.nodes()) {
      if (Contains(node.get())) nodes.push_back(node.get());
    }
    return nodes;
  }

  Result<Value*> Transposed(Value* x, const Permutation& p, std::string name,
                            Node* before) {
    Value* order = AddInt32s(graph_, name + "/perm", {p.begin(), p.end()});
    TRY_ASSIGN(Node * node, graph_.AddNode(Op::kTranspose, TransposeOptions{},
                                           {x, order}, 1, name, before));
    node->output()->quantization = x->quantization;
    return node->output();
  }

  Result<void> MoveOperand(Node* node, int i) {
    Value* value = node->input(i);
    if (IsMade(value) || value->shape.elements() == 1) return {};
    if (value->is_constant()) {
      node->SetInput(i, PermuteConstant(graph_, *value, inverse_));
      return {};
    }
    Value*& moved = entered_[value];
    if (moved == nullptr) {
      if (IsTranspose(value)) {
        moved = value->producer()->input(0);
      } else {
        TRY_ASSIGN(moved, Transposed(value, inverse_,
                                     value->name + "/transposed", node));
      }
    }
    node->SetInput(i, moved);
    return {};
  }

  // Readers outside get the value as it was; who transposed it back gets it
  // as it is now. The names of the graph's outputs stay with what they name:
  // first the value's own goes, then it may take over another one.
  Result<void> MoveResult(Value* value) {
    std::vector<Node*> outside, undoing, joining;
    for (Node* user : value->users()) {
      if (Contains(user)) continue;
      const auto q = PermutationOf(*user);
      (q == inverse_ ? undoing : q ? joining : outside).push_back(user);
    }
    for (Node* user : joining) Join(user);
    if (!outside.empty() || value->is_graph_output()) {
      TRY(TransposeBack(value, outside));
    }
    for (Node* user : undoing) {
      if (CanReplaceBy(*user, value)) {
        ReplaceBy(graph_, user, value);
      } else {
        // Two outputs of the same elements: this one becomes a copy.
        Join(user);
      }
    }
    return {};
  }

  // A TRANSPOSE of the value as it was becomes one of the value as it is now.
  void Join(Node* transpose) {
    std::vector<int32_t> joined;
    for (const int axis : *PermutationOf(*transpose))
      joined.push_back(p_[static_cast<size_t>(axis)]);
    transpose->SetInput(
        1, AddInt32s(graph_, transpose->output()->name + "/perm", joined));
  }

  Result<void> TransposeBack(Value* value, const std::vector<Node*>& readers) {
    const std::string name = value->name;
    value->name += "/transposed";
    TRY_ASSIGN(Value * back, Transposed(value, p_, name,
                                        NodeAfter(graph_, value->producer())));
    for (size_t i = 0; i < graph_.outputs().size(); ++i) {
      if (graph_.outputs()[i] == value) {
        graph_.SetOutput(static_cast<int>(i), back);
      }
    }
    for (Node* reader : readers) {
      for (size_t i = 0; i < reader->inputs().size(); ++i) {
        if (reader->inputs()[i] == value) {
          reader->SetInput(static_cast<int>(i), back);
        }
      }
    }
    return {};
  }

  Graph& graph_;
  const Permutation p_, inverse_;
  std::set<const Node*> moving_, swallowing_;
  std::map<Value*, Value*> entered_;
};

Result<bool> MoveOne(Graph& graph, const Node& transpose) {
  const auto p = PermutationOf(transpose);
  if (!p || std::is_sorted(p->begin(), p->end())) return false;
  for (const bool backwards : {true, false}) {
    Region region(graph, *p);
    region.Grow(transpose.output(), backwards);
    if (region.Gain() <= 0) continue;
    TRY(region.Move());
    return true;
  }
  return false;
}

}  // namespace

Result<int> RemoveTransposes(Graph& graph) {
  int rewrites = 0;
  size_t i = 0;
  while (i < graph.nodes().size()) {
    TRY_ASSIGN(const bool moved, MoveOne(graph, *graph.nodes()[i]));
    if (!moved) {
      ++i;
      continue;
    }
    // What was read only in the region is dead, and must not count again.
    graph.RemoveDead();
    ++rewrites;
    i = 0;
  }
  return rewrites;
}

}  // namespace liteforge
