// SPDX-License-Identifier: Apache-2.0
// Single-shot detectors on ResNet.
#include <gtest/gtest.h>

#include "convert/detection_heads_testing.h"

namespace liteforge::detection_resnet_test {

using reference::Act;
using reference::Map;

TEST(SsdNetworks, ResNet50Fpn) {
  SsdText text;
  text.height = 160;
  text.width = 192;
  // The levels and the depth are ignored: 3 to 7, 256.
  text.feature_extractor =
      "type: 'ssd_resnet50_v1_fpn_keras' depth_multiplier: 0.0625 min_depth: 4 "
      "fpn { min_level: 4 max_level: 6 additional_layer_depth: 32 } "
      "override_base_feature_extractor_hyperparams: true " +
      ConvHyperparams();
  text.box_predictor = SharedPredictorText(16, 1, false);
  text.anchor_generator = kMultiscale;
  ExpectHeads("resnet", text, [](reference::Network& net, const Map& image) {
    const auto stages =
        reference::ResNet50V1(net, image, {kBackbone, 1e-3, Act::kRelu6, 16});
    const auto pyramid = reference::Pyramid(
        net, {stages[1], stages[2], stages[3]}, {16, 2, false});
    return reference::PredictShared(net, pyramid, {16, 1, 6, 4, false});
  });
}

}  // namespace liteforge::detection_resnet_test
