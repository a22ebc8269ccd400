// SPDX-License-Identifier: Apache-2.0
// Shapes as values, and values in another shape. The same elements in the same
// order under new dimensions is a RESHAPE wherever that can be written, that
// is with at most one unknown dimension.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <span>

#include "lower/context.h"
#include "ops/infer.h"

namespace liteforge {
namespace {

// The dims operand of a Reshape, where at most one entry is unknown or -1.
// nullopt: it has to stay computed.
std::optional<Shape> ReshapeDims(const KnownIntegers& known) {
  if (known.size() > Shape::kMaxRank) return std::nullopt;
  Shape dims;
  for (int64_t dim : known) {
    const bool is_open = dim == kUnknownInteger || dim == -1;
    if (!is_open && (dim < 0 || dim > std::numeric_limits<int32_t>::max()))
      return std::nullopt;
    dims.Append(is_open ? Shape::kUnknownDim : static_cast<int32_t>(dim));
  }
  return CanReshapeTo(dims) ? std::optional(dims) : std::nullopt;
}

Result<void> LowerReshape(LowerContext& c) {
  IrBuilder& ir = c.ir();
  Value* x = c.input(0);
  const auto known = ir.Known(c.input(1));
  const auto dims = known ? ReshapeDims(*known) : std::nullopt;
  if (dims) return Finish(c, ir.Reshape(x, *dims));
  TRY_ASSIGN(Value * shape, ir.AsInt32(c.input(1)));
  return Finish(c, ir.Emit(Op::kReshape, ReshapeOptions{}, {x, shape}));
}

Result<DataType> OutType(const LowerContext& c) {
  TRY_ASSIGN(const DataType type,
             c.Attribute<DataType>("out_type", DataType::kInt32));
  if (type == DataType::kInt32 || type == DataType::kInt64) return type;
  return InvalidModel("attribute 'out_type' is neither int32 nor int64");
}

Result<void> LowerShape(LowerContext& c) {
  TRY_ASSIGN(const DataType type, OutType(c));
  for (int i = 0; i < c.input_count(); ++i) {
    TRY_ASSIGN(Value * shape, c.ir().ShapeOf(c.input(i), type));
    c.SetOutput(i, shape);
  }
  return {};
}

Result<void> LowerSize(LowerContext& c) {
  IrBuilder& ir = c.ir();
  TRY_ASSIGN(const DataType type, OutType(c));
  TRY_ASSIGN(Value * shape, ir.ShapeOf(c.input(0), type));
  return Finish(
      c, ir.Emit(Op::kReduceProd, ReducerOptions{}, {shape, ir.Int32s({0})}));
}

Result<void> LowerRank(LowerContext& c) {
  IrBuilder& ir = c.ir();
  const Shape& shape = c.input(0)->shape;
  if (!shape.has_rank())
    return Finish(c, ir.Emit(Op::kRank, RankOptions{}, {c.input(0)}));
  c.SetOutput(0, ir.Int32(shape.rank()));
  return {};
}

Result<void> LowerTranspose(LowerContext& c) {
  IrBuilder& ir = c.ir();
  Value* x = c.input(0);
  const auto known = ir.Known(c.input(1));
  if (!known || !AllKnown(*known)) {
    TRY_ASSIGN(Value * order, ir.AsInt32(c.input(1)));
    return Finish(c, ir.Emit(Op::kTranspose, TransposeOptions{}, {x, order}));
  }
  const auto rank = static_cast<int64_t>(known->size());
  if (x->shape.has_rank() && x->shape.rank() != rank) {
    return InvalidModel(fmt::format("a permutation of {} axes for an input {}",
                                    rank, x->shape.ToString()));
  }
  std::vector<int32_t> permutation;
  for (int64_t axis : *known) {
    TRY_ASSIGN(const int plain,
               NormalizeAxis(axis, static_cast<int>(rank), "permutation"));
    if (std::count(permutation.begin(), permutation.end(), plain) > 0)
      return InvalidModel("the permutation has an axis twice");
    permutation.push_back(plain);
  }
  return Finish(c, ir.Transpose(x, permutation));
}

Result<void> LowerExpandDims(LowerContext& c) {
  IrBuilder& ir = c.ir();
  Value* x = c.input(0);
  const auto axis = c.IntegerOf(1, "axis");
  if (axis && x->shape.has_rank() && x->shape.rank() < Shape::kMaxRank) {
    TRY_ASSIGN(const int at, NormalizeAxis(*axis, x->shape.rank() + 1, "axis"));
    const auto old = x->shape.dims();
    std::vector<int32_t> dims(old.begin(), old.end());
    dims.insert(dims.begin() + at, 1);
    const Shape shape{std::span<const int32_t>(dims)};
    if (CanReshapeTo(shape)) return Finish(c, ir.Reshape(x, shape));
  }
  TRY_ASSIGN(Value * at, ir.AsInt32(c.input(1)));
  return Finish(c, ir.Emit(Op::kExpandDims, ExpandDimsOptions{}, {x, at}));
}

// The axes to drop, plain and sorted; all of extent 1 when none are named.
Result<std::vector<int32_t>> SqueezedAxes(const LowerContext& c,
                                          const Shape& shape) {
  TRY_ASSIGN(const auto named,
             c.Attribute<std::vector<int64_t>>("squeeze_dims", {}));
  std::vector<int32_t> axes;
  for (int64_t axis : named) {
    TRY_ASSIGN(const int plain,
               NormalizeAxis(axis, shape.rank(), "squeeze_dims"));
    if (shape[plain] != 1 && shape[plain] != Shape::kUnknownDim) {
      return InvalidModel(
          fmt::format("axis {} of {} is not 1", plain, shape.ToString()));
    }
    axes.push_back(plain);
  }
  if (named.empty() && !shape.IsStatic())
    return Unsupported(
        "which dimensions are 1 is known at run time only; "
        "name the axes to squeeze");
  for (int i = 0; named.empty() && i < shape.rank(); ++i)
    if (shape[i] == 1) axes.push_back(i);
  std::sort(axes.begin(), axes.end());
  axes.erase(std::unique(axes.begin(), axes.end()), axes.end());
  return axes;
}

Result<void> LowerSqueeze(LowerContext& c) {
  Value* x = c.input(0);
  if (!x->shape.has_rank())
    return Unsupported("the input's number of dimensions must be known");
  TRY_ASSIGN(const std::vector<int32_t> axes, SqueezedAxes(c, x->shape));
  Shape shape;
  for (int i = 0; i < x->shape.rank(); ++i) {
    if (!std::binary_search(axes.begin(), axes.end(), i))
      shape.Append(x->shape[i]);
  }
  if (CanReshapeTo(shape)) return Finish(c, c.ir().Reshape(x, shape));
  SqueezeOptions options;
  options.squeeze_dims = axes;
  return Finish(c, c.ir().Emit(Op::kSqueeze, options, {x}));
}

}  // namespace

std::span<const TfOp> ShapeOps() {
  static constexpr TfOp kOps[] = {
      {"ConjugateTranspose", 2, LowerTranspose},
      {"ExpandDims", 2, LowerExpandDims},
      {"Rank", 1, LowerRank},
      {"Reshape", 2, LowerReshape},
      {"Shape", 1, LowerShape},
      {"ShapeN", 1, LowerShape},
      {"Size", 1, LowerSize},
      {"Squeeze", 1, LowerSqueeze},
      {"Transpose", 2, LowerTranspose},
  };
  return kOps;
}

}  // namespace liteforge
