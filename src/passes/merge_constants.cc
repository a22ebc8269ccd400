// SPDX-License-Identifier: Apache-2.0
// Two neighbours of one kind with constants become one:
//
//   (x * a) * b, (x * a) / b, (x / a) * b, (x / a) / b   ->  x * c
//   (x + a) + b, (x + a) - b, (x - a) + b, (x - a) - b   ->  x + c
//
// c is computed in double. Left alone where c would have more elements than a
// and b have ([H, 1] and [1, W]), and where it is no finite float.
#include <algorithm>
#include <functional>

#include "ops/infer.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace liteforge {
namespace {

using ir::Graph;
using ir::Node;
using ir::Value;

// A node as x (op) constant; op is + or *, `inverse` for - and /.
struct Term {
  Value* x = nullptr;
  const Value* constant = nullptr;
  bool product = false;
  bool inverse = false;
};

std::optional<Term> AsTerm(const Node& node) {
  const Op op = node.op();
  const bool inverse = op == Op::kSub || op == Op::kDiv;
  if (!inverse && op != Op::kAdd && op != Op::kMul) return std::nullopt;
  Value* a = node.input(0);
  Value* b = node.input(1);
  if (!inverse && a->is_constant()) std::swap(a, b);
  if (a->is_constant() || !IsFloatConstant(b)) return std::nullopt;
  return Term{a, b, op == Op::kMul || op == Op::kDiv, inverse};
}

// One number per element of `shape`.
std::optional<std::vector<double>> Elements(const Value& constant,
                                            const Shape& shape) {
  return AlongPeriod(constant, shape, shape.elements());
}

double Combine(const Term& inner, const Term& outer, double a, double b) {
  if (inner.product)
    return (inner.inverse ? 1 / a : a) * (outer.inverse ? 1 / b : b);
  return (inner.inverse ? -a : a) + (outer.inverse ? -b : b);
}

bool MergeInto(Graph& graph, Node* node) {
  const auto outer = AsTerm(*node);
  Node* producer = outer ? outer->x->producer() : nullptr;
  if (producer == nullptr || OnlyUser(outer->x) == nullptr ||
      FusedActivation(*producer) != Activation::kNone) {
    return false;
  }
  const auto inner = AsTerm(*producer);
  if (!inner || inner->product != outer->product) return false;
  const auto shape = Broadcast(inner->constant->shape, outer->constant->shape);
  if (!shape ||
      shape->elements() > std::max(inner->constant->shape.elements(),
                                   outer->constant->shape.elements())) {
    return false;
  }
  auto a = Elements(*inner->constant, *shape);
  const auto b = Elements(*outer->constant, *shape);
  if (!a || !b) return false;
  for (size_t i = 0; i < a->size(); ++i) {
    (*a)[i] = Combine(*inner, *outer, (*a)[i], (*b)[i]);
  }
  auto merged = RoundToFloat(*a);
  if (!merged) return false;
  const Activation activation = FusedActivation(*node);
  Value* constant =
      AddFloats(graph, outer->constant->name, *shape, *std::move(merged));
  if (outer->product) {
    node->SetOp(Op::kMul, MulOptions{activation});
  } else {
    node->SetOp(Op::kAdd, AddOptions{activation});
  }
  node->SetInput(0, inner->x);
  node->SetInput(1, constant);
  graph.RemoveNode(producer);
  return true;
}

}  // namespace

Result<int> MergeConstants(Graph& graph) {
  int rewrites = 0;
  for (size_t i = 0; i < graph.nodes().size(); ++i) {
    while (i < graph.nodes().size() &&
           MergeInto(graph, graph.nodes()[i].get())) {
      ++rewrites;
      --i;  // the producer in front of it is gone
    }
  }
  return rewrites;
}

}  // namespace liteforge
