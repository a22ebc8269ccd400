// SPDX-License-Identifier: Apache-2.0
// Reading and writing at computed positions.
#include <fmt/format.h>

#include <set>
#include <span>

#include "lower/formula.h"
#include "ops/infer.h"

namespace liteforge {
namespace {

Result<int32_t> PlainAxis(int64_t axis, const Value& value, const char* role) {
  if (!value.shape.has_rank()) {
    if (axis >= 0 && axis < Shape::kMaxRank) return static_cast<int32_t>(axis);
    return Unsupported(
        fmt::format("a negative {} needs an input of known rank", role));
  }
  TRY_ASSIGN(const int plain, NormalizeAxis(axis, value.shape.rank(), role));
  return plain;
}

Result<void> LowerGather(LowerContext& c) {
  return Finish(
      c, c.ir().Emit(Op::kGather, GatherOptions{}, {c.input(0), c.input(1)}));
}

Result<void> LowerGatherV2(LowerContext& c) {
  GatherOptions options;
  TRY_ASSIGN(const int64_t axis, c.IntegerOf(2, "axis"));
  TRY_ASSIGN(options.axis, PlainAxis(axis, *c.input(0), "axis"));
  TRY_ASSIGN(const int64_t batch_dims, c.Attribute<int64_t>("batch_dims", 0));
  if (batch_dims != 0) {  // counted on the indices, of which it may be all
    const int64_t rank = c.input(1)->shape.rank();
    options.batch_dims = static_cast<int32_t>(
        batch_dims < 0 && rank >= 0 ? batch_dims + rank : batch_dims);
    if (options.batch_dims < 0 || options.batch_dims > Shape::kMaxRank)
      return InvalidModel("attribute 'batch_dims' is out of range");
  }
  return Finish(c, c.ir().Emit(Op::kGather, options, {c.input(0), c.input(1)}));
}

Result<void> LowerGatherNd(LowerContext& c) {
  return Finish(c, c.ir().Emit(Op::kGatherNd, GatherNdOptions{},
                               {c.input(0), c.input(1)}));
}

// TensorFlow's indices may be int64, TFLite's are int32.
Result<void> LowerScatterNd(LowerContext& c) {
  TRY_ASSIGN(Value * indices, c.ir().AsInt32(c.input(0)));
  TRY_ASSIGN(Value * shape, c.ir().AsInt32(c.input(2)));
  return Finish(c, c.ir().Emit(Op::kScatterNd, ScatterNdOptions{},
                               {indices, c.input(1), shape}));
}

// x with x[rows[i]] = values[i]: one DYNAMIC_UPDATE_SLICE a row.
Result<void> LowerInplaceUpdate(LowerContext& c) {
  IrBuilder& ir = c.ir();
  Value* x = c.input(0);
  Value* values = c.input(2);
  if (!x->shape.has_rank() || c.input(1)->shape != Shape{1})
    return Unsupported("an update of other than one row");
  TRY_ASSIGN(Value * at, ir.AsInt32(c.input(1)));
  if (x->shape.rank() > 1) {
    const auto rest = static_cast<size_t>(x->shape.rank() - 1);
    TRY_ASSIGN(at, ir.Emit(Op::kConcatenation, ConcatenationOptions{},
                           {at, ir.Int32s(std::vector<int32_t>(rest))}));
  }
  return Finish(c, ir.Emit(Op::kDynamicUpdateSlice, {}, {x, values, at}));
}

Result<void> LowerOneHot(LowerContext& c) {
  OneHotOptions options;
  TRY_ASSIGN(const int64_t axis, c.Attribute<int64_t>("axis", -1));
  if (axis < -1 || axis > Shape::kMaxRank)
    return InvalidModel("attribute 'axis' is out of range");
  options.axis = static_cast<int32_t>(axis);
  return Finish(c, c.ir().Emit(Op::kOneHot, options, c.inputs()));
}

// What TensorFlow scatters into a tensor is added to it, or, by a mask that is
// scattered as well, put in its place. Indices that occur twice have no
// defined order there.
template <Op op>
Result<void> LowerTensorScatterAdd(LowerContext& c) {
  Formula f(c);
  Value* sum = f.Emit(
      Op::kScatterNd, ScatterNdOptions{},
      {f.Take(c.ir().AsInt32(c.input(1))), c.input(2), f.ShapeOf(c.input(0))});
  return f.Finish(f.Emit(op, {}, {c.input(0), sum}));
}

// x with updates at the indices.
Value* Put(Formula& f, Value* x, Value* indices, Value* updates) {
  Value* shape = f.ShapeOf(x);
  Value* ones = f.Fill(f.ShapeOf(updates), f.ir().Int32(1));
  const auto scatter = [&](Value* what) {
    return f.Emit(Op::kScatterNd, ScatterNdOptions{}, {indices, what, shape});
  };
  Value* values = scatter(updates);
  Value* hit = f.Compare(Op::kGreater, scatter(ones), f.ir().Int32(0));
  return f.Select(hit, values, x);
}

Result<void> LowerTensorScatterUpdate(LowerContext& c) {
  Formula f(c);
  Value* indices = f.Take(c.ir().AsInt32(c.input(1)));
  return f.Finish(Put(f, c.input(0), indices, c.input(2)));
}

// Whether no index occurs twice, as far as is known.
bool AreDistinct(const IrBuilder& ir, const Value* indices) {
  const Shape& shape = indices->shape;
  if (!shape.IsStatic() || shape.rank() < 1) return false;
  const auto length = static_cast<size_t>(shape[shape.rank() - 1]);
  if (length == 0 || shape.elements() == shape[shape.rank() - 1]) return true;
  const auto known = ir.Known(indices);
  if (!known || !AllKnown(*known)) return false;
  std::set<std::vector<int64_t>> seen;
  for (auto at = known->begin(); at != known->end();
       at += static_cast<ptrdiff_t>(length)) {
    if (!seen.emplace(at, at + static_cast<ptrdiff_t>(length)).second)
      return false;
  }
  return true;
}

// What is there is compared with the update, then the better one is put there.
template <Op op>
Result<void> LowerTensorScatterBest(LowerContext& c) {
  Formula f(c);
  Value* indices = f.Take(c.ir().AsInt32(c.input(1)));
  TRY(f.Check());
  if (!AreDistinct(c.ir(), indices))
    return Unsupported(
        "several updates may meet in one place; the indices must be constant "
        "and distinct");
  Value* there = f.GatherNd(c.input(0), indices);
  Value* best = f.Emit(op, MaximumMinimumOptions{}, {there, c.input(2)});
  return f.Finish(Put(f, c.input(0), indices, best));
}

constexpr TfOp kOps[] = {
    {"Gather", 2, LowerGather},
    {"GatherNd", 2, LowerGatherNd},
    {"GatherV2", 3, LowerGatherV2},
    {"InplaceUpdate", 3, LowerInplaceUpdate},
    {"OneHot", 4, LowerOneHot},
    {"ScatterNd", 3, LowerScatterNd},
    {"TensorScatterAdd", 3, LowerTensorScatterAdd<Op::kAdd>},
    {"TensorScatterMax", 3, LowerTensorScatterBest<Op::kMaximum>},
    {"TensorScatterMin", 3, LowerTensorScatterBest<Op::kMinimum>},
    {"TensorScatterSub", 3, LowerTensorScatterAdd<Op::kSub>},
    {"TensorScatterUpdate", 3, LowerTensorScatterUpdate},
};

}  // namespace

std::span<const TfOp> GatherOps() { return kOps; }

}  // namespace liteforge
