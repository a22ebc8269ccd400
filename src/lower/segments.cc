// SPDX-License-Identifier: Apache-2.0
// Rows combined by the number of their segment.
//   SegmentSum                    SEGMENT_SUM where each segment has a row, as
//                                 that operator wants; else as the next
//   SegmentMax, Min, Prod, Mean   UNSORTED_SEGMENT_* over as many segments as
//                                 the last id says; segments of no rows are 0
//                                 (Prod: 1)
//   UnsortedSegment*              UNSORTED_SEGMENT_*
#include <fmt/format.h>

#include <span>

#include "lower/context.h"

namespace liteforge {
namespace {

Result<Value*> SegmentCount(IrBuilder& ir, Value* ids) {
  ReducerOptions options;
  Value* axis = ir.Int32s({0});
  TRY_ASSIGN(Value * last, ir.Emit(Op::kReduceMax, options, {ids, axis}));
  return ir.Emit(Op::kAdd, AddOptions{}, {last, ir.Int32(1)});
}

// How many rows each segment has, in the shape [segments, 1, …] of `rank`.
Result<Value*> RowsOf(IrBuilder& ir, Value* ids, Value* count, int rank,
                      DataType type) {
  TRY_ASSIGN(Value * one, ir.Scalar(type, 1));
  TRY_ASSIGN(Value * dims, ir.ShapeOf(ids, DataType::kInt32));
  TRY_ASSIGN(Value * ones, ir.Emit(Op::kFill, FillOptions{}, {dims, one}));
  TRY_ASSIGN(Value * rows,
             ir.Emit(Op::kUnsortedSegmentSum, UnsortedSegmentSumOptions{},
                     {ones, ids, count}));
  if (rank <= 1) return rows;
  std::vector<int32_t> shape(static_cast<size_t>(rank), 1);
  shape[0] = -1;
  return ir.Emit(Op::kReshape, ReshapeOptions{},
                 {rows, ir.Int32s(std::move(shape))});
}

struct Segments {
  Value* data;
  Value* ids;
  Value* count;
  Value* rows;
};

Result<Segments> SegmentsOf(LowerContext& c) {
  IrBuilder& ir = c.ir();
  Segments s{};
  s.data = c.input(0);
  if (!s.data->shape.has_rank())
    return Unsupported("segments of an input of unknown rank");
  TRY_ASSIGN(s.ids, ir.AsInt32(c.input(1)));
  TRY_ASSIGN(s.count, SegmentCount(ir, s.ids));
  TRY_ASSIGN(s.rows,
             RowsOf(ir, s.ids, s.count, s.data->shape.rank(), s.data->type));
  return s;
}

template <Op op, class Options>
Result<void> LowerSorted(LowerContext& c) {
  IrBuilder& ir = c.ir();
  TRY_ASSIGN(const Segments s, SegmentsOf(c));
  TRY_ASSIGN(Value * found, ir.Emit(op, Options{}, {s.data, s.ids, s.count}));
  TRY_ASSIGN(Value * zero, ir.Scalar(s.data->type, 0));
  TRY_ASSIGN(Value * none, ir.Emit(Op::kEqual, EqualOptions{}, {s.rows, zero}));
  return Finish(c,
                ir.Emit(Op::kSelectV2, SelectV2Options{}, {none, zero, found}));
}

Result<void> LowerSegmentProd(LowerContext& c) {
  IrBuilder& ir = c.ir();
  TRY_ASSIGN(Value * ids, ir.AsInt32(c.input(1)));
  TRY_ASSIGN(Value * count, SegmentCount(ir, ids));
  return Finish(c,
                ir.Emit(Op::kUnsortedSegmentProd, UnsortedSegmentProdOptions{},
                        {c.input(0), ids, count}));
}

Result<void> LowerSegmentMean(LowerContext& c) {
  IrBuilder& ir = c.ir();
  TRY_ASSIGN(const Segments s, SegmentsOf(c));
  TRY_ASSIGN(Value * sum,
             ir.Emit(Op::kUnsortedSegmentSum, UnsortedSegmentSumOptions{},
                     {s.data, s.ids, s.count}));
  TRY_ASSIGN(Value * one, ir.Scalar(s.data->type, 1));
  TRY_ASSIGN(Value * rows,
             ir.Emit(Op::kMaximum, MaximumMinimumOptions{}, {s.rows, one}));
  return Finish(c, ir.Emit(Op::kDiv, DivOptions{}, {sum, rows}));
}

// Constants that rise from 0 in steps of 0 or 1.
bool HaveNoGaps(const IrBuilder& ir, const Value* ids) {
  const auto known = ir.Known(ids);
  if (!known || !AllKnown(*known)) return false;
  int64_t next = 0;
  for (const int64_t id : *known) {
    if (id != next && id != next - 1) return false;
    next = id + 1;
  }
  return !known->empty() && (*known)[0] == 0;
}

Result<void> LowerSegmentSum(LowerContext& c) {
  IrBuilder& ir = c.ir();
  TRY_ASSIGN(Value * ids, ir.AsInt32(c.input(1)));
  if (HaveNoGaps(ir, ids)) {
    return Finish(
        c, ir.Emit(Op::kSegmentSum, SegmentSumOptions{}, {c.input(0), ids}));
  }
  TRY_ASSIGN(Value * count, SegmentCount(ir, ids));
  return Finish(c, ir.Emit(Op::kUnsortedSegmentSum, UnsortedSegmentSumOptions{},
                           {c.input(0), ids, count}));
}

template <Op op, class Options>
Result<void> LowerUnsorted(LowerContext& c) {
  TRY_ASSIGN(Value * ids, c.ir().AsInt32(c.input(1)));
  TRY_ASSIGN(Value * count, c.ir().AsInt32(c.input(2)));
  return Finish(c, c.ir().Emit(op, Options{}, {c.input(0), ids, count}));
}

}  // namespace

std::span<const TfOp> SegmentOps() {
  static constexpr TfOp kOps[] = {
      {"SegmentMax", 2,
       LowerSorted<Op::kUnsortedSegmentMax, UnsortedSegmentMaxOptions>},
      {"SegmentMean", 2, LowerSegmentMean},
      {"SegmentMin", 2,
       LowerSorted<Op::kUnsortedSegmentMin, UnsortedSegmentMinOptions>},
      {"SegmentProd", 2, LowerSegmentProd},
      {"SegmentSum", 2, LowerSegmentSum},
      {"UnsortedSegmentMax", 3,
       LowerUnsorted<Op::kUnsortedSegmentMax, UnsortedSegmentMaxOptions>},
      {"UnsortedSegmentMin", 3,
       LowerUnsorted<Op::kUnsortedSegmentMin, UnsortedSegmentMinOptions>},
      {"UnsortedSegmentProd", 3,
       LowerUnsorted<Op::kUnsortedSegmentProd, UnsortedSegmentProdOptions>},
      {"UnsortedSegmentSum", 3,
       LowerUnsorted<Op::kUnsortedSegmentSum, UnsortedSegmentSumOptions>},
  };
  return kOps;
}

}  // namespace liteforge
