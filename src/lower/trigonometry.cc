// SPDX-License-Identifier: Apache-2.0
// Trigonometric and hyperbolic functions that TFLite has no operator for:
//   Atan   atan2(x, 1)              Sinh   tanh(x) cosh(x)
//   Asin   atan2(x, r)              Cosh   (e^x + e^-x) / 2
//   Acos   atan2(r, x)              Asinh  sign(x) log(|x| + sqrt(x^2 + 1))
//          r = sqrt((1-x)(1+x))     Acosh  log(x + sqrt(x^2 - 1))
//   Tan    sin(x) / cos(x)          Atanh  log((1 + x) / (1 - x)) / 2
//   Expm1  tanh(x / 2) (e^x + 1), which is accurate near 0
#include <span>

#include "lower/context.h"

namespace liteforge {
namespace {

// Formulas as they are written.
class Formula {
 public:
  Formula(IrBuilder& ir, DataType type) : ir_(ir), type_(type) {}

  Result<Value*> Number(double value) { return ir_.Scalar(type_, value); }
  Result<Value*> Add(Value* a, Value* b) {
    return ir_.Emit(Op::kAdd, AddOptions{}, {a, b});
  }
  Result<Value*> Sub(Value* a, Value* b) {
    return ir_.Emit(Op::kSub, SubOptions{}, {a, b});
  }
  Result<Value*> Mul(Value* a, Value* b) {
    return ir_.Emit(Op::kMul, MulOptions{}, {a, b});
  }
  Result<Value*> Div(Value* a, Value* b) {
    return ir_.Emit(Op::kDiv, DivOptions{}, {a, b});
  }
  Result<Value*> Of(Op op, Value* x) { return ir_.Emit(op, {}, {x}); }
  Result<Value*> Atan2(Value* y, Value* x) {
    return ir_.Emit(Op::kATan2, ATan2Options{}, {y, x});
  }

 private:
  IrBuilder& ir_;
  DataType type_;
};

Result<Value*> Atan(Formula& f, Value* x) {
  TRY_ASSIGN(Value * one, f.Number(1));
  return f.Atan2(x, one);
}

// sqrt((1 - x)(1 + x))
Result<Value*> OtherSide(Formula& f, Value* x) {
  TRY_ASSIGN(Value * one, f.Number(1));
  TRY_ASSIGN(Value * less, f.Sub(one, x));
  TRY_ASSIGN(Value * more, f.Add(one, x));
  TRY_ASSIGN(Value * product, f.Mul(less, more));
  return f.Of(Op::kSqrt, product);
}

Result<Value*> Asin(Formula& f, Value* x) {
  TRY_ASSIGN(Value * r, OtherSide(f, x));
  return f.Atan2(x, r);
}

Result<Value*> Acos(Formula& f, Value* x) {
  TRY_ASSIGN(Value * r, OtherSide(f, x));
  return f.Atan2(r, x);
}

Result<Value*> Tan(Formula& f, Value* x) {
  TRY_ASSIGN(Value * sine, f.Of(Op::kSin, x));
  TRY_ASSIGN(Value * cosine, f.Of(Op::kCos, x));
  return f.Div(sine, cosine);
}

Result<Value*> Cosh(Formula& f, Value* x) {
  TRY_ASSIGN(Value * half, f.Number(0.5));
  TRY_ASSIGN(Value * minus, f.Of(Op::kNeg, x));
  TRY_ASSIGN(Value * up, f.Of(Op::kExp, x));
  TRY_ASSIGN(Value * down, f.Of(Op::kExp, minus));
  TRY_ASSIGN(Value * sum, f.Add(up, down));
  return f.Mul(half, sum);
}

Result<Value*> Sinh(Formula& f, Value* x) {
  TRY_ASSIGN(Value * tanh, f.Of(Op::kTanh, x));
  TRY_ASSIGN(Value * cosh, Cosh(f, x));
  return f.Mul(tanh, cosh);
}

// log(x + sqrt(x^2 + sign))
Result<Value*> LogOfSum(Formula& f, Value* x, double sign) {
  TRY_ASSIGN(Value * one, f.Number(sign));
  TRY_ASSIGN(Value * square, f.Mul(x, x));
  TRY_ASSIGN(Value * sum, f.Add(square, one));
  TRY_ASSIGN(Value * root, f.Of(Op::kSqrt, sum));
  TRY_ASSIGN(sum, f.Add(x, root));
  return f.Of(Op::kLog, sum);
}

Result<Value*> Asinh(Formula& f, Value* x) {
  TRY_ASSIGN(Value * sign, f.Of(Op::kSign, x));
  TRY_ASSIGN(Value * size, f.Of(Op::kAbs, x));
  TRY_ASSIGN(Value * log, LogOfSum(f, size, 1));
  return f.Mul(sign, log);
}

Result<Value*> Acosh(Formula& f, Value* x) { return LogOfSum(f, x, -1); }

Result<Value*> Atanh(Formula& f, Value* x) {
  TRY_ASSIGN(Value * one, f.Number(1));
  TRY_ASSIGN(Value * half, f.Number(0.5));
  TRY_ASSIGN(Value * more, f.Add(one, x));
  TRY_ASSIGN(Value * less, f.Sub(one, x));
  TRY_ASSIGN(Value * ratio, f.Div(more, less));
  TRY_ASSIGN(Value * log, f.Of(Op::kLog, ratio));
  return f.Mul(half, log);
}

Result<Value*> Expm1(Formula& f, Value* x) {
  TRY_ASSIGN(Value * one, f.Number(1));
  TRY_ASSIGN(Value * half, f.Number(0.5));
  TRY_ASSIGN(Value * halved, f.Mul(x, half));
  TRY_ASSIGN(Value * tanh, f.Of(Op::kTanh, halved));
  TRY_ASSIGN(Value * power, f.Of(Op::kExp, x));
  TRY_ASSIGN(Value * sum, f.Add(power, one));
  return f.Mul(tanh, sum);
}

template <Result<Value*> (*function)(Formula&, Value*)>
Result<void> LowerAs(LowerContext& c) {
  Formula f(c.ir(), c.input(0)->type);
  return Finish(c, function(f, c.input(0)));
}

constexpr TfOp kOps[] = {
    {"Acos", 1, LowerAs<Acos>}, {"Acosh", 1, LowerAs<Acosh>},
    {"Asin", 1, LowerAs<Asin>}, {"Asinh", 1, LowerAs<Asinh>},
    {"Atan", 1, LowerAs<Atan>}, {"Atanh", 1, LowerAs<Atanh>},
    {"Cosh", 1, LowerAs<Cosh>}, {"Expm1", 1, LowerAs<Expm1>},
    {"Sinh", 1, LowerAs<Sinh>}, {"Tan", 1, LowerAs<Tan>},
};

}  // namespace

std::span<const TfOp> TrigonometryOps() { return kOps; }

}  // namespace liteforge
