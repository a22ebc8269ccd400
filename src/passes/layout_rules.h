// SPDX-License-Identifier: Apache-2.0
// How operators bear a permutation of their axes: which of them compute the
// same elements when every operand is transposed first, and what of their
// options and constant operands must be permuted along.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ir/graph.h"

namespace liteforge {

// transpose(x, p): axis i of the result is axis p[i] of x. A bijection on
// [0, rank).
using Permutation = std::vector<int>;

Permutation Inverse(const Permutation& p);
Shape Permuted(const Shape& shape, const Permutation& p);

// The permutation of a TRANSPOSE by a constant; nullopt otherwise.
std::optional<Permutation> PermutationOf(const ir::Node& node);

// What `node`, which works in the layout p produces, is to a rewrite that
// would have it work in the layout before p.
enum class LayoutRole {
  kBlocks,   // it must be given its operands as they are
  kMoves,    // it moves along: operands and results are permuted
  kSwallows  // operands may be permuted, the results stay (MEAN over the axes
             // p moves)
};
LayoutRole RoleOf(const ir::Node& node, const Permutation& p);

// The operands whose layout follows (the others are axes, paddings, scalars).
std::vector<int> LayoutOperands(const ir::Node& node);

// The constant as transpose(constant, p), of the rank of p (axes of 1 are put
// in front first).
ir::Value* PermuteConstant(ir::Graph& graph, const ir::Value& constant,
                           const Permutation& p);

// Changes options and constant operands of a node that moves or swallows, from
// the layout behind p to the one before it: axis i becomes p[i].
void MoveAxes(ir::Graph& graph, ir::Node* node, const Permutation& p);

}  // namespace liteforge
