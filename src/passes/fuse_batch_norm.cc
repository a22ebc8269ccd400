// SPDX-License-Identifier: Apache-2.0
// A chain of MUL, DIV, ADD, SUB by constants behind or in front of a linear
// operator (linear.h) disappears in its weights:
//
//   s * (W x + b) + t   ->  (s W) x + (s b + t)
//   W (s x + t) + b     ->  (W s) x + (W t + b)
//
// The chain is multiplied out in double, then rounded to float once. RESHAPE
// may lie between where the channels keep apart, and PAD: behind it a pad
// value p becomes s p + t, which must be one number for all channels (PADV2
// where it is not 0); in front of the operator only s passes through a PAD,
// since s * 0 = 0, and t needs padding VALID.
#include <algorithm>
#include <cmath>

#include "passes/linear.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace liteforge {
namespace {

using ir::Graph;
using ir::Node;
using ir::Value;

Affine IdentityOf(int64_t channels) {
  const auto n = static_cast<size_t>(channels);
  return {std::vector<double>(n, 1.0), std::vector<double>(n, 0.0)};
}

// Repeats a shorter period until there is one number per channel.
Affine Repeat(const Affine& affine, int64_t channels) {
  Affine all = IdentityOf(channels);
  for (size_t k = 0; k < all.scale.size(); ++k) {
    all.scale[k] = affine.scale[k % affine.scale.size()];
    all.shift[k] = affine.shift[k % affine.shift.size()];
  }
  return all;
}

Value* VariableOperand(const Node& node) {
  return node.input(0) != nullptr && node.input(0)->is_constant()
             ? node.input(1)
             : node.input(0);
}

// What a PAD or PADV2 of floats writes into the border.
std::optional<double> PadValue(const Node& pad) {
  if (pad.input(0)->type != DataType::kFloat32) return std::nullopt;
  if (pad.op() == Op::kPad) return 0.0;
  const auto value = UniformFloat(pad.input(2));
  return value ? std::optional<double>(*value) : std::nullopt;
}

// The period behind (or in front of) a PAD that leaves the last axis alone:
// its length. 0 when the PAD cannot be passed.
int64_t PeriodPastPad(const Node& pad, int64_t period) {
  const auto amounts = ConstantIntegers(pad.input(1));
  const Shape& shape = pad.input(0)->shape;
  if (!amounts || shape.rank() < 1 ||
      amounts->size() != 2 * static_cast<size_t>(shape.rank()) ||
      amounts->back() != 0 || (*amounts)[amounts->size() - 2] != 0) {
    return 0;
  }
  const int32_t last = shape[shape.rank() - 1];
  return last > 0 && period % last == 0 ? last : 0;
}

bool IsPad(const Node& node) {
  return node.op() == Op::kPad || node.op() == Op::kPadV2;
}

//----------------------------------------------------------------------- behind

class ChainBehind {
 public:
  explicit ChainBehind(const Linear& linear)
      : linear_(linear),
        total_(IdentityOf(linear.outputs)),
        period_(linear.outputs),
        value_(linear.node->output()),
        chosen_(total_) {
    while (Step()) {
    }
  }

  int Fold(Graph& graph) {
    if (chosen_count_ == 0 || !FoldBehind(graph, linear_, chosen_)) return 0;
    for (const Pad& pad : chosen_pads_) SetPadValue(graph, pad);
    for (size_t i = 0; i < chosen_count_; ++i) {
      ReplaceBy(graph, nodes_[i], VariableOperand(*nodes_[i]), true);
    }
    return static_cast<int>(chosen_count_);
  }

 private:
  struct Pad {
    Node* node;
    std::vector<double> values;  // per channel
  };

  bool Step() {
    Node* user = OnlyUser(value_);
    if (user == nullptr) return false;
    const bool passes = user->op() == Op::kReshape ? user->input(0) == value_
                        : IsPad(*user)             ? AddPad(user)
                                                   : AddAffine(user);
    if (passes) value_ = user->output();
    return passes;
  }

  bool AddPad(Node* pad) {
    if (pad->input(0) != value_) return false;
    const auto border = PadValue(*pad);
    const int64_t period = border ? PeriodPastPad(*pad, period_) : 0;
    if (period == 0) return false;
    period_ = period;
    pads_.push_back({pad, std::vector<double>(total_.scale.size(), *border)});
    return true;
  }

