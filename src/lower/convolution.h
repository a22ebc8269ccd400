// SPDX-License-Identifier: Apache-2.0
// Convolutions of images [N, H, W, C].
#pragma once

#include "lower/layout.h"

namespace liteforge {

struct ConvolutionWindow {
  Padding padding = Padding::kValid;
  HeightWidth strides;
  HeightWidth dilations;
};

// x with the filter [H, W, I, O], whose I may be a part of x's channels, in
// groups: CONV_2D, or DEPTHWISE_CONV_2D where a group is one channel.
Result<Value*> EmitConvolution(IrBuilder& ir, const ConvolutionWindow& window,
                               Value* x, Value* filter);

}  // namespace liteforge
