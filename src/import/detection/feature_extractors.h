// SPDX-License-Identifier: Apache-2.0
// From the image to the feature maps that an SSD predicts from.
#pragma once

#include <string>
#include <vector>

#include "function/image_normalization.h"
#include "import/detection/network.h"

namespace liteforge {

struct FeatureExtractor {
  std::string_view type;  // of feature_extractor in pipeline.config
  // Fine to coarse. `image` [1, H, W, channels] is normalized already.
  Result<std::vector<Tensor>> (*extract)(const Network& net, Tensor image,
                                         const od::SsdFeatureExtractor& config,
                                         int variant);
  int variant;       // ResNet's depth, EfficientNet's version
  int32_t min_side;  // the smallest image it takes
  const ImageNormalization& (*normalization)();
};

Result<std::vector<Tensor>> ExtractFeatures(
    const FeatureExtractor& extractor, const Network& net, Tensor image,
    const od::SsdFeatureExtractor& config);

// kUnsupported for a type that is not known: names those that are.
Result<const FeatureExtractor*> FindFeatureExtractor(std::string_view type);

}  // namespace liteforge
