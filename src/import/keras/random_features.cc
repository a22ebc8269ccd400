// SPDX-License-Identifier: Apache-2.0
// RandomFourierFeatures: y = cos(x · kernel / scale + bias)
//   x [N, in]   kernel [in, output_dim]   bias [output_dim]   scale: a scalar
// Source: tf_keras/layers/kernelized.py.
#include "base/try.h"
#include "function/ops.h"
#include "import/keras/all_layers.h"

namespace liteforge {
namespace {

// A trainable scale is stored in front of the others.
Result<std::vector<WeightSpec>> Weights(const LayerConfig& config) {
  TRY_ASSIGN(const bool trainable, config.Bool("trainable", false));
  if (trainable)
    return std::vector<WeightSpec>{
        {"kernel_scale"}, {"unscaled_kernel", false}, {"bias", false}};
  return std::vector<WeightSpec>{
      {"unscaled_kernel", false}, {"bias", false}, {"kernel_scale", false}};
}

LayerOutputs Build(LayerContext& c) {
  TRY_ASSIGN(const Tensor x, c.FloatInput(2));
  TRY_ASSIGN(const int32_t units, c.config.Int("output_dim"));
  TRY_ASSIGN(const ConstantValue stored,
             c.WeightValue("unscaled_kernel", {x.dim(1), units}));
  TRY_ASSIGN(const ConstantValue scale, c.WeightValue("kernel_scale", {}));
  TRY_ASSIGN(const Tensor bias, c.Weight("bias", {units}));
  std::vector<float> kernel = stored.data.ToVector<float>();
  for (float& value : kernel) value /= scale.data.ToVector<float>()[0];
  return One(Cos(BiasAdd(
      MatMul(x, c.Constant("kernel",
                           FloatConstant(stored.shape, std::move(kernel)))),
      bias)));
}

}  // namespace

const KerasLayer kRandomFourierFeaturesLayer{"RandomFourierFeatures", Build,
                                             Weights};

}  // namespace liteforge
