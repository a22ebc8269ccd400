// SPDX-License-Identifier: Apache-2.0
// Single-shot detector: feature maps, box encodings and class logits, scores,
// TFLite_Detection_PostProcess.
// Source: object_detection/export_tflite_graph_lib_tf2.py,
// meta_architectures/ssd_meta_arch.py, builders/post_processing_builder.py.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/try.h"
#include "import/detection/anchors.h"
#include "import/detection/box_predictor.h"
#include "import/detection/feature_extractors.h"
#include "import/detection/meta_architectures.h"

namespace liteforge {
namespace {

constexpr int32_t kMaxClasses = 1 << 16;
constexpr int64_t kMaxAnchors = 1 << 24;
constexpr int32_t kMaxDetections = 1 << 20;

Result<Tensor> ToScores(const Network& net, Tensor logits,
                        const od::PostProcessing& config) {
  if (config.has_calibration_config())
    return Unsupported(
        "post_processing has a calibration_config, which is not known; leave "
        "it out if scores need not be calibrated");
  if (!(config.logit_scale() > 0))
    return InvalidModel(
        "post_processing has a logit_scale that is not above 0");
  if (config.logit_scale() != 1)
    logits =
        Mul(logits, net.f().Constant(FloatScalar(1 / config.logit_scale())));
  switch (config.score_converter()) {
    case od::PostProcessing::SIGMOID:
      return Sigmoid(logits);
    case od::PostProcessing::SOFTMAX:
      return Softmax(logits);
    case od::PostProcessing::IDENTITY:
      break;
  }
  return logits;
}

Result<DetectionPostProcessAttributes> PostProcessOf(
    const od::Ssd& config, const DetectionOptions& options) {
  if (!config.box_coder().has_faster_rcnn_box_coder()) {
    return Unsupported(
        "box_coder is not faster_rcnn_box_coder, the only one that TFLite's "
        "post-processing decodes");
  }
  const auto& coder = config.box_coder().faster_rcnn_box_coder();
  const auto& nms = config.post_processing().batch_non_max_suppression();
  DetectionPostProcessAttributes a;
  a.max_detections = options.max_detections;
  a.num_classes = config.num_classes();
  a.use_regular_nms = options.use_regular_nms;
  a.score_threshold = SixDecimals(nms.score_threshold());
  a.iou_threshold = SixDecimals(nms.iou_threshold());
  a.y_scale = SixDecimals(coder.y_scale());
  a.x_scale = SixDecimals(coder.x_scale());
  a.h_scale = SixDecimals(coder.height_scale());
  a.w_scale = SixDecimals(coder.width_scale());
  if (!(a.iou_threshold > 0 && a.iou_threshold <= 1))
    return InvalidModel(
        fmt::format("iou_threshold {} is not in (0, 1]", nms.iou_threshold()));
  if (!(std::min({a.y_scale, a.x_scale, a.h_scale, a.w_scale}) > 0))
    return InvalidModel("a scale of faster_rcnn_box_coder is not above 0");
  return a;
}

Result<Tensor> Anchors(const Network& net, const AnchorGenerator& generator,
                       const std::vector<Tensor>& maps,
                       const ImageSize& image) {
  std::vector<AnchorGenerator::Grid> grids;
  int64_t total = 0;
  for (size_t level = 0; level < maps.size(); ++level) {
    grids.push_back({maps[level].dim(1), maps[level].dim(2)});
    total += int64_t{grids.back().height} * grids.back().width *
             generator.PerCell(level);
  }
  if (total > kMaxAnchors)
    return InvalidModel(fmt::format("there would be {} anchors", total));
  std::vector<float> values = generator.Generate(grids, image);
  const auto count = static_cast<int32_t>(values.size() / 4);
  return net.f().Constant(FloatConstant({count, 4}, std::move(values)),
                          "anchors");
}

Result<void> CheckSsd(const od::Ssd& config, const ImageSize& image,
                      const FeatureExtractor& extractor,
                      const DetectionOptions& options) {
  if (config.num_classes() < 1 || config.num_classes() > kMaxClasses)
    return InvalidModel(fmt::format("num_classes is {}", config.num_classes()));
  if (options.max_detections < 1 || options.max_detections > kMaxDetections)
    return InvalidArgument(fmt::format("--max_detections {} is not above 0",
                                       options.max_detections));
  if (std::min(image.height, image.width) < extractor.min_side)
    return InvalidModel(fmt::format(
        "fixed_shape_resizer says {} x {}; {} takes images of {} and more",
        image.height, image.width, extractor.type, extractor.min_side));
  return {};
}

}  // namespace

Result<ImageNormalization> BuildSsd(const Network& net, const od::Ssd& config,
                                    const DetectionOptions& options) {
  TRY_ASSIGN(const ImageSize image,
             FixedImageSize(config.image_resizer(), "ssd"));
  TRY_ASSIGN(const FeatureExtractor* extractor,
             FindFeatureExtractor(config.feature_extractor().type()));
  TRY(CheckSsd(config, image, *extractor, options));
  TRY_ASSIGN(const auto post_process, PostProcessOf(config, options));
  TRY_ASSIGN(const AnchorGenerator generator,
             AnchorGenerator::Make(config.anchor_generator()));

  FunctionBuilder& f = net.f();
  const Tensor input = f.Input("input", DataType::kFloat32,
                               {1, image.height, image.width, image.channels});
  const Tensor padded =
      PadToMultiple(input, config.feature_extractor().pad_to_multiple());
  TRY_ASSIGN(
      const std::vector<Tensor> maps,
      ExtractFeatures(*extractor, net, padded, config.feature_extractor()));
  if (!f.ok()) return tl::unexpected(f.Finish().error());
  if (maps.size() != generator.levels())
    return InvalidModel(fmt::format(
        "anchor_generator has {} levels and feature_extractor gives {} feature "
        "maps; their numbers must agree",
        generator.levels(), maps.size()));

  PredictorLayout layout;
  layout.background = config.add_background_class() ? 1 : 0;
  layout.columns = config.num_classes() + layout.background;
  for (size_t level = 0; level < maps.size(); ++level)
    layout.per_cell.push_back(generator.PerCell(level));
  TRY_ASSIGN(const Predictions predictions,
             PredictBoxes(net, maps, "model/_box_predictor",
                          config.box_predictor(), layout));
  TRY_ASSIGN(const Tensor scores,
             ToScores(net, predictions.logits, config.post_processing()));
  TRY_ASSIGN(const Tensor anchors, Anchors(net, generator, maps, image));
  AddDetectionOutputs(f, DetectionPostProcess(predictions.encodings, scores,
                                              anchors, post_process));
  // The Object Detection API normalizes colours only.
  const ImageNormalization& normalization = extractor->normalization();
  if (image.channels != 3 && normalization.mean.size() == 3)
    return ImageNormalization{{0}, {1}};
  return normalization;
}

}  // namespace liteforge
