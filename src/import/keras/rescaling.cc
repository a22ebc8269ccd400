// SPDX-License-Identifier: Apache-2.0
// Rescaling: y = x * scale + offset, both numbers or one per channel.
// Normalization: y = (x - mean) / max(sqrt(variance), 1e-7) along `axis`, or
// with `invert` the way back. The two are adapted (weights) or given (config).
#include <algorithm>
#include <cmath>

#include "base/try.h"
#include "function/ops.h"
#include "import/keras/all_layers.h"
#include "import/keras/axes.h"

namespace liteforge {
namespace {

// A scalar, or a vector that broadcasts along the last axis.
ConstantValue NumberOrChannels(std::vector<float> values) {
  if (values.size() == 1) return FloatScalar(values[0]);
  const Shape shape{static_cast<int32_t>(values.size())};
  return FloatConstant(shape, std::move(values));
}

LayerOutputs BuildRescaling(LayerContext& c) {
  TRY_ASSIGN(const Tensor x, c.FloatInput());
  TRY_ASSIGN(std::vector<float> scale, c.config.Floats("scale"));
  TRY_ASSIGN(std::vector<float> offset, c.config.Floats("offset", 0.0f));
  const bool shifts = std::any_of(offset.begin(), offset.end(),
                                  [](float value) { return value != 0; });
  const Tensor a = c.Constant("scale", NumberOrChannels(std::move(scale)));
  const Tensor y = Mul(x, a);
  if (!shifts) return One(y);
  const Tensor b = c.Constant("offset", NumberOrChannels(std::move(offset)));
  return One(Add(y, b));
}

Result<std::vector<WeightSpec>> NormalizationWeights(
    const LayerConfig& config) {
  if (config.Has("mean")) return std::vector<WeightSpec>{};
  return std::vector<WeightSpec>{
      {"mean", false}, {"variance", false}, {"count", false}};
}

// The input's rank, with 1 along the axes that share their statistics. `axis`
// null in the configuration: all of them.
Result<Shape> StatisticsShape(const LayerContext& c, const Tensor& x) {
  TRY_ASSIGN(std::vector<int32_t> kept,
             c.config.IntList("axis", std::vector<int32_t>{}));
  TRY(WrapAxes(kept, x.rank()));
  Shape shape;
  for (int axis = 0; axis < x.rank(); ++axis) {
    const bool own = std::find(kept.begin(), kept.end(), axis) != kept.end();
    if (own && x.dim(axis) < 0) {
      return InvalidModel("it normalizes along an axis of unknown size");
    }
    shape.Append(own ? x.dim(axis) : 1);
  }
  return shape;
}

Result<std::vector<float>> Statistics(const LayerContext& c,
                                      std::string_view name,
                                      const Shape& shape) {
  std::vector<float> values;
  if (c.HasWeight(name)) {
    TRY_ASSIGN(const ConstantValue stored,
               c.WeightValue(name, Shape::UnknownRank()));
    values = stored.data.ToVector<float>();
  } else {
    TRY_ASSIGN(values, c.config.Floats(name));
  }
  const int64_t wanted = shape.elements();
  if (values.size() == 1 || static_cast<int64_t>(values.size()) == wanted) {
    return values;
  }
  return InvalidModel("its " + std::string(name) + " has " +
                      std::to_string(values.size()) + " values, " +
                      std::to_string(wanted) + " are needed");
}

ConstantValue Broadcastable(const Shape& shape, std::vector<float> values) {
  if (values.size() == 1) return FloatScalar(values[0]);
  return FloatConstant(shape, std::move(values));
}

LayerOutputs BuildNormalization(LayerContext& c) {
  TRY_ASSIGN(const Tensor x, c.FloatInput());
  TRY_ASSIGN(const bool invert, c.config.Bool("invert", false));
  TRY_ASSIGN(const Shape shape, StatisticsShape(c, x));
  TRY_ASSIGN(std::vector<float> mean, Statistics(c, "mean", shape));
  TRY_ASSIGN(std::vector<float> deviation, Statistics(c, "variance", shape));
  for (float& value : deviation) value = std::max(std::sqrt(value), 1e-7f);
  const Tensor m = c.Constant("mean", Broadcastable(shape, std::move(mean)));
  const Tensor s =
      c.Constant("deviation", Broadcastable(shape, std::move(deviation)));
  return One(invert ? Add(m, Mul(x, s)) : Div(Sub(x, m), s));
}

}  // namespace

const KerasLayer kNormalizationLayer{"Normalization", BuildNormalization,
                                     NormalizationWeights, Masking::kPasses};
const KerasLayer kRescalingLayer{"Rescaling", BuildRescaling, nullptr,
                                 Masking::kPasses};

}  // namespace liteforge
