// SPDX-License-Identifier: Apache-2.0
#include "passes/layout_rules.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "passes/rewrite.h"

namespace liteforge {
namespace {

using ir::Graph;
using ir::Node;
using ir::Value;

// How an operator names axes, beyond its operands' own.
enum class Axes {
  kNone,        // elementwise
  kOption,      // CONCATENATION {axis}
  kPaddings,    // operand 1: [rank, 2]
  kPerAxis,     // operand 1 (and 2): one entry per axis
  kReduced,     // operand 1: list of axes
  kPicked,      // operand 1: the axis, which goes
  kLast,        // the last axis, without saying so
  kSplitFirst,  // operand 0: the axis
  kStrided,     // operands 1 to 3 and masks: one entry per axis
};

struct Rule {
  Op op;
  Axes axes;
  int first = 0;  // layout operands: first to last; -1: all
  int last = 0;
};

constexpr Rule kRules[] = {
    {Op::kAbs, Axes::kNone},
    {Op::kAdd, Axes::kNone, 0, 1},
    {Op::kAddN, Axes::kNone, 0, -1},
    {Op::kArgMax, Axes::kPicked},
    {Op::kArgMin, Axes::kPicked},
    {Op::kATan2, Axes::kNone, 0, 1},
    {Op::kCast, Axes::kNone},
    {Op::kCeil, Axes::kNone},
    {Op::kConcatenation, Axes::kOption, 0, -1},
    {Op::kCos, Axes::kNone},
    {Op::kDequantize, Axes::kNone},
    {Op::kDiv, Axes::kNone, 0, 1},
    {Op::kElu, Axes::kNone},
    {Op::kEqual, Axes::kNone, 0, 1},
    {Op::kExp, Axes::kNone},
    {Op::kFloor, Axes::kNone},
    {Op::kFloorDiv, Axes::kNone, 0, 1},
    {Op::kFloorMod, Axes::kNone, 0, 1},
    {Op::kGelu, Axes::kNone},
    {Op::kGreater, Axes::kNone, 0, 1},
    {Op::kGreaterEqual, Axes::kNone, 0, 1},
    {Op::kHardSwish, Axes::kNone},
    {Op::kLeakyRelu, Axes::kNone},
    {Op::kLess, Axes::kNone, 0, 1},
    {Op::kLessEqual, Axes::kNone, 0, 1},
    {Op::kLog, Axes::kNone},
    {Op::kLogSoftmax, Axes::kLast},
    {Op::kLogicalAnd, Axes::kNone, 0, 1},
    {Op::kLogicalNot, Axes::kNone},
    {Op::kLogicalOr, Axes::kNone, 0, 1},
    {Op::kLogistic, Axes::kNone},
    {Op::kMaximum, Axes::kNone, 0, 1},
    {Op::kMean, Axes::kReduced},
    {Op::kMinimum, Axes::kNone, 0, 1},
    {Op::kMirrorPad, Axes::kPaddings},
    {Op::kMul, Axes::kNone, 0, 1},
    {Op::kNeg, Axes::kNone},
    {Op::kNotEqual, Axes::kNone, 0, 1},
    {Op::kPad, Axes::kPaddings},
    {Op::kPadV2, Axes::kPaddings},
    {Op::kPow, Axes::kNone, 0, 1},
    {Op::kPrelu, Axes::kNone, 0, 1},
    {Op::kQuantize, Axes::kNone},
    {Op::kReduceAll, Axes::kReduced},
    {Op::kReduceAny, Axes::kReduced},
    {Op::kReduceMax, Axes::kReduced},
    {Op::kReduceMin, Axes::kReduced},
    {Op::kReduceProd, Axes::kReduced},
    {Op::kRelu, Axes::kNone},
    {Op::kRelu0To1, Axes::kNone},
    {Op::kRelu6, Axes::kNone},
    {Op::kReluN1To1, Axes::kNone},
    {Op::kRound, Axes::kNone},
    {Op::kRsqrt, Axes::kNone},
    {Op::kSelectV2, Axes::kNone, 0, 2},
    {Op::kSign, Axes::kNone},
    {Op::kSin, Axes::kNone},
    {Op::kSlice, Axes::kPerAxis},
    {Op::kSoftmax, Axes::kLast},
    {Op::kSplit, Axes::kSplitFirst, 1, 1},
    {Op::kSqrt, Axes::kNone},
    {Op::kSquare, Axes::kNone},
    {Op::kSquaredDifference, Axes::kNone, 0, 1},
    {Op::kStridedSlice, Axes::kStrided},
    {Op::kSub, Axes::kNone, 0, 1},
    {Op::kSum, Axes::kReduced},
    {Op::kTanh, Axes::kNone},
    {Op::kTile, Axes::kPerAxis},
};

const Rule* FindRule(Op op) {
  const auto row = std::find_if(std::begin(kRules), std::end(kRules),
                                [&](const Rule& r) { return r.op == op; });
  return row == std::end(kRules) ? nullptr : row;
}

// A list of axes or of entries per axis, from a constant; empty: unknown.
std::vector<int64_t> Entries(const Value* value) {
  return ConstantIntegers(value).value_or(std::vector<int64_t>());
}

int Wrapped(int64_t axis, size_t rank) {
  return static_cast<int>(axis < 0 ? axis + static_cast<int64_t>(rank) : axis);
}

bool AreAxes(const std::vector<int64_t>& axes, size_t rank) {
  return !axes.empty() &&
         std::all_of(axes.begin(), axes.end(), [&](int64_t axis) {
           const int at = Wrapped(axis, rank);
           return at >= 0 && at < static_cast<int>(rank);
         });
}

bool HasPlainMasks(const StridedSliceOptions& o) {
  return o.ellipsis_mask == 0 && o.new_axis_mask == 0 &&
         o.shrink_axis_mask == 0;
}

// Whether what names the axes is constant and complete.
bool AxesAreKnown(const Node& node, Axes axes, size_t rank) {
  switch (axes) {
    case Axes::kNone:
      return true;
    case Axes::kOption:
      return AreAxes({node.Options<ConcatenationOptions>().axis}, rank);
    case Axes::kPaddings:
      return Entries(node.input(1)).size() == 2 * rank;
    case Axes::kPerAxis:
      return Entries(node.input(1)).size() == rank &&
             (node.op() != Op::kSlice || Entries(node.input(2)).size() == rank);
    case Axes::kReduced:
      return AreAxes(Entries(node.input(1)), rank);
    case Axes::kPicked:
      return Entries(node.input(1)).size() == 1 &&
             AreAxes(Entries(node.input(1)), rank);
    case Axes::kLast:
      return true;
    case Axes::kSplitFirst:
      return AreAxes(Entries(node.input(0)), rank);
    case Axes::kStrided:
      return HasPlainMasks(node.Options<StridedSliceOptions>()) &&
             Entries(node.input(1)).size() == rank &&
             Entries(node.input(2)).size() == rank &&
             Entries(node.input(3)).size() == rank;
  }
  return false;
}

// An operand that can be had in the other layout: of full rank, or a constant
// of less. A single element is the same in both.
bool CanPermute(const Value* value, size_t rank) {
  if (value == nullptr || value->quantization.per_channel()) return false;
  if (!value->shape.has_rank()) return false;
  if (value->shape.rank() == static_cast<int>(rank)) {
    return !value->is_constant() || BitWidth(value->type) >= 8;
  }
  if (value->shape.rank() > static_cast<int>(rank)) return false;
  return value->is_constant() && BitWidth(value->type) >= 8;
}

// Whether the axes a reduction keeps stand in the same order before p.
bool KeepsOrder(const Node& node, const Permutation& p) {
  std::vector<bool> reduced(p.size());
  for (int64_t axis : Entries(node.input(1))) {
    reduced[static_cast<size_t>(Wrapped(axis, p.size()))] = true;
  }
  std::vector<int> kept;
  for (size_t axis = 0; axis < p.size(); ++axis) {
    if (!reduced[axis]) kept.push_back(p[axis]);
  }
  return std::is_sorted(kept.begin(), kept.end());
}

//---------------------------------------------------------------- moving axes

// A constant's entries (of `width` each) from axis i to axis p[i].
void MoveEntries(Graph& graph, Node* node, int operand, const Permutation& p,
                 size_t width = 1) {
  const Value& old = *node->input(operand);
  const auto entries = Entries(&old);
  std::vector<int64_t> moved(entries.size());
  for (size_t axis = 0; axis < p.size(); ++axis) {
    for (size_t k = 0; k < width; ++k) {
      moved[static_cast<size_t>(p[axis]) * width + k] =
          entries[axis * width + k];
    }
  }
  const Blob data =
      old.type == DataType::kInt64
          ? Blob::Own(moved)
          : Blob::Own(std::vector<int32_t>(moved.begin(), moved.end()));
  node->SetInput(operand,
                 graph.AddConstant(old.name, old.type, old.shape, data));
}

void RenameAxes(Graph& graph, Node* node, int operand, const Permutation& p) {
  const Value& old = *node->input(operand);
  std::vector<int32_t> axes;
  for (int64_t axis : Entries(&old)) {
    axes.push_back(p[static_cast<size_t>(Wrapped(axis, p.size()))]);
  }
  if (node->op() != Op::kSplit) std::sort(axes.begin(), axes.end());
  node->SetInput(operand, graph.AddConstant(old.name, DataType::kInt32,
                                            old.shape, Blob::Own(axes)));
}

int32_t MoveBits(int32_t mask, const Permutation& p) {
  int32_t moved = 0;
  for (size_t axis = 0; axis < p.size(); ++axis) {
    if ((mask >> axis & 1) != 0) moved |= 1 << p[axis];
  }
  return moved;
}

void MoveStrided(Graph& graph, Node* node, const Permutation& p) {
  for (int operand = 1; operand <= 3; ++operand) {
    MoveEntries(graph, node, operand, p);
  }
  auto& options = node->options.Edit<StridedSliceOptions>();
  options.begin_mask = MoveBits(options.begin_mask, p);
  options.end_mask = MoveBits(options.end_mask, p);
}

// Where elements of a transposed array come from, in its row-major order.
std::vector<size_t> Gather(const Shape& shape, const Permutation& p) {
  std::vector<size_t> strides(p.size(), 1);
  for (size_t axis = p.size(); axis-- > 1;) {
    strides[axis - 1] =
        strides[axis] * static_cast<size_t>(shape[static_cast<int>(axis)]);
  }
  std::vector<size_t> from{0};
  for (int source : p) {
    std::vector<size_t> next;
    next.reserve(from.size() * static_cast<size_t>(shape[source]));
    for (size_t base : from) {
      for (int32_t i = 0; i < shape[source]; ++i) {
        next.push_back(base + static_cast<size_t>(i) *
                                  strides[static_cast<size_t>(source)]);
      }
    }
    from = std::move(next);
  }
  return from;
}

}  // namespace

Permutation Inverse(const Permutation& p) {
  Permutation inverse(p.size());
  for (size_t i = 0; i < p.size(); ++i) {
    inverse[static_cast<size_t>(p[i])] = static_cast<int>(i);
  }
  return inverse;
}

Shape Permuted(const Shape& shape, const Permutation& p) {
  Shape permuted;
  for (int axis : p) permuted.Append(shape[axis]);
  return permuted;
}

std::optional<Permutation> PermutationOf(const Node& node) {
  if (node.op() != Op::kTranspose) return std::nullopt;
  const auto order = ConstantIntegers(node.input(1));
  if (!order ||
      static_cast<int>(order->size()) != node.input(0)->shape.rank()) {
    return std::nullopt;
  }
  Permutation p;
  for (int64_t axis : *order) p.push_back(Wrapped(axis, order->size()));
  Permutation sorted = p, all(p.size());
  std::sort(sorted.begin(), sorted.end());
  std::iota(all.begin(), all.end(), 0);
  return sorted == all ? std::optional(p) : std::nullopt;
}

std::vector<int> LayoutOperands(const Node& node) {
  const Rule& rule = *FindRule(node.op());
  const int count = static_cast<int>(node.inputs().size());
  std::vector<int> operands;
  for (int i = rule.first; i <= (rule.last < 0 ? count - 1 : rule.last); ++i) {
    operands.push_back(i);
  }
  return operands;
}

LayoutRole RoleOf(const Node& node, const Permutation& p) {
  const Rule* rule = FindRule(node.op());
  if (rule == nullptr || !AxesAreKnown(node, rule->axes, p.size())) {
    return LayoutRole::kBlocks;
  }
  bool full_rank = false;
  for (int i : LayoutOperands(node)) {
    if (!CanPermute(node.input(i), p.size())) return LayoutRole::kBlocks;
    full_rank |= node.input(i)->shape.rank() == static_cast<int>(p.size());
  }
  if (!full_rank) return LayoutRole::kBlocks;
  if (rule->axes == Axes::kPicked ||
      (rule->axes == Axes::kReduced &&
       !node.Options<ReducerOptions>().keep_dims)) {
    return KeepsOrder(node, p) ? LayoutRole::kSwallows : LayoutRole::kBlocks;
  }
  if (rule->axes == Axes::kLast && p.back() + 1 != static_cast<int>(p.size()))
    return LayoutRole::kBlocks;
  for (const Value* output : node.outputs()) {
    if (!CanPermute(output, p.size())) return LayoutRole::kBlocks;
  }
  return LayoutRole::kMoves;
}

Value* PermuteConstant(Graph& graph, const Value& constant,
                       const Permutation& p) {
  Shape shape;
  while (shape.rank() + constant.shape.rank() < static_cast<int>(p.size())) {
    shape.Append(1);
  }
  for (int32_t dim : constant.shape.dims()) shape.Append(dim);
  const size_t width = static_cast<size_t>(BitWidth(constant.type)) / 8;
  std::vector<std::byte> bytes(constant.data().size());
  size_t at = 0;
  if (!bytes.empty()) {
    for (size_t from : Gather(shape, p)) {
      std::memcpy(bytes.data() + at, constant.data().data() + from * width,
                  width);
      at += width;
    }
  }
  Value* permuted =
      graph.AddConstant(constant.name, constant.type, Permuted(shape, p),
                        Blob::Own(std::move(bytes)));
  permuted->quantization = constant.quantization;
  return permuted;
}

void MoveAxes(Graph& graph, Node* node, const Permutation& p) {
  switch (FindRule(node->op())->axes) {
    case Axes::kNone:
    case Axes::kLast:
      return;
    case Axes::kOption: {
      int32_t& axis = node->options.Edit<ConcatenationOptions>().axis;
      axis = p[static_cast<size_t>(Wrapped(axis, p.size()))];
      return;
    }
    case Axes::kPaddings:
      return MoveEntries(graph, node, 1, p, 2);
    case Axes::kPerAxis:
      MoveEntries(graph, node, 1, p);
      if (node->op() == Op::kSlice) MoveEntries(graph, node, 2, p);
      return;
    case Axes::kReduced:
    case Axes::kPicked:
      return RenameAxes(graph, node, 1, p);
    case Axes::kSplitFirst:
      return RenameAxes(graph, node, 0, p);
    case Axes::kStrided:
      return MoveStrided(graph, node, p);
  }
}

}  // namespace liteforge
