// SPDX-License-Identifier: Apache-2.0
// Reading at computed positions.
#include <fmt/format.h>

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

Result<void> LowerOneHot(LowerContext& c) {
  OneHotOptions options;
  TRY_ASSIGN(const int64_t axis, c.Attribute<int64_t>("axis", -1));
  if (axis < -1 || axis > Shape::kMaxRank)
    return InvalidModel("attribute 'axis' is out of range");
  options.axis = static_cast<int32_t>(axis);
  return Finish(c, c.ir().Emit(Op::kOneHot, options, c.inputs()));
}

}  // namespace

std::span<const TfOp> GatherOps() {
  static constexpr TfOp kOps[] = {
      {"Gather", 2, LowerGather},
      {"GatherNd", 2, LowerGatherNd},
      {"GatherV2", 3, LowerGatherV2},
      {"OneHot", 4, LowerOneHot},
  };
  return kOps;
}

}  // namespace liteforge
