// SPDX-License-Identifier: Apache-2.0
// ScaleAndTranslate, what tf.image.resize is with antialias=True: a pixel is
// the mean of those around its place p = (i + 1/2 - translation) / scale,
// weighted by kernel((j + 1/2 - p) / s), s = 1, or 1 / scale where that is
// larger and antialias is asked for. Places outside the image are 0.
//   box           1 for |x| < 1/2, 1/2 at it
//   triangle      1 - |x|
//   gaussian      e^(-2 x^2) for |x| < 3/2
//   lanczosR      R sin(pi x) sin(pi x / R) / (pi x)^2 for |x| <= R
//   keyscubic     Keys' cubic of a = -1/2
//   mitchellcubic Mitchell and Netravali's of B = C = 1/3
// Source: tensorflow/core/kernels/image/scale_and_translate_op.cc,
// sampling_kernels.h.
#include <cmath>
#include <limits>
#include <span>

#include "lower/resample.h"

namespace liteforge {
namespace {

struct Kernel {
  std::string_view name;
  double radius;
  Value* (*at)(Formula& f, Value* distance);  // of distances >= 0
};

Value* KnownNumber(Formula& f, double value) {
  return f.Number(DataType::kFloat32, value);
}

Value* Below(Formula& f, Value* x, double bound, Value* yes, Value* no) {
  return f.Select(f.Compare(Op::kLess, x, KnownNumber(f, bound)), yes, no);
}

Value* Box(Formula& f, Value* x) {
  Value* edge = f.Select(f.Compare(Op::kEqual, x, KnownNumber(f, 0.5)),
                         KnownNumber(f, 0.5), KnownNumber(f, 0));
  return Below(f, x, 0.5, KnownNumber(f, 1), edge);
}

Value* Triangle(Formula& f, Value* x) {
  return f.Max(KnownNumber(f, 0), f.Sub(KnownNumber(f, 1), x));
}

Value* Gaussian(Formula& f, Value* x) {
  Value* y = f.Of(Op::kExp, f.Mul(KnownNumber(f, -2), f.Mul(x, x)));
  return Below(f, x, 1.5, y, KnownNumber(f, 0));
}

template <int radius>
Value* Lanczos(Formula& f, Value* x) {
  constexpr double kNear = 1e-3;
  Value* angle = f.Mul(f.Max(x, KnownNumber(f, kNear)), KnownNumber(f, M_PI));
  Value* waves = f.Mul(f.Of(Op::kSin, angle),
                       f.Of(Op::kSin, f.Div(angle, KnownNumber(f, radius))));
  Value* y = f.Div(f.Mul(KnownNumber(f, radius), waves), f.Mul(angle, angle));
  y = f.Select(f.Compare(Op::kGreater, x, KnownNumber(f, kNear)), y,
               KnownNumber(f, 1));
  return f.Select(f.Compare(Op::kGreater, x, KnownNumber(f, radius)),
                  KnownNumber(f, 0), y);
}

Value* KeysCubic(Formula& f, Value* x) {
  Value* outer = CubicOf(f, x, {-0.5, 2.5, -4, 2});
  Value* y = Below(f, x, 1, CubicOf(f, x, {1.5, -2.5, 0, 1}), outer);
  return Below(f, x, 2, y, KnownNumber(f, 0));
}

Value* MitchellCubic(Formula& f, Value* x) {
  Value* outer = CubicOf(f, x, {-7.0 / 18, 2, -10.0 / 3, 16.0 / 9});
  Value* y = Below(f, x, 1, CubicOf(f, x, {7.0 / 6, -2, 0, 8.0 / 9}), outer);
  return Below(f, x, 2, y, KnownNumber(f, 0));
}

constexpr Kernel kKernels[] = {
    {"lanczos3", 3, Lanczos<3>}, {"lanczos1", 1, Lanczos<1>},
    {"lanczos5", 5, Lanczos<5>}, {"box", 0.5, Box},
    {"triangle", 1, Triangle},   {"gaussian", 1.5, Gaussian},
    {"keyscubic", 2, KeysCubic}, {"mitchellcubic", 2, MitchellCubic},
};

Value* Within(Formula& f, Value* low, Value* x, Value* high) {
  return f.Emit(Op::kLogicalAnd, LogicalAndOptions{},
                {f.Compare(Op::kGreaterEqual, x, low),
                 f.Compare(Op::kLessEqual, x, high)});
}

Value* SampledWeights(Formula& f, const ResampleAxis& axis, Value* scale,
                      Value* translation, const Kernel& kernel,
                      bool antialias) {
  Value* zero = KnownNumber(f, 0);
  Value* half = KnownNumber(f, 0.5);
  Value* step = f.Div(KnownNumber(f, 1), scale);
  Value* stretch =
      antialias ? f.Max(step, KnownNumber(f, 1)) : KnownNumber(f, 1);
  Value* reach = f.Mul(KnownNumber(f, kernel.radius), stretch);
  Value* place =
      f.Sub(f.Mul(f.Add(axis.places, half), step), f.Mul(step, translation));
  Value* last = f.Sub(axis.from, KnownNumber(f, 1));
  const auto pixel = [&](Value* x) { return f.Max(f.Min(x, last), zero); };
  Value* begin = pixel(f.Of(Op::kCeil, f.Sub(f.Sub(place, reach), half)));
  Value* end = pixel(f.Of(Op::kFloor, f.Sub(f.Add(place, reach), half)));
  Value* offset = f.Sub(f.Add(axis.pixels, half), place);
  Value* weights = kernel.at(f, f.Of(Op::kAbs, f.Div(offset, stretch)));
  weights = f.Select(Within(f, begin, axis.pixels, end), weights, zero);
  Value* sum = f.Sum(weights, {1}, true);
  Value* none =
      f.Compare(Op::kLess, f.Of(Op::kAbs, sum),
                KnownNumber(f, 1000 * std::numeric_limits<float>::min()));
  weights = f.Div(weights, f.Select(none, KnownNumber(f, 1), sum));
  return f.Select(Within(f, zero, place, axis.from), weights, zero);
}

Result<void> CheckScale(const Value& scale) {
  if (scale.type != DataType::kFloat32)
    return InvalidModel("the scale is not float32");
  if (!scale.is_constant()) return {};
  for (const float s : scale.ToVector<float>()) {
    if (!(s > 0)) return InvalidModel("a scale that is not positive");
  }
  return {};
}

Result<void> LowerScaleAndTranslate(LowerContext& c) {
  std::vector<std::string_view> names;
  for (const Kernel& kernel : kKernels) names.push_back(kernel.name);
  TRY_ASSIGN(const size_t choice, c.Choice("kernel_type", names, 0));
  TRY_ASSIGN(const bool antialias, c.Attribute<bool>("antialias", true));
  TRY(CheckScale(*c.input(2)));
  Formula f(c);
  const IrBuilder::FoldUpTo folding(c.ir(), kMostMatrixBytes);
  TRY_ASSIGN(const Resampling r, ReadResampling(c, f));
  const auto weights = [&](const ResampleAxis& axis, int32_t i) {
    Value* scale = f.Gather(c.input(2), c.ir().Int32(i));
    Value* translation = f.Gather(c.input(3), c.ir().Int32(i));
    return SampledWeights(f, axis, scale, translation, kKernels[choice],
                          antialias);
  };
  Value* rows = weights(r.rows, 0);
  return LowerByWeights(c, f, rows, weights(r.columns, 1));
}

}  // namespace

std::span<const TfOp> ScaleAndTranslateOps() {
  static constexpr TfOp kOps[] = {
      {"ScaleAndTranslate", 4, LowerScaleAndTranslate},
  };
  return kOps;
}

}  // namespace liteforge
