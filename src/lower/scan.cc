// SPDX-License-Identifier: Apache-2.0
// What is combined along an axis from its beginning to each place:
//   Cumprod              products
//   CumulativeLogsumexp  log(sum of e^x), of a and b together
//                        m + log(e^(a - m) + e^(b - m)), m = max(a, b)
// by doubling: x[i] with x[i - 1], what comes of it with itself 2 places
// before, 4, 8 …
// Source: tensorflow/core/ops/math_ops.cc.
#include <limits>
#include <span>

#include "lower/formula.h"
#include "ops/infer.h"

namespace liteforge {
namespace {

Value* ScanProduct(Formula& f, Value* a, Value* b) { return f.Mul(a, b); }

Value* LogSumExp(Formula& f, Value* a, Value* b) {
  Value* most = f.Max(a, b);
  Value* sum =
      f.Add(f.Of(Op::kExp, f.Sub(a, most)), f.Of(Op::kExp, f.Sub(b, most)));
  return f.Add(most, f.Of(Op::kLog, sum));
}

// What leaves others unchanged: 1, and in TensorFlow, too, the lowest float.
constexpr double Neutral(bool product) {
  return product ? 1 : std::numeric_limits<float>::lowest();
}

// x moved `steps` places along the axis.
Value* Moved(Formula& f, Value* x, int axis, int32_t length, int32_t steps,
             double neutral) {
  const auto rank = static_cast<size_t>(x->shape.rank());
  std::vector<int32_t> amounts(2 * rank), sizes(rank, -1);
  amounts[2 * static_cast<size_t>(axis)] = steps;
  sizes[static_cast<size_t>(axis)] = length;
  Value* padded =
      f.Emit(Op::kPadV2, PadV2Options{},
             {x,
              f.ir().Constant(DataType::kInt32, {static_cast<int32_t>(rank), 2},
                              Blob::Own(std::move(amounts))),
              f.Like(x, neutral)});
  return f.Emit(
      Op::kSlice, SliceOptions{},
      {padded, f.Ints(std::vector<int32_t>(rank)), f.Ints(std::move(sizes))});
}

Value* Reversed(Formula& f, Value* x, int axis) {
  return f.Emit(Op::kReverseV2, ReverseV2Options{}, {x, f.Ints({axis})});
}

template <bool product>
Result<void> LowerScan(LowerContext& c) {
  Value* x = c.input(0);
  if (!x->shape.has_rank()) return Unsupported("an input of unknown rank");
  TRY_ASSIGN(const int64_t named, c.IntegerOf(1, "axis"));
  TRY_ASSIGN(const int axis, NormalizeAxis(named, x->shape.rank(), "axis"));
  TRY_ASSIGN(const bool exclusive, c.Attribute<bool>("exclusive", false));
  TRY_ASSIGN(const bool reverse, c.Attribute<bool>("reverse", false));
  const int32_t length = x->shape[axis];
  if (length < 0) return Unsupported("an axis of unknown length");
  Formula f(c);
  const auto moved = [&](Value* y, int32_t steps) {
    return y == nullptr ? y
                        : Moved(f, y, axis, length, steps, Neutral(product));
  };
  Value* y = reverse ? Reversed(f, x, axis) : x;
  if (exclusive) y = moved(y, 1);
  for (int64_t steps = 1; steps < length && y != nullptr; steps *= 2) {
    Value* before = moved(y, static_cast<int32_t>(steps));
    y = product ? ScanProduct(f, y, before) : LogSumExp(f, y, before);
  }
  return f.Finish(reverse && y != nullptr ? Reversed(f, y, axis) : y);
}

}  // namespace

std::span<const TfOp> ScanOps() {
  static constexpr TfOp kOps[] = {
      {"Cumprod", 2, LowerScan<true>},
      {"CumulativeLogsumexp", 2, LowerScan<false>},
  };
  return kOps;
}

}  // namespace liteforge
