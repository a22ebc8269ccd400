// SPDX-License-Identifier: Apache-2.0
// DepthwiseConv1D, DepthwiseConv2D:
//   x [N, H, W, C]   depthwise_kernel [H, W, C, m]   bias [C * m]
// SeparableConv1D, SeparableConv2D: that, then
//   pointwise_kernel [1, 1, C * m, filters]   bias [filters]
// Strides and dilation belong to the depthwise half.
#include "base/try.h"
#include "function/ops.h"
#include "import/keras/activations.h"
#include "import/keras/all_layers.h"
#include "import/keras/spatial.h"

namespace liteforge {
namespace {

Result<std::vector<WeightSpec>> DepthwiseWeights(const LayerConfig& config) {
  TRY_ASSIGN(std::vector<WeightSpec> specs, KernelAndBias(config));
  specs[0].name = "depthwise_kernel";
  return specs;
}

Result<std::vector<WeightSpec>> SeparableWeights(const LayerConfig& config) {
  TRY_ASSIGN(std::vector<WeightSpec> specs, DepthwiseWeights(config));
  specs.insert(specs.begin() + 1, {"pointwise_kernel"});
  return specs;
}

struct Depthwise {
  SpatialConfig spatial;
  Tensor output;
};

// Without bias, still of four dimensions.
Result<Depthwise> BuildDepthwise(LayerContext& c, int rank) {
  const std::vector<int32_t> ones(static_cast<size_t>(rank), 1);
  TRY_ASSIGN(SpatialConfig spatial,
             ReadSpatial(c.config, rank, /*causal=*/rank == 1, ones));
  TRY_ASSIGN(const std::vector<int32_t> size, c.config.KernelSize(rank));
  TRY_ASSIGN(const int32_t multiplier, c.config.Int("depth_multiplier", 1));
  TRY_ASSIGN(Tensor x, c.FloatInput(rank + 2));
  if (rank == 1) x = AddHeight(x, spatial.channels_first);
  TRY_ASSIGN(const Tensor kernel, Kernel(c, "depthwise_kernel", size));
  if (kernel.dim(3) != multiplier) {
    return InvalidModel("its stored depthwise_kernel is " +
                        kernel.shape().ToString() + ", its depth_multiplier " +
                        std::to_string(multiplier));
  }
  TRY_ASSIGN(x, PadCausal(x, size.back(), spatial));
  Tensor y = DepthwiseConv2D(x, kernel, spatial.Window());
  return Depthwise{std::move(spatial), y};
}

LayerOutputs Finish(LayerContext& c, Tensor y, int32_t filters, int rank,
                    const SpatialConfig& spatial) {
  TRY_ASSIGN(y, AddBias(c, y, filters, spatial));
  if (rank == 1) y = DropHeight(y, spatial.channels_first);
  TRY_ASSIGN(y, ApplyActivation(c, y));
  return One(y);
}

LayerOutputs BuildDepthwiseConv(LayerContext& c, int rank) {
  TRY_ASSIGN(const Depthwise depthwise, BuildDepthwise(c, rank));
  const Tensor& y = depthwise.output;
  if (y.empty()) return One(y);
  const int32_t filters = y.dim(depthwise.spatial.channels_first ? 1 : 3);
  return Finish(c, y, filters, rank, depthwise.spatial);
}

LayerOutputs BuildSeparableConv(LayerContext& c, int rank) {
  TRY_ASSIGN(const int32_t filters, c.config.Int("filters"));
  TRY_ASSIGN(const Depthwise depthwise, BuildDepthwise(c, rank));
  TRY_ASSIGN(const Tensor kernel,
             Kernel(c, "pointwise_kernel",
                    std::vector<int32_t>(static_cast<size_t>(rank), 1)));
  if (kernel.dim(3) != filters) {
    return InvalidModel("its stored pointwise_kernel is " +
                        kernel.shape().ToString() + " for " +
                        std::to_string(filters) + " filters");
  }
  WindowAttributes plain;
  plain.strides = {1, 1};
  plain.data_format = depthwise.spatial.data_format();
  const Tensor y = Conv2D(depthwise.output, kernel, plain);
  return Finish(c, y, filters, rank, depthwise.spatial);
}

LayerOutputs BuildDepthwiseConv1D(LayerContext& c) {
  return BuildDepthwiseConv(c, 1);
}
LayerOutputs BuildDepthwiseConv2D(LayerContext& c) {
  return BuildDepthwiseConv(c, 2);
}
LayerOutputs BuildSeparableConv1D(LayerContext& c) {
  return BuildSeparableConv(c, 1);
}
LayerOutputs BuildSeparableConv2D(LayerContext& c) {
  return BuildSeparableConv(c, 2);
}

}  // namespace

const KerasLayer kDepthwiseConv1DLayer{"DepthwiseConv1D", BuildDepthwiseConv1D,
                                       DepthwiseWeights};
const KerasLayer kDepthwiseConv2DLayer{"DepthwiseConv2D", BuildDepthwiseConv2D,
                                       DepthwiseWeights};
const KerasLayer kSeparableConv1DLayer{"SeparableConv1D", BuildSeparableConv1D,
                                       SeparableWeights};
const KerasLayer kSeparableConv2DLayer{"SeparableConv2D", BuildSeparableConv2D,
                                       SeparableWeights};

}  // namespace liteforge
