// SPDX-License-Identifier: Apache-2.0
// Tensors made from a shape, and tensors repeated.
#include <limits>
#include <span>

#include "lower/formula.h"

namespace liteforge {
namespace {

// The shape that `dims` asks for, as far as it is known: more than inference
// sees, which wants all of it or nothing.
void TakeKnownShape(const IrBuilder& ir, const Value* dims, Value* value) {
  const auto known = ir.Known(dims);
  if (value->shape.IsStatic() || !known || known->size() > Shape::kMaxRank)
    return;
  Shape shape;
  for (const int64_t dim : *known) {
    const bool is_dim = dim >= 0 && dim <= std::numeric_limits<int32_t>::max();
    shape.Append(is_dim ? static_cast<int32_t>(dim) : Shape::kUnknownDim);
  }
  value->shape = shape;
}

Result<void> LowerFill(LowerContext& c) {
  TRY_ASSIGN(Value * dims, c.ir().AsInt32(c.input(0)));
  TRY_ASSIGN(Value * y,
             c.ir().Emit(Op::kFill, FillOptions{}, {dims, c.input(1)}));
  TakeKnownShape(c.ir(), dims, y);
  c.SetOutput(0, y);
  return {};
}

Result<void> LowerRange(LowerContext& c) {
  return Finish(c, c.ir().Emit(Op::kRange, RangeOptions{},
                               {c.input(0), c.input(1), c.input(2)}));
}

Result<void> LowerBroadcastTo(LowerContext& c) {
  TRY_ASSIGN(Value * dims, c.ir().AsInt32(c.input(1)));
  TRY_ASSIGN(Value * y, c.ir().Emit(Op::kBroadcastTo, BroadcastToOptions{},
                                    {c.input(0), dims}));
  TakeKnownShape(c.ir(), dims, y);
  c.SetOutput(0, y);
  return {};
}

Result<void> LowerTile(LowerContext& c) {
  TRY_ASSIGN(Value * multiples, c.ir().AsInt32(c.input(1)));
  return Finish(c,
                c.ir().Emit(Op::kTile, TileOptions{}, {c.input(0), multiples}));
}

// A tensor of the input's shape, every element `kElement`.
template <int kElement>
Result<void> LowerLike(LowerContext& c) {
  IrBuilder& ir = c.ir();
  Value* x = c.input(0);
  if (kElement == 0 && !x->shape.IsStatic())
    return Finish(c, ir.Emit(Op::kZerosLike, ZerosLikeOptions{}, {x}));
  TRY_ASSIGN(Value * element, ir.Scalar(x->type, kElement));
  TRY_ASSIGN(Value * dims, ir.ShapeOf(x, DataType::kInt32));
  TRY_ASSIGN(Value * y, ir.Emit(Op::kFill, FillOptions{}, {dims, element}));
  // FILL by a partly known shape cannot be inferred; the input knows it.
  y->shape = x->shape;
  c.SetOutput(0, y);
  return {};
}

Result<void> LowerEmpty(LowerContext& c) {
  TRY_ASSIGN(const DataType type, c.Attribute<DataType>("dtype"));
  Formula f(c);
  Value* dims = f.Take(c.ir().AsInt32(c.input(0)));
  Value* y = f.Fill(dims, f.Number(type, 0));
  TRY(f.Check());
  TakeKnownShape(c.ir(), dims, y);
  return f.Finish(y);
}

// start + i (stop - start) / (n - 1)
Result<void> LowerLinSpace(LowerContext& c) {
  constexpr int64_t kMost = 1 << 24;
  TRY_ASSIGN(const int64_t count, c.IntegerOf(2, "num"));
  if (count < 1 || count > kMost)
    return InvalidModel("num is no number of elements");
  Formula f(c);
  Value* start = c.input(0);
  if (count == 1) return f.Finish(f.Reshape(start, {1}));
  std::vector<float> steps;
  for (int64_t i = 0; i < count; ++i)
    steps.push_back(static_cast<float>(i) / static_cast<float>(count - 1));
  Value* parts = f.Floats({static_cast<int32_t>(count)}, std::move(steps));
  return f.Finish(f.Add(start, f.Mul(parts, f.Sub(c.input(1), start))));
}

Result<void> LowerBroadcastArgs(LowerContext& c) {
  return Finish(c,
                c.ir().Emit(Op::kBroadcastArgs, {}, {c.input(0), c.input(1)}));
}

Result<void> LowerSparseToDense(LowerContext& c) {
  TRY_ASSIGN(Value * indices, c.ir().AsInt32(c.input(0)));
  TRY_ASSIGN(Value * shape, c.ir().AsInt32(c.input(1)));
  return Finish(c, c.ir().Emit(Op::kSparseToDense, {},
                               {indices, shape, c.input(2), c.input(3)}));
}

}  // namespace

std::span<const TfOp> CreationOps() {
  static constexpr TfOp kOps[] = {
      {"BroadcastArgs", 2, LowerBroadcastArgs},
      {"BroadcastTo", 2, LowerBroadcastTo},
      {"Empty", 1, LowerEmpty},
      {"Fill", 2, LowerFill},
      {"LinSpace", 3, LowerLinSpace},
      {"OnesLike", 1, LowerLike<1>},
      {"Range", 3, LowerRange},
      {"SparseToDense", 4, LowerSparseToDense},
      {"Tile", 2, LowerTile},
      {"ZerosLike", 1, LowerLike<0>},
  };
  return kOps;
}

}  // namespace liteforge
