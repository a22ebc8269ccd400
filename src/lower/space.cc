// SPDX-License-Identifier: Apache-2.0
// Moving blocks of space into batch or depth, and back; reversal of axes.
#include <limits>
#include <span>

#include "lower/formula.h"
#include "lower/layout.h"
#include "ops/infer.h"

namespace liteforge {
namespace {

// SpaceToBatchND(x, block, paddings), BatchToSpaceND(x, block, crops)
template <Op op>
Result<void> LowerBatchBlocks(LowerContext& c) {
  TRY_ASSIGN(Value * block, c.ir().AsInt32(c.input(1)));
  TRY_ASSIGN(Value * amounts, c.ir().AsInt32(c.input(2)));
  return Finish(c, c.ir().Emit(op, {}, {c.input(0), block, amounts}));
}

template <Op op, class Options>
Result<void> LowerDepthBlocks(LowerContext& c) {
  IrBuilder& ir = c.ir();
  Options options;
  TRY_ASSIGN(options.block_size,
             c.IntegerIn("block_size", 1, std::numeric_limits<int32_t>::max()));
  TRY_ASSIGN(const bool nchw, IsNchw(c));
  TRY_ASSIGN(Value * x, EnterNhwc(ir, c.input(0), nchw));
  TRY_ASSIGN(Value * y, ir.Emit(op, options, {x}));
  return Finish(c, LeaveNhwc(ir, y, nchw));
}

// SpaceToBatch(x, paddings), BatchToSpace(x, crops) with one block size.
template <Op op>
Result<void> LowerSquareBlocks(LowerContext& c) {
  TRY_ASSIGN(const int32_t size,
             c.IntegerIn("block_size", 1, std::numeric_limits<int32_t>::max()));
  TRY_ASSIGN(Value * amounts, c.ir().AsInt32(c.input(1)));
  return Finish(
      c,
      c.ir().Emit(op, {}, {c.input(0), c.ir().Int32s({size, size}), amounts}));
}

// The axes are those that are marked true.
Result<void> LowerMarkedReverse(LowerContext& c) {
  const Value& marks = *c.input(1);
  if (!marks.is_constant() || marks.type != DataType::kBool)
    return Unsupported("which axes are reversed must be constant");
  std::vector<int32_t> axes;
  const auto marked = marks.ToVector<uint8_t>();
  for (size_t axis = 0; axis < marked.size(); ++axis) {
    if (marked[axis] != 0) axes.push_back(static_cast<int32_t>(axis));
  }
  if (axes.empty()) {
    c.SetOutput(0, c.input(0));
    return {};
  }
  return Finish(c, c.ir().Emit(Op::kReverseV2, ReverseV2Options{},
                               {c.input(0), c.ir().Int32s(std::move(axes))}));
}

// Axis by axis, y[i] = x[(i - shift) mod n].
Result<void> LowerRoll(LowerContext& c) {
  Formula f(c);
  Value* x = c.input(0);
  TRY_ASSIGN(const auto axes, c.IntegersOf(2, "axis"));
  if (!x->shape.has_rank() || !c.input(1)->shape.IsStatic() ||
      c.input(1)->shape.elements() != static_cast<int64_t>(axes.size()))
    return Unsupported("shifts of unknown number");
  Value* shifts = f.Reshape(f.Take(c.ir().AsInt32(c.input(1))), {-1});
  for (size_t i = 0; i < axes.size(); ++i) {
    TRY_ASSIGN(const int axis,
               NormalizeAxis(axes[i], c.input(0)->shape.rank(), "axis"));
    Value* shift = f.Gather(shifts, c.ir().Int32(static_cast<int32_t>(i)));
    Value* count = f.DimOf(x, axis);
    Value* from = f.Emit(Op::kFloorMod, FloorModOptions{},
                         {f.Sub(f.Range(count), shift), count});
    x = f.Gather(x, from, axis);
  }
  return f.Finish(x);
}

Result<void> LowerReverse(LowerContext& c) {
  if (c.input(1)->shape.IsStatic() && c.input(1)->shape.elements() == 0) {
    c.SetOutput(0, c.input(0));
    return {};
  }
  TRY_ASSIGN(Value * axes, c.ir().AsInt32(c.input(1)));
  return Finish(
      c, c.ir().Emit(Op::kReverseV2, ReverseV2Options{}, {c.input(0), axes}));
}

Result<void> LowerReverseSequence(LowerContext& c) {
  ReverseSequenceOptions options;
  TRY_ASSIGN(options.seq_dim, c.IntegerIn("seq_dim", 0, Shape::kMaxRank - 1));
  TRY_ASSIGN(const int64_t batch_dim, c.Attribute<int64_t>("batch_dim", 0));
  if (batch_dim < 0 || batch_dim >= Shape::kMaxRank)
    return InvalidModel("attribute 'batch_dim' is out of range");
  options.batch_dim = static_cast<int32_t>(batch_dim);
  return Finish(
      c, c.ir().Emit(Op::kReverseSequence, options, {c.input(0), c.input(1)}));
}

}  // namespace

std::span<const TfOp> SpaceOps() {
  static constexpr TfOp kOps[] = {
      {"BatchToSpace", 2, LowerSquareBlocks<Op::kBatchToSpaceND>},
      {"BatchToSpaceND", 3, LowerBatchBlocks<Op::kBatchToSpaceND>},
      {"DepthToSpace", 1,
       LowerDepthBlocks<Op::kDepthToSpace, DepthToSpaceOptions>},
      {"Reverse", 2, LowerMarkedReverse},
      {"ReverseSequence", 2, LowerReverseSequence},
      {"ReverseV2", 2, LowerReverse},
      {"Roll", 3, LowerRoll},
      {"SpaceToBatch", 2, LowerSquareBlocks<Op::kSpaceToBatchND>},
      {"SpaceToBatchND", 3, LowerBatchBlocks<Op::kSpaceToBatchND>},
      {"SpaceToDepth", 1,
       LowerDepthBlocks<Op::kSpaceToDepth, SpaceToDepthOptions>},
  };
  return kOps;
}

}  // namespace liteforge
