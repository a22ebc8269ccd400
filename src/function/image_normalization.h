// SPDX-License-Identifier: Apache-2.0
// What a model wants done to its image beforehand. It stands as attributes at
// the input's Placeholder, "_image_mean" and "_image_std", which TensorFlow
// passes over, and so survives in a SavedModel.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "function/concrete_function.h"

namespace liteforge {

// What such attributes begin with.
constexpr std::string_view kImageAttribute = "_image_";

// Pixels of [0, 255], in RGB, become (x - mean) / std, per channel or all
// alike.
struct ImageNormalization {
  std::vector<float> mean;
  std::vector<float> std;
};

// Notes it at the function's only input.
void SetNormalization(ConcreteFunction& function,
                      const ImageNormalization& normalization);
// What is noted; nullopt when nothing is.
std::optional<ImageNormalization> NormalizationOf(
    const ConcreteFunction& function);

}  // namespace liteforge
