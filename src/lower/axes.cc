// SPDX-License-Identifier: Apache-2.0
// STRIDED_SLICE and PADV2 of one axis or of all; spreading is
//   [outer, n, inner] -> [outer, n, 1, inner] -> [outer, n, 1 + k, inner]
//   -> [outer, n (1 + k), inner], without its last k
#include "lower/axes.h"

#include <algorithm>

namespace liteforge {

Value* SliceAxis(Formula& f, Value* x, int32_t axis, int32_t begin, int32_t end,
                 int32_t step) {
  if (x == nullptr) return nullptr;
  const int32_t known = x->shape[axis];
  const bool whole = end == kAxisEnd || (known >= 0 && end >= known);
  if (begin == 0 && step == 1 && whole) return x;
  const auto rank = static_cast<size_t>(x->shape.rank());
  const auto at = static_cast<size_t>(axis);
  std::vector<int32_t> begins(rank), ends(rank), steps(rank, 1);
  begins[at] = begin;
  ends[at] = whole ? 0 : end;
  steps[at] = step;
  StridedSliceOptions options;
  options.begin_mask = ((1 << rank) - 1) & ~(1 << axis);
  options.end_mask = options.begin_mask | (whole ? 1 << axis : 0);
  return f.Emit(Op::kStridedSlice, options,
                {x, f.Ints(std::move(begins)), f.Ints(std::move(ends)),
                 f.Ints(std::move(steps))});
}

namespace {

bool IsZeroConstant(const Value* value) {
  return value->is_constant() &&
         std::ranges::all_of(value->data().bytes(),
                             [](std::byte b) { return b == std::byte{0}; });
}

// `amounts` are pairs {before, after}, one an axis.
Value* Pad(Formula& f, Value* x, std::vector<int32_t> amounts, Value* value) {
  const auto axes = static_cast<int32_t>(amounts.size() / 2);
  Value* pairs = f.ir().Constant(DataType::kInt32, {axes, 2},
                                 Blob::Own(std::move(amounts)), "paddings");
  if (IsZeroConstant(value)) return f.Emit(Op::kPad, PadOptions{}, {x, pairs});
  return f.Emit(Op::kPadV2, PadV2Options{}, {x, pairs, value});
}

}  // namespace

Value* PadEdges(Formula& f, Value* x, const EdgePadding& padding,
                Value* value) {
  std::vector<int32_t> amounts;
  bool any = false;
  for (size_t axis = 0; axis < padding.low.size(); ++axis) {
    const int32_t low = padding.low[axis], high = padding.high[axis];
    x = SliceAxis(f, x, static_cast<int32_t>(axis), std::max(0, -low),
                  high < 0 ? high : kAxisEnd);
    amounts.push_back(std::max(0, low));
    amounts.push_back(std::max(0, high));
    any = any || low > 0 || high > 0;
  }
  if (x == nullptr || value == nullptr || !any) return x;
  return Pad(f, x, std::move(amounts), value);
}

Value* SpreadAxis(Formula& f, Value* x, int32_t axis, int32_t between,
                  Value* value) {
  if (x == nullptr || value == nullptr || between == 0) return x;
  Shape spread = x->shape;
  const int32_t count = spread[axis];
  int32_t outer = 1, inner = 1;
  for (int32_t i = 0; i < spread.rank(); ++i) {
    if (i != axis)
      (i < axis ? outer : inner) =
          ProductOfDims(i < axis ? outer : inner, spread[i]);
  }
  const int64_t total = int64_t{count} * (int64_t{between} + 1);
  if (count < 1 || total > kAxisEnd)
    return f.Fail({ErrorCode::kUnsupported,
                   "padding within a dimension of unknown or absurd size", ""});
  spread.set_dim(axis, static_cast<int32_t>(total));
  if (!CanReshapeTo(spread) || (outer < 0 && inner < 0))
    return f.Fail({ErrorCode::kUnsupported,
                   "padding within an input of several unknown dimensions",
                   ""});
  x = Pad(f, f.Reshape(x, {outer, count, 1, inner}),
          {0, 0, 0, 0, 0, between, 0, 0}, value);
  if (x == nullptr) return nullptr;
  x = f.Take(f.ir().Reshape(x, spread));
  return SliceAxis(f, x, axis, 0, static_cast<int32_t>(total) - between);
}

}  // namespace liteforge
