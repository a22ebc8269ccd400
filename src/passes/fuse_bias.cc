// SPDX-License-Identifier: Apache-2.0
// linear(x, w, b) + c   ->  linear(x, w, b + c)     c: [channels] or scalar
// linear(x, w, b) - c   ->  linear(x, w, b - c)
//
// for the operators of linear.h; also when a RESHAPE that keeps the channels
// apart lies between. Multiplications are fuse_batch_norm's.
#include "passes/linear.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace liteforge {
namespace {

using ir::Graph;
using ir::Node;
using ir::Value;

// The node that reads the value next, RESHAPEs passed over.
Node* NextUser(Value*& value) {
  Node* user = OnlyUser(value);
  while (user != nullptr && user->op() == Op::kReshape &&
         user->input(0) == value) {
    value = user->output();
    user = OnlyUser(value);
  }
  return user;
}

bool FuseBiasInto(Graph& graph, const Linear& linear) {
  Value* value = linear.node->output();
  Node* user = NextUser(value);
  if (user == nullptr) return false;
  const auto affine = AsAffine(*user, value, linear.outputs);
  if (!affine || affine->has_scale()) return false;
  if (!FoldBehind(graph, linear, *affine)) return false;
  ReplaceBy(graph, user, value, true);
  return true;
}

}  // namespace

Result<int> FuseBias(Graph& graph) {
  int rewrites = 0;
  // By index: a fusion removes nodes behind the one looked at.
  for (size_t i = 0; i < graph.nodes().size(); ++i) {
    const auto linear = AsLinear(graph.nodes()[i].get());
    while (linear && FuseBiasInto(graph, *linear)) ++rewrites;
  }
  return rewrites;
}

}  // namespace liteforge
