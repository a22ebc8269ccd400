// SPDX-License-Identifier: Apache-2.0
// What kind of number a float is:
//   IsNan     x != x
//   IsInf     |x| = infinity
//   IsFinite  |x| < infinity
#include <limits>
#include <span>

#include "lower/context.h"

namespace liteforge {
namespace {

Result<void> LowerIsNan(LowerContext& c) {
  return Finish(c, c.ir().Emit(Op::kNotEqual, NotEqualOptions{},
                               {c.input(0), c.input(0)}));
}

template <Op op, class Options>
Result<void> LowerAgainstInfinity(LowerContext& c) {
  IrBuilder& ir = c.ir();
  TRY_ASSIGN(Value * size, ir.Emit(Op::kAbs, {}, {c.input(0)}));
  TRY_ASSIGN(Value * infinity,
             ir.Scalar(size->type, std::numeric_limits<double>::infinity()));
  return Finish(c, ir.Emit(op, Options{}, {size, infinity}));
}

}  // namespace

std::span<const TfOp> NumberTestOps() {
  static constexpr TfOp kOps[] = {
      {"IsFinite", 1, LowerAgainstInfinity<Op::kLess, LessOptions>},
      {"IsInf", 1, LowerAgainstInfinity<Op::kEqual, EqualOptions>},
      {"IsNan", 1, LowerIsNan},
  };
  return kOps;
}

}  // namespace liteforge
