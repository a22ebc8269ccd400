// SPDX-License-Identifier: Apache-2.0
// Layers that apply one function to every element:
//   Activation, ReLU, LeakyReLU, PReLU, ELU, Softmax, ThresholdedReLU
#include <algorithm>

#include "base/try.h"
#include "function/ops.h"
#include "import/keras/activations.h"
#include "import/keras/all_layers.h"
#include "import/keras/axes.h"

namespace liteforge {
namespace {

LayerOutputs BuildActivation(LayerContext& c) {
  if (!c.config.Has("activation")) {
    return InvalidModel("its configuration has no 'activation'");
  }
  TRY_ASSIGN(const Tensor x, c.FloatInput());
  TRY_ASSIGN(Tensor y, ApplyActivation(c, x));
  return One(y);
}

LayerOutputs BuildReLU(LayerContext& c) {
  TRY_ASSIGN(const Tensor x, c.FloatInput());
  ReluOptions options;
  TRY_ASSIGN(options.negative_slope, c.config.Float("negative_slope", 0));
  TRY_ASSIGN(options.max_value, c.config.Float("max_value", -1));
  TRY_ASSIGN(options.threshold, c.config.Float("threshold", 0));
  return One(GeneralRelu(c, x, options));
}

LayerOutputs BuildLeakyReLU(LayerContext& c) {
  TRY_ASSIGN(const Tensor x, c.FloatInput());
  TRY_ASSIGN(const double slope, c.config.Float("negative_slope", 0.3));
  return One(LeakyRelu(x, static_cast<float>(slope)));
}

Result<std::vector<WeightSpec>> PReLUWeights(const LayerConfig&) {
  return std::vector<WeightSpec>{{"alpha"}};
}

// alpha has the input's shape without the batch; 1 along shared axes.
LayerOutputs BuildPReLU(LayerContext& c) {
  TRY_ASSIGN(const Tensor x, c.FloatInput());
  TRY_ASSIGN(const std::vector<int32_t> shared,
             c.config.IntList("shared_axes", std::vector<int32_t>{}));
  Shape wanted;
  for (int axis = 1; axis < x.rank(); ++axis) wanted.Append(x.dim(axis));
  for (int32_t axis : shared) {
    if (axis < 1 || axis >= x.rank()) {
      return InvalidModel("shared axis " + std::to_string(axis) +
                          " is out of range for " + x.shape().ToString());
    }
    wanted.set_dim(axis - 1, 1);
  }
  TRY_ASSIGN(const Tensor alpha, c.Weight("alpha", wanted));
  return One(Add(Relu(x), Mul(Neg(alpha), Relu(Neg(x)))));
}

// elu for x > 0; alpha * elu below.
LayerOutputs BuildELU(LayerContext& c) {
  TRY_ASSIGN(const Tensor x, c.FloatInput());
  TRY_ASSIGN(const double alpha, c.config.Float("alpha", 1));
  const Tensor y = Elu(x);
  if (alpha == 1) return One(y);
  return One(Select(Greater(x, c.Scalar(0)), y, Mul(c.Scalar(alpha), y)));
}

LayerOutputs BuildSoftmax(LayerContext& c) {
  TRY_ASSIGN(const Tensor x, c.FloatInput());
  TRY_ASSIGN(std::vector<int32_t> axes,
             c.config.IntList("axis", std::vector<int32_t>{-1}));
  TRY(WrapAxes(axes, x.rank()));
  if (axes.empty()) return InvalidModel("'axis' is an empty list");
  const Tensor mask = c.MaskOf(0);
  c.output_mask = mask;
  if (mask.empty()) return One(SoftmaxOver(x, std::move(axes)));
  if (mask.rank() != x.rank())
    return Unsupported("its mask " + mask.shape().ToString() +
                       " has other dimensions than its input");
  const Tensor masked = Select(mask, x, Sub(x, c.Scalar(1e9)));
  return One(SoftmaxOver(masked, std::move(axes)));
}

LayerOutputs BuildThresholdedReLU(LayerContext& c) {
  TRY_ASSIGN(const Tensor x, c.FloatInput());
  TRY_ASSIGN(const double theta, c.config.Float("theta", 1));
  const Tensor above = Greater(x, c.Scalar(theta));
  return One(Mul(x, Cast(above, DataType::kFloat32)));
}

}  // namespace

const KerasLayer kActivationLayer{"Activation", BuildActivation, nullptr,
                                  Masking::kPasses};
const KerasLayer kEluLayer{"ELU", BuildELU, nullptr, Masking::kPasses};
const KerasLayer kLeakyReluLayer{"LeakyReLU", BuildLeakyReLU, nullptr,
                                 Masking::kPasses};
const KerasLayer kPReluLayer{"PReLU", BuildPReLU, PReLUWeights,
                             Masking::kPasses};
const KerasLayer kReluLayer{"ReLU", BuildReLU, nullptr, Masking::kPasses};
const KerasLayer kSoftmaxLayer{"Softmax", BuildSoftmax, nullptr,
                               Masking::kUses};
const KerasLayer kThresholdedReluLayer{"ThresholdedReLU", BuildThresholdedReLU,
                                       nullptr, Masking::kPasses};

}  // namespace liteforge
