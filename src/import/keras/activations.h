// SPDX-License-Identifier: Apache-2.0
// Keras' activation functions, by the names configurations use.
#pragma once

#include <string_view>

#include "function/builder.h"
#include "import/keras/layer.h"

namespace liteforge {

// Applies what the configuration says under `key`: a name, a function or layer
// as a dictionary, or null for none. Errors: kUnsupported for functions that
// are not Keras' own.
Result<Tensor> ApplyActivation(LayerContext& context, Tensor x,
                               std::string_view key = "activation");

// The function of that name.
Result<Tensor> ApplyActivationNamed(LayerContext& context, Tensor x,
                                    std::string_view name);

// keras.activations.relu: 0 at or below `threshold` (there
// negative_slope * (x - threshold) instead), x above it, at most max_value.
struct ReluOptions {
  double negative_slope = 0;
  double max_value = -1;  // negative: no limit
  double threshold = 0;
};
Tensor GeneralRelu(LayerContext& context, Tensor x, const ReluOptions& options);

// Softmax over any axes, each in [0, rank).
Tensor SoftmaxOver(Tensor x, std::vector<int32_t> axes);

}  // namespace liteforge
