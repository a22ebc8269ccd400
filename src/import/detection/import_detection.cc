// SPDX-License-Identifier: Apache-2.0
#include "import/detection/import_detection.h"

#include <fmt/format.h>

#include <cstdlib>

#include "base/try.h"
#include "formats/tensorflow/find_checkpoint.h"
#include "function/detection_postprocess.h"
#include "import/detection/meta_architectures.h"
#include "import/detection/pipeline_config.h"

namespace liteforge {
namespace {

constexpr std::string_view kSignature = "serving_default";
// More names would only scroll by.
constexpr size_t kShownNames = 10;

std::string UnusedNotice(const std::vector<std::string>& unused) {
  std::string text = fmt::format(
      "{} of the checkpoint's variables belong to no part of the network that "
      "pipeline.config describes:",
      unused.size());
  for (size_t i = 0; i < std::min(unused.size(), kShownNames); ++i)
    text += "\n  " + unused[i];
  if (unused.size() > kShownNames)
    text += fmt::format("\n  and {} more", unused.size() - kShownNames);
  return text;
}

Result<ImageNormalization> Build(const Network& net,
                                 const od::DetectionModel& model,
                                 const DetectionOptions& options) {
  if (model.has_ssd()) {
    auto built = BuildSsd(net, model.ssd(), options);
    if (built) return built;
    return tl::unexpected(std::move(built.error()).In("model.ssd"));
  }
  if (model.has_center_net()) {
    auto built = BuildCenterNet(net, model.center_net(), options);
    if (built) return built;
    return tl::unexpected(std::move(built.error()).In("model.center_net"));
  }
  return Unsupported(
      fmt::format("the model is {}; only ssd and center_net become a .tflite",
                  model.has_faster_rcnn()          ? "faster_rcnn"
                  : model.has_experimental_model() ? "experimental_model"
                                                   : "not said"));
}

}  // namespace

float SixDecimals(float value) {
  return std::strtof(fmt::format("{:.6f}", value).c_str(), nullptr);
}

void AddDetectionOutputs(FunctionBuilder& f, const Detections& detections) {
  if (!f.ok()) return;
  f.Output("output_0", detections.count);
  f.Output("output_1", detections.scores);
  f.Output("output_2", detections.classes);
  f.Output("output_3", detections.boxes);
}

Result<DetectionModel> ImportDetection(
    const std::filesystem::path& pipeline_config,
    const std::filesystem::path& checkpoint, const DetectionOptions& options) {
  TRY_ASSIGN(const od::TrainEvalPipelineConfig config,
             ReadPipelineConfig(pipeline_config, options.config_override));
  TRY_ASSIGN(const std::filesystem::path prefix, FindCheckpoint(checkpoint));
  TRY_ASSIGN(CheckpointWeights weights, CheckpointWeights::Open(prefix));
  FunctionBuilder f{std::string(kSignature)};
  const Network net(f, weights);
  DetectionModel model;
  auto built = Build(net, config.model(), options);
  // A network that cannot be built may be so for the weights that do not fit.
  TRY(weights.Finish());
  if (!built)
    return tl::unexpected(
        std::move(built.error()).In(pipeline_config.string()));
  auto function = f.Finish();
  if (!function)
    return tl::unexpected(
        std::move(function.error()).In(pipeline_config.string()));
  model.function = *std::move(function);
  SetNormalization(model.function, *built);
  OrderByOutputs(model.function);
  KeepDetectionOrder(model.function);
  model.function.source = pipeline_config.string();
  if (const auto unused = weights.Unused(); !unused.empty())
    model.notices.push_back(UnusedNotice(unused));
  return model;
}

}  // namespace liteforge
