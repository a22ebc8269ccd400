// SPDX-License-Identifier: Apache-2.0
// BatchNormalization at inference:
//   y = gamma * (x - mean) / sqrt(variance + epsilon) + beta
// along `axis`. Images with channels on axis 1 or 3 use TensorFlow's fused
// operation; everything else one multiplication and one addition with constants
// that hold the four weights.
#include <algorithm>
#include <cmath>

#include "base/try.h"
#include "function/ops.h"
#include "import/keras/all_layers.h"
#include "import/keras/axes.h"

namespace liteforge {
namespace {

Result<std::vector<WeightSpec>> BatchNormalizationWeights(
    const LayerConfig& config) {
  TRY_ASSIGN(const bool scale, config.Bool("scale", true));
  TRY_ASSIGN(const bool center, config.Bool("center", true));
  std::vector<WeightSpec> specs;
  if (scale) specs.push_back({"gamma"});
  if (center) specs.push_back({"beta"});
  specs.push_back({"moving_mean", false});
  specs.push_back({"moving_variance", false});
  return specs;
}

Result<void> CheckOptions(const LayerConfig& config) {
  TRY_ASSIGN(const bool renorm, config.Bool("renorm", false));
  if (renorm) {
    return Unsupported("renorm=True is not supported; build the layer without");
  }
  TRY_ASSIGN(const int32_t mode, config.Int("mode", 0));
  if (mode != 0) {
    return Unsupported("mode=" + std::to_string(mode) +
                       " normalizes with the data at hand; only mode=0 is "
                       "supported");
  }
  return {};
}

// The stored shape of the weights: [C] for one axis, else the input's rank
// with 1 where it is not normalized.
Shape StoredShape(const Tensor& x, const std::vector<int32_t>& axes) {
  if (axes.size() == 1) return Shape{x.dim(axes[0])};
  Shape shape;
  for (int axis = 0; axis < x.rank(); ++axis) {
    const bool kept = std::find(axes.begin(), axes.end(), axis) != axes.end();
    shape.Append(kept ? x.dim(axis) : 1);
  }
  return shape;
}

// The same so that it broadcasts along x.
Shape BroadcastStored(const Tensor& x, const std::vector<int32_t>& axes,
                      const Shape& stored) {
  if (axes.size() != 1) return stored;
  Shape shape{stored[0]};
  for (int axis = axes[0] + 1; axis < x.rank(); ++axis) shape.Append(1);
  return shape;
}

struct Parameters {
  std::vector<float> gamma, beta, mean, variance;
  Shape shape;  // as stored
};

Result<std::vector<float>> Values(LayerContext& c, std::string_view name,
                                  const Shape& wanted) {
  TRY_ASSIGN(const ConstantValue value, c.WeightValue(name, wanted));
  return value.data.ToVector<float>();
}

Result<Parameters> ReadParameters(LayerContext& c, const Shape& wanted) {
  TRY_ASSIGN(const ConstantValue mean, c.WeightValue("moving_mean", wanted));
  Parameters p;
  p.shape = mean.shape;
  p.mean = mean.data.ToVector<float>();
  TRY_ASSIGN(p.variance, Values(c, "moving_variance", p.shape));
  p.gamma.assign(p.mean.size(), 1.0f);
  p.beta.assign(p.mean.size(), 0.0f);
  if (c.HasWeight("gamma")) {
    TRY_ASSIGN(p.gamma, Values(c, "gamma", p.shape));
  }
  if (c.HasWeight("beta")) {
    TRY_ASSIGN(p.beta, Values(c, "beta", p.shape));
  }
  return p;
}

Tensor Fused(LayerContext& c, const Tensor& x, Parameters p, double epsilon,
             bool channels_first) {
  const auto constant = [&](std::string_view name, std::vector<float>& values) {
    return c.Constant(name, FloatConstant(p.shape, std::move(values)));
  };
  const Tensor gamma = constant("gamma", p.gamma);
  const Tensor beta = constant("beta", p.beta);
  const Tensor mean = constant("moving_mean", p.mean);
  const Tensor variance = constant("moving_variance", p.variance);
  return FusedBatchNorm(x, gamma, beta, mean, variance,
                        static_cast<float>(epsilon),
                        channels_first ? "NCHW" : "NHWC");
}

// x * scale + offset, both computed in double precision.
Tensor Folded(LayerContext& c, const Tensor& x, const Parameters& p,
              double epsilon, const Shape& shape) {
  std::vector<float> scale(p.mean.size()), offset(p.mean.size());
  for (size_t i = 0; i < scale.size(); ++i) {
    const double s = p.gamma[i] / std::sqrt(p.variance[i] + epsilon);
    scale[i] = static_cast<float>(s);
    offset[i] = static_cast<float>(p.beta[i] - p.mean[i] * s);
  }
  const Tensor a = c.Constant("scale", FloatConstant(shape, std::move(scale)));
  const Tensor b =
      c.Constant("offset", FloatConstant(shape, std::move(offset)));
  return Add(Mul(x, a), b);
}

LayerOutputs BuildBatchNormalization(LayerContext& c) {
  TRY(CheckOptions(c.config));
  TRY_ASSIGN(const double epsilon, c.config.Float("epsilon", 1e-3));
  TRY_ASSIGN(const Tensor x, c.FloatInput());
  TRY_ASSIGN(std::vector<int32_t> axes,
             c.config.IntList("axis", std::vector<int32_t>{-1}));
  TRY(WrapAxes(axes, x.rank()));
  if (axes.empty()) return InvalidModel("'axis' is an empty list");
  std::sort(axes.begin(), axes.end());
  TRY_ASSIGN(Parameters p, ReadParameters(c, StoredShape(x, axes)));
  const bool image =
      x.rank() == 4 && axes.size() == 1 && (axes[0] == 1 || axes[0] == 3);
  if (image) return One(Fused(c, x, std::move(p), epsilon, axes[0] == 1));
  const Shape shape = BroadcastStored(x, axes, p.shape);
  return One(Folded(c, x, p, epsilon, shape));
}

}  // namespace

const KerasLayer kBatchNormalizationLayer{
    "BatchNormalization", BuildBatchNormalization, BatchNormalizationWeights,
    Masking::kPasses};

}  // namespace liteforge
