// SPDX-License-Identifier: Apache-2.0
// The classification networks that detectors stand on, without their heads.
// Weighted layers are numbered as Keras numbers them in a functional model:
// PATH/layer_with_weights-0, -1, …
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "import/detection/network.h"

namespace liteforge {

// Outputs of layers by their Keras names, those that a detector may want.
using FeatureMaps = std::map<std::string, Tensor, std::less<>>;

struct MobileNetOptions {
  float alpha = 1;        // depth_multiplier
  int32_t min_depth = 0;  // 0: no filters are added
  LayerParams params;
  bool explicit_padding = false;
  // Version 1 only: filters of the last two pointwise convolutions, where a
  // depthwise pyramid makes them narrower; 0 is 1024.
  int32_t penultimate_filters = 0;
  int32_t last_filters = 0;
};

// block_K_add or block_K_project_BN, block_13_expand_relu, out_relu.
FeatureMaps MobileNetV2(const Network& net, Tensor image, std::string_view path,
                        const MobileNetOptions& options);
// conv_pw_K_relu, K in 1 … 13.
FeatureMaps MobileNetV1(const Network& net, Tensor image, std::string_view path,
                        const MobileNetOptions& options);

struct ResNetOptions {
  int depth = 50;  // 50, 101 or 152
  float depth_multiplier = 1;
  int32_t min_depth = 0;
  LayerParams params;
  bool conv_bias = false;
  bool same_pool = true;  // else zeros are padded by hand
};

// The depth is 50, 101 or 152.
bool IsResNetDepth(int depth);
// conv2_out … conv5_out: the last block of each stage.
FeatureMaps ResNetV1(const Network& net, Tensor image, std::string_view path,
                     const ResNetOptions& options);
// Pre-activation; conv5_out is the sum before the last normalization.
Tensor ResNetV2(const Network& net, Tensor image, std::string_view path,
                int depth);

// `version` 0 … 7. level_3, level_4, level_5.
FeatureMaps EfficientNet(const Network& net, Tensor image,
                         std::string_view path, int version);

// "PATH/layer_with_weights-I".
std::string LayerPath(std::string_view path, int i);

// The nearest multiple of 8 that is not below 90 % of the value.
int32_t MakeDivisible(double value);

}  // namespace liteforge
