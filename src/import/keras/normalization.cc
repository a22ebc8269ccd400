// SPDX-License-Identifier: Apache-2.0
// Normalization by the values at hand:
//   LayerNormalization  gamma (x - mean) / sqrt(variance + epsilon) + beta,
//                       mean and variance over `axis`; with rms_scaling
//                       gamma x / sqrt(variance + epsilon)
//   GroupNormalization  the same over all but the batch and one of `groups`
//                       groups of channels
//   RMSNormalization    scale x / sqrt(mean(x^2) + epsilon)
//   UnitNormalization   x / sqrt(max(sum(x^2), 1e-12))
// Source: keras/src/layers/normalization.
#include <algorithm>

#include "base/try.h"
#include "function/ops.h"
#include "import/keras/all_layers.h"
#include "import/keras/axes.h"

namespace liteforge {
namespace {

Result<std::vector<WeightSpec>> GammaAndBeta(const LayerConfig& config) {
  TRY_ASSIGN(const bool scale, config.Bool("scale", true));
  TRY_ASSIGN(const bool center, config.Bool("center", true));
  std::vector<WeightSpec> specs;
  if (scale) specs.push_back({"gamma"});
  if (center) specs.push_back({"beta"});
  return specs;
}

Result<std::vector<WeightSpec>> LayerWeights(const LayerConfig& config) {
  TRY_ASSIGN(const bool rms, config.Bool("rms_scaling", false));
  if (rms) return std::vector<WeightSpec>{{"gamma"}};
  return GammaAndBeta(config);
}

// `axis`, counted from the front and sorted.
Result<std::vector<int32_t>> AxesOf(const LayerContext& c, const Tensor& x) {
  TRY_ASSIGN(std::vector<int32_t> axes,
             c.config.IntList("axis", std::vector<int32_t>{-1}));
  for (int32_t& axis : axes) {
    if (axis < 0) axis += x.rank();
    if (axis < 0 || axis >= x.rank())
      return InvalidModel("its axis does not fit its input " +
                          x.shape().ToString());
  }
  std::ranges::sort(axes);
  return axes;
}

// A stored weight over `axes` of x, so that it broadcasts along x.
Result<Tensor> Along(LayerContext& c, std::string_view name, const Tensor& x,
                     const std::vector<int32_t>& axes) {
  Shape stored, broadcast;
  for (int32_t axis = 0; axis < x.rank(); ++axis) {
    const bool kept = std::ranges::find(axes, axis) != axes.end();
    if (kept) stored.Append(x.dim(axis));
    if (kept || broadcast.rank() > 0) broadcast.Append(kept ? x.dim(axis) : 1);
  }
  TRY_ASSIGN(ConstantValue value, c.WeightValue(name, stored));
  if (value.shape.elements() == broadcast.elements()) value.shape = broadcast;
  return c.Constant(name, std::move(value));
}

Tensor Standardized(LayerContext& c, const Tensor& x,
                    const std::vector<int32_t>& axes, double epsilon,
                    bool centered = true) {
  const Tensor mean = Mean(x, axes, /*keep_dims=*/true);
  const Tensor variance =
      Mean(SquaredDifference(x, mean), axes, /*keep_dims=*/true);
  return Mul(centered ? Sub(x, mean) : x,
             Rsqrt(Add(variance, c.Scalar(epsilon))));
}

Result<Tensor> ScaledAndShifted(LayerContext& c, Tensor y,
                                const std::vector<int32_t>& axes) {
  if (c.HasWeight("gamma")) {
    TRY_ASSIGN(const Tensor gamma, Along(c, "gamma", y, axes));
    y = Mul(y, gamma);
  }
  if (c.HasWeight("beta")) {
    TRY_ASSIGN(const Tensor beta, Along(c, "beta", y, axes));
    y = Add(y, beta);
  }
  return y;
}

LayerOutputs BuildLayerNormalization(LayerContext& c) {
  TRY_ASSIGN(const Tensor x, c.FloatInput());
  TRY_ASSIGN(const auto axes, AxesOf(c, x));
  TRY_ASSIGN(const double epsilon, c.config.Float("epsilon", 1e-3));
  TRY_ASSIGN(const bool rms, c.config.Bool("rms_scaling", false));
  Tensor y = Standardized(c, x, axes, epsilon, /*centered=*/!rms);
  TRY_ASSIGN(y, ScaledAndShifted(c, y, axes));
  return One(y);
}

// Channels last: [N, …, C] as [N, …, groups, C / groups].
Result<Tensor> GroupNormalized(LayerContext& c, const Tensor& x) {
  const std::vector<int32_t> axes = {x.rank() - 1};
  TRY_ASSIGN(int32_t groups, c.config.Int("groups", 32));
  TRY_ASSIGN(const double epsilon, c.config.Float("epsilon", 1e-3));
  const int32_t channels = x.dim(-1);
  if (channels < 0) return InvalidModel("the size of its axis is not known");
  if (groups == -1) groups = channels;
  if (groups < 1 || channels % groups != 0)
    return InvalidModel("its channels do not divide into groups");
  std::vector<Tensor> sizes;
  const Tensor shape = ShapeOf(x);
  Shape split;
  for (int axis = 0; axis + 1 < x.rank(); ++axis) {
    sizes.push_back(Index(shape, 0, axis));
    split.Append(x.dim(axis));
  }
  split.Append(groups);
  split.Append(channels / groups);
  sizes.push_back(c.f.Constant(IntScalar(groups)));
  sizes.push_back(c.f.Constant(IntScalar(channels / groups)));
  Tensor y = Reshape(x, Pack(sizes, 0), split);
  std::vector<int32_t> over;
  for (int32_t axis = 1; axis < split.rank(); ++axis) {
    if (axis != split.rank() - 2) over.push_back(axis);
  }
  y = Reshape(Standardized(c, y, over, epsilon), shape, x.shape());
  return ScaledAndShifted(c, y, axes);
}

LayerOutputs BuildGroupNormalization(LayerContext& c) {
  TRY_ASSIGN(const Tensor x, c.FloatInput());
  TRY_ASSIGN(const auto axes, AxesOf(c, x));
  if (axes.size() != 1 || axes[0] == 0)
    return InvalidModel("its axis must be one, and not the batch");
  std::vector<int32_t> to_last, back(static_cast<size_t>(x.rank()));
  for (int32_t axis = 0; axis < x.rank(); ++axis)
    if (axis != axes[0]) to_last.push_back(axis);
  to_last.push_back(axes[0]);
  for (size_t i = 0; i < to_last.size(); ++i)
    back[static_cast<size_t>(to_last[i])] = static_cast<int32_t>(i);
  if (axes[0] == x.rank() - 1) {
    TRY_ASSIGN(const Tensor y, GroupNormalized(c, x));
    return One(y);
  }
  TRY_ASSIGN(const Tensor y, GroupNormalized(c, Transpose(x, to_last)));
  return One(Transpose(y, back));
}

Result<std::vector<WeightSpec>> ScaleAlone(const LayerConfig&) {
  return std::vector<WeightSpec>{{"scale"}};
}

LayerOutputs BuildRmsNormalization(LayerContext& c) {
  TRY_ASSIGN(const Tensor x, c.FloatInput());
  TRY_ASSIGN(const auto axes, AxesOf(c, x));
  TRY_ASSIGN(const double epsilon, c.config.Float("epsilon", 1e-6));
  const Tensor square = Mean(Square(x), axes, /*keep_dims=*/true);
  TRY_ASSIGN(const Tensor scale, Along(c, "scale", x, axes));
  return One(Mul(Mul(x, Rsqrt(Add(square, c.Scalar(epsilon)))), scale));
}

LayerOutputs BuildUnitNormalization(LayerContext& c) {
  TRY_ASSIGN(const Tensor x, c.FloatInput());
  TRY_ASSIGN(const auto axes, AxesOf(c, x));
  const Tensor sum = Sum(Square(x), axes, /*keep_dims=*/true);
  return One(Mul(x, Rsqrt(Maximum(sum, c.Scalar(1e-12)))));
}

}  // namespace

const KerasLayer kGroupNormalizationLayer{"GroupNormalization",
                                          BuildGroupNormalization, GammaAndBeta,
                                          Masking::kPasses};
const KerasLayer kLayerNormalizationLayer{"LayerNormalization",
                                          BuildLayerNormalization, LayerWeights,
                                          Masking::kPasses};
const KerasLayer kRmsNormalizationLayer{"RMSNormalization",
                                        BuildRmsNormalization, ScaleAlone};
const KerasLayer kUnitNormalizationLayer{
    "UnitNormalization", BuildUnitNormalization, nullptr, Masking::kPasses};

}  // namespace liteforge
