// SPDX-License-Identifier: Apache-2.0
// Trigonometric and hyperbolic functions that TFLite has no operator for:
//   Atan   atan2(x, 1)              Sinh   tanh(x) cosh(x)
//   Asin   atan2(x, r)              Cosh   (e^x + e^-x) / 2
//   Acos   atan2(r, x)              Asinh  sign(x) log(|x| + sqrt(x^2 + 1))
//          r = sqrt((1-x)(1+x))     Acosh  log(x + sqrt(x^2 - 1))
//   Tan    sin(x) / cos(x)          Atanh  log((1 + x) / (1 - x)) / 2
//   Expm1  tanh(x / 2) (e^x + 1), which is accurate near 0
#include <span>

#include "lower/formula.h"

namespace liteforge {
namespace {

Value* Atan(Formula& f, Value* x) {
  return f.Emit(Op::kATan2, ATan2Options{}, {x, f.Like(x, 1)});
}

// sqrt((1 - x)(1 + x))
Value* OtherSide(Formula& f, Value* x) {
  Value* one = f.Like(x, 1);
  return f.Of(Op::kSqrt, f.Mul(f.Sub(one, x), f.Add(one, x)));
}

Value* Asin(Formula& f, Value* x) {
  return f.Emit(Op::kATan2, ATan2Options{}, {x, OtherSide(f, x)});
}

Value* Acos(Formula& f, Value* x) {
  return f.Emit(Op::kATan2, ATan2Options{}, {OtherSide(f, x), x});
}

Value* Tan(Formula& f, Value* x) {
  return f.Div(f.Of(Op::kSin, x), f.Of(Op::kCos, x));
}

Value* Cosh(Formula& f, Value* x) {
  Value* down = f.Of(Op::kExp, f.Of(Op::kNeg, x));
  return f.Mul(f.Like(x, 0.5), f.Add(f.Of(Op::kExp, x), down));
}

Value* Sinh(Formula& f, Value* x) {
  return f.Mul(f.Of(Op::kTanh, x), Cosh(f, x));
}

// log(x + sqrt(x^2 + sign))
Value* LogOfSum(Formula& f, Value* x, double sign) {
  Value* root = f.Of(Op::kSqrt, f.Add(f.Mul(x, x), f.Like(x, sign)));
  return f.Of(Op::kLog, f.Add(x, root));
}

Value* Asinh(Formula& f, Value* x) {
  return f.Mul(f.Of(Op::kSign, x), LogOfSum(f, f.Of(Op::kAbs, x), 1));
}

Value* Acosh(Formula& f, Value* x) { return LogOfSum(f, x, -1); }

Value* Atanh(Formula& f, Value* x) {
  Value* one = f.Like(x, 1);
  Value* log = f.Of(Op::kLog, f.Div(f.Add(one, x), f.Sub(one, x)));
  return f.Mul(f.Like(x, 0.5), log);
}

Value* Expm1(Formula& f, Value* x) {
  Value* tanh = f.Of(Op::kTanh, f.Mul(x, f.Like(x, 0.5)));
  return f.Mul(tanh, f.Add(f.Of(Op::kExp, x), f.Like(x, 1)));
}

template <Value* (*function)(Formula&, Value*)>
Result<void> LowerAs(LowerContext& c) {
  Formula f(c);
  return f.Finish(function(f, c.input(0)));
}

}  // namespace

std::span<const TfOp> TrigonometryOps() {
  static constexpr TfOp kOps[] = {
      {"Acos", 1, LowerAs<Acos>}, {"Acosh", 1, LowerAs<Acosh>},
      {"Asin", 1, LowerAs<Asin>}, {"Asinh", 1, LowerAs<Asinh>},
      {"Atan", 1, LowerAs<Atan>}, {"Atanh", 1, LowerAs<Atanh>},
      {"Cosh", 1, LowerAs<Cosh>}, {"Expm1", 1, LowerAs<Expm1>},
      {"Sinh", 1, LowerAs<Sinh>}, {"Tan", 1, LowerAs<Tan>},
  };
  return kOps;
}

}  // namespace liteforge
