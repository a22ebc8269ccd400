// SPDX-License-Identifier: Apache-2.0
// Elementwise operations of two operands, with numpy's broadcasting on both
// sides. Integer Div and TruncateDiv round toward zero, as TFLite's DIV does.
#include <span>

#include "lower/formula.h"
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

// x - trunc(x / y) y; of floats sign(x) (|x| mod |y|), which is exact.
Result<void> LowerTruncateMod(LowerContext& c) {
  IrBuilder& ir = c.ir();
  Value* x = c.input(0);
  Value* y = c.input(1);
  if (x->type != DataType::kFloat32) {
    TRY_ASSIGN(Value * quotient, ir.Emit(Op::kDiv, DivOptions{}, {x, y}));
    TRY_ASSIGN(Value * whole, ir.Emit(Op::kMul, MulOptions{}, {quotient, y}));
    return Finish(c, ir.Emit(Op::kSub, SubOptions{}, {x, whole}));
  }
  TRY_ASSIGN(Value * sign, ir.Emit(Op::kSign, {}, {x}));
  TRY_ASSIGN(x, ir.Emit(Op::kAbs, {}, {x}));
  TRY_ASSIGN(y, ir.Emit(Op::kAbs, {}, {y}));
  TRY_ASSIGN(Value * rest, ir.Emit(Op::kFloorMod, FloorModOptions{}, {x, y}));
  return Finish(c, ir.Emit(Op::kMul, MulOptions{}, {sign, rest}));
}

// x log(y) and x / y, and 0 where x is 0.
template <bool log>
Result<void> LowerXTimes(LowerContext& c) {
  IrBuilder& ir = c.ir();
  Value* x = c.input(0);
  Value* y = c.input(1);
  TRY_ASSIGN(Value * zero, ir.Scalar(x->type, 0));
  TRY_ASSIGN(Value * none, ir.Emit(Op::kEqual, EqualOptions{}, {x, zero}));
  if (log) {
    TRY_ASSIGN(y, ir.Emit(Op::kLog, {}, {y}));
    TRY_ASSIGN(y, ir.Emit(Op::kMul, MulOptions{}, {x, y}));
  } else {
    TRY_ASSIGN(y, ir.Emit(Op::kDiv, DivOptions{}, {x, y}));
  }
  return Finish(c, ir.Emit(Op::kSelectV2, SelectV2Options{}, {none, zero, y}));
}

// min(max(x, low), high)
// x y, but 0 for y = 0.
Result<void> LowerMulNoNan(LowerContext& c) {
  Formula f(c);
  Value* y = c.input(1);
  return f.Finish(f.Select(f.Compare(Op::kEqual, y, f.Like(y, 0)), f.Like(y, 0),
                           f.Mul(c.input(0), y)));
}

Result<void> LowerApproximateEqual(LowerContext& c) {
  TRY_ASSIGN(const float tolerance, c.Attribute<float>("tolerance", 1e-5f));
  Formula f(c);
  Value* far = f.Of(Op::kAbs, f.Sub(c.input(0), c.input(1)));
  return f.Finish(f.Compare(Op::kLess, far, f.Like(far, tolerance)));
}

Result<void> LowerClip(LowerContext& c) {
  IrBuilder& ir = c.ir();
  TRY_ASSIGN(Value * x, ir.Emit(Op::kMaximum, MaximumMinimumOptions{},
                                {c.input(0), c.input(1)}));
  return Finish(
      c, ir.Emit(Op::kMinimum, MaximumMinimumOptions{}, {x, c.input(2)}));
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

}  // namespace

std::span<const TfOp> BinaryOps() {
  static constexpr TfOp kOps[] = {
      {"AccumulateNV2", 1, LowerAddN},
      {"Add", 2, LowerBinary<Op::kAdd, AddOptions>},
      {"AddN", 1, LowerAddN},
      {"AddV2", 2, LowerBinary<Op::kAdd, AddOptions>},
      {"ApproximateEqual", 2, LowerApproximateEqual},
      {"Atan2", 2, LowerBinary<Op::kATan2, ATan2Options>},
      {"ClipByValue", 3, LowerClip},
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
      {"Mod", 2, LowerTruncateMod},
      {"Mul", 2, LowerMul},
      {"MulNoNan", 2, LowerMulNoNan},
      {"NotEqual", 2, LowerBinary<Op::kNotEqual, NotEqualOptions>},
      {"Pow", 2, LowerBinary<Op::kPow, PowOptions>},
      {"RealDiv", 2, LowerBinary<Op::kDiv, DivOptions>},
      {"SquaredDifference", 2,
       LowerBinary<Op::kSquaredDifference, SquaredDifferenceOptions>},
      {"Sub", 2, LowerBinary<Op::kSub, SubOptions>},
      {"TruncateDiv", 2, LowerBinary<Op::kDiv, DivOptions>},
      {"TruncateMod", 2, LowerTruncateMod},
      {"Xdivy", 2, LowerXTimes<false>},
      {"Xlogy", 2, LowerXTimes<true>},
  };
  return kOps;
}

}  // namespace liteforge
