// SPDX-License-Identifier: Apache-2.0
// What detectors make of a backbone's feature maps: maps of several sizes that
// all know of each other.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "import/detection/network.h"

namespace liteforge {

struct FpnOptions {
  int32_t depth = 256;
  LayerParams params;
  bool depthwise = false;
  bool explicit_padding = false;
};

// The maps from fine to coarse, each seeing the coarser ones.
// PATH/{top_layers,residual_blocks,conv_layers}.
std::vector<Tensor> TopDownPyramid(const Network& net,
                                   std::span<const Tensor> maps,
                                   std::string_view path,
                                   const FpnOptions& options);
// `count` more, each half the size of the one before, beginning at `top`.
// PATH/0, PATH/1, …
std::vector<Tensor> CoarserMaps(const Network& net, Tensor top, int count,
                                std::string_view path,
                                const FpnOptions& options);

struct GeneratedMapsOptions {
  std::vector<int32_t> depths;  // of each map
  std::vector<int32_t> halves;  // of the 1x1 convolution before it
  LayerParams params;
  bool depthwise = false;
  bool explicit_padding = false;
};
// SSD's additional maps. PATH/convolutions/2, /3, …: behind two maps of the
// backbone.
std::vector<Tensor> GeneratedMaps(const Network& net, Tensor last,
                                  std::string_view path,
                                  const GeneratedMapsOptions& options);

struct BiFpnOptions {
  int min_level = 3;
  int max_level = 7;
  int iterations = 3;
  int32_t filters = 64;
  std::string combine_method = "fast_attention";
  LayerParams params;
};
// `maps` of min_level and up, as many as the backbone gives.
// PATH/{node_input_blocks,node_combine_op,node_post_combine_block}.
Result<std::vector<Tensor>> BidirectionalPyramid(const Network& net,
                                                 std::span<const Tensor> maps,
                                                 std::string_view path,
                                                 const BiFpnOptions& options);

}  // namespace liteforge
