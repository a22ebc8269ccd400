// SPDX-License-Identifier: Apache-2.0
// Reductions over a list of axes. Over no axes they are the identity.
#include <span>

#include "lower/formula.h"

namespace liteforge {
namespace {

template <Op op>
Result<void> LowerReduction(LowerContext& c) {
  ReducerOptions options;
  TRY_ASSIGN(options.keep_dims, c.Attribute<bool>("keep_dims", false));
  Value* axes = c.input(1);
  if (axes->shape.IsStatic() && axes->shape.elements() == 0) {
    c.SetOutput(0, c.input(0));
    return {};
  }
  TRY_ASSIGN(axes, c.ir().AsInt32(axes));
  return Finish(c, c.ir().Emit(op, options, {c.input(0), axes}));
}

// sqrt(sum x^2)
Result<void> LowerEuclideanNorm(LowerContext& c) {
  ReducerOptions options;
  TRY_ASSIGN(options.keep_dims, c.Attribute<bool>("keep_dims", false));
  Formula f(c);
  Value* axes = f.Take(c.ir().AsInt32(c.input(1)));
  Value* sum = f.Emit(Op::kSum, options, {f.Mul(c.input(0), c.input(0)), axes});
  return f.Finish(f.Of(Op::kSqrt, sum));
}

Result<void> LowerCumsum(LowerContext& c) {
  CumsumOptions options;
  TRY_ASSIGN(options.exclusive, c.Attribute<bool>("exclusive", false));
  TRY_ASSIGN(options.reverse, c.Attribute<bool>("reverse", false));
  TRY_ASSIGN(Value * axis, c.ir().AsInt32(c.input(1)));
  return Finish(c, c.ir().Emit(Op::kCumsum, options, {c.input(0), axis}));
}

}  // namespace

std::span<const TfOp> ReductionOps() {
  static constexpr TfOp kOps[] = {
      {"All", 2, LowerReduction<Op::kReduceAll>},
      {"Any", 2, LowerReduction<Op::kReduceAny>},
      {"Cumsum", 2, LowerCumsum},
      {"EuclideanNorm", 2, LowerEuclideanNorm},
      {"Max", 2, LowerReduction<Op::kReduceMax>},
      {"Mean", 2, LowerReduction<Op::kMean>},
      {"Min", 2, LowerReduction<Op::kReduceMin>},
      {"Prod", 2, LowerReduction<Op::kReduceProd>},
      {"Sum", 2, LowerReduction<Op::kSum>},
  };
  return kOps;
}

}  // namespace liteforge
