// SPDX-License-Identifier: Apache-2.0
// Where in a tensor something is: ArgMax, ArgMin, TopKV2, Where.
#include <span>

#include "lower/context.h"

namespace liteforge {
namespace {

template <Op op, class Options>
Result<void> LowerArg(LowerContext& c) {
  Options options;
  TRY_ASSIGN(options.output_type,
             c.Attribute<DataType>("output_type", DataType::kInt64));
  if (options.output_type != DataType::kInt32 &&
      options.output_type != DataType::kInt64)
    return Unsupported("positions in a type other than int32 or int64");
  TRY_ASSIGN(Value * axis, c.ir().AsInt32(c.input(1)));
  return Finish(c, c.ir().Emit(op, options, {c.input(0), axis}));
}

// TFLite's results are sorted always, which `sorted` = false allows.
Result<void> LowerTopK(LowerContext& c) {
  TRY_ASSIGN(const DataType index_type,
             c.Attribute<DataType>("index_type", DataType::kInt32));
  TRY_ASSIGN(Value * k, c.ir().AsInt32(c.input(1)));
  TRY_ASSIGN(const auto found,
             c.ir().EmitMany(Op::kTopKV2, TopKV2Options{}, {c.input(0), k}, 2));
  TRY_ASSIGN(Value * indices, c.ir().Cast(found[1], index_type));
  c.SetOutput(0, found[0]);
  c.SetOutput(1, indices);
  return {};
}

Result<void> LowerWhere(LowerContext& c) {
  return Finish(c, c.ir().Emit(Op::kWhere, WhereOptions{}, {c.input(0)}));
}

// k is an attribute.
Result<void> LowerOldTopK(LowerContext& c) {
  TRY_ASSIGN(const int32_t k, c.IntegerIn("k", 0, INT32_MAX));
  TRY_ASSIGN(const auto found,
             c.ir().EmitMany(Op::kTopKV2, TopKV2Options{},
                             {c.input(0), c.ir().Int32(k)}, 2));
  c.SetOutput(0, found[0]);
  c.SetOutput(1, found[1]);
  return {};
}

constexpr TfOp kOps[] = {
    {"ArgMax", 2, LowerArg<Op::kArgMax, ArgMaxOptions>},
    {"ArgMin", 2, LowerArg<Op::kArgMin, ArgMinOptions>},
    {"TopK", 1, LowerOldTopK},
    {"TopKV2", 2, LowerTopK},
    {"Where", 1, LowerWhere},
};

}  // namespace

std::span<const TfOp> SearchOps() { return kOps; }

}  // namespace liteforge
