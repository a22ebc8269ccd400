// SPDX-License-Identifier: Apache-2.0
// Rows taken apart and put together by their numbers.
//   DynamicPartition   for each part: the rows where partitions equals it
//   DynamicStitch      row i of the result is the last one that is numbered i:
//                      UNSORTED_SEGMENT_MAX of the positions, by number
//   InvertPermutation  y[x[i]] = i, in the same way
//   Bincount           ONE_HOT, summed
//   DenseBincount      the same row by row; binary_output: the largest
#include <span>

#include "lower/formula.h"

namespace liteforge {
namespace {

Result<Value*> Flatten(IrBuilder& ir, Value* x) {
  if (x->shape.rank() == 1) return x;
  return ir.Emit(Op::kReshape, ReshapeOptions{}, {x, ir.Int32s({-1})});
}

// [a.., rows..] -> [-1, rows..]
Result<Value*> FlattenFirst(IrBuilder& ir, Value* x, int axes) {
  if (axes == 1) return x;
  Shape shape = Shape{Shape::kUnknownDim};
  for (int axis = axes; axis < x->shape.rank(); ++axis)
    shape.Append(x->shape[axis]);
  if (!CanReshapeTo(shape))
    return Unsupported("rows of more than one unknown dimension");
  return ir.Reshape(x, shape);
}

Result<void> LowerDynamicPartition(LowerContext& c) {
  IrBuilder& ir = c.ir();
  TRY_ASSIGN(const int32_t parts, c.IntegerIn("num_partitions", 1, 65536));
  const int axes = c.input(1)->shape.rank();
  if (axes < 0 || !c.input(0)->shape.has_rank())
    return Unsupported("partitions of an input of unknown rank");
  if (axes == 0) return Unsupported("partitions that are a scalar");
  TRY_ASSIGN(Value * data, FlattenFirst(ir, c.input(0), axes));
  TRY_ASSIGN(Value * numbers, Flatten(ir, c.input(1)));
  for (int32_t part = 0; part < parts; ++part) {
    TRY_ASSIGN(Value * own,
               ir.Emit(Op::kEqual, EqualOptions{}, {numbers, ir.Int32(part)}));
    TRY_ASSIGN(Value * where, ir.Emit(Op::kWhere, WhereOptions{}, {own}));
    TRY_ASSIGN(where, ir.AsInt32(where));
    TRY_ASSIGN(where, ir.Emit(Op::kReshape, ReshapeOptions{},
                              {where, ir.Int32s({-1})}));
    TRY_ASSIGN(Value * rows,
               ir.Emit(Op::kGather, GatherOptions{}, {data, where}));
    c.SetOutput(part, rows);
  }
  return {};
}

// 0, 1, … for each element of a vector.
Result<Value*> Positions(IrBuilder& ir, Value* x) {
  TRY_ASSIGN(Value * count, ir.ShapeOf(x, DataType::kInt32));
  TRY_ASSIGN(count, ir.Reshape(count, Shape()));
  return ir.Emit(Op::kRange, RangeOptions{}, {ir.Int32(0), count, ir.Int32(1)});
}

// Where each number below `count` stands last.
Result<Value*> LastPlaces(IrBuilder& ir, Value* numbers, Value* count) {
  TRY_ASSIGN(Value * positions, Positions(ir, numbers));
  return ir.Emit(Op::kUnsortedSegmentMax, UnsortedSegmentMaxOptions{},
                 {positions, numbers, count});
}

Result<Value*> Concatenate(IrBuilder& ir, std::vector<Value*> parts) {
  if (parts.size() == 1) return parts[0];
  return ir.Emit(Op::kConcatenation, ConcatenationOptions{}, std::move(parts));
}

Result<void> LowerDynamicStitch(LowerContext& c) {
  IrBuilder& ir = c.ir();
  TRY_ASSIGN(const int32_t parts, c.IntegerIn("N", 1, 65536));
  if (c.input_count() != 2 * parts)
    return InvalidModel("it must have as many indices as data");
  std::vector<Value*> numbers, rows;
  for (int i = 0; i < parts; ++i) {
    Value* indices = c.input(i);
    Value* data = c.input(parts + i);
    const int axes = indices->shape.rank();
    if (axes < 0 || !data->shape.has_rank())
      return Unsupported("rows of unknown rank");
    if (axes == 0) {
      Shape one{1};
      for (const int32_t dim : data->shape.dims()) one.Append(dim);
      TRY_ASSIGN(indices, ir.Reshape(indices, {1}));
      TRY_ASSIGN(data, ir.Reshape(data, one));
    } else {
      TRY_ASSIGN(indices, Flatten(ir, indices));
      TRY_ASSIGN(data, FlattenFirst(ir, data, axes));
    }
    numbers.push_back(indices);
    rows.push_back(data);
  }
  TRY_ASSIGN(Value * number, Concatenate(ir, std::move(numbers)));
  TRY_ASSIGN(Value * row, Concatenate(ir, std::move(rows)));
  TRY_ASSIGN(Value * last, ir.Emit(Op::kReduceMax, ReducerOptions{},
                                   {number, ir.Int32s({0})}));
  TRY_ASSIGN(Value * count,
             ir.Emit(Op::kAdd, AddOptions{}, {last, ir.Int32(1)}));
  TRY_ASSIGN(Value * places, LastPlaces(ir, number, count));
  // Numbers that no row has leave a row of any values.
  TRY_ASSIGN(places, ir.Emit(Op::kMaximum, MaximumMinimumOptions{},
                             {places, ir.Int32(0)}));
  return Finish(c, ir.Emit(Op::kGather, GatherOptions{}, {row, places}));
}

Result<void> LowerInvertPermutation(LowerContext& c) {
  IrBuilder& ir = c.ir();
  const DataType type = c.input(0)->type;
  TRY_ASSIGN(Value * x, ir.AsInt32(c.input(0)));
  TRY_ASSIGN(Value * count, ir.ShapeOf(x, DataType::kInt32));
  TRY_ASSIGN(count, ir.Reshape(count, Shape()));
  TRY_ASSIGN(Value * y, LastPlaces(ir, x, count));
  return Finish(c, ir.Cast(y, type));
}

Result<void> LowerBincount(LowerContext& c) {
  IrBuilder& ir = c.ir();
  Value* weights = c.input(2);
  TRY_ASSIGN(Value * x, Flatten(ir, c.input(0)));
  TRY_ASSIGN(Value * size, ir.AsInt32(c.input(1)));
  const bool counts =
      weights->shape.IsStatic() && weights->shape.elements() == 0;
  const DataType type = weights->type;
  TRY_ASSIGN(Value * one, ir.Scalar(type, 1));
  TRY_ASSIGN(Value * zero, ir.Scalar(type, 0));
  OneHotOptions options;
  options.axis = counts ? -1 : 0;
  TRY_ASSIGN(Value * marks,
             ir.Emit(Op::kOneHot, options, {x, size, one, zero}));
  if (!counts) {
    TRY_ASSIGN(weights, Flatten(ir, weights));
    TRY_ASSIGN(marks, ir.Emit(Op::kMul, MulOptions{}, {marks, weights}));
  }
  return Finish(c, ir.Emit(Op::kSum, ReducerOptions{},
                           {marks, ir.Int32s({counts ? 0 : 1})}));
}

Result<void> LowerDenseBincount(LowerContext& c) {
  TRY_ASSIGN(const bool binary, c.Attribute<bool>("binary_output", false));
  Value* weights = c.input(2);
  const int rank = c.input(0)->shape.rank();
  if (rank < 1 || !weights->shape.has_rank())
    return Unsupported("an input or weights of unknown rank");
  Formula f(c);
  Value* size = f.Take(c.ir().AsInt32(c.input(1)));
  OneHotOptions options;
  options.axis = -1;
  Value* marks = f.Emit(Op::kOneHot, options,
                        {f.Take(c.ir().AsInt32(c.input(0))), size,
                         f.Like(weights, 1), f.Like(weights, 0)});
  Value* axes = f.Ints({rank - 1});
  if (binary)
    return f.Finish(f.Emit(Op::kReduceMax, ReducerOptions{}, {marks, axes}));
  const bool counts =
      weights->shape.IsStatic() && weights->shape.elements() == 0;
  if (!counts) marks = f.Mul(marks, f.ExpandDims(weights, rank));
  return f.Finish(f.Emit(Op::kSum, ReducerOptions{}, {marks, axes}));
}

}  // namespace

std::span<const TfOp> PartitionOps() {
  static constexpr TfOp kOps[] = {
      {"Bincount", 3, LowerBincount},
      {"DenseBincount", 3, LowerDenseBincount},
      {"DynamicPartition", 2, LowerDynamicPartition},
      {"DynamicStitch", 2, LowerDynamicStitch},
      {"InvertPermutation", 1, LowerInvertPermutation},
      {"ParallelDynamicStitch", 2, LowerDynamicStitch},
  };
  return kOps;
}

}  // namespace liteforge
