// SPDX-License-Identifier: Apache-2.0
// Elementwise operations of one operand. Those TFLite lacks:
//   Erf         y = x P(x^2) / Q(x^2) on |x| <= 4 (where erf is 1 - 1.5e-8),
//               P of degree 6, Q of degree 4 with Eigen's coefficients, as
//               TensorFlow computes it; evaluated in float32 within 4.5e-7
//   Log1p       log(1 + x)
//   Reciprocal  1 / x
#include <fmt/format.h>

#include <span>

#include "lower/context.h"

namespace liteforge {
namespace {

bool IsFloat(DataType type) {
  return type == DataType::kFloat32 || type == DataType::kFloat16 ||
         type == DataType::kBFloat16 || type == DataType::kFloat64;
}

template <Op op>
Result<void> LowerUnary(LowerContext& c) {
  return Finish(c, c.ir().Emit(op, {}, {c.input(0)}));
}

// Floor, Ceil, Round and Rint of integers are the integers.
template <Op op>
Result<void> LowerRounding(LowerContext& c) {
  if (IsFloat(c.input(0)->type)) return LowerUnary<op>(c);
  c.SetOutput(0, c.input(0));
  return {};
}

// SQUARE is for floats.
Result<void> LowerSquare(LowerContext& c) {
  Value* x = c.input(0);
  if (IsFloat(x->type)) return LowerUnary<Op::kSquare>(c);
  return Finish(c, c.ir().Emit(Op::kMul, MulOptions{}, {x, x}));
}

Result<void> LowerCast(LowerContext& c) {
  TRY_ASSIGN(const DataType type, c.Attribute<DataType>("DstT"));
  return Finish(c, c.ir().Cast(c.input(0), type));
}

Result<void> LowerReciprocal(LowerContext& c) {
  TRY_ASSIGN(Value * one, c.ir().Scalar(c.input(0)->type, 1));
  return Finish(c, c.ir().Emit(Op::kDiv, DivOptions{}, {one, c.input(0)}));
}

Result<void> LowerLog1p(LowerContext& c) {
  IrBuilder& ir = c.ir();
  TRY_ASSIGN(Value * one, ir.Scalar(c.input(0)->type, 1));
  TRY_ASSIGN(Value * sum, ir.Emit(Op::kAdd, AddOptions{}, {c.input(0), one}));
  return Finish(c, ir.Emit(Op::kLog, {}, {sum}));
}

// Horner's rule, the highest power first.
Result<Value*> EmitPolynomial(IrBuilder& ir, Value* x,
                              std::span<const double> coefficients) {
  TRY_ASSIGN(Value * sum, ir.Scalar(x->type, coefficients[0]));
  for (double coefficient : coefficients.subspan(1)) {
    TRY_ASSIGN(sum, ir.Emit(Op::kMul, MulOptions{}, {x, sum}));
    TRY_ASSIGN(Value * term, ir.Scalar(x->type, coefficient));
    TRY_ASSIGN(sum, ir.Emit(Op::kAdd, AddOptions{}, {sum, term}));
  }
  return sum;
}

Result<Value*> Erf(LowerContext& c) {
  static constexpr double kNumerator[] = {
      -2.72614225801306e-10, 2.77068142495902e-08,  -2.10102402082508e-06,
      -5.69250639462346e-05, -7.34990630326855e-04, -2.95459980854025e-03,
      -1.60960333262415e-02};
  static constexpr double kDenominator[] = {
      -1.45660718464996e-05, -2.13374055278905e-04, -1.68282697438203e-03,
      -7.37332916720468e-03, -1.42647390514189e-02};
  IrBuilder& ir = c.ir();
  Value* x = c.input(0);
  TRY_ASSIGN(Value * high, ir.Scalar(x->type, 4));
  TRY_ASSIGN(Value * low, ir.Scalar(x->type, -4));
  TRY_ASSIGN(x, ir.Emit(Op::kMinimum, MaximumMinimumOptions{}, {x, high}));
  TRY_ASSIGN(x, ir.Emit(Op::kMaximum, MaximumMinimumOptions{}, {x, low}));
  TRY_ASSIGN(Value * square, ir.Emit(Op::kMul, MulOptions{}, {x, x}));
  TRY_ASSIGN(Value * p, EmitPolynomial(ir, square, kNumerator));
  TRY_ASSIGN(Value * q, EmitPolynomial(ir, square, kDenominator));
  TRY_ASSIGN(p, ir.Emit(Op::kMul, MulOptions{}, {p, x}));
  TRY_ASSIGN(Value * y, ir.Emit(Op::kDiv, DivOptions{}, {p, q}));
  ir.NoteErf(y, c.input(0));
  return y;
}

Result<void> LowerErf(LowerContext& c) { return Finish(c, Erf(c)); }

// 1 - erf(x)
Result<void> LowerErfc(LowerContext& c) {
  TRY_ASSIGN(Value * one, c.ir().Scalar(c.input(0)->type, 1));
  TRY_ASSIGN(Value * erf, Erf(c));
  return Finish(c, c.ir().Emit(Op::kSub, SubOptions{}, {one, erf}));
}

}  // namespace

std::span<const TfOp> UnaryOps() {
  static constexpr TfOp kOps[] = {
      {"Abs", 1, LowerUnary<Op::kAbs>},
      {"Cast", 1, LowerCast},
      {"Ceil", 1, LowerRounding<Op::kCeil>},
      {"Cos", 1, LowerUnary<Op::kCos>},
      {"Erf", 1, LowerErf},
      {"Erfc", 1, LowerErfc},
      {"Exp", 1, LowerUnary<Op::kExp>},
      {"Floor", 1, LowerRounding<Op::kFloor>},
      {"Inv", 1, LowerReciprocal},
      {"Log", 1, LowerUnary<Op::kLog>},
      {"Log1p", 1, LowerLog1p},
      {"LogicalNot", 1, LowerUnary<Op::kLogicalNot>},
      {"Neg", 1, LowerUnary<Op::kNeg>},
      {"Reciprocal", 1, LowerReciprocal},
      {"Rint", 1, LowerRounding<Op::kRound>},
      {"Round", 1, LowerRounding<Op::kRound>},
      {"Rsqrt", 1, LowerUnary<Op::kRsqrt>},
      {"Sign", 1, LowerUnary<Op::kSign>},
      {"Sin", 1, LowerUnary<Op::kSin>},
      {"Sqrt", 1, LowerUnary<Op::kSqrt>},
      {"Square", 1, LowerSquare},
  };
  return kOps;
}

}  // namespace liteforge
