// SPDX-License-Identifier: Apache-2.0
// Activations with a TFLite operator of their own, and those without:
//   Selu      y = s * x for x > 0, s * a * (exp(x) - 1) else
//             s = 1.0507009873554805, a = 1.6732632423543772
//   Softplus  y = max(x, 0) + log(1 + exp(-|x|)), which cannot overflow
//   Softsign  y = x / (1 + |x|)
// Source: tensorflow/core/kernels/{relu_op,softplus_op,softsign_op}_*.h.
#include <fmt/format.h>

#include <span>

#include "lower/context.h"

namespace liteforge {
namespace {

bool IsInteger(DataType type) {
  return type == DataType::kInt8 || type == DataType::kUInt8 ||
         type == DataType::kInt16 || type == DataType::kInt32 ||
         type == DataType::kInt64;
}

template <Op op>
Result<void> LowerActivation(LowerContext& c) {
  return Finish(c, c.ir().Emit(op, {}, {c.input(0)}));
}

// TFLite's RELU is for floats and quantized numbers; of integers it is a
// maximum.
Result<Value*> EmitRelu(IrBuilder& ir, Value* x) {
  if (!IsInteger(x->type)) return ir.Emit(Op::kRelu, {}, {x});
  TRY_ASSIGN(Value * zero, ir.Scalar(x->type, 0));
  return ir.Emit(Op::kMaximum, MaximumMinimumOptions{}, {x, zero});
}

Result<void> LowerRelu(LowerContext& c) {
  return Finish(c, EmitRelu(c.ir(), c.input(0)));
}

Result<void> LowerRelu6(LowerContext& c) {
  IrBuilder& ir = c.ir();
  Value* x = c.input(0);
  if (!IsInteger(x->type)) return Finish(c, ir.Emit(Op::kRelu6, {}, {x}));
  TRY_ASSIGN(Value * positive, EmitRelu(ir, x));
  TRY_ASSIGN(Value * six, ir.Scalar(x->type, 6));
  return Finish(
      c, ir.Emit(Op::kMinimum, MaximumMinimumOptions{}, {positive, six}));
}

Result<void> LowerLeakyRelu(LowerContext& c) {
  LeakyReluOptions options;
  TRY_ASSIGN(options.alpha, c.Attribute<float>("alpha", 0.2f));
  return Finish(c, c.ir().Emit(Op::kLeakyRelu, options, {c.input(0)}));
}

Result<void> LowerSoftmax(LowerContext& c) {
  if (c.input(0)->shape.rank() == 0)
    return InvalidModel("the input is a scalar");
  SoftmaxOptions options;
  options.beta = 1.0f;
  return Finish(c, c.ir().Emit(Op::kSoftmax, options, {c.input(0)}));
}

Result<void> LowerLogSoftmax(LowerContext& c) {
  return Finish(
      c, c.ir().Emit(Op::kLogSoftmax, LogSoftmaxOptions{}, {c.input(0)}));
}

Result<void> LowerSelu(LowerContext& c) {
  constexpr double kScale = 1.0507009873554805;
  constexpr double kScaleAlpha = kScale * 1.6732632423543772;
  IrBuilder& ir = c.ir();
  Value* x = c.input(0);
  TRY_ASSIGN(Value * zero, ir.Scalar(x->type, 0));
  TRY_ASSIGN(Value * scale, ir.Scalar(x->type, kScale));
  TRY_ASSIGN(Value * scale_alpha, ir.Scalar(x->type, kScaleAlpha));
  TRY_ASSIGN(Value * positive, ir.Emit(Op::kRelu, {}, {x}));
  TRY_ASSIGN(positive, ir.Emit(Op::kMul, MulOptions{}, {positive, scale}));
  TRY_ASSIGN(Value * negative,
             ir.Emit(Op::kMinimum, MaximumMinimumOptions{}, {x, zero}));
  TRY_ASSIGN(negative, ir.Emit(Op::kElu, {}, {negative}));  // exp(x) - 1
  TRY_ASSIGN(negative,
             ir.Emit(Op::kMul, MulOptions{}, {negative, scale_alpha}));
  return Finish(c, ir.Emit(Op::kAdd, AddOptions{}, {positive, negative}));
}

Result<void> LowerSoftplus(LowerContext& c) {
  IrBuilder& ir = c.ir();
  Value* x = c.input(0);
  TRY_ASSIGN(Value * one, ir.Scalar(x->type, 1));
  TRY_ASSIGN(Value * y, ir.Emit(Op::kAbs, AbsOptions{}, {x}));
  TRY_ASSIGN(y, ir.Emit(Op::kNeg, NegOptions{}, {y}));
  TRY_ASSIGN(y, ir.Emit(Op::kExp, ExpOptions{}, {y}));
  TRY_ASSIGN(y, ir.Emit(Op::kAdd, AddOptions{}, {y, one}));
  TRY_ASSIGN(y, ir.Emit(Op::kLog, {}, {y}));
  TRY_ASSIGN(Value * positive, ir.Emit(Op::kRelu, {}, {x}));
  return Finish(c, ir.Emit(Op::kAdd, AddOptions{}, {positive, y}));
}

Result<void> LowerSoftsign(LowerContext& c) {
  IrBuilder& ir = c.ir();
  Value* x = c.input(0);
  TRY_ASSIGN(Value * one, ir.Scalar(x->type, 1));
  TRY_ASSIGN(Value * divisor, ir.Emit(Op::kAbs, AbsOptions{}, {x}));
  TRY_ASSIGN(divisor, ir.Emit(Op::kAdd, AddOptions{}, {divisor, one}));
  return Finish(c, ir.Emit(Op::kDiv, DivOptions{}, {x, divisor}));
}

}  // namespace

std::span<const TfOp> ActivationOps() {
  static constexpr TfOp kOps[] = {
      {"Elu", 1, LowerActivation<Op::kElu>},
      {"LeakyRelu", 1, LowerLeakyRelu},
      {"LogSoftmax", 1, LowerLogSoftmax},
      {"Relu", 1, LowerRelu},
      {"Relu6", 1, LowerRelu6},
      {"Selu", 1, LowerSelu},
      {"Sigmoid", 1, LowerActivation<Op::kLogistic>},
      {"Softmax", 1, LowerSoftmax},
      {"Softplus", 1, LowerSoftplus},
      {"Softsign", 1, LowerSoftsign},
      {"Tanh", 1, LowerActivation<Op::kTanh>},
  };
  return kOps;
}

}  // namespace liteforge
