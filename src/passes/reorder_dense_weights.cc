// SPDX-License-Identifier: Apache-2.0
// A dense layer behind a flattened TRANSPOSE needs none: its weights can stand
// in the order of the values as they were.
//
//   FULLY_CONNECTED(RESHAPE(TRANSPOSE(x, p), [N, I]), w)
//                              ->  FULLY_CONNECTED(RESHAPE(x, [N, I]), w')
//   w'[o, place before p] = w[o, place behind p]
//
// where p leaves the batch in front and I takes in all other axes. This is what
// a network in NCHW ends in.
#include <algorithm>
#include <cstring>
#include <map>

#include "passes/layout_rules.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace liteforge {
namespace {

using ir::Graph;
using ir::Node;
using ir::Value;

// Elements of one example; -1 when they are not known.
int64_t PerExample(const Shape& shape) {
  if (shape.rank() < 2) return -1;
  int64_t elements = 1;
  for (int axis = 1; axis < shape.rank(); ++axis) {
    if (shape[axis] < 0) return -1;
    elements *= shape[axis];
  }
  return elements;
}

// The TRANSPOSE whose examples the RESHAPE lays flat; nullptr for others.
Node* FlattenedTranspose(const Node& reshape) {
  Node* transpose = ProducerIf(reshape.input(0), Op::kTranspose);
  if (transpose == nullptr) return nullptr;
  const auto p = PermutationOf(*transpose);
  const int64_t size = PerExample(transpose->output()->shape);
  const Shape& flat = reshape.output()->shape;
  const bool fits =
      p && (*p)[0] == 0 && size > 0 && flat.rank() == 2 && flat[1] == size;
  return fits ? transpose : nullptr;
}

bool IsDenseOf(const Node& node, const Value* flat) {
  if (node.op() != Op::kFullyConnected || node.input(0) != flat) return false;
  const Value* weights = node.input(1);
  return weights != flat && weights->is_constant() &&
         BitWidth(weights->type) >= 8 && weights->shape.rank() == 2 &&
         weights->shape[1] == flat->shape[1] &&
         !(weights->quantization.per_channel() &&
           weights->quantization.axis != 0);
}

// The inputs' places behind the permutation, in the order before it.
std::vector<size_t> Places(const Shape& before, const Permutation& p) {
  const Shape behind = Permuted(before, p);
  std::vector<size_t> strides(p.size(), 1);
  for (size_t axis = p.size(); axis-- > 2;)
    strides[axis - 1] =
        strides[axis] * static_cast<size_t>(behind[static_cast<int>(axis)]);
  const Permutation inverse = Inverse(p);
  std::vector<size_t> places{0};
  for (size_t axis = 1; axis < p.size(); ++axis) {
    const size_t stride = strides[static_cast<size_t>(inverse[axis])];
    std::vector<size_t> next;
    for (const size_t base : places) {
      for (int32_t i = 0; i < before[static_cast<int>(axis)]; ++i)
        next.push_back(base + static_cast<size_t>(i) * stride);
    }
    places = std::move(next);
  }
  return places;
}

Value* Reordered(Graph& graph, const Value& weights,
                 const std::vector<size_t>& places) {
  const auto width = static_cast<size_t>(BitWidth(weights.type)) / 8;
  std::vector<std::byte> bytes(weights.data().size());
  const size_t row = places.size() * width;
  for (size_t out = 0; out * row < bytes.size(); ++out) {
    for (size_t i = 0; i < places.size(); ++i)
      std::memcpy(bytes.data() + out * row + i * width,
                  weights.data().data() + out * row + places[i] * width, width);
  }
  Value* reordered = graph.AddConstant(
      weights.name, weights.type, weights.shape, Blob::Own(std::move(bytes)));
  reordered->quantization = weights.quantization;
  return reordered;
}

bool Reorder(Graph& graph, Node* reshape) {
  const Node* transpose = FlattenedTranspose(*reshape);
  const Value* flat = reshape->output();
  if (transpose == nullptr || flat->is_graph_output() || flat->users().empty())
    return false;
  const std::vector<Node*> readers(flat->users().begin(), flat->users().end());
  const bool all_dense = std::ranges::all_of(
      readers, [&](const Node* node) { return IsDenseOf(*node, flat); });
  if (!all_dense) return false;
  Value* before = transpose->input(0);
  const auto places = Places(before->shape, *PermutationOf(*transpose));
  std::map<const Value*, Value*> reordered;
  for (Node* dense : readers) {
    Value*& weights = reordered[dense->input(1)];
    if (weights == nullptr)
      weights = Reordered(graph, *dense->input(1), places);
    dense->SetInput(1, weights);
  }
  reshape->SetInput(0, before);
  return true;
}

}  // namespace

Result<int> ReorderDenseWeights(Graph& graph) {
  int rewrites = 0;
  for (Node* node : graph.Nodes()) {
    if (node->op() == Op::kReshape && Reorder(graph, node)) ++rewrites;
  }
  if (rewrites > 0) graph.RemoveDead();
  return rewrites;
}

}  // namespace liteforge
