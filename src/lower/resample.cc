// SPDX-License-Identifier: Apache-2.0
// ResizeArea and ResizeBicubic of [N, H, W, C] to [h, w]: two BATCH_MATMULs
// (resample.h).
//
// ResizeArea: the mean over [i s, (i + 1) s), s = H / h, of the rows that it
// covers, the outer ones in part.
// ResizeBicubic: four rows around i s (or (i + 1/2) s - 1/2), with weights of
//   |x| <= 1: (a + 2) |x|^3 - (a + 3) |x|^2 + 1
//   |x| <  2: a |x|^3 - 5 a |x|^2 + 8 a |x| - 4 a
// from a table of 1024 steps; a = -3/4 and rows outside taken at the border, or
// with half_pixel_centers a = -1/2 and rows outside left out.
// Source: tensorflow/core/kernels/image/resize_{area,bicubic}_op.cc.
#include "lower/resample.h"

#include <limits>
#include <span>

namespace liteforge {
namespace {

Value* Known(Formula& f, double value) {
  return f.Number(DataType::kFloat32, value);
}

ResampleAxis AxisOf(Formula& f, Value* from, Value* to) {
  const auto count = [&](Value* size, std::vector<int32_t> dims) {
    return f.Cast(f.Reshape(f.Range(size), std::move(dims)),
                  DataType::kFloat32);
  };
  return {f.Cast(from, DataType::kFloat32), f.Cast(to, DataType::kFloat32),
          count(from, {1, -1}), count(to, {-1, 1})};
}

}  // namespace

Result<Resampling> ReadResampling(LowerContext& c, Formula& f) {
  if (c.input(0)->shape.rank() != 4)
    return Unsupported("images of unknown rank");
  Value* size = f.Take(c.ir().AsInt32(c.input(1)));
  TRY(f.Check());
  if (const auto known = c.ir().Known(size); known && AllKnown(*known)) {
    if (known->size() != 2 || (*known)[0] < 1 || (*known)[1] < 1)
      return InvalidModel("size is no height and width");
  }
  Value* x = c.input(0);
  Resampling r{};
  r.rows = AxisOf(f, f.DimOf(x, 1), f.Gather(size, c.ir().Int32(0)));
  r.columns = AxisOf(f, f.DimOf(x, 2), f.Gather(size, c.ir().Int32(1)));
  TRY(f.Check());
  return r;
}

Value* CubicOf(Formula& f, Value* x, const double (&c)[4]) {
  Value* y = Known(f, c[0]);
  for (int i = 1; i < 4; ++i) y = f.Add(f.Mul(y, x), Known(f, c[i]));
  return y;
}

Result<void> LowerByWeights(LowerContext& c, Formula& f, Value* rows,
                            Value* columns) {
  TRY(f.Check());
  Value* x = f.Cast(c.input(0), DataType::kFloat32);
  const Shape& shape = c.input(0)->shape;
  const auto dim = [&](Value* of, int32_t axis) {
    return of->shape[axis] >= 0 ? f.Ints({of->shape[axis]})
                                : f.Reshape(f.DimOf(of, axis), {1});
  };
  // [-1, dims..]
  const auto reshape = [&](Value* from, std::vector<Value*> dims) {
    dims.insert(dims.begin(), f.Ints({-1}));
    return f.Emit(Op::kReshape, ReshapeOptions{},
                  {from, f.Concat(std::move(dims), 0)});
  };
  const auto multiply = [&](Value* weights, Value* from) {
    return f.Emit(Op::kBatchMatMul, BatchMatMulOptions{},
                  {f.ExpandDims(weights, 0), from});
  };
  Value* height = dim(x, 1);
  Value* width = dim(x, 2);
  Value* channels = dim(x, 3);
  x = multiply(rows, reshape(x, {height, f.Mul(width, channels)}));
  x = multiply(columns, reshape(x, {width, channels}));
  x = reshape(x, {dim(rows, 0), dim(columns, 0), channels});
  TRY(f.Check());
  if (!x->is_constant())
    x->shape = {shape[0], rows->shape[0], columns->shape[0], shape[3]};
  return f.Finish(x);
}

namespace {

// How far pixels lie apart in the image there was.
Value* ScaleOf(Formula& f, const ResampleAxis& axis, bool align_corners) {
  Value* plain = f.Div(axis.from, axis.to);
  if (!align_corners) return plain;
  Value* one = Known(f, 1);
  Value* steps = f.Max(f.Sub(axis.to, one), one);
  return f.Select(f.Compare(Op::kGreater, axis.to, one),
                  f.Div(f.Sub(axis.from, one), steps), plain);
}

Value* AreaWeights(Formula& f, const ResampleAxis& axis, bool align_corners,
                   bool) {
  Value* one = Known(f, 1);
  Value* scale = ScaleOf(f, axis, align_corners);
  Value* begin = f.Mul(axis.places, scale);
  Value* end = f.Mul(f.Add(axis.places, one), scale);
  // What lies behind the last pixel is taken from it.
  Value* next = f.Add(axis.pixels, one);
  next = f.Select(f.Compare(Op::kLess, next, axis.from), next,
                  Known(f, std::numeric_limits<float>::max()));
  Value* covered = f.Sub(f.Min(next, end), f.Max(axis.pixels, begin));
  // A scale of 0 covers nothing.
  scale = f.Max(scale, Known(f, std::numeric_limits<float>::min()));
  return f.Div(f.Max(covered, Known(f, 0)), scale);
}

Value* CubicWeights(Formula& f, const ResampleAxis& axis, bool align_corners,
                    bool half_pixel) {
  const double a = half_pixel ? -0.5 : -0.75;
  Value* half = Known(f, 0.5);
  Value* scale = ScaleOf(f, axis, align_corners);
  Value* place = half_pixel
                     ? f.Sub(f.Mul(f.Add(axis.places, half), scale), half)
                     : f.Mul(axis.places, scale);
  Value* first = f.Of(Op::kFloor, place);
  Value* part = f.Mul(f.Sub(place, first), Known(f, 1024));
  part = f.Div(f.Of(Op::kRound, part), Known(f, 1024));
  Value* last = f.Sub(axis.from, Known(f, 1));
  Value* weights = nullptr;
  for (int i = -1; i <= 2; ++i) {
    Value* distance = f.Of(Op::kAbs, f.Sub(Known(f, i), part));
    Value* weight = i == 0 || i == 1
                        ? CubicOf(f, distance, {a + 2, -(a + 3), 0, 1})
                        : CubicOf(f, distance, {a, -5 * a, 8 * a, -4 * a});
    Value* row = f.Add(first, Known(f, i));
    if (!half_pixel) row = f.Max(f.Min(row, last), Known(f, 0));
    weight =
        f.Select(f.Compare(Op::kEqual, axis.pixels, row), weight, Known(f, 0));
    weights = weights == nullptr ? weight : f.Add(weights, weight);
  }
  return half_pixel ? f.Div(weights, f.Sum(weights, {1}, true)) : weights;
}

using WeightsOf = Value* (*)(Formula& f, const ResampleAxis& axis,
                             bool align_corners, bool half_pixel);

template <WeightsOf weights_of>
Result<void> LowerResample(LowerContext& c) {
  TRY_ASSIGN(const bool align, c.Attribute<bool>("align_corners", false));
  TRY_ASSIGN(const bool half, c.Attribute<bool>("half_pixel_centers", false));
  Formula f(c);
  const IrBuilder::FoldUpTo folding(c.ir(), kMostMatrixBytes);
  TRY_ASSIGN(const Resampling r, ReadResampling(c, f));
  return LowerByWeights(c, f, weights_of(f, r.rows, align, half),
                        weights_of(f, r.columns, align, half));
}

}  // namespace

std::span<const TfOp> ResampleOps() {
  static constexpr TfOp kOps[] = {
      {"ResizeArea", 2, LowerResample<AreaWeights>},
      {"ResizeBicubic", 2, LowerResample<CubicWeights>},
  };
  return kOps;
}

}  // namespace liteforge
