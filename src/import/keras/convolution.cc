// SPDX-License-Identifier: Apache-2.0
// Conv1D, Conv2D: y = activation(x * kernel + bias)
//   x [N, H, W, C]   kernel [H, W, C / groups, filters]   bias [filters]
#include "base/try.h"
#include "function/ops.h"
#include "import/keras/activations.h"
#include "import/keras/all_layers.h"
#include "import/keras/spatial.h"

namespace liteforge {
namespace {

Result<void> CheckChannels(LayerContext& c, const Tensor& x,
                           const Tensor& kernel, bool channels_first,
                           int32_t filters) {
  TRY_ASSIGN(const int32_t groups, c.config.Int("groups", 1));
  const int32_t channels = x.dim(channels_first ? 1 : 3);
  const bool fits =
      groups >= 1 && kernel.dim(3) == filters && filters % groups == 0 &&
      (channels < 0 || int64_t{kernel.dim(2)} * groups == channels);
  if (fits) return {};
  return InvalidModel(
      "its kernel " + kernel.shape().ToString() + " with " +
      std::to_string(groups) + " groups and " + std::to_string(filters) +
      " filters does not fit its input " + x.shape().ToString());
}

LayerOutputs BuildConv(LayerContext& c, int rank) {
  const std::vector<int32_t> ones(static_cast<size_t>(rank), 1);
  TRY_ASSIGN(const SpatialConfig spatial,
             ReadSpatial(c.config, rank, /*causal=*/rank == 1, ones));
  TRY_ASSIGN(const int32_t filters, c.config.Int("filters"));
  TRY_ASSIGN(const std::vector<int32_t> size, c.config.KernelSize(rank));
  TRY_ASSIGN(Tensor x, c.FloatInput(rank + 2));
  if (rank == 1) x = AddHeight(x, spatial.channels_first);
  TRY_ASSIGN(const Tensor kernel, Kernel(c, "kernel", size));
  TRY(CheckChannels(c, x, kernel, spatial.channels_first, filters));
  TRY_ASSIGN(x, PadCausal(x, size.back(), spatial));
  Tensor y = Conv2D(x, kernel, spatial.Window());
  TRY_ASSIGN(y, AddBias(c, y, filters, spatial));
  if (rank == 1) y = DropHeight(y, spatial.channels_first);
  TRY_ASSIGN(y, ApplyActivation(c, y));
  return One(y);
}

LayerOutputs BuildConv1D(LayerContext& c) { return BuildConv(c, 1); }
LayerOutputs BuildConv2D(LayerContext& c) { return BuildConv(c, 2); }

}  // namespace

const KerasLayer kConv1DLayer{"Conv1D", BuildConv1D, KernelAndBias};
const KerasLayer kConv2DLayer{"Conv2D", BuildConv2D, KernelAndBias};

}  // namespace liteforge
