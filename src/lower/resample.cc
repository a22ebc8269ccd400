// SPDX-License-Identifier: Apache-2.0
// ResizeArea and ResizeBicubic of [N, H, W, C] to a constant size [h, w]: two
// BATCH_MATMULs with constant matrices (resample.h).
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

#include <algorithm>
#include <cmath>
#include <span>

#include "lower/formula.h"

namespace liteforge {

Result<ResampleSize> ReadResampleSize(const LowerContext& c) {
  constexpr int64_t kMost = 1 << 26;  // elements of a matrix
  TRY_ASSIGN(const auto size, c.IntegersOf(1, "size"));
  const Shape& shape = c.input(0)->shape;
  if (shape.rank() != 4 || shape[1] < 1 || shape[2] < 1 || shape[3] < 1)
    return Unsupported("an image of unknown size; give it with --input-shape");
  if (size.size() != 2 || size[0] < 1 || size[1] < 1 ||
      size[0] > kMost / shape[1] || size[1] > kMost / shape[2])
    return InvalidModel("size is no height and width");
  return ResampleSize{
      {shape[1], shape[2]},
      {static_cast<int32_t>(size[0]), static_cast<int32_t>(size[1])}};
}

Result<void> LowerByWeights(LowerContext& c, const ResampleSize& size,
                            ResampleWeights rows, ResampleWeights columns) {
  const auto [h, w] = size.to;
  const auto [height, width] = size.from;
  const int32_t channels = c.input(0)->shape[3];
  Formula f(c);
  const auto multiply = [&](const Shape& shape, ResampleWeights weights,
                            Value* x) {
    return f.Emit(Op::kBatchMatMul, BatchMatMulOptions{},
                  {f.Floats(shape, std::move(weights)), x});
  };
  Value* x = f.Cast(c.input(0), DataType::kFloat32);
  x = multiply({1, h, height}, std::move(rows),
               f.Reshape(x, {-1, height, width * channels}));
  x = multiply({1, w, width}, std::move(columns),
               f.Reshape(x, {-1, width, channels}));
  return f.Finish(f.Reshape(x, {-1, h, w, channels}));
}

namespace {

using Weights = ResampleWeights;

double ScaleOf(int32_t from, int32_t to, bool align_corners) {
  if (align_corners && to > 1) return static_cast<double>(from - 1) / (to - 1);
  return static_cast<double>(from) / to;
}

size_t At(int32_t row, int32_t column, int32_t columns) {
  return static_cast<size_t>(row) * static_cast<size_t>(columns) +
         static_cast<size_t>(std::clamp(column, 0, columns - 1));
}

Weights AreaWeights(int32_t from, int32_t to, bool align_corners, bool) {
  const double scale = ScaleOf(from, to, align_corners);
  Weights weights(static_cast<size_t>(from) * static_cast<size_t>(to));
  for (int32_t row = 0; row < to; ++row) {
    const double begin = row * scale, end = (row + 1) * scale;
    for (auto i = static_cast<int32_t>(std::floor(begin));
         i < static_cast<int32_t>(std::ceil(end)); ++i) {
      const double covered = std::min(i + 1.0, end) - std::max(1.0 * i, begin);
      weights[At(row, i, from)] += static_cast<float>(covered / scale);
    }
  }
  return weights;
}

// The weight of a row at distance `steps` / 1024 from the place asked for.
double CubicWeight(int32_t steps, double a) {
  const double x = std::abs(steps) / 1024.0;
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
}

Weights CubicWeights(int32_t from, int32_t to, bool align_corners,
                     bool half_pixel) {
  const double scale = ScaleOf(from, to, align_corners);
  const double a = half_pixel ? -0.5 : -0.75;
  Weights weights(static_cast<size_t>(from) * static_cast<size_t>(to));
  for (int32_t row = 0; row < to; ++row) {
    const double place = half_pixel ? (row + 0.5) * scale - 0.5 : row * scale;
    const auto first = static_cast<int32_t>(std::floor(place));
    const auto steps = static_cast<int32_t>(std::lrint((place - first) * 1024));
    double sum = 0;
    for (int32_t i = -1; i <= 2; ++i) {
      const bool inside = first + i >= 0 && first + i < from;
      if (half_pixel && !inside) continue;
      const double weight = CubicWeight(i * 1024 - steps, a);
      weights[At(row, first + i, from)] += static_cast<float>(weight);
      sum += weight;
    }
    if (!half_pixel) continue;
    for (int32_t i = 0; i < from; ++i)
      weights[At(row, i, from)] /= static_cast<float>(sum);
  }
  return weights;
}

using WeightsOf = Weights (*)(int32_t from, int32_t to, bool align_corners,
                              bool half_pixel);

template <WeightsOf weights_of>
Result<void> LowerResample(LowerContext& c) {
  TRY_ASSIGN(const bool align, c.Attribute<bool>("align_corners", false));
  TRY_ASSIGN(const bool half, c.Attribute<bool>("half_pixel_centers", false));
  TRY_ASSIGN(const ResampleSize size, ReadResampleSize(c));
  return LowerByWeights(c, size,
                        weights_of(size.from[0], size.to[0], align, half),
                        weights_of(size.from[1], size.to[1], align, half));
}

constexpr TfOp kOps[] = {
    {"ResizeArea", 2, LowerResample<AreaWeights>},
    {"ResizeBicubic", 2, LowerResample<CubicWeights>},
};

}  // namespace

std::span<const TfOp> ResampleOps() { return kOps; }

}  // namespace liteforge
