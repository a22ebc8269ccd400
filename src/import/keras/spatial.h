// SPDX-License-Identifier: Apache-2.0
// What convolution and pooling layers share. One-dimensional layers run as
// two-dimensional ones of height 1, as TensorFlow does it:
//   [N, W, C] -> [N, 1, W, C]     [N, C, W] -> [N, C, 1, W]
#pragma once

#include <string_view>
#include <vector>

#include "function/ops.h"
#include "import/keras/layer.h"

namespace liteforge {

struct SpatialConfig {
  bool channels_first = false;
  // Two values each, {1, …} for one-dimensional layers.
  std::vector<int32_t> strides;
  std::vector<int32_t> dilations;
  std::string padding;  // "VALID", "SAME" or "CAUSAL"

  std::string_view data_format() const {
    return channels_first ? "NCHW" : "NHWC";
  }
  // CAUSAL counts as VALID: PadCausal has done its work.
  WindowAttributes Window() const;
};

// strides, dilation_rate, padding and data_format of a layer with `rank`
// spatial axes. `strides`: what stands for missing ones.
Result<SpatialConfig> ReadSpatial(const LayerConfig& config, int rank,
                                  bool causal,
                                  const std::vector<int32_t>& strides);

// To four dimensions and back.
Tensor AddHeight(Tensor x, bool channels_first);
Tensor DropHeight(Tensor x, bool channels_first);

// Zeros before the first element, so that an output sees no later input: the
// last axis of `x` (of four dimensions) grows by (size - 1) * dilation.
Result<Tensor> PadCausal(Tensor x, int32_t size, const SpatialConfig& spatial);

// A kernel of a layer with `rank` spatial axes, as TensorFlow stores it:
// [H, W, in, out] or [W, in, out]. Undoes what older Kerases did to it:
//   Keras 1, channels first      [out, in, H, W]
//   Keras 1, one-dimensional     [W, 1, in, out] or [out, in, W, 1]
//   Keras 2 with Theano          turned by 180 degrees (convolution proper)
// Source: preprocess_weights_for_loading() of Keras 2.2's saving.py.
Result<ConstantValue> KernelValue(LayerContext& c, std::string_view name,
                                  const std::vector<int32_t>& size);

// The kernel of a layer in the graph, with H = 1 for one-dimensional layers.
Result<Tensor> Kernel(LayerContext& c, std::string_view name,
                      const std::vector<int32_t>& size);

// y plus the bias, if the layer has one, of a convolution with `filters`
// outputs.
Result<Tensor> AddBias(LayerContext& c, Tensor y, int32_t filters,
                       const SpatialConfig& spatial);

}  // namespace liteforge
