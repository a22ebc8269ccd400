// SPDX-License-Identifier: Apache-2.0
// Elementwise operators of floats behind a convolution, computed by it while
// its results are in the cache:
//
//   CONV_2D, DEPTHWISE_CONV_2D [-> RELU…] [-> ADD [-> RELU…]] [-> PRELU]
//
// Each takes a result that nothing else sees, of the same shape. What is added
// must be there when the convolution runs. The numbers are the same, bit for
// bit; the tensors between are not computed.
#include <algorithm>
#include <optional>

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

}  // namespace

// Whether the next node is one that can be folded; then it is.
bool Subgraph::Fold(size_t node, size_t next, std::span<const int> made_by) {
  KernelContext& context = nodes_[node].context;
  const KernelContext& following = nodes_[next].context;
  FollowUp& f = context.follow_up_;
  const RuntimeTensor& result = context.Output(0);
  RuntimeTensor& output = *following.outputs_[0];
  if (f.slope != nullptr || output.is_variable ||
      output.type != DataType::kFloat32 || output.shape != result.shape)
    return false;
  if (const auto activation = ActivationOf(following.op())) {
    ClampTo(*activation, f);
  } else if (following.op() == Op::kPrelu && &following.Input(0) == &result &&
             IsSlope(following.Input(1), result.shape)) {
    f.slope = &following.Input(1);
  } else if (following.op() == Op::kAdd && f.addend == nullptr) {
    const RuntimeTensor& other =
        following.Input(&following.Input(0) == &result ? 1 : 0);
    if (other.shape != result.shape || other.is_variable ||
        made_by[IndexOf(other)] >= static_cast<int>(node))
      return false;
    f.addend = &other;
    ClampTo(following.options<AddOptions>().fused_activation_function, f);
  } else {
    return false;
  }
  context.outputs_[0] = &output;
  nodes_[next].kind = Kind::kFolded;
  return true;
}

void Subgraph::FoldNodes() {
  if (options_.preserve_all_tensors || options_.observer) return;
  constexpr int kNever = -1;  // graph inputs and constants
  std::vector<int> uses(tensors_.size()), made_by(tensors_.size(), kNever);
  std::vector<size_t> user(tensors_.size());
  for (size_t i = 0; i < nodes_.size(); ++i) {
    for (const RuntimeTensor* input : ReadBy(nodes_[i])) {
      ++uses[IndexOf(*input)];
      user[IndexOf(*input)] = i;
    }
    for (const RuntimeTensor* output : nodes_[i].context.outputs_)
      made_by[IndexOf(*output)] = static_cast<int>(i);
  }
  for (const int output : graph_.outputs) ++uses[Index(output)];
  for (size_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].kind != Kind::kStatic || !nodes_[i].context.takes_follow_up_)
      continue;
    while (true) {
      const RuntimeTensor& result = nodes_[i].context.Output(0);
      const size_t at = IndexOf(result), next = user[at];
      if (uses[at] != 1 || result.is_variable ||
          nodes_[next].kind != Kind::kStatic || !Fold(i, next, made_by))
        break;
      made_by[IndexOf(nodes_[i].context.Output(0))] = static_cast<int>(i);
    }
  }
}

}  // namespace liteforge
