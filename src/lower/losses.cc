// SPDX-License-Identifier: Apache-2.0
// What training leaves in graphs.
//   SoftmaxCrossEntropyWithLogits(x [B, C], labels)
//                                       -sum(labels log_softmax(x)), and
//                                       softmax(x) - labels
//   SparseSoftmaxCrossEntropyWithLogits  the same of ONE_HOT(labels)
//   L2Loss                               sum(x^2) / 2
//   InTopK(x [B, C], target [B], k)    fewer than k are above x[b, target],
//                                        which is finite
#include <limits>
#include <span>

#include "lower/context.h"

namespace liteforge {
namespace {

Result<void> CrossEntropy(LowerContext& c, Value* logits, Value* labels) {
  IrBuilder& ir = c.ir();
  TRY_ASSIGN(Value * log, ir.Emit(Op::kLogSoftmax, {}, {logits}));
  TRY_ASSIGN(Value * product, ir.Emit(Op::kMul, MulOptions{}, {log, labels}));
  TRY_ASSIGN(Value * sum,
             ir.Emit(Op::kSum, ReducerOptions{}, {product, ir.Int32s({-1})}));
  TRY_ASSIGN(Value * loss, ir.Emit(Op::kNeg, {}, {sum}));
  SoftmaxOptions softmax;
  softmax.beta = 1;
  TRY_ASSIGN(Value * y, ir.Emit(Op::kSoftmax, softmax, {logits}));
  TRY_ASSIGN(Value * gradient, ir.Emit(Op::kSub, SubOptions{}, {y, labels}));
  c.SetOutput(0, loss);
  c.SetOutput(1, gradient);
  return {};
}

Result<void> LowerCrossEntropy(LowerContext& c) {
  return CrossEntropy(c, c.input(0), c.input(1));
}

Result<void> LowerSparseCrossEntropy(LowerContext& c) {
  IrBuilder& ir = c.ir();
  Value* logits = c.input(0);
  const Shape& shape = logits->shape;
  if (shape.rank() != 2 || shape[1] < 0)
    return Unsupported("logits must be [batch, classes] of known classes");
  TRY_ASSIGN(Value * one, ir.Scalar(logits->type, 1));
  TRY_ASSIGN(Value * zero, ir.Scalar(logits->type, 0));
  OneHotOptions options;
  options.axis = -1;
  TRY_ASSIGN(Value * labels,
             ir.Emit(Op::kOneHot, options,
                     {c.input(1), ir.Int32(shape[1]), one, zero}));
  return CrossEntropy(c, logits, labels);
}

Result<void> LowerL2Loss(LowerContext& c) {
  IrBuilder& ir = c.ir();
  Value* x = c.input(0);
  TRY_ASSIGN(x, ir.Emit(Op::kReshape, ReshapeOptions{}, {x, ir.Int32s({-1})}));
  TRY_ASSIGN(Value * square, ir.Emit(Op::kMul, MulOptions{}, {x, x}));
  TRY_ASSIGN(Value * sum,
             ir.Emit(Op::kSum, ReducerOptions{}, {square, ir.Int32s({0})}));
  TRY_ASSIGN(Value * half, ir.Scalar(x->type, 0.5));
  return Finish(c, ir.Emit(Op::kMul, MulOptions{}, {sum, half}));
}

Result<void> InTopK(LowerContext& c, Value* k) {
  IrBuilder& ir = c.ir();
  Value* x = c.input(0);
  TRY_ASSIGN(Value * target, ir.AsInt32(c.input(1)));
  TRY_ASSIGN(target, ir.Emit(Op::kReshape, ReshapeOptions{},
                             {target, ir.Int32s({-1, 1})}));
  GatherOptions gather;
  gather.axis = 1;
  gather.batch_dims = 1;
  TRY_ASSIGN(Value * own, ir.Emit(Op::kGather, gather, {x, target}));
  TRY_ASSIGN(Value * above, ir.Emit(Op::kGreater, GreaterOptions{}, {x, own}));
  TRY_ASSIGN(above, ir.Cast(above, DataType::kInt32));
  TRY_ASSIGN(Value * count,
             ir.Emit(Op::kSum, ReducerOptions{}, {above, ir.Int32s({1})}));
  TRY_ASSIGN(Value * few, ir.Emit(Op::kLess, LessOptions{}, {count, k}));
  TRY_ASSIGN(Value * size, ir.Emit(Op::kAbs, {}, {own}));
  TRY_ASSIGN(Value * infinity,
             ir.Scalar(x->type, std::numeric_limits<double>::infinity()));
  TRY_ASSIGN(Value * finite,
             ir.Emit(Op::kLess, LessOptions{}, {size, infinity}));
  TRY_ASSIGN(finite, ir.Emit(Op::kReshape, ReshapeOptions{},
                             {finite, ir.Int32s({-1})}));
  return Finish(c,
                ir.Emit(Op::kLogicalAnd, LogicalAndOptions{}, {few, finite}));
}

Result<void> LowerInTopK(LowerContext& c) {
  TRY_ASSIGN(const int32_t k, c.IntegerIn("k", 0, INT32_MAX));
  return InTopK(c, c.ir().Int32(k));
}

Result<void> LowerInTopKV2(LowerContext& c) {
  TRY_ASSIGN(Value * k, c.ir().AsInt32(c.input(2)));
  return InTopK(c, k);
}

}  // namespace

std::span<const TfOp> LossOps() {
  static constexpr TfOp kOps[] = {
      {"InTopK", 2, LowerInTopK},
      {"InTopKV2", 3, LowerInTopKV2},
      {"L2Loss", 1, LowerL2Loss},
      {"SoftmaxCrossEntropyWithLogits", 2, LowerCrossEntropy},
      {"SparseSoftmaxCrossEntropyWithLogits", 2, LowerSparseCrossEntropy},
  };
  return kOps;
}

}  // namespace liteforge
