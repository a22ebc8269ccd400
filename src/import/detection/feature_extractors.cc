// SPDX-License-Identifier: Apache-2.0
// Source: object_detection/models/ssd_*_keras_feature_extractor.py.
#include "import/detection/feature_extractors.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/try.h"
#include "import/detection/backbones.h"
#include "import/detection/pyramids.h"

namespace liteforge {
namespace {

using Config = od::SsdFeatureExtractor;
using Maps = Result<std::vector<Tensor>>;

constexpr std::string_view kPath = "model/_feature_extractor";
constexpr int kMaxLevel = 12;
// The last level that a backbone gives.
constexpr int kBackboneLevel = 5;

std::string At(std::string_view name) {
  return fmt::format("{}/{}", kPath, name);
}

int32_t DepthOf(const Config& config, int32_t depth) {
  return std::max(static_cast<int32_t>(static_cast<float>(depth) *
                                       config.depth_multiplier()),
                  config.min_depth());
}

// Beyond any network; keeps products of depths far from overflow.
constexpr int32_t kMaxDepth = 1 << 14;
constexpr float kMaxMultiplier = 16;

Result<void> CheckDepths(const Config& config) {
  const float multiplier = config.depth_multiplier();
  if (multiplier > 0 && multiplier <= kMaxMultiplier &&
      config.min_depth() >= 0 && config.min_depth() <= kMaxDepth)
    return {};
  return InvalidModel(
      fmt::format("depth_multiplier {} and min_depth {} make "
                  "no network",
                  multiplier, config.min_depth()));
}

// What a backbone's layers are followed by: as the configuration says, or as
// the classifier had it.
Result<LayerParams> BackboneParams(const Config& config, float epsilon,
                                   od::Hyperparams::Activation activation) {
  if (config.override_base_feature_extractor_hyperparams())
    return ReadHyperparams(config.conv_hyperparams());
  return LayerParams{activation, BatchNormParams{epsilon}, false};
}

Result<MobileNetOptions> MobileNetOptionsOf(const Config& config) {
  MobileNetOptions options;
  options.alpha = config.depth_multiplier();
  options.min_depth = config.min_depth();
  options.explicit_padding = config.use_explicit_padding();
  TRY_ASSIGN(options.params,
             BackboneParams(config, 1e-3f, od::Hyperparams::RELU_6));
  return options;
}

//------------------------------------------------------------------- pyramids

struct Levels {
  int min = 3;
  int max = 7;
  int32_t depth = 256;
};

Result<Levels> FpnLevels(const Config& config) {
  const Levels levels{config.fpn().min_level(), config.fpn().max_level(),
                      config.fpn().additional_layer_depth()};
  if (levels.min < 2 || levels.min > kBackboneLevel ||
      levels.max < levels.min || levels.max > kMaxLevel || levels.depth < 1 ||
      levels.depth > kMaxDepth)
    return InvalidModel(
        fmt::format("fpn has levels {} to {} of depth {}, which are no pyramid",
                    levels.min, levels.max, levels.depth));
  return levels;
}

// `backbone` are levels 2 to 5.
Maps Pyramid(const Network& net, const std::vector<Tensor>& backbone,
             const Config& config, const Levels& levels) {
  FpnOptions options;
  TRY_ASSIGN(options.params, ReadHyperparams(config.conv_hyperparams()));
  options.depth = DepthOf(config, levels.depth);
  options.depthwise = config.use_depthwise();
  options.explicit_padding = config.use_explicit_padding();
  const int last = std::min(levels.max, kBackboneLevel);
  const std::vector<Tensor> fed(backbone.begin() + (levels.min - 2),
                                backbone.begin() + (last - 1));
  std::vector<Tensor> maps =
      TopDownPyramid(net, fed, At("_fpn_features_generator"), options);
  const auto coarse = CoarserMaps(net, maps.back(), levels.max - last,
                                  At("_coarse_feature_layers"), options);
  maps.insert(maps.end(), coarse.begin(), coarse.end());
  return maps;
}

// A block's sum, or what it would have been added to.
Tensor BlockOutput(const FeatureMaps& maps, int block) {
  const auto sum = maps.find(fmt::format("block_{}_add", block));
  if (sum != maps.end()) return sum->second;
  const auto last = maps.find(fmt::format("block_{}_project_BN", block));
  return last == maps.end() ? Tensor() : last->second;
}

Tensor Map(const FeatureMaps& maps, std::string_view name) {
  const auto found = maps.find(name);
  return found == maps.end() ? Tensor() : found->second;
}

Maps MobileNetV2Fpn(const Network& net, Tensor image, const Config& config,
                    int) {
  TRY_ASSIGN(const Levels levels, FpnLevels(config));
  TRY_ASSIGN(const MobileNetOptions options, MobileNetOptionsOf(config));
  const FeatureMaps maps =
      MobileNetV2(net, image, At("classification_backbone"), options);
  return Pyramid(net,
                 {BlockOutput(maps, 2), BlockOutput(maps, 5),
                  BlockOutput(maps, 12), Map(maps, "out_relu")},
                 config, levels);
}

Maps MobileNetV1Fpn(const Network& net, Tensor image, const Config& config,
                    int) {
  TRY_ASSIGN(const Levels levels, FpnLevels(config));
  TRY_ASSIGN(MobileNetOptions options, MobileNetOptionsOf(config));
  if (config.use_depthwise()) {
    options.penultimate_filters = 512;
    options.last_filters = 256;
  }
  const FeatureMaps maps =
      MobileNetV1(net, image, At("classification_backbone"), options);
  return Pyramid(net,
                 {Map(maps, "conv_pw_3_relu"), Map(maps, "conv_pw_5_relu"),
                  Map(maps, "conv_pw_11_relu"), Map(maps, "conv_pw_13_relu")},
                 config, levels);
}

Maps ResNetFpn(const Network& net, Tensor image, const Config& config,
               int depth) {
  if (config.use_depthwise() || config.use_explicit_padding())
    return Unsupported(
        "ResNet feature extractors know neither use_depthwise nor "
        "use_explicit_padding");
  ResNetOptions options;
  options.depth = depth;
  options.depth_multiplier = config.depth_multiplier();
  options.min_depth = config.min_depth();
  // TensorFlow's fused normalization uses no smaller epsilon.
  TRY_ASSIGN(options.params,
             BackboneParams(config, 1.001e-5f, od::Hyperparams::RELU));
  const FeatureMaps maps =
      ResNetV1(net, image, At("classification_backbone"), options);
  // Whatever fpn says: the Object Detection API does not pass it on.
  return Pyramid(net,
                 {Map(maps, "conv2_out"), Map(maps, "conv3_out"),
                  Map(maps, "conv4_out"), Map(maps, "conv5_out")},
                 config, Levels{});
}

Maps EfficientNetBiFpn(const Network& net, Tensor image, const Config& config,
                       int version) {
  if (config.use_depthwise() || config.use_explicit_padding() ||
      config.depth_multiplier() != 1)
    return Unsupported(
        "EfficientNet feature extractors know neither use_depthwise, "
        "use_explicit_padding nor a depth_multiplier");
  BiFpnOptions options;
  options.min_level = config.bifpn().min_level();
  options.max_level = config.bifpn().max_level();
  options.iterations = config.bifpn().num_iterations();
  options.filters = std::max(config.bifpn().num_filters(), config.min_depth());
  options.combine_method = config.bifpn().combine_method();
  constexpr int kMaxIterations = 32;
  if (options.min_level < 3 || options.min_level > kBackboneLevel ||
      options.max_level <= kBackboneLevel || options.max_level > kMaxLevel ||
      options.iterations < 1 || options.iterations > kMaxIterations ||
      options.filters < 1 || options.filters > kMaxDepth)
    return InvalidModel(fmt::format(
        "bifpn has levels {} to {}, {} iterations of {} filters, which are no "
        "pyramid on EfficientNet",
        options.min_level, options.max_level, options.iterations,
        options.filters));
  TRY_ASSIGN(options.params, ReadHyperparams(config.conv_hyperparams()));
  // One network under two names; the second also holds the classifier.
  const std::string own = At("_efficientnet");
  const bool found = net.weights().Contains(LayerPath(own, 0) + "/kernel");
  const FeatureMaps maps = EfficientNet(
      net, image, found ? own : At("classification_backbone"), version);
  std::vector<Tensor> fed;
  for (int level = options.min_level; level <= kBackboneLevel; ++level)
    fed.push_back(Map(maps, fmt::format("level_{}", level)));
  return BidirectionalPyramid(net, fed, At("_bifpn_stage"), options);
}

//------------------------------------------------------------- plain SSD maps

constexpr int32_t kGeneratedDepths[] = {512, 256, 256, 128};
constexpr int kOfBackbone = 2;

Maps WithGenerated(const Network& net, Tensor first, Tensor second,
                   const Config& config) {
  const int layers = config.num_layers();
  constexpr int kMost =
      kOfBackbone + static_cast<int>(std::size(kGeneratedDepths));
  if (layers < kOfBackbone || layers > kMost)
    return Unsupported(
        fmt::format("feature_extractor has num_layers {}; {} to {} are known",
                    layers, kOfBackbone, kMost));
  GeneratedMapsOptions options;
  TRY_ASSIGN(options.params, ReadHyperparams(config.conv_hyperparams()));
  options.depthwise = config.use_depthwise();
  options.explicit_padding = config.use_explicit_padding();
  for (int i = 0; i < layers - kOfBackbone; ++i) {
    options.depths.push_back(DepthOf(config, kGeneratedDepths[i]));
    options.halves.push_back(DepthOf(config, kGeneratedDepths[i] / 2));
  }
  const auto generated =
      GeneratedMaps(net, second, At("feature_map_generator"), options);
  std::vector<Tensor> maps = {first, second};
  maps.insert(maps.end(), generated.begin(), generated.end());
  return maps;
}

Maps PlainMobileNetV2(const Network& net, Tensor image, const Config& config,
                      int) {
  TRY_ASSIGN(const MobileNetOptions options, MobileNetOptionsOf(config));
  const FeatureMaps maps =
      MobileNetV2(net, image, At("classification_backbone"), options);
  return WithGenerated(net, Map(maps, "block_13_expand_relu"),
                       Map(maps, "out_relu"), config);
}

Maps PlainMobileNetV1(const Network& net, Tensor image, const Config& config,
                      int) {
  TRY_ASSIGN(const MobileNetOptions options, MobileNetOptionsOf(config));
  const FeatureMaps maps =
      MobileNetV1(net, image, At("classification_backbone"), options);
  return WithGenerated(net, Map(maps, "conv_pw_11_relu"),
                       Map(maps, "conv_pw_13_relu"), config);
}

//-------------------------------------------------------------- normalizations

const ImageNormalization& MinusOneToOne() {
  static const ImageNormalization kValues{{127.5f}, {127.5f}};
  return kValues;
}
const ImageNormalization& MinusMeans() {
  static const ImageNormalization kValues{{123.68f, 116.779f, 103.939f},
                                          {1, 1, 1}};
  return kValues;
}
// ImageNet's means and deviations of [0, 1].
const ImageNormalization& Standardized() {
  static const ImageNormalization kValues{
      {0.485f * 255, 0.456f * 255, 0.406f * 255},
      {0.229f * 255, 0.224f * 255, 0.225f * 255}};
  return kValues;
}

constexpr int32_t kMobileSide = 33;
constexpr int32_t kLargeSide = 129;

constexpr FeatureExtractor kExtractors[] = {
    {"ssd_efficientnet-b0_bifpn_keras", EfficientNetBiFpn, 0, kLargeSide,
     Standardized},
    {"ssd_efficientnet-b1_bifpn_keras", EfficientNetBiFpn, 1, kLargeSide,
     Standardized},
    {"ssd_efficientnet-b2_bifpn_keras", EfficientNetBiFpn, 2, kLargeSide,
     Standardized},
    {"ssd_efficientnet-b3_bifpn_keras", EfficientNetBiFpn, 3, kLargeSide,
     Standardized},
    {"ssd_efficientnet-b4_bifpn_keras", EfficientNetBiFpn, 4, kLargeSide,
     Standardized},
    {"ssd_efficientnet-b5_bifpn_keras", EfficientNetBiFpn, 5, kLargeSide,
     Standardized},
    {"ssd_efficientnet-b6_bifpn_keras", EfficientNetBiFpn, 6, kLargeSide,
     Standardized},
    {"ssd_efficientnet-b7_bifpn_keras", EfficientNetBiFpn, 7, kLargeSide,
     Standardized},
    {"ssd_mobilenet_v1_fpn_keras", MobileNetV1Fpn, 0, kMobileSide,
     MinusOneToOne},
    {"ssd_mobilenet_v1_keras", PlainMobileNetV1, 0, kMobileSide, MinusOneToOne},
    {"ssd_mobilenet_v2_fpn_keras", MobileNetV2Fpn, 0, kMobileSide,
     MinusOneToOne},
    {"ssd_mobilenet_v2_keras", PlainMobileNetV2, 0, kMobileSide, MinusOneToOne},
    {"ssd_resnet101_v1_fpn_keras", ResNetFpn, 101, kLargeSide, MinusMeans},
    {"ssd_resnet152_v1_fpn_keras", ResNetFpn, 152, kLargeSide, MinusMeans},
    {"ssd_resnet50_v1_fpn_keras", ResNetFpn, 50, kLargeSide, MinusMeans},
};

}  // namespace

Result<std::vector<Tensor>> ExtractFeatures(const FeatureExtractor& extractor,
                                            const Network& net, Tensor image,
                                            const Config& config) {
  TRY(CheckDepths(config));
  return extractor.extract(net, image, config, extractor.variant);
}

Result<const FeatureExtractor*> FindFeatureExtractor(std::string_view type) {
  const auto* found =
      std::ranges::find(kExtractors, type, &FeatureExtractor::type);
  if (found != std::end(kExtractors)) return found;
  std::string known;
  for (const FeatureExtractor& extractor : kExtractors)
    known += fmt::format("{}{}", known.empty() ? "" : ", ", extractor.type);
  return Unsupported(fmt::format(
      "feature_extractor '{}' is not known; known are: {}", type, known));
}

}  // namespace liteforge
