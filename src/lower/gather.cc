// SPDX-License-Identifier: Apache-2.0
// Reading and writing at computed positions.
#include <fmt/format.h>

#include <span>

#include "lower/context.h"
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
Result<void> LowerTensorScatterAdd(LowerContext& c) {
  IrBuilder& ir = c.ir();
  TRY_ASSIGN(Value * indices, ir.AsInt32(c.input(1)));
  TRY_ASSIGN(Value * shape, ir.ShapeOf(c.input(0), DataType::kInt32));
  TRY_ASSIGN(Value * sum, ir.Emit(Op::kScatterNd, ScatterNdOptions{},
                                  {indices, c.input(2), shape}));
  return Finish(c, ir.Emit(Op::kAdd, AddOptions{}, {c.input(0), sum}));
}

Result<void> LowerTensorScatterUpdate(LowerContext& c) {
  IrBuilder& ir = c.ir();
  Value* updates = c.input(2);
  TRY_ASSIGN(Value * indices, ir.AsInt32(c.input(1)));
  TRY_ASSIGN(Value * shape, ir.ShapeOf(c.input(0), DataType::kInt32));
  TRY_ASSIGN(Value * places, ir.ShapeOf(updates, DataType::kInt32));
  TRY_ASSIGN(Value * ones,
             ir.Emit(Op::kFill, FillOptions{}, {places, ir.Int32(1)}));
  TRY_ASSIGN(Value * values, ir.Emit(Op::kScatterNd, ScatterNdOptions{},
                                     {indices, updates, shape}));
  TRY_ASSIGN(Value * marks, ir.Emit(Op::kScatterNd, ScatterNdOptions{},
                                    {indices, ones, shape}));
  TRY_ASSIGN(Value * hit,
             ir.Emit(Op::kGreater, GreaterOptions{}, {marks, ir.Int32(0)}));
  return Finish(
      c, ir.Emit(Op::kSelectV2, SelectV2Options{}, {hit, values, c.input(0)}));
}

constexpr TfOp kOps[] = {
    {"Gather", 2, LowerGather},
    {"GatherNd", 2, LowerGatherNd},
    {"GatherV2", 3, LowerGatherV2},
    {"InplaceUpdate", 3, LowerInplaceUpdate},
    {"OneHot", 4, LowerOneHot},
    {"ScatterNd", 3, LowerScatterNd},
    {"TensorScatterAdd", 3, LowerTensorScatterAdd},
    {"TensorScatterUpdate", 3, LowerTensorScatterUpdate},
};

}  // namespace

std::span<const TfOp> GatherOps() { return kOps; }

}  // namespace liteforge
