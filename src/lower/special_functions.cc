// SPDX-License-Identifier: Apache-2.0
//   Erfinv   x P(w - 5/2) for w = -log((1 - x) (1 + x)) < 5, else
//            x Q(sqrt(w) - 3). Source: M. Giles, Approximating the erfinv
//            function, in GPU Computing Gems, 2012, single precision
//   Ndtri    sqrt(2) erfinv(2 p - 1)
//   Lgamma   Lanczos' sum, g = 5: for x >= 1/2, with t = x + 9/2,
//              (x - 1/2) log(t) - t + log(sqrt(2 pi) A(x)),
//              A(x) = c_0 + sum_k c_k / (x - 1 + k)
//            and below, log(pi / |sin(pi x)|) - lgamma(1 - x). Source:
//            Numerical Recipes, 2nd edition, section 6.1
#include "lower/special_functions.h"

#include <cmath>
#include <span>

namespace liteforge {
namespace {

// Horner's rule, the highest power first.
Value* Polynomial(Formula& f, Value* x, std::span<const double> coefficients) {
  Value* sum = f.Like(x, coefficients[0]);
  for (const double coefficient : coefficients.subspan(1))
    sum = f.Add(f.Mul(sum, x), f.Like(x, coefficient));
  return sum;
}

}  // namespace

Value* InverseErf(Formula& f, Value* y) {
  static constexpr double kMiddle[] = {
      2.81022636e-08,  3.43273939e-07, -3.5233877e-06,
      -4.39150654e-06, 0.00021858087,  -0.00125372503,
      -0.00417768164,  0.246640727,    1.50140941};
  static constexpr double kEnds[] = {
      -0.000200214257, 0.000100950558, 0.00134934322,
      -0.00367342844,  0.00573950773,  -0.0076224613,
      0.00943887047,   1.00167406,     2.83297682};
  Value* one = f.Like(y, 1);
  Value* w =
      f.Of(Op::kNeg, f.Of(Op::kLog, f.Mul(f.Sub(one, y), f.Add(one, y))));
  Value* near = Polynomial(f, f.Sub(w, f.Like(y, 2.5)), kMiddle);
  // Below 5 the other polynomial is not asked.
  Value* root = f.Of(Op::kSqrt, f.Max(w, f.Like(y, 5)));
  Value* far = Polynomial(f, f.Sub(root, f.Like(y, 3)), kEnds);
  Value* is_near = f.Compare(Op::kLess, w, f.Like(y, 5));
  return f.Mul(y, f.Select(is_near, near, far));
}

namespace {

Result<void> LowerErfinv(LowerContext& c) {
  Formula f(c);
  return f.Finish(InverseErf(f, c.input(0)));
}

Result<void> LowerNdtri(LowerContext& c) {
  Formula f(c);
  Value* p = c.input(0);
  Value* y = InverseErf(f, f.Sub(f.Add(p, p), f.Like(p, 1)));
  return f.Finish(f.Mul(y, f.Like(p, std::sqrt(2.0))));
}

// For x >= 1/2.
Value* LogGamma(Formula& f, Value* x) {
  static constexpr double kLanczos[] = {
      76.18009172947146,  -86.50532032941677,    24.01409824083091,
      -1.231739572450155, 0.1208650973866179e-2, -0.5395239384953e-5};
  Value* sum = f.Like(x, 1.000000000190015);
  for (int k = 0; k < 6; ++k) {
    sum = f.Add(sum, f.Div(f.Like(x, kLanczos[k]), f.Add(x, f.Like(x, k))));
  }
  Value* t = f.Add(x, f.Like(x, 4.5));
  Value* power = f.Mul(f.Sub(x, f.Like(x, 0.5)), f.Of(Op::kLog, t));
  sum = f.Of(Op::kLog, f.Mul(sum, f.Like(x, std::sqrt(2 * M_PI))));
  return f.Add(f.Sub(power, t), sum);
}

Result<void> LowerLgamma(LowerContext& c) {
  Formula f(c);
  Value* x = c.input(0);
  Value* is_low = f.Compare(Op::kLess, x, f.Like(x, 0.5));
  Value* held = f.Select(is_low, f.Sub(f.Like(x, 1), x), x);
  Value* y = LogGamma(f, held);
  Value* sine = f.Of(Op::kAbs, f.Of(Op::kSin, f.Mul(x, f.Like(x, M_PI))));
  Value* mirrored = f.Sub(f.Of(Op::kLog, f.Div(f.Like(x, M_PI), sine)), y);
  return f.Finish(f.Select(is_low, mirrored, y));
}

}  // namespace

std::span<const TfOp> SpecialFunctionOps() {
  static constexpr TfOp kOps[] = {
      {"Erfinv", 1, LowerErfinv},
      {"Lgamma", 1, LowerLgamma},
      {"Ndtri", 1, LowerNdtri},
  };
  return kOps;
}

}  // namespace liteforge
