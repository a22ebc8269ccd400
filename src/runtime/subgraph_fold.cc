// SPDX-License-Identifier: Apache-2.0
// Operators that a convolution (or pool) computes besides, while its numbers
// are in the cache:
//
//   PAD before CONV_2D, DEPTHWISE_CONV_2D and a MAX_POOL_2D without padding
//   of floats, behind them: [RELU…] [ADD [RELU…]] [PRELU]
//   of 8-bit numbers, behind them: ADD
//   and the PAD that makes an addend's channels as many
//
// and QUANTIZE, which takes the very steps that DEQUANTIZE made floats of.
//
// Each takes a result that nothing else sees; those behind, of the same shape.
// What is added must be there when the convolution runs. The numbers are the
// same, bit for bit, but for floats that are padded, which the convolution may
// add in another order; the tensors between are not computed.
#include <algorithm>
#include <optional>

#include "kernels/move_elements.h"
#include "kernels/numerics.h"
#include "runtime/subgraph.h"

namespace liteforge {
namespace {

using FollowUp = KernelContext::FollowUp;

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

void ClampTo(Activation activation, FollowUp& f) {
  FollowUp::Limits& limits = f.addend == nullptr ? f.sum : f.total;
  const Range<float> range = FloatActivationRange(activation);
  limits = {Clamp(limits.low, range), Clamp(limits.high, range)};
}

// A slope a channel, and nothing else.
bool IsSlope(const RuntimeTensor& alpha, const Shape& of) {
  const int rank = alpha.shape.rank();
  return alpha.is_constant && rank > 0 && of.rank() > 0 &&
         alpha.type == DataType::kFloat32 &&
         alpha.elements() == alpha.shape[rank - 1] &&
         alpha.elements() == of[of.rank() - 1];
}

// What a PAD puts around images, if that is known and right.
struct Paddings {
  int of[4][2];  // before and behind each axis
  bool none(int axis) const { return of[axis][0] == 0 && of[axis][1] == 0; }
};
std::optional<Paddings> PaddingsOf(const KernelContext& pad) {
  const RuntimeTensor& given = pad.Input(1);
  if (pad.Input(0).shape.rank() != 4 || !given.is_constant ||
      !IsIndexType(given.type) || given.elements() != 8)
    return std::nullopt;
  Paddings p{};
  for (int i = 0; i < 8; ++i) {
    const int64_t size = IntegerAt(given, i);
    if (size < 0) return std::nullopt;
    p.of[i / 2][i % 2] = static_cast<int>(size);
  }
  return p;
}

// Whether the kernel can take a PAD before it (KernelContext::padding).
bool TakesPadding(const KernelContext& k) {
  return k.op() == Op::kConv2D || k.op() == Op::kDepthwiseConv2D ||
         (k.op() == Op::kMaxPool2D &&
          k.options<Pool2DOptions>().padding == Padding::kValid);
}

}  // namespace

// The PAD that makes this tensor for one operator alone, if it can be folded.
Subgraph::Node* Subgraph::PadBehind(const RuntimeTensor& padded) {
  const size_t at = IndexOf(padded);
  if (maker_[at] == kNobody || uses_[at] != 1 || padded.is_variable)
    return nullptr;
  Node& pad = nodes_[Index(maker_[at])];
  return pad.spec->op == Op::kPad && pad.kind == Kind::kStatic &&
                 SameQuantization(pad.context.Input(0), padded)
             ? &pad
             : nullptr;
}

// Before the node is prepared.
void Subgraph::FoldPadding(Node& node) {
  KernelContext& context = node.context;
  if (!folds() || !TakesPadding(context)) return;
  Node* pad = PadBehind(context.Input(0));
  if (pad == nullptr) return;
  const auto p = PaddingsOf(pad->context);
  if (!p || !p->none(0) || !p->none(3)) return;
  context.inputs_[0] = pad->context.inputs_[0];
  context.padding_ = {p->of[1][0], p->of[1][1], p->of[2][0], p->of[2][1]};
  pad->kind = Kind::kFolded;
}

// Before the node is prepared. (q - zero_point) * scale / scale is rounded to
// q - zero_point as long as nothing overflows.
void Subgraph::FoldPair(Node& node) {
  constexpr float kLeastScale = 1e-30f, kMostScale = 1e30f;
  KernelContext& context = node.context;
  if (!folds() || context.op() != Op::kQuantize) return;
  const size_t real = IndexOf(context.Input(0));
  if (maker_[real] == kNobody || tensors_[real].is_variable) return;
  Node& made = nodes_[Index(maker_[real])];
  if (made.spec->op != Op::kDequantize || made.kind != Kind::kStatic) return;
  const RuntimeTensor& steps = made.context.Input(0);
  const RuntimeTensor& output = context.Output(0);
  if (steps.is_variable || !AreSteps(output) ||
      !SameQuantization(steps, output) || output.scale() < kLeastScale ||
      output.scale() > kMostScale)
    return;
  context.inputs_[0] = made.context.inputs_[0];
  if (uses_[real] == 1) made.kind = Kind::kFolded;
}

// What ADD adds to `result`, if it has the result's shape; or what is padded to
// that, behind its channels.
const RuntimeTensor* Subgraph::FindAddend(const KernelContext& add,
                                          const RuntimeTensor& result) {
  const RuntimeTensor& other = add.Input(&add.Input(0) == &result ? 1 : 0);
  if (other.shape != result.shape) return nullptr;
  Node* pad = PadBehind(other);
  if (pad == nullptr) return &other;
  const auto p = PaddingsOf(pad->context);
  if (!p || !p->none(0) || !p->none(1) || !p->none(2) || p->of[3][0] != 0)
    return &other;
  return &pad->context.Input(0);
}

bool Subgraph::FoldFloats(KernelContext& context, const KernelContext& next) {
  FollowUp& f = context.follow_up_;
  const RuntimeTensor& result = context.Output(0);
  if (f.slope != nullptr) return false;
  if (const auto activation = ActivationOf(next.op())) {
    ClampTo(*activation, f);
  } else if (next.op() == Op::kPrelu && &next.Input(0) == &result &&
             IsSlope(next.Input(1), result.shape)) {
    f.slope = &next.Input(1);
  } else {
    return false;
  }
  return true;
}

// `node` computes the ADD `next`, if what is added is there in time.
bool Subgraph::FoldSum(size_t node, size_t next, std::span<const int> made_by) {
  KernelContext& context = nodes_[node].context;
  const KernelContext& add = nodes_[next].context;
  FollowUp& f = context.follow_up_;
  if (f.addend != nullptr || f.slope != nullptr) return false;
  const RuntimeTensor& result = context.Output(0);
  const RuntimeTensor* addend = FindAddend(add, result);
  if (addend == nullptr || addend->is_variable ||
      made_by[IndexOf(*addend)] >= static_cast<int>(node))
    return false;
  f.addend = addend;
  f.adds_to_addend = &add.Input(1) == &result;
  if (result.type == DataType::kFloat32) {
    ClampTo(add.options<AddOptions>().fused_activation_function, f);
  } else {
    f.add = &add;
  }
  const RuntimeTensor& other = add.Input(f.adds_to_addend ? 0 : 1);
  if (&other != addend)
    nodes_[Index(maker_[IndexOf(other)])].kind = Kind::kFolded;
  return true;
}

// Whether the next node is one that can be folded; then it is.
bool Subgraph::Fold(size_t node, size_t next, std::span<const int> made_by) {
  KernelContext& context = nodes_[node].context;
  const KernelContext& following = nodes_[next].context;
  const RuntimeTensor& result = context.Output(0);
  RuntimeTensor& output = *following.outputs_[0];
  if (output.is_variable || output.type != result.type ||
      output.shape != result.shape)
    return false;
  const bool folded =
      following.op() == Op::kAdd
          ? FoldSum(node, next, made_by)
          : result.type == DataType::kFloat32 && FoldFloats(context, following);
  if (!folded) return false;
  context.outputs_[0] = &output;
  nodes_[next].kind = Kind::kFolded;
  return true;
}

void Subgraph::FoldNodes() {
  if (!folds()) return;
  std::vector<int> made_by = maker_;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].kind != Kind::kStatic || !nodes_[i].context.takes_follow_up_)
      continue;
    while (true) {
      const RuntimeTensor& result = nodes_[i].context.Output(0);
      const size_t at = IndexOf(result);
      if (uses_[at] != 1 || user_[at] == kNobody || result.is_variable) break;
      const auto next = Index(user_[at]);
      if (nodes_[next].kind != Kind::kStatic || !Fold(i, next, made_by)) break;
      made_by[IndexOf(nodes_[i].context.Output(0))] = static_cast<int>(i);
    }
  }
}

}  // namespace liteforge
