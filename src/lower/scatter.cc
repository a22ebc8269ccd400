// SPDX-License-Identifier: Apache-2.0
//   ScatterNd             SCATTER_ND
//   TensorScatterAdd, Sub x + or - SCATTER_ND(indices, updates)
//   TensorScatterUpdate   SELECT_V2 by a mask that is scattered as well
//   TensorScatterMax, Min max(x, UNSORTED_SEGMENT_MAX of the updates by the
//                         number of their place, i_0 d_1 … + i_1 d_2 … + …),
//                         which is the lowest number where no update goes
//   InplaceUpdate         one DYNAMIC_UPDATE_SLICE a row
// TensorFlow's indices may be int64, TFLite's are int32.
// Source: tensorflow/core/ops/array_ops.cc.
#include "lower/scatter.h"

#include <span>

namespace liteforge {

Value* ScatterUpdate(Formula& f, Value* x, Value* indices, Value* updates) {
  Value* shape = f.ShapeOf(x);
  Value* ones = f.Fill(f.ShapeOf(updates), f.ir().Int32(1));
  const auto scatter = [&](Value* what) {
    return f.Emit(Op::kScatterNd, ScatterNdOptions{}, {indices, what, shape});
  };
  Value* values = scatter(updates);
  Value* hit = f.Compare(Op::kGreater, scatter(ones), f.ir().Int32(0));
  return f.Select(hit, values, x);
}

namespace {

Result<void> LowerScatterNd(LowerContext& c) {
  Formula f(c);
  Value* indices = f.Take(c.ir().AsInt32(c.input(0)));
  Value* shape = f.Take(c.ir().AsInt32(c.input(2)));
  return f.Finish(
      f.Emit(Op::kScatterNd, ScatterNdOptions{}, {indices, c.input(1), shape}));
}

template <Op op>
Result<void> LowerTensorScatterAdd(LowerContext& c) {
  Formula f(c);
  Value* sum = f.Emit(
      Op::kScatterNd, ScatterNdOptions{},
      {f.Take(c.ir().AsInt32(c.input(1))), c.input(2), f.ShapeOf(c.input(0))});
  return f.Finish(f.Emit(op, {}, {c.input(0), sum}));
}

Result<void> LowerTensorScatterUpdate(LowerContext& c) {
  Formula f(c);
  Value* indices = f.Take(c.ir().AsInt32(c.input(1)));
  return f.Finish(ScatterUpdate(f, c.input(0), indices, c.input(2)));
}

// The number that each of `indices` [..., depth] has among the places of the
// first `depth` axes of x, as a vector.
Value* PlaceNumbers(Formula& f, Value* x, Value* indices, int32_t depth) {
  Value* places = nullptr;
  Value* column = f.Reshape(indices, {-1, depth});
  for (int32_t axis = 0; axis < depth; ++axis) {
    Value* own = f.Gather(column, f.ir().Int32(axis), 1);
    places =
        places == nullptr ? own : f.Add(f.Mul(places, f.DimOf(x, axis)), own);
  }
  return places;
}

}  // namespace

Value* ScatterBySegment(Formula& f, Op segment, Op op, Value* x, Value* indices,
                        Value* updates) {
  if (x == nullptr || indices == nullptr) return nullptr;
  const Shape at = indices->shape;
  const int32_t depth = at.rank() < 1 ? -1 : at[at.rank() - 1];
  if (depth < 1 || depth > x->shape.rank())
    return f.Fail(
        {ErrorCode::kUnsupported, "indices or a tensor of unknown rank", ""});
  if (x->type != DataType::kFloat32 && x->type != DataType::kInt32)
    return f.Fail({ErrorCode::kUnsupported,
                   "TFLite compares float32 and int32 updates only", ""});
  Value* numbers = PlaceNumbers(f, x, indices, depth);
  Value* count = f.ir().Int32(1);
  for (int32_t axis = 0; axis < depth; ++axis)
    count = f.Mul(count, f.DimOf(x, axis));
  std::vector<int32_t> rest;
  for (int32_t axis = depth; axis < x->shape.rank(); ++axis)
    rest.push_back(axis);
  Value* row =
      f.Concat({f.Ints({-1}), f.Gather(f.ShapeOf(x), f.Ints(rest))}, 0);
  if (rest.empty()) row = f.Ints({-1});
  updates = f.Emit(Op::kReshape, ReshapeOptions{}, {updates, row});
  Value* best = f.Emit(segment, {}, {updates, numbers, count});
  best = f.Emit(Op::kReshape, ReshapeOptions{}, {best, f.ShapeOf(x)});
  return f.Emit(op, {}, {x, best});
}

namespace {

template <Op segment, Op op>
Result<void> LowerTensorScatterBest(LowerContext& c) {
  Formula f(c);
  Value* indices = f.Take(c.ir().AsInt32(c.input(1)));
  return f.Finish(
      ScatterBySegment(f, segment, op, c.input(0), indices, c.input(2)));
}

Result<void> LowerInplaceUpdate(LowerContext& c) {
  Value* x = c.input(0);
  if (!x->shape.has_rank() || c.input(1)->shape != Shape{1})
    return Unsupported("an update of other than one row");
  Formula f(c);
  Value* at = f.Take(c.ir().AsInt32(c.input(1)));
  if (x->shape.rank() > 1) {
    const auto rest = static_cast<size_t>(x->shape.rank() - 1);
    at = f.Concat({at, f.Ints(std::vector<int32_t>(rest))}, 0);
  }
  return f.Finish(f.Emit(Op::kDynamicUpdateSlice, {}, {x, c.input(2), at}));
}

}  // namespace

std::span<const TfOp> ScatterOps() {
  static constexpr TfOp kOps[] = {
      {"InplaceUpdate", 3, LowerInplaceUpdate},
      {"ScatterNd", 3, LowerScatterNd},
      {"TensorScatterAdd", 3, LowerTensorScatterAdd<Op::kAdd>},
      {"TensorScatterMax", 3,
       LowerTensorScatterBest<Op::kUnsortedSegmentMax, Op::kMaximum>},
      {"TensorScatterMin", 3,
       LowerTensorScatterBest<Op::kUnsortedSegmentMin, Op::kMinimum>},
      {"TensorScatterSub", 3, LowerTensorScatterAdd<Op::kSub>},
      {"TensorScatterUpdate", 3, LowerTensorScatterUpdate},
  };
  return kOps;
}

}  // namespace liteforge
