// SPDX-License-Identifier: Apache-2.0
// Non-max suppression. TFLite's operators always give max_output_size places,
// filled up with zeros, and how many are real; where TensorFlow does not pad,
// the rest is cut off.
#include <span>

#include "lower/context.h"

namespace liteforge {
namespace {

Result<Value*> First(IrBuilder& ir, Value* x, Value* count) {
  TRY_ASSIGN(count, ir.Reshape(count, {1}));
  return ir.Emit(Op::kSlice, SliceOptions{}, {x, ir.Int32s({0}), count});
}

// boxes, scores, max_output_size, iou_threshold, score_threshold [, sigma]
Result<std::vector<Value*>> Suppress(LowerContext& c, bool soft) {
  std::vector<Value*> inputs(c.inputs().begin(), c.inputs().begin() + 5);
  TRY_ASSIGN(inputs[2], c.ir().AsInt32(inputs[2]));
  if (!soft)
    return c.ir().EmitMany(Op::kNonMaxSuppressionV4,
                           NonMaxSuppressionV4Options{}, inputs, 2);
  inputs.push_back(c.input(5));
  return c.ir().EmitMany(Op::kNonMaxSuppressionV5, NonMaxSuppressionV5Options{},
                         inputs, 3);
}

Result<void> LowerV3(LowerContext& c) {
  TRY_ASSIGN(const auto found, Suppress(c, false));
  return Finish(c, First(c.ir(), found[0], found[1]));
}

Result<void> LowerV4(LowerContext& c) {
  TRY_ASSIGN(const bool pads,
             c.Attribute<bool>("pad_to_max_output_size", false));
  TRY_ASSIGN(const auto found, Suppress(c, false));
  Value* indices = found[0];
  if (!pads) {
    TRY_ASSIGN(indices, First(c.ir(), indices, found[1]));
  }
  c.SetOutput(0, indices);
  c.SetOutput(1, found[1]);
  return {};
}

Result<void> LowerV5(LowerContext& c) {
  TRY_ASSIGN(const bool pads,
             c.Attribute<bool>("pad_to_max_output_size", false));
  TRY_ASSIGN(auto found, Suppress(c, true));
  if (!pads) {
    TRY_ASSIGN(found[0], First(c.ir(), found[0], found[2]));
    TRY_ASSIGN(found[1], First(c.ir(), found[1], found[2]));
  }
  for (int i = 0; i < 3; ++i) c.SetOutput(i, found[static_cast<size_t>(i)]);
  return {};
}

constexpr TfOp kOps[] = {
    {"NonMaxSuppressionV3", 5, LowerV3},
    {"NonMaxSuppressionV4", 5, LowerV4},
    {"NonMaxSuppressionV5", 6, LowerV5},
};

}  // namespace

std::span<const TfOp> DetectionOps() { return kOps; }

}  // namespace liteforge
