// SPDX-License-Identifier: Apache-2.0
// RELU, RELU6 and RELU_N1_TO_1 go into the operator in front of them, which
// then clamps its result itself:
//
//   RELU(CONV_2D(x, w, b))        ->  CONV_2D(x, w, b) {RELU}
//   RELU6(CONV_2D(x, w, b) {RELU}) -> CONV_2D(x, w, b) {RELU6}
//
// Float only: a quantized operator would change its output's scale.
#include <optional>

#include "passes/passes.h"
#include "passes/rewrite.h"

namespace liteforge {
namespace {

using ir::Graph;
using ir::Node;

std::optional<Activation> ActivationOf(Op op) {
  switch (op) {
    case Op::kRelu:
      return Activation::kRelu;
    case Op::kRelu6:
      return Activation::kRelu6;
    case Op::kReluN1To1:
      return Activation::kReluN1To1;
    default:
      return std::nullopt;
  }
}

// One activation that does what `first` and then `second` do.
std::optional<Activation> Chain(Activation first, Activation second) {
  if (first == Activation::kNone || first == second) return second;
  const auto is = [&](Activation a, Activation b) {
    return (first == a && second == b) || (first == b && second == a);
  };
  if (is(Activation::kRelu, Activation::kRelu6)) return Activation::kRelu6;
  return std::nullopt;
}

bool FuseActivationInto(Graph& graph, Node* producer) {
  if (!FusesActivation(producer->op()) || producer->outputs().size() != 1 ||
      producer->output()->type != DataType::kFloat32) {
    return false;
  }
  Node* user = OnlyUser(producer->output());
  const auto activation = user ? ActivationOf(user->op()) : std::nullopt;
  if (!activation) return false;
  const auto both = Chain(FusedActivation(*producer), *activation);
  if (!both) return false;
  SetFusedActivation(*producer, *both);
  ReplaceBy(graph, user, producer->output(), true);
  return true;
}

}  // namespace

Result<int> FuseActivation(Graph& graph) {
  int rewrites = 0;
  // By index: a fusion removes a node behind the one looked at.
  for (size_t i = 0; i < graph.nodes().size(); ++i) {
    while (FuseActivationInto(graph, graph.nodes()[i].get())) ++rewrites;
  }
  return rewrites;
}

}  // namespace liteforge
