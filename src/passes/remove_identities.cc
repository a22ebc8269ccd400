// SPDX-License-Identifier: Apache-2.0
// Operators that change nothing, and chains of RESHAPEs and of TRANSPOSEs.
//
//   RESHAPE to its own shape, TRANSPOSE by 0,1,2…, PAD and MIRROR_PAD by
//   nothing, CAST to its own type, SLICE and STRIDED_SLICE of everything, TILE
//   by 1, BROADCAST_TO its own shape, CONCATENATION and ADD_N of one operand,
//   SPLIT in one, x * 1, x / 1, x + 0, x - 0                         -> x
//   SQUEEZE, EXPAND_DIMS, and TRANSPOSE that only moves axes of 1    -> RESHAPE
//   RESHAPE(RESHAPE(x))                                              -> RESHAPE
//   TRANSPOSE(TRANSPOSE(x, p), q)                  -> TRANSPOSE(x, p[q[0]], …)
#include <algorithm>

#include "base/try.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

namespace liteforge {
namespace {

using ir::Graph;
using ir::Node;
using ir::Value;

bool AllEqual(const Value* value, int64_t number) {
  const auto values = ConstantIntegers(value);
  return values && std::all_of(values->begin(), values->end(),
                               [&](int64_t v) { return v == number; });
}

// Whether RESHAPE can say this shape, and one way only.
bool IsReshapeTarget(const Shape& shape) {
  const auto dims = shape.dims();
  const auto unknown = std::count(dims.begin(), dims.end(), Shape::kUnknownDim);
  const auto zeros = std::count(dims.begin(), dims.end(), 0);
  return shape.has_rank() && (unknown == 0 || (unknown == 1 && zeros == 0));
}

// The permutation with all entries in [0, rank).
std::optional<std::vector<int64_t>> AxesOf(const Node& transpose) {
  auto order = ConstantIntegers(transpose.input(1));
  if (!order) return std::nullopt;
  const auto rank = static_cast<int64_t>(order->size());
  for (int64_t& axis : *order) axis += axis < 0 ? rank : 0;
  return order;
}

//------------------------------------------------------------- x stays as it is

bool KeepsShape(const Node& node) {
  return IsReshapeTarget(node.output()->shape);
}

bool IsIdentityTranspose(const Node& node) {
  const auto order = AxesOf(node);
  return order && std::is_sorted(order->begin(), order->end());
}

bool PadsNothing(const Node& node) { return AllEqual(node.input(1), 0); }

bool TilesOnce(const Node& node) { return AllEqual(node.input(1), 1); }

bool HasOneInput(const Node& node) {
  return node.inputs().size() == 1 &&
         FusedActivation(node) == Activation::kNone;
}

bool SplitsInOne(const Node& node) { return node.outputs().size() == 1; }

bool IsSameType(const Node& node) {
  return node.input(0)->type == node.output()->type;
}

bool SlicesEverything(const Node& node) {
  const auto size = ConstantIntegers(node.input(2));
  const Shape& shape = node.input(0)->shape;
  if (!size || !AllEqual(node.input(1), 0)) return false;
  if (static_cast<int>(size->size()) != shape.rank()) return false;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const int64_t wanted = (*size)[static_cast<size_t>(axis)];
    if (wanted != -1 && (wanted != shape[axis] || wanted < 0)) return false;
  }
  return true;
}

// With strides of 1 and no axis added or dropped, a result as large as the
// input is all of it. Axes of unknown size must be left open on both sides.
bool StridesOverEverything(const Node& node) {
  const auto& o = node.Options<StridedSliceOptions>();
  const Shape& shape = node.input(0)->shape;
  if (o.new_axis_mask != 0 || o.shrink_axis_mask != 0 || o.ellipsis_mask != 0 ||
      !AllEqual(node.input(3), 1)) {
    return false;
  }
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const bool open =
        axis < 32 && ((o.begin_mask & o.end_mask) >> axis & 1) != 0;
    if (shape[axis] < 0 && !open) return false;
  }
  return true;
}

template <int kNeutral>
bool IsNeutral(const Value* constant) {
  if (constant == nullptr || !constant->is_constant()) return false;
  if (constant->type == DataType::kFloat32) {
    return UniformFloat(constant) == static_cast<float>(kNeutral);
  }
  return constant->quantization.empty() && !constant->data().empty() &&
         AllEqual(constant, kNeutral);
}

template <int kNeutral>
bool RightIsNeutral(const Node& node) {
  return FusedActivation(node) == Activation::kNone &&
         IsNeutral<kNeutral>(node.input(1)) &&
         BroadcastsInto(node.input(1)->shape, node.input(0)->shape);
}

template <int kNeutral>
bool LeftIsNeutral(const Node& node) {
  return FusedActivation(node) == Activation::kNone &&
         IsNeutral<kNeutral>(node.input(0)) &&
         BroadcastsInto(node.input(0)->shape, node.input(1)->shape);
}

