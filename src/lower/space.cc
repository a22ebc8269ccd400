// SPDX-License-Identifier: Apache-2.0
// Moving blocks of space into batch or depth, and back; reversal of axes.
#include <limits>
#include <span>

#include "lower/context.h"
#include "lower/layout.h"

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

constexpr TfOp kOps[] = {
    {"BatchToSpaceND", 3, LowerBatchBlocks<Op::kBatchToSpaceND>},
    {"DepthToSpace", 1,
     LowerDepthBlocks<Op::kDepthToSpace, DepthToSpaceOptions>},
    {"ReverseSequence", 2, LowerReverseSequence},
    {"ReverseV2", 2, LowerReverse},
    {"SpaceToBatchND", 3, LowerBatchBlocks<Op::kSpaceToBatchND>},
    {"SpaceToDepth", 1,
     LowerDepthBlocks<Op::kSpaceToDepth, SpaceToDepthOptions>},
};

}  // namespace

std::span<const TfOp> SpaceOps() { return kOps; }

}  // namespace liteforge
