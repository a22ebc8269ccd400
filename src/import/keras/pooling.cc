// SPDX-License-Identifier: Apache-2.0
// MaxPooling1D/2D, AveragePooling1D/2D. Averages leave out padding.
#include "base/try.h"
#include "function/ops.h"
#include "import/keras/all_layers.h"
#include "import/keras/spatial.h"

namespace liteforge {
namespace {

using PoolOp = Tensor (*)(Tensor, std::span<const int32_t>,
                          const WindowAttributes&);

LayerOutputs BuildPooling(LayerContext& c, int rank, PoolOp pool) {
  const std::vector<int32_t> twos(static_cast<size_t>(rank), 2);
  TRY_ASSIGN(std::vector<int32_t> size,
             c.config.Ints("pool_size", rank, 1, twos));
  TRY_ASSIGN(const SpatialConfig spatial,
             ReadSpatial(c.config, rank, /*causal=*/false, size));
  TRY_ASSIGN(Tensor x, c.FloatInput(rank + 2));
  if (rank == 2) return One(pool(x, size, spatial.Window()));
  size.insert(size.begin(), 1);
  const Tensor image = AddHeight(x, spatial.channels_first);
  const Tensor pooled = pool(image, size, spatial.Window());
  return One(DropHeight(pooled, spatial.channels_first));
}

LayerOutputs BuildMaxPooling1D(LayerContext& c) {
  return BuildPooling(c, 1, MaxPool);
}
LayerOutputs BuildMaxPooling2D(LayerContext& c) {
  return BuildPooling(c, 2, MaxPool);
}
LayerOutputs BuildAveragePooling1D(LayerContext& c) {
  return BuildPooling(c, 1, AvgPool);
}
LayerOutputs BuildAveragePooling2D(LayerContext& c) {
  return BuildPooling(c, 2, AvgPool);
}

}  // namespace

const KerasLayer kAveragePooling1DLayer{"AveragePooling1D",
                                        BuildAveragePooling1D};
const KerasLayer kAveragePooling2DLayer{"AveragePooling2D",
                                        BuildAveragePooling2D};
const KerasLayer kMaxPooling1DLayer{"MaxPooling1D", BuildMaxPooling1D};
const KerasLayer kMaxPooling2DLayer{"MaxPooling2D", BuildMaxPooling2D};

}  // namespace liteforge
