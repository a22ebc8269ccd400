// SPDX-License-Identifier: Apache-2.0
// CTCGreedyDecoder(x [T, B, C], lengths [B]): at each time the best class, of
// which blanks go and, with merge_repeated, those that were the best at the
// time before; as a sparse tensor [B, most in a row].
//   best = ARG_MAX(x), [B, T]
//   kept = t < length and best != blank and best != the one before
//   places = WHERE(kept), their rank in a row CUMSUM(kept) - 1
// and the negative sum of what the best classes have, [B, 1].
// Source: tensorflow/core/kernels/ctc_decoder_ops.cc.
#include <span>

#include "lower/formula.h"

namespace liteforge {
namespace {

Value* And(Formula& f, Value* a, Value* b) {
  return f.Emit(Op::kLogicalAnd, LogicalAndOptions{}, {a, b});
}

// Whether something is kept: [B, T].
Value* Kept(LowerContext& c, Formula& f, Value* best, Value* within,
            int32_t blank, bool merges) {
  IrBuilder& ir = c.ir();
  Value* kept = And(f, within, f.Compare(Op::kNotEqual, best, ir.Int32(blank)));
  if (!merges) return kept;
  // [B, T] moved one step, with a class that is none in front.
  Value* moved =
      f.Emit(Op::kPadV2, PadV2Options{},
             {best,
              ir.Constant(DataType::kInt32, {2, 2},
                          Blob::Own(std::vector<int32_t>{0, 0, 1, 0})),
              ir.Int32(-1)});
  moved = f.Emit(Op::kSlice, SliceOptions{},
                 {moved, f.Ints({0, 0}), f.ShapeOf(best)});
  return And(f, kept, f.Compare(Op::kNotEqual, best, moved));
}

Result<void> LowerGreedy(LowerContext& c) {
  IrBuilder& ir = c.ir();
  Value* x = c.input(0);
  if (x->shape.rank() != 3 || x->shape[2] < 1)
    return Unsupported("inputs must be [time, batch, classes], classes known");
  TRY_ASSIGN(const bool merges, c.Attribute<bool>("merge_repeated", false));
  TRY_ASSIGN(const int64_t named, c.Attribute<int64_t>("blank_index", -1));
  const int64_t blank = named < 0 ? named + x->shape[2] : named;
  if (blank < 0 || blank >= x->shape[2])
    return InvalidModel("attribute 'blank_index' is out of range");
  Formula f(c);
  ArgMaxOptions options;
  options.output_type = DataType::kInt32;
  Value* best = f.Emit(Op::kArgMax, options, {x, ir.Int32(2)});
  best = f.Transpose(best, {1, 0});
  Value* lengths = f.Reshape(f.Take(ir.AsInt32(c.input(1))), {-1, 1});
  Value* time = f.Reshape(f.Range(f.DimOf(x, 0)), {1, -1});
  Value* within = f.Compare(Op::kLess, time, lengths);
  Value* kept = Kept(c, f, best, within, static_cast<int32_t>(blank), merges);
  Value* places = f.Emit(Op::kWhere, WhereOptions{}, {kept});
  Value* at = f.Cast(places, DataType::kInt32);
  Value* count = f.Emit(Op::kCumsum, CumsumOptions{},
                        {f.Cast(kept, DataType::kInt32), ir.Int32(1)});
  Value* rank = f.Sub(f.GatherNd(count, at), ir.Int32(1));
  Value* row = f.Gather(at, ir.Int32(0), 1);
  Value* indices = f.Concat({f.ExpandDims(row, 1), f.ExpandDims(rank, 1)}, 1);
  Value* longest =
      f.Emit(Op::kReduceMax, ReducerOptions{}, {count, f.Ints({0, 1})});
  Value* shape =
      f.Concat({f.Reshape(f.DimOf(x, 1), {1}), f.Reshape(longest, {1})}, 0);
  Value* sizes = f.Emit(Op::kReduceMax, ReducerOptions{}, {x, f.Ints({2})});
  sizes = f.Mul(f.Transpose(sizes, {1, 0}), f.Cast(within, x->type));
  Value* sum = f.Of(Op::kNeg, f.Sum(sizes, {1}, true));
  Value* values = f.GatherNd(best, at);
  const auto wide = [&](Value* v) { return f.Cast(v, DataType::kInt64); };
  Value* outputs[] = {wide(indices), wide(values), wide(shape), sum};
  TRY(f.Check());
  for (int i = 0; i < 4; ++i) c.SetOutput(i, outputs[i]);
  return {};
}

}  // namespace

std::span<const TfOp> CtcOps() {
  static constexpr TfOp kOps[] = {
      {"CTCGreedyDecoder", 2, LowerGreedy},
  };
  return kOps;
}

}  // namespace liteforge