struct Identity {
  Op op;
  bool (*applies)(const Node&);
  int operand = 0;  // the input that comes out unchanged
};

// What is common to all (type, shape, quantization) is CanReplaceBy's.
constexpr Identity kIdentities[] = {
    {Op::kAdd, RightIsNeutral<0>},
    {Op::kAdd, LeftIsNeutral<0>, 1},
    {Op::kAddN, HasOneInput},
    {Op::kBroadcastTo,
     [](const Node& n) { return n.output()->shape.IsStatic(); }},
    {Op::kCast, IsSameType},
    {Op::kConcatenation, HasOneInput},
    {Op::kDiv, RightIsNeutral<1>},
    {Op::kMirrorPad, PadsNothing},
    {Op::kMul, RightIsNeutral<1>},
    {Op::kMul, LeftIsNeutral<1>, 1},
    {Op::kPad, PadsNothing},
    {Op::kPadV2, PadsNothing},
    {Op::kReshape, KeepsShape},
    {Op::kSlice, SlicesEverything},
    {Op::kSplit, SplitsInOne, 1},
    {Op::kSplitV, SplitsInOne},
    {Op::kStridedSlice, StridesOverEverything},
    {Op::kSub, RightIsNeutral<0>},
    {Op::kTile, TilesOnce},
    {Op::kTranspose, IsIdentityTranspose},
};

bool RemoveIfIdentity(Graph& graph, Node* node) {
  for (const Identity& row : kIdentities) {
    if (row.op != node->op() || !row.applies(*node)) continue;
    Value* operand = node->input(row.operand);
    if (!CanReplaceBy(*node, operand)) continue;
    ReplaceBy(graph, node, operand);
    return true;
  }
  return false;
}

//------------------------------------------------------------------- in RESHAPE

void TurnIntoReshape(Graph& graph, Node* node) {
  const auto dims = node->output()->shape.dims();
  const std::vector<int32_t> shape(dims.begin(), dims.end());
  while (node->inputs().size() > 1) node->RemoveInput(1);
  node->SetInput(1, AddInt32s(graph, node->output()->name + "/shape", shape));
  node->SetOp(Op::kReshape, ReshapeOptions{});
}

// Axes longer than 1 keep their order.
bool MovesOnlyUnitAxes(const Node& transpose) {
  const auto order = AxesOf(transpose);
  const Shape& shape = transpose.input(0)->shape;
  if (!order || static_cast<int>(order->size()) != shape.rank()) return false;
  std::vector<int64_t> moved;
  for (int64_t axis : *order) {
    if (shape[static_cast<int>(axis)] != 1) moved.push_back(axis);
  }
  return std::is_sorted(moved.begin(), moved.end());
}

bool IsReshape(const Node& node) {
  switch (node.op()) {
    case Op::kSqueeze:
    case Op::kExpandDims:
      return true;
    case Op::kTranspose:
      return MovesOnlyUnitAxes(node);
    default:
      return false;
  }
}

bool NormalizeToReshape(Graph& graph, Node* node) {
  if (!IsReshape(*node) || !IsReshapeTarget(node->output()->shape)) {
    return false;
  }
  TurnIntoReshape(graph, node);
  return true;
}

//----------------------------------------------------------------------- chains

bool MergeReshapes(Node* node) {
  if (node->op() != Op::kReshape) return false;
  const Node* inner = ProducerIf(node->input(0), Op::kReshape);
  if (inner == nullptr ||
      !(inner->input(0)->quantization == inner->output()->quantization)) {
    return false;
  }
  node->SetInput(0, inner->input(0));
  return true;
}

bool ComposeTransposes(Graph& graph, Node* node) {
  if (node->op() != Op::kTranspose) return false;
  const Node* inner = ProducerIf(node->input(0), Op::kTranspose);
  if (inner == nullptr ||
      !(inner->input(0)->quantization == inner->output()->quantization)) {
    return false;
  }
  const auto p = AxesOf(*inner), q = AxesOf(*node);
  if (!p || !q || p->size() != q->size()) return false;
  std::vector<int32_t> order;
  for (int64_t axis : *q) {
    order.push_back(static_cast<int32_t>((*p)[static_cast<size_t>(axis)]));
  }
  node->SetInput(0, inner->input(0));
  node->SetInput(1, AddInt32s(graph, node->output()->name + "/perm", order));
  return true;
}

}  // namespace

Result<int> RemoveIdentities(Graph& graph) {
  int rewrites = 0;
  for (Node* node : graph.Nodes()) {
    rewrites += MergeReshapes(node) || ComposeTransposes(graph, node);
    rewrites += NormalizeToReshape(graph, node);
    rewrites += RemoveIfIdentity(graph, node);
  }
  return rewrites;
}

}  // namespace liteforge
