// SPDX-License-Identifier: Apache-2.0
// Convolutions of volumes [N, D, H, W, C], for the layers that have some.
#pragma once

#include <string>
#include <vector>

#include "import/keras/layer.h"

namespace liteforge {

// Three values each: depth, height, width.
struct VolumeWindow {
  std::vector<int32_t> size, strides, dilations;
  std::string padding;  // "SAME" or "VALID"
};

// kernel [D, H, W, C, filters] -> [N, D', H', W', filters]. Errors when the
// window does not fit its input.
Result<Tensor> Conv3D(LayerContext& c, const Tensor& x, const Tensor& kernel,
                      const VolumeWindow& window);

}  // namespace liteforge
