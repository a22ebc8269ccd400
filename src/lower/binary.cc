// SPDX-License-Identifier: Apache-2.0
// Elementwise operations of two operands, with numpy's broadcasting on both
// sides. Integer Div and TruncateDiv round toward zero, as TFLite's DIV does.
#include <span>

#include "lower/context.h"
#include "lower/gelu.h"

namespace liteforge {
namespace {

template <Op op, class Options>
Result<void> LowerBinary(LowerContext& c) {
  return Finish(c, c.ir().Emit(op, Options{}, {c.input(0), c.input(1)}));
}

Result<void> LowerMul(LowerContext& c) {
  if (Value* x = MatchGelu(c.ir(), c.input(0), c.input(1)))
    return Finish(c, c.ir().Emit(Op::kGelu, GeluOptions{false}, {x}));
  return LowerBinary<Op::kMul, MulOptions>(c);
}

// x / y, and 0 where y is 0.
Result<void> LowerDivNoNan(LowerContext& c) {
  IrBuilder& ir = c.ir();
  Value* y = c.input(1);
  TRY_ASSIGN(Value * zero, ir.Scalar(y->type, 0));
  TRY_ASSIGN(Value * by_zero, ir.Emit(Op::kEqual, EqualOptions{}, {y, zero}));
  TRY_ASSIGN(Value * quotient,
             ir.Emit(Op::kDiv, DivOptions{}, {c.input(0), y}));
  return Finish(
      c, ir.Emit(Op::kSelectV2, SelectV2Options{}, {by_zero, zero, quotient}));
}

Result<void> LowerAddN(LowerContext& c) {
  IrBuilder& ir = c.ir();
  const std::vector<Value*>& terms = c.inputs();
  if (terms.size() == 1) {
    c.SetOutput(0, terms[0]);
    return {};
  }
  if (terms.size() == 2)
    return Finish(c, ir.Emit(Op::kAdd, AddOptions{}, terms));
  return Finish(c, ir.Emit(Op::kAddN, AddNOptions{}, terms));
}

constexpr TfOp kOps[] = {
    {"Add", 2, LowerBinary<Op::kAdd, AddOptions>},
    {"AddN", 1, LowerAddN},
    {"AddV2", 2, LowerBinary<Op::kAdd, AddOptions>},
    {"Atan2", 2, LowerBinary<Op::kATan2, ATan2Options>},
    {"Div", 2, LowerBinary<Op::kDiv, DivOptions>},
    {"DivNoNan", 2, LowerDivNoNan},
    {"Equal", 2, LowerBinary<Op::kEqual, EqualOptions>},
    {"FloorDiv", 2, LowerBinary<Op::kFloorDiv, FloorDivOptions>},
    {"FloorMod", 2, LowerBinary<Op::kFloorMod, FloorModOptions>},
    {"Greater", 2, LowerBinary<Op::kGreater, GreaterOptions>},
    {"GreaterEqual", 2, LowerBinary<Op::kGreaterEqual, GreaterEqualOptions>},
    {"Less", 2, LowerBinary<Op::kLess, LessOptions>},
    {"LessEqual", 2, LowerBinary<Op::kLessEqual, LessEqualOptions>},
    {"LogicalAnd", 2, LowerBinary<Op::kLogicalAnd, LogicalAndOptions>},
    {"LogicalOr", 2, LowerBinary<Op::kLogicalOr, LogicalOrOptions>},
    {"Maximum", 2, LowerBinary<Op::kMaximum, MaximumMinimumOptions>},
    {"Minimum", 2, LowerBinary<Op::kMinimum, MaximumMinimumOptions>},
    {"Mul", 2, LowerMul},
    {"NotEqual", 2, LowerBinary<Op::kNotEqual, NotEqualOptions>},
    {"Pow", 2, LowerBinary<Op::kPow, PowOptions>},
    {"RealDiv", 2, LowerBinary<Op::kDiv, DivOptions>},
    {"SquaredDifference", 2,
     LowerBinary<Op::kSquaredDifference, SquaredDifferenceOptions>},
    {"Sub", 2, LowerBinary<Op::kSub, SubOptions>},
    {"TruncateDiv", 2, LowerBinary<Op::kDiv, DivOptions>},
};

}  // namespace

std::span<const TfOp> BinaryOps() { return kOps; }

}  // namespace liteforge
