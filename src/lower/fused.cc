// SPDX-License-Identifier: Apache-2.0
// What TensorFlow's own optimizers join, taken apart again:
//   _FusedConv2D, _FusedDepthwiseConv2dNative, _FusedMatMul
//       the operation, then `fused_ops` in order: BiasAdd or FusedBatchNorm of
//       the operands that follow, an activation
//   _FusedBatchNormEx       FusedBatchNormV3, + side input, activation_mode
//   FusedPadConv2D          MirrorPad, Conv2D
//   FusedResizeAndPadConv2D ResizeBilinear, MirrorPad, Conv2D
// Source: tensorflow/core/ops/nn_ops.cc (a "_" marks what only graphs hold).
#include <fmt/format.h>

#include <map>
#include <span>

#include "lower/all_ops.h"
#include "lower/formula.h"

namespace liteforge {
namespace {

// Output 0 of another operation that has the node's attributes.
Result<Value*> Run(LowerContext& c, const tf::NodeDef& node,
                   std::vector<Value*> inputs) {
  const TfOp* op = FindTfOp(node.op());
  if (op == nullptr || inputs.size() < static_cast<size_t>(op->inputs))
    return InvalidModel(fmt::format("it lacks an operand of {}", node.op()));
  LowerContext part(node, std::move(inputs), c.ir(), c.calls());
  TRY(op->lower(part));
  return part.outputs().at(0);
}

tf::NodeDef As(const LowerContext& c, const std::string& op) {
  tf::NodeDef node = c.node();
  node.set_op(op);
  return node;
}

Result<std::vector<std::string>> FusedOps(const LowerContext& c) {
  const auto found = c.node().attr().find("fused_ops");
  if (found == c.node().attr().end() || !found->second.has_list())
    return InvalidModel("attribute 'fused_ops' is no list of operations");
  const auto& names = found->second.list().s();
  return std::vector<std::string>(names.begin(), names.end());
}

// The attributes that a fused activation or normalization has under another
// name.
tf::NodeDef Fused(const LowerContext& c, const std::string& op) {
  tf::NodeDef node = As(c, op);
  auto& attributes = *node.mutable_attr();
  if (op == "LeakyRelu" && attributes.contains("leakyrelu_alpha"))
    attributes["alpha"] = attributes["leakyrelu_alpha"];
  attributes["is_training"].set_b(false);
  return node;
}

template <int operands>
Result<void> LowerFused(LowerContext& c) {
  static const std::map<std::string, size_t> kParameters = {
      {"BiasAdd", 1}, {"Elu", 0},   {"FusedBatchNorm", 4}, {"LeakyRelu", 0},
      {"Relu", 0},    {"Relu6", 0}, {"Sigmoid", 0},        {"Tanh", 0},
  };
  const std::string base(c.node().op().substr(sizeof("_Fused") - 1));
  TRY_ASSIGN(const auto fused, FusedOps(c));
  const std::vector<Value*>& all = c.inputs();
  auto next = all.begin() + operands;
  TRY_ASSIGN(Value * y, Run(c, As(c, base), {all.begin(), next}));
  for (const std::string& name : fused) {
    const auto known = kParameters.find(name);
    if (known == kParameters.end())
      return Unsupported(fmt::format("it is fused with {}", name));
    std::vector<Value*> inputs = {y};
    for (size_t i = 0; i < known->second && next != all.end(); ++i)
      inputs.push_back(*next++);
    TRY_ASSIGN(y, Run(c, Fused(c, name), std::move(inputs)));
  }
  c.SetOutput(0, y);
  return {};
}

Result<void> LowerFusedNorm(LowerContext& c) {
  static constexpr std::string_view kModes[] = {"Identity", "Relu"};
  TRY_ASSIGN(const size_t mode, c.Choice("activation_mode", kModes, 0));
  const auto operands = c.inputs().begin();
  TRY_ASSIGN(Value * y,
             Run(c, As(c, "FusedBatchNormV3"), {operands, operands + 5}));
  Formula f(c);
  if (c.input_count() > 5) y = f.Add(y, c.input(5));
  if (mode == 1) y = f.Of(Op::kRelu, y);
  return f.Finish(y);
}

template <bool resizes>
Result<void> LowerPadConv(LowerContext& c) {
  constexpr int kPaddings = resizes ? 2 : 1;
  Value* x = c.input(0);
  if (resizes) {
    tf::NodeDef resize = As(c, "ResizeBilinear");
    auto& attributes = *resize.mutable_attr();
    if (attributes.contains("resize_align_corners"))
      attributes["align_corners"] = attributes["resize_align_corners"];
    TRY_ASSIGN(x, Run(c, resize, {x, c.input(1)}));
  }
  TRY_ASSIGN(x, Run(c, As(c, "MirrorPad"), {x, c.input(kPaddings)}));
  return Finish(c, Run(c, As(c, "Conv2D"), {x, c.input(kPaddings + 1)}));
}

}  // namespace

std::span<const TfOp> FusedOps() {
  static constexpr TfOp kOps[] = {
      {"FusedPadConv2D", 3, LowerPadConv<false>},
      {"FusedResizeAndPadConv2D", 4, LowerPadConv<true>},
      {"_FusedBatchNormEx", 5, LowerFusedNorm},
      {"_FusedConv2D", 2, LowerFused<2>},
      {"_FusedDepthwiseConv2dNative", 2, LowerFused<2>},
      {"_FusedMatMul", 2, LowerFused<2>},
  };
  return kOps;
}

}  // namespace liteforge
