// SPDX-License-Identifier: Apache-2.0
// For tests of detection networks: what a model's heads give, against the same
// network in plain loops.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "convert/detection_testing.h"

namespace liteforge {

// Sums of some thousand float32 products through fifty layers.
inline constexpr double kTolerance = 1e-4;

inline void ExpectNear(const std::vector<float>& values,
                       const std::vector<double>& wanted,
                       const std::string& what) {
  ASSERT_EQ(values.size(), wanted.size()) << what;
  double largest = 1;
  for (const double w : wanted) largest = std::max(largest, std::abs(w));
  double worst = 0;
  for (size_t i = 0; i < values.size(); ++i)
    worst =
        std::max(worst, std::abs(static_cast<double>(values[i]) - wanted[i]));
  EXPECT_LE(worst, kTolerance * largest) << what;
}

inline DetectionModel ImportFiles(const DetectionFiles& files,
                                  const std::string& config) {
  auto model = ImportDetection(files.Config(config), files.Checkpoint(), {});
  EXPECT_TRUE(model) << model.error().ToString();
  if (!model) return {};
  EXPECT_THAT(model->notices, testing::IsEmpty());
  return *std::move(model);
}

// The function with the operands of its post-processing as outputs.
inline ConcreteFunction CutBeforePostProcess(ConcreteFunction function) {
  function.outputs.clear();
  for (const tf::NodeDef& node : function.graph.node()) {
    if (node.op() != "TFLite_Detection_PostProcess") continue;
    const char* names[] = {"encodings", "scores", "anchors"};
    for (int i = 0; i < 3; ++i)
      function.outputs.push_back(
          {names[i], node.input(i), DataType::kFloat32, Shape::UnknownRank()});
  }
  return function;
}

// Writes the reference's variables as the checkpoint, imports it and compares
// the heads; then converts and runs the whole.
inline void ExpectHeads(
    const std::string& name, const SsdText& text,
    const std::function<reference::Heads(reference::Network&,
                                         const reference::Map&)>& network) {
  const auto image =
      RandomImage(static_cast<size_t>(text.height * text.width * 3));
  reference::Network net;
  const reference::Heads heads =
      network(net, ToMap(image, text.height, text.width));
  const DetectionFiles files(name);
  net.WriteCheckpoint(files.Checkpoint());
  const DetectionModel model = ImportFiles(files, text.Text());
  if (model.function.outputs.empty()) return;
  EXPECT_EQ(model.function.variables.size(), net.variables());
  const auto bytes = Compile(CutBeforePostProcess(model.function));
  ASSERT_TRUE(bytes) << bytes.error().ToString();
  const RunResult cut = RunBytes(*bytes, image);
  ASSERT_EQ(cut.values.size(), 3u);
  ExpectNear(cut.values[0], heads.encodings, "encodings");
  std::vector<double> scores = heads.logits;
  for (double& score : scores) score = reference::SigmoidOf(score);
  ExpectNear(cut.values[1], scores, "scores");
  EXPECT_EQ(cut.values[2].size(), heads.encodings.size());

  const auto whole = Compile(model.function);
  ASSERT_TRUE(whole) << whole.error().ToString();
  const RunResult run = RunBytes(*whole, image);
  ASSERT_EQ(run.details.size(), 4u);
  EXPECT_EQ(run.details[0].shape, (Shape{1, 10, 4}));
  EXPECT_EQ(run.details[1].shape, (Shape{1, 10}));
  EXPECT_EQ(run.details[2].shape, (Shape{1, 10}));
  EXPECT_EQ(run.details[3].shape, (Shape{1}));
}

inline const std::string kFe = "model/_feature_extractor";
inline const std::string kBackbone = kFe + "/classification_backbone";
inline const std::string kMultiscale =
    "multiscale_anchor_generator { min_level: 3 max_level: 7 anchor_scale: 4 "
    "aspect_ratios: [1, 2, 0.5] scales_per_octave: 2 }";

inline std::string SharedPredictorText(int depth, int layers, bool depthwise) {
  return fmt::format(
      "weight_shared_convolutional_box_predictor {{ depth: {} {} "
      "num_layers_before_predictor: {} kernel_size: 3 share_prediction_tower: "
      "true use_depthwise: {} }}",
      depth, ConvHyperparams(), layers, depthwise);
}

}  // namespace liteforge
