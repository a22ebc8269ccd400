// SPDX-License-Identifier: Apache-2.0
// Vectors as sets, and places in sorted rows.
//   UniqueV2          UNIQUE, of a vector
//   UniqueWithCounts  UNIQUE; counts: UNSORTED_SEGMENT_SUM of ones
//   ListDiff(x, y)    what of x equals no element of y: WHERE, GATHER
//   LowerBound        how many elements of a sorted row are < v
//   UpperBound        … are <= v
#include <span>

#include "lower/formula.h"

namespace liteforge {
namespace {

Result<DataType> IndexType(const LowerContext& c, const char* name) {
  TRY_ASSIGN(const DataType type,
             c.Attribute<DataType>(name, DataType::kInt32));
  if (type == DataType::kInt32 || type == DataType::kInt64) return type;
  return InvalidModel(std::string("attribute '") + name +
                      "' is neither int32 nor int64");
}

Result<void> LowerUnique(LowerContext& c) {
  if (c.input_count() > 1 && c.input(0)->shape.rank() != 1)
    return Unsupported("the unique rows of other than a vector");
  UniqueOptions options;
  TRY_ASSIGN(options.idx_out_type, IndexType(c, "out_idx"));
  Formula f(c);
  const auto found = f.EmitMany(Op::kUnique, options, {c.input(0)}, 2);
  TRY(f.Check());
  c.SetOutput(0, found[0]);
  c.SetOutput(1, found[1]);
  if (c.node().op() == "Unique" || c.node().op() == "UniqueV2") return {};
  Value* counts =
      f.Emit(Op::kUnsortedSegmentSum, UnsortedSegmentSumOptions{},
             {f.Fill(f.ShapeOf(found[1]), f.ir().Int32(1)),
              f.Cast(found[1], DataType::kInt32), f.DimOf(found[0], 0)});
  counts = f.Cast(counts, options.idx_out_type);
  TRY(f.Check());
  c.SetOutput(2, counts);
  return {};
}

Result<void> LowerListDiff(LowerContext& c) {
  TRY_ASSIGN(const DataType type, IndexType(c, "out_idx"));
  Formula f(c);
  Value* x = c.input(0);
  Value* equal =
      f.Compare(Op::kEqual, f.ExpandDims(x, 1), f.ExpandDims(c.input(1), 0));
  Value* any = f.Emit(Op::kReduceAny, ReducerOptions{}, {equal, f.Ints({1})});
  Value* places =
      f.Emit(Op::kWhere, WhereOptions{}, {f.Of(Op::kLogicalNot, any)});
  places = f.Reshape(places, {-1});
  Value* rest = f.Gather(x, places);
  Value* index = f.Cast(places, type);
  TRY(f.Check());
  c.SetOutput(0, rest);
  c.SetOutput(1, index);
  return {};
}

template <Op op>
Result<void> LowerBound(LowerContext& c) {
  TRY_ASSIGN(const DataType type, IndexType(c, "out_type"));
  Formula f(c);
  Value* before =
      f.Compare(op, f.ExpandDims(c.input(0), 1), f.ExpandDims(c.input(1), 2));
  Value* ones = f.Cast(before, DataType::kInt32);
  return f.Finish(f.Cast(f.Sum(ones, {2}), type));
}

}  // namespace

std::span<const TfOp> SetOps() {
  static constexpr TfOp kOps[] = {
      {"ListDiff", 2, LowerListDiff},
      {"LowerBound", 2, LowerBound<Op::kLess>},
      {"Unique", 1, LowerUnique},
      {"UniqueV2", 2, LowerUnique},
      {"UniqueWithCounts", 1, LowerUnique},
      {"UniqueWithCountsV2", 2, LowerUnique},
      {"UpperBound", 2, LowerBound<Op::kLessEqual>},
  };
  return kOps;
}

}  // namespace liteforge
