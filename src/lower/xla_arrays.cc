// SPDX-License-Identifier: Apache-2.0
// XLA's operations that move elements.
//   XlaBroadcastHelper     the operand of fewer dimensions, these put where
//                          broadcast_dims says and 1 elsewhere
//   XlaDynamicSlice        SLICE, begun where the slice fits:
//                          max(0, min(begin, shape - size))
//   XlaDynamicUpdateSlice  DYNAMIC_UPDATE_SLICE, which does so itself
//   XlaPad                 within each axis first, then around all of them;
//                          negative amounts take away (axes.h)
#include <span>

#include "lower/axes.h"
#include "lower/xla.h"

namespace liteforge {
namespace {

// x [a, b] with dims {1, 3} -> [1, a, 1, b], for `rank` = 4.
Value* PutDims(Formula& f, Value* x, const std::vector<int64_t>& dims,
               int32_t rank) {
  for (int32_t axis = 0; axis < rank; ++axis) {
    if (std::ranges::find(dims, axis) == dims.end()) x = f.ExpandDims(x, axis);
  }
  return x;
}

Result<void> LowerBroadcastHelper(LowerContext& c) {
  Value* a = c.input(0);
  Value* b = c.input(1);
  TRY_ASSIGN(const auto dims, c.IntegersOf(2, "broadcast_dims"));
  if (!a->shape.has_rank() || !b->shape.has_rank())
    return Unsupported("operands of unknown rank");
  Formula f(c);
  const int rank = std::max(a->shape.rank(), b->shape.rank());
  Value*& narrow = a->shape.rank() < b->shape.rank() ? a : b;
  // Scalars broadcast by themselves.
  if (narrow->shape.rank() < rank && narrow->shape.rank() > 0) {
    if (static_cast<int>(dims.size()) != narrow->shape.rank() ||
        !std::ranges::is_sorted(dims, std::less_equal<>()) || dims[0] < 0 ||
        dims.back() >= rank)
      return InvalidModel("broadcast_dims does not fit the operands");
    narrow = PutDims(f, narrow, dims, rank);
  }
  TRY(f.Check());
  c.SetOutput(0, a);
  c.SetOutput(1, b);
  return {};
}

Result<void> LowerDynamicSlice(LowerContext& c) {
  Formula f(c);
  Value* x = c.input(0);
  Value* size = f.Take(c.ir().AsInt32(c.input(2)));
  Value* last = f.Sub(f.ShapeOf(x), size);
  Value* begin = f.Min(f.Take(c.ir().AsInt32(c.input(1))), last);
  begin = f.Max(begin, c.ir().Int32(0));
  return f.Finish(f.Emit(Op::kSlice, SliceOptions{}, {x, begin, size}));
}

Result<void> LowerDynamicUpdateSlice(LowerContext& c) {
  Formula f(c);
  Value* at = f.Take(c.ir().AsInt32(c.input(2)));
  return f.Finish(
      f.Emit(Op::kDynamicUpdateSlice, {}, {c.input(0), c.input(1), at}));
}

Result<void> LowerXlaPad(LowerContext& c) {
  constexpr int32_t kMost = 1 << 24;
  Value* x = c.input(0);
  if (!x->shape.has_rank()) return Unsupported("an input of unknown rank");
  const auto rank = static_cast<size_t>(x->shape.rank());
  EdgePadding edges(x->shape.rank());
  TRY_ASSIGN(edges.low, XlaIntegers(c, 2, "padding_low", rank, -kMost, kMost));
  TRY_ASSIGN(edges.high,
             XlaIntegers(c, 3, "padding_high", rank, -kMost, kMost));
  TRY_ASSIGN(const auto between,
             XlaIntegers(c, 4, "padding_interior", rank, 0, kMost));
  Formula f(c);
  for (size_t axis = 0; axis < rank; ++axis)
    x = SpreadAxis(f, x, static_cast<int32_t>(axis), between[axis], c.input(1));
  return f.Finish(PadEdges(f, x, edges, c.input(1)));
}

}  // namespace

std::span<const TfOp> XlaArrayOps() {
  static constexpr TfOp kOps[] = {
      {"XlaBroadcastHelper", 3, LowerBroadcastHelper},
      {"XlaDynamicSlice", 3, LowerDynamicSlice},
      {"XlaDynamicUpdateSlice", 3, LowerDynamicUpdateSlice},
      {"XlaPad", 5, LowerXlaPad},
  };
  return kOps;
}

}  // namespace liteforge
