// SPDX-License-Identifier: Apache-2.0
// XlaReduce and its kin: a function of two values applied until one is left.
//   of one operator   SUM, REDUCE_PROD, REDUCE_MAX, REDUCE_MIN, REDUCE_ALL,
//                     REDUCE_ANY
//   any other         axis by axis to half of its length, neighbours at a time:
//                     x[0::2] with x[1::2]; XLA promises no other order
// and with the initial values at the end, unless these change nothing.
#include <algorithm>
#include <map>
#include <span>

#include "lower/axes.h"
#include "lower/xla.h"

namespace liteforge {
namespace {

using Values = std::vector<Value*>;

const std::map<Op, Op> kReductions = {
    {Op::kAdd, Op::kSum},
    {Op::kLogicalAnd, Op::kReduceAll},
    {Op::kLogicalOr, Op::kReduceAny},
    {Op::kMaximum, Op::kReduceMax},
    {Op::kMinimum, Op::kReduceMin},
    {Op::kMul, Op::kReduceProd},
};

// An initial value in the shape of what it is combined with.
Value* Like(Formula& f, Value* initial, Value* x) {
  return f.Fill(f.ShapeOf(x), initial);
}

//-------------------------------------------------------------- one operator

Result<Value*> ByOperator(LowerContext& c, Op op, std::vector<int32_t> axes) {
  const auto reduction = kReductions.find(op);
  if (reduction == kReductions.end())
    return Unsupported("a reducer that compares");
  Formula f(c);
  Value* y = f.Emit(reduction->second, ReducerOptions{},
                    {c.input(0), f.Ints(std::move(axes))});
  if (!IsNeutral(op, *c.input(1))) y = f.Emit(op, {}, {y, c.input(1)});
  TRY(f.Check());
  return y;
}

//------------------------------------------------------------------ functions

// The arrays combined along an axis until it has the length 1.
Result<void> Halve(LowerContext& c, Formula& f, const std::string& function,
                   Values& arrays, int32_t axis) {
  int32_t length = arrays[0]->shape[axis];
  if (length < 1)
    return Unsupported("a reduction by a function along an unknown dimension");
  while (length > 1) {
    const int32_t even = length / 2 * 2;
    Values arguments;
    for (const int32_t first : {0, 1}) {
      for (Value* x : arrays)
        arguments.push_back(SliceAxis(f, x, axis, first, even, 2));
    }
    TRY(f.Check());
    TRY_ASSIGN(Values halves, ApplyElementwise(c, function, arguments));
    if (halves.size() != arrays.size())
      return InvalidModel("the reducer gives another number of values");
    for (size_t i = 0; i < arrays.size(); ++i) {
      if (even < length)
        halves[i] = f.Concat(
            {halves[i], SliceAxis(f, arrays[i], axis, even, kAxisEnd)}, axis);
    }
    TRY(f.Check());
    arrays = std::move(halves);
    length -= even / 2;
  }
  return {};
}

Result<void> ByFunction(LowerContext& c, const std::string& function,
                        const std::vector<int32_t>& axes, Values arrays,
                        const Values& initial) {
  Formula f(c);
  for (const int32_t axis : axes) TRY(Halve(c, f, function, arrays, axis));
  SqueezeOptions squeeze;
  squeeze.squeeze_dims = axes;
  Values arguments;
  for (Value* x : arrays)
    arguments.push_back(axes.empty() ? x : f.Emit(Op::kSqueeze, squeeze, {x}));
  for (size_t i = 0; i < initial.size(); ++i)
    arguments.push_back(Like(f, initial[i], arguments[i]));
  TRY(f.Check());
  TRY_ASSIGN(const Values results, ApplyElementwise(c, function, arguments));
  for (size_t i = 0; i < results.size(); ++i)
    c.SetOutput(static_cast<int>(i), results[i]);
  return {};
}

//----------------------------------------------------------------- operations

Result<std::vector<int32_t>> AxesOf(const LowerContext& c) {
  TRY_ASSIGN(const auto axes,
             c.Attribute<std::vector<int64_t>>("dimensions_to_reduce"));
  if (!c.input(0)->shape.has_rank())
    return Unsupported("an input of unknown rank");
  return XlaAxes({axes.begin(), axes.end()}, c.input(0)->shape.rank());
}

Result<void> LowerReduce(LowerContext& c) {
  TRY_ASSIGN(auto axes, AxesOf(c));
  TRY_ASSIGN(const XlaReducer reducer,
             ReadXlaReducer(c, "reducer", c.input(0)->type));
  if (reducer.op && !axes.empty())
    return Finish(c, ByOperator(c, *reducer.op, std::move(axes)));
  return ByFunction(c, reducer.function, axes, {c.input(0)}, {c.input(1)});
}

// N arrays, N initial values.
Result<void> LowerVariadicReduce(LowerContext& c) {
  TRY_ASSIGN(const auto function, c.FunctionName("reducer"));
  TRY_ASSIGN(const auto axes, AxesOf(c));
  const size_t count = c.inputs().size() / 2;
  if (count == 0 || c.inputs().size() % 2 != 0)
    return InvalidModel("arrays and initial values do not go in pairs");
  const auto half = c.inputs().begin() + static_cast<ptrdiff_t>(count);
  return ByFunction(c, function, axes, Values(c.inputs().begin(), half),
                    Values(half, c.inputs().end()));
}

}  // namespace

std::span<const TfOp> XlaReduceOps() {
  static constexpr TfOp kOps[] = {
      {"XlaReduce", 2, LowerReduce},
      {"XlaVariadicReduce", 2, LowerVariadicReduce},
      {"XlaVariadicReduceV2", 2, LowerVariadicReduce},
  };
  return kOps;
}

}  // namespace liteforge
