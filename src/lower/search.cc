// SPDX-License-Identifier: Apache-2.0
// Where in a tensor something is: ArgMax, ArgMin, TopKV2, Where.
//   NthElement     the last of the n + 1 smallest, or largest: TOPK_V2
//   UnravelIndex   FLOOR_MOD of what is left by each dimension, the last first
#include <span>

#include "lower/formula.h"

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

Result<void> LowerNthElement(LowerContext& c) {
  TRY_ASSIGN(const bool largest, c.Attribute<bool>("reverse", false));
  Formula f(c);
  Value* x = largest ? c.input(0) : f.Of(Op::kNeg, c.input(0));
  Value* n = f.Take(c.ir().AsInt32(c.input(1)));
  const auto found = f.EmitMany(Op::kTopKV2, TopKV2Options{},
                                {x, f.Add(n, c.ir().Int32(1))}, 2);
  Value* y = f.Gather(found[0], n, c.input(0)->shape.rank() - 1);
  return f.Finish(largest ? y : f.Of(Op::kNeg, y));
}

Result<void> LowerUnravelIndex(LowerContext& c) {
  const Shape& dims = c.input(1)->shape;
  if (dims.rank() != 1 || dims[0] < 1)
    return Unsupported("a number of dimensions that is not known");
  Formula f(c);
  Value* left = c.input(0);
  std::vector<Value*> places;
  for (int32_t axis = dims[0] - 1; axis >= 0; --axis) {
    Value* dim = f.Gather(c.input(1), c.ir().Int32(axis));
    places.insert(places.begin(),
                  f.Emit(Op::kFloorMod, FloorModOptions{}, {left, dim}));
    left = f.Emit(Op::kFloorDiv, FloorDivOptions{}, {left, dim});
  }
  PackOptions pack;
  pack.values_count = dims[0];
  return f.Finish(f.Emit(Op::kPack, pack, std::move(places)));
}

}  // namespace

std::span<const TfOp> SearchOps() {
  static constexpr TfOp kOps[] = {
      {"ArgMax", 2, LowerArg<Op::kArgMax, ArgMaxOptions>},
      {"ArgMin", 2, LowerArg<Op::kArgMin, ArgMinOptions>},
      {"NthElement", 2, LowerNthElement},
      {"TopK", 1, LowerOldTopK},
      {"TopKV2", 2, LowerTopK},
      {"UnravelIndex", 2, LowerUnravelIndex},
      {"Where", 1, LowerWhere},
  };
  return kOps;
}

}  // namespace liteforge
