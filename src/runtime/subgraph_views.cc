// SPDX-License-Identifier: Apache-2.0
// Tensors that lie within others, so that operators which only move numbers
// find them where they should be:
//
//   RESHAPE, SQUEEZE, EXPAND_DIMS   the output is the input
//   QUANTIZE                        the same, to the steps that it has
//   SPLIT, SPLIT_V, UNPACK          each output is a part of the input
//   CONCATENATION, PACK             each input is a part of the output
//
// Parts lie one behind the other where all axes before the one they are cut
// along have one element. What callers write (inputs, variables) stays by
// itself, and so does what two operators read that is to be a part.
#include <algorithm>

#include "kernels/move_elements.h"
#include "runtime/subgraph.h"

namespace liteforge {
namespace {

// Where the axis of an operator on parts begins to count from the first; -1
// when that is not known.
int AxisOf(const KernelContext& k, int rank) {
  int64_t axis = -1;
  switch (k.op()) {
    case Op::kSplit:
    case Op::kSplitV: {
      const RuntimeTensor& given = k.Input(k.op() == Op::kSplit ? 0 : 2);
      if (!given.is_constant) return -1;
      axis = IntegerAt(given, 0);
      break;
    }
    case Op::kUnpack:
      axis = k.options<UnpackOptions>().axis;
      break;
    case Op::kPack:
      axis = k.options<PackOptions>().axis;
      break;
    default:
      axis = k.options<ConcatenationOptions>().axis;
  }
  if (axis < 0) axis += rank;
  return axis < 0 || axis >= rank ? -1 : static_cast<int>(axis);
}

// Whether parts of `whole` along that axis lie one behind the other.
bool LiesInOneRow(const RuntimeTensor& whole, int axis) {
  if (axis < 0 || BitWidth(whole.type) % 8 != 0) return false;
  for (int a = 0; a < axis; ++a) {
    if (whole.shape[a] != 1) return false;
  }
  return true;
}

}  // namespace

Subgraph::View Subgraph::PlaceOf(size_t tensor) const {
  View place{static_cast<int>(tensor), 0};
  while (views_[Index(place.of)].of != kNobody) {
    const View& next = views_[Index(place.of)];
    place = {next.of, place.offset + next.offset};
  }
  return place;
}

// A tensor that a node makes, in the arena.
bool Subgraph::IsMade(const RuntimeTensor& t) const {
  const size_t at = IndexOf(t);
  return InArena(at) && !t.is_variable && maker_[at] != kNobody &&
         std::ranges::count(graph_.inputs, static_cast<int>(at)) == 0;
}

void Subgraph::ViewParts(const KernelContext& k) {
  const RuntimeTensor& whole = k.Input(k.op() == Op::kSplit ? 1 : 0);
  if (!IsMade(whole) || !LiesInOneRow(whole, AxisOf(k, whole.shape.rank())))
    return;
  size_t offset = 0;
  for (const RuntimeTensor* part : k.outputs_) {
    if (offset + part->bytes > whole.bytes) return;  // the kernel says so
    if (IsMade(*part))
      views_[IndexOf(*part)] = {static_cast<int>(IndexOf(whole)), offset};
    offset += part->bytes;
  }
}

// The tensor whose whole memory `t` is, if nothing but the way to `t` sees it.
int Subgraph::WholeBehind(const RuntimeTensor& t) const {
  size_t at = IndexOf(t);
  while (uses_[at] == 1 && IsMade(tensors_[at])) {
    const auto [of, offset] = views_[at];
    if (of == kNobody) return static_cast<int>(at);
    if (tensors_[Index(of)].bytes != t.bytes) break;
    at = Index(of);
  }
  return kNobody;
}

void Subgraph::ViewJoined(const KernelContext& k) {
  const RuntimeTensor& whole = *k.outputs_[0];
  if (!IsMade(whole) || !LiesInOneRow(whole, AxisOf(k, whole.shape.rank())))
    return;
  size_t offset = 0;
  for (const RuntimeTensor* part : k.inputs_) {
    const int behind = WholeBehind(*part);
    if (behind != kNobody && SameQuantization(*part, whole))
      views_[Index(behind)] = {static_cast<int>(IndexOf(whole)), offset};
    offset += part->bytes;
  }
}

void Subgraph::ViewWhole(const KernelContext& k) {
  const RuntimeTensor& input = k.Input(0);
  const RuntimeTensor& output = *k.outputs_[0];
  if (IsMade(input) && IsMade(output))
    views_[IndexOf(output)] = {static_cast<int>(IndexOf(input)), 0};
}

void Subgraph::FindViews() {
  views_.assign(tensors_.size(), {});
  if (!folds()) return;
  for (const Node& node : nodes_) {
    if (node.kind != Kind::kStatic || node.evaluator != node.kernel) continue;
    const KernelContext& k = node.context;
    switch (k.op()) {
      case Op::kReshape:
      case Op::kSqueeze:
      case Op::kExpandDims:
        ViewWhole(k);
        break;
      case Op::kQuantize:
        if (AreSteps(k.Input(0)) &&
            SameQuantization(k.Input(0), *k.outputs_[0]))
          ViewWhole(k);
        break;
      case Op::kSplit:
      case Op::kSplitV:
      case Op::kUnpack:
        ViewParts(k);
        break;
      case Op::kConcatenation:
      case Op::kPack:
        ViewJoined(k);
        break;
      default:
        break;
    }
  }
}

}  // namespace liteforge
