// SPDX-License-Identifier: Apache-2.0
// GlobalAveragePooling1D/2D, GlobalMaxPooling1D/2D: one value per channel.
// Averages over time leave out the steps that a mask takes away.
#include "base/try.h"
#include "function/ops.h"
#include "import/keras/all_layers.h"

namespace liteforge {
namespace {

using Reduction = Tensor (*)(Tensor, std::vector<int32_t>, bool);

LayerOutputs BuildGlobal(LayerContext& c, int rank, Reduction reduce) {
  TRY_ASSIGN(const Tensor x, c.FloatInput(rank + 2));
  TRY_ASSIGN(const bool channels_first, c.config.ChannelsFirst());
  TRY_ASSIGN(const bool keep_dims, c.config.Bool("keepdims", false));
  std::vector<int32_t> axes;
  for (int i = 0; i < rank; ++i) axes.push_back(i + (channels_first ? 2 : 1));
  return One(reduce(x, std::move(axes), keep_dims));
}

LayerOutputs BuildAverage1D(LayerContext& c) {
  if (c.MaskOf(0).empty()) return BuildGlobal(c, 1, Mean);
  TRY_ASSIGN(const Tensor x, c.FloatInput(3));
  TRY_ASSIGN(const bool channels_first, c.config.ChannelsFirst());
  TRY_ASSIGN(const bool keep_dims, c.config.Bool("keepdims", false));
  const int32_t time = channels_first ? 2 : 1;
  const Tensor counts =
      Cast(ExpandDims(c.MaskOf(0), channels_first ? 1 : 2), DataType::kFloat32);
  return One(Div(Sum(Mul(x, counts), {time}, keep_dims),
                 Sum(counts, {time}, keep_dims)));
}
LayerOutputs BuildAverage2D(LayerContext& c) { return BuildGlobal(c, 2, Mean); }
LayerOutputs BuildMax1D(LayerContext& c) { return BuildGlobal(c, 1, Max); }
LayerOutputs BuildMax2D(LayerContext& c) { return BuildGlobal(c, 2, Max); }

}  // namespace

const KerasLayer kGlobalAveragePooling1DLayer{
    "GlobalAveragePooling1D", BuildAverage1D, nullptr, Masking::kUses};
const KerasLayer kGlobalAveragePooling2DLayer{"GlobalAveragePooling2D",
                                              BuildAverage2D};
const KerasLayer kGlobalMaxPooling1DLayer{"GlobalMaxPooling1D", BuildMax1D};
const KerasLayer kGlobalMaxPooling2DLayer{"GlobalMaxPooling2D", BuildMax2D};

}  // namespace liteforge
