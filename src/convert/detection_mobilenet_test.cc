// SPDX-License-Identifier: Apache-2.0
// Single-shot detectors on MobileNet, made small: all their variables are
// found, and their heads give what the same network in plain loops does.
#include <gtest/gtest.h>

#include "convert/detection_heads_testing.h"

namespace liteforge::detection_mobilenet_test {

using reference::Act;
using reference::Heads;
using reference::Map;
using reference::Maps;

SsdText FpnLite() {
  SsdText text;
  text.feature_extractor =
      "type: 'ssd_mobilenet_v2_fpn_keras' depth_multiplier: 0.25 min_depth: 8 "
      "use_depthwise: true fpn { min_level: 3 max_level: 7 "
      "additional_layer_depth: 64 } "
      "override_base_feature_extractor_hyperparams: true " +
      ConvHyperparams();
  text.box_predictor = SharedPredictorText(16, 4, true);
  text.anchor_generator = kMultiscale;
  return text;
}
Heads FpnLiteHeads(reference::Network& net, const Map& image) {
  const Maps maps = reference::MobileNetV2(net, image, kBackbone, 0.25, 8);
  const auto pyramid = reference::Pyramid(
      net, {maps.at("block_5"), maps.at("block_12"), maps.at("out_relu")},
      {16, 2, true});
  return reference::PredictShared(net, pyramid, {16, 4, 6, 4, true});
}

TEST(SsdNetworks, MobileNetV2FpnLite) {
  ExpectHeads("fpnlite", FpnLite(), FpnLiteHeads);
}

// 80 becomes maps of 10, 5 and 3, and twice 3 is not 5.
TEST(SsdNetworks, PyramidsNeedMapsThatDouble) {
  reference::Network net;
  FpnLiteHeads(net, Map(64, 64, 3));
  const DetectionFiles files("fpnlite80");
  net.WriteCheckpoint(files.Checkpoint());
  SsdText text = FpnLite();
  text.height = text.width = 80;
  const auto model =
      ImportDetection(files.Config(text.Text()), files.Checkpoint(), {});
  ASSERT_FALSE(model);
  EXPECT_THAT(model.error().ToString(),
              testing::HasSubstr("must be multiples of 32"));
}

// Levels 2 to 6, of convolutions that are not separable, and a classifier's own
// normalization.
TEST(SsdNetworks, MobileNetV2FpnOfOtherLevels) {
  SsdText text;
  text.feature_extractor =
      "type: 'ssd_mobilenet_v2_fpn_keras' depth_multiplier: 0.35 min_depth: 16 "
      "fpn { min_level: 2 max_level: 6 additional_layer_depth: 24 } " +
      ConvHyperparams();
  text.box_predictor = SharedPredictorText(16, 2, false);
  text.anchor_generator =
      "multiscale_anchor_generator { min_level: 2 max_level: 6 aspect_ratios: "
      "[1.0, 3.0] scales_per_octave: 1 }";
  text.more = "add_background_class: false";
  ExpectHeads("fpn26", text, [](reference::Network& net, const Map& image) {
    const Maps maps = reference::MobileNetV2(net, image, kBackbone, 0.35, 16);
    const auto pyramid =
        reference::Pyramid(net,
                           {maps.at("block_2"), maps.at("block_5"),
                            maps.at("block_12"), maps.at("out_relu")},
                           {16, 1, false});
    return reference::PredictShared(net, pyramid, {16, 2, 2, 3, false});
  });
}

const std::string kSsdAnchors =
    "ssd_anchor_generator { num_layers: 6 min_scale: 0.2 max_scale: 0.95 "
    "aspect_ratios: 1.0 aspect_ratios: 2.0 aspect_ratios: 0.5 aspect_ratios: "
    "3.0 aspect_ratios: 0.3333 }";

// The four maps that are added, and heads of their own for each map.
Heads PlainSsd(reference::Network& net, std::vector<Map> maps, int columns,
               int class_layer) {
  const auto act = [](Map m) { return Activated(std::move(m), Act::kRelu6); };
  const int depths[] = {512, 256, 256, 128};
  for (int i = 0; i < 4; ++i) {
    const int depth = std::max(depths[i] / 8, 8);
    const auto at = [&](int layer) {
      return fmt::format("{}/feature_map_generator/convolutions/{}/{}", kFe,
                         i + 2, layer);
    };
    Map x = act(net.Norm(net.Conv(maps.back(), at(0), depth / 2), at(1)));
    maps.push_back(act(net.Norm(net.Conv(x, at(3), depth, 3, 2), at(4))));
  }
  Heads heads;
  for (size_t l = 0; l < maps.size(); ++l) {
    const int boxes = l == 0 ? 3 : 6;
    const std::string path = "model/_box_predictor/_prediction_heads/";
    reference::Append(
        heads.encodings,
        net.Conv(
            maps[l],
            fmt::format("{}box_encodings/{}/_box_encoder_layers/0", path, l),
            boxes * 4, 1, 1, true));
    reference::Append(
        heads.logits,
        net.Conv(maps[l],
                 fmt::format("{}class_predictions_with_background/{}/"
                             "_class_predictor_layers/{}",
                             path, l, class_layer),
                 boxes * columns, 1, 1, true));
  }
  return heads;
}

TEST(SsdNetworks, MobileNetV2) {
  SsdText text;
  text.feature_extractor =
      "type: 'ssd_mobilenet_v2_keras' depth_multiplier: 0.125 min_depth: 8 "
      "override_base_feature_extractor_hyperparams: true " +
      ConvHyperparams();
  text.box_predictor =
      "convolutional_box_predictor { min_depth: 0 max_depth: 0 use_dropout: "
      "false kernel_size: 1 " +
      ConvHyperparams() + "}";
  text.anchor_generator = kSsdAnchors;
  ExpectHeads("mnv2", text, [](reference::Network& net, const Map& image) {
    const Maps maps = reference::MobileNetV2(net, image, kBackbone, 0.125, 8);
    return PlainSsd(net, {maps.at("block_13_expand_relu"), maps.at("out_relu")},
                    4, 0);
  });
}

Maps MobileNetV1(reference::Network& net, const Map& image, int divisor) {
  int next = 0;
  const auto norm_act = [&](Map m) {
    m = Activated(net.Norm(std::move(m), reference::Layer(kBackbone, next + 1)),
                  Act::kRelu6);
    next += 2;
    return m;
  };
  const int filters[] = {64,  128, 128, 256, 256,  512, 512,
                         512, 512, 512, 512, 1024, 1024};
  Maps maps;
  Map x = norm_act(net.Conv(image, reference::Layer(kBackbone, 0),
                            std::max(8, 32 / divisor), 3, 2));
  for (int k = 1; k <= 13; ++k) {
    const int stride = k == 2 || k == 4 || k == 6 || k == 12 ? 2 : 1;
    x = norm_act(
        net.Depthwise(x, reference::Layer(kBackbone, next), 3, stride));
    x = norm_act(net.Conv(x, reference::Layer(kBackbone, next),
                          std::max(8, filters[k - 1] / divisor)));
    maps[fmt::format("{}", k)] = x;
  }
  return maps;
}

// With dropout, which takes a place in the list of the class head's layers.
TEST(SsdNetworks, MobileNetV1) {
  SsdText text;
  // 0.125 acts twice on the backbone, once on what is added.
  text.feature_extractor =
      "type: 'ssd_mobilenet_v1_keras' depth_multiplier: 0.125 min_depth: 8 " +
      ConvHyperparams();
  text.box_predictor =
      "convolutional_box_predictor { kernel_size: 1 " + ConvHyperparams() + "}";
  text.anchor_generator = kSsdAnchors;
  ExpectHeads("mnv1", text, [](reference::Network& net, const Map& image) {
    const Maps maps = MobileNetV1(net, image, 64);
    return PlainSsd(net, {maps.at("11"), maps.at("13")}, 4, 1);
  });
}

TEST(SsdNetworks, MobileNetV1Fpn) {
  SsdText text;
  text.feature_extractor =
      "type: 'ssd_mobilenet_v1_fpn_keras' depth_multiplier: 0.5 min_depth: 8 "
      "fpn { min_level: 3 max_level: 7 additional_layer_depth: 32 } "
      "override_base_feature_extractor_hyperparams: true " +
      ConvHyperparams();
  text.box_predictor = SharedPredictorText(16, 1, false);
  text.anchor_generator = kMultiscale;
  ExpectHeads("mnv1fpn", text, [](reference::Network& net, const Map& image) {
    const Maps maps = MobileNetV1(net, image, 4);
    const auto pyramid = reference::Pyramid(
        net, {maps.at("5"), maps.at("11"), maps.at("13")}, {16, 2, false});
    return reference::PredictShared(net, pyramid, {16, 1, 6, 4, false});
  });
}

}  // namespace liteforge::detection_mobilenet_test
