// SPDX-License-Identifier: Apache-2.0
// Parts of complex numbers.
//   ComplexAbs, Real, Imag   operators of the same name, or what is known of
//                            the parts (complex.h)
//   Angle                    atan2(Imag, Real)
#include <span>

#include "lower/complex.h"
#include "lower/formula.h"

namespace liteforge {
namespace {

Result<void> LowerReal(LowerContext& c) {
  TRY_ASSIGN(const ComplexParts x, PartsOf(c.ir(), c.input(0)));
  c.SetOutput(0, x.real);
  return {};
}

Result<void> LowerImag(LowerContext& c) {
  TRY_ASSIGN(const ComplexParts x, PartsOf(c.ir(), c.input(0)));
  c.SetOutput(0, x.imaginary);
  return {};
}

Result<void> LowerComplexAbs(LowerContext& c) {
  const ComplexParts* x = c.ir().FindParts(c.input(0));
  if (x == nullptr || !x->only)
    return Finish(c, c.ir().Emit(Op::kComplexAbs, {}, {c.input(0)}));
  Formula f(c);
  return f.Finish(f.Of(Op::kSqrt, f.Add(f.Mul(x->real, x->real),
                                        f.Mul(x->imaginary, x->imaginary))));
}

Result<void> LowerAngle(LowerContext& c) {
  TRY_ASSIGN(const ComplexParts x, PartsOf(c.ir(), c.input(0)));
  return Finish(c,
                c.ir().Emit(Op::kATan2, ATan2Options{}, {x.imaginary, x.real}));
}

}  // namespace

std::span<const TfOp> ComplexPartOps() {
  static constexpr TfOp kOps[] = {
      {"Angle", 1, LowerAngle},
      {"ComplexAbs", 1, LowerComplexAbs},
      {"Imag", 1, LowerImag},
      {"Real", 1, LowerReal},
  };
  return kOps;
}

}  // namespace liteforge