  bool AddAffine(Node* node) {
    const auto affine = AsAffine(*node, value_, period_);
    if (!affine) return false;
    const Affine all = Repeat(*affine, linear_.outputs);
    total_ = Compose(all, total_);
    for (Pad& pad : pads_) {
      for (size_t k = 0; k < pad.values.size(); ++k) {
        pad.values[k] = all.scale[k] * pad.values[k] + all.shift[k];
      }
    }
    nodes_.push_back(node);
    if (std::all_of(pads_.begin(), pads_.end(), HasOneValue)) Choose();
    return true;
  }

  // The chain up to here can be folded.
  void Choose() {
    chosen_ = total_;
    chosen_pads_ = pads_;
    chosen_count_ = nodes_.size();
  }

  static bool HasOneValue(const Pad& pad) {
    const auto first = static_cast<float>(pad.values[0]);
    return std::isfinite(first) &&
           std::all_of(pad.values.begin(), pad.values.end(), [&](double v) {
             return static_cast<float>(v) == first;
           });
  }

  static void SetPadValue(Graph& graph, const Pad& pad) {
    const auto value = static_cast<float>(pad.values[0]);
    if (static_cast<float>(*PadValue(*pad.node)) == value) return;
    const std::string name = pad.node->output()->name + "/value";
    pad.node->SetInput(2, AddFloats(graph, name, Shape(), {value}));
    pad.node->SetOp(Op::kPadV2, PadV2Options{});
  }

  const Linear& linear_;
  Affine total_;  // of all nodes_
  int64_t period_;
  Value* value_;
  std::vector<Pad> pads_;
  std::vector<Node*> nodes_;

  Affine chosen_;
  std::vector<Pad> chosen_pads_;
  size_t chosen_count_ = 0;
};

//--------------------------------------------------------------------- in front

class ChainBefore {
 public:
  explicit ChainBefore(const Linear& linear)
      : linear_(linear),
        total_(IdentityOf(linear.inputs)),
        period_(linear.inputs),
        value_(linear.node->input(linear.input)) {
    while (Step()) {
    }
  }

  // All of the chain, or what of it the operator takes.
  int Fold(Graph& graph) {
    for (; !nodes_.empty(); nodes_.pop_back(), totals_.pop_back()) {
      if (!FoldBefore(graph, linear_, totals_.back())) continue;
      for (Node* node : nodes_) {
        Value* x = VariableOperand(*node);
        graph.ReplaceAllUses(node->output(), x);
        graph.RemoveNode(node);
      }
      return static_cast<int>(nodes_.size());
    }
    return 0;
  }

 private:
  bool Step() {
    Node* producer = value_->producer();
    if (producer == nullptr || OnlyUser(value_) == nullptr) return false;
    if (producer->op() == Op::kReshape) {
      value_ = producer->input(0);
      return true;
    }
    return IsPad(*producer) ? AddPad(*producer) : AddAffine(producer);
  }

  bool AddPad(const Node& pad) {
    if (PadValue(pad) != 0.0) return false;
    period_ = PeriodPastPad(pad, period_);
    padded_ = true;
    value_ = pad.input(0);
    return period_ != 0;
  }

  bool AddAffine(Node* node) {
    Value* x = VariableOperand(*node);
    if (x == nullptr || x->is_constant()) return false;
    const auto affine = AsAffine(*node, x, period_);
    if (!affine || (padded_ && affine->has_shift())) return false;
    total_ = Compose(total_, Repeat(*affine, linear_.inputs));
    nodes_.push_back(node);
    totals_.push_back(total_);
    value_ = x;
    return true;
  }

  const Linear& linear_;
  Affine total_;  // of all nodes_
  int64_t period_;
  Value* value_;
  bool padded_ = false;
  std::vector<Node*> nodes_;    // nearest first
  std::vector<Affine> totals_;  // of the first nodes
};

}  // namespace

Result<int> FuseBatchNorm(Graph& graph) {
  int rewrites = 0;
  // By index: a fusion removes nodes behind the one looked at, or in front of
  // it, and then the next round finds what was passed over.
  for (size_t i = 0; i < graph.nodes().size(); ++i) {
    const auto linear = AsLinear(graph.nodes()[i].get());
    if (!linear) continue;
    rewrites += ChainBehind(*linear).Fold(graph);
    rewrites += ChainBefore(*linear).Fold(graph);
  }
  return rewrites;
}

}  // namespace liteforge
