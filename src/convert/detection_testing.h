// SPDX-License-Identifier: Apache-2.0
// For tests of detectors: configurations as text, and models run.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "convert/compile.h"
#include "formats/tflite/test_models.h"
#include "import/detection/import_detection.h"
#include "import/detection/reference_network.h"
#include "liteforge/converter.h"
#include "liteforge/interpreter.h"

namespace liteforge {

// A pipeline.config and a checkpoint in a folder of their own.
class DetectionFiles {
 public:
  explicit DetectionFiles(const std::string& name)
      : dir_(std::filesystem::path(testing::TempDir()) / ("od_" + name)) {
    std::filesystem::remove_all(dir_);
    std::filesystem::create_directories(dir_);
  }
  std::filesystem::path Config(const std::string& text) const {
    std::ofstream(dir_ / "pipeline.config") << text;
    return dir_ / "pipeline.config";
  }
  std::filesystem::path Checkpoint() const { return dir_ / "checkpoint_dir"; }
  const std::filesystem::path& dir() const { return dir_; }

 private:
  std::filesystem::path dir_;
};

// What every layer of the added networks is followed by.
inline std::string ConvHyperparams(const std::string& activation = "RELU_6",
                                   const std::string& more = "") {
  return "conv_hyperparams { activation: " + activation + " " + more +
         " regularizer { l2_regularizer { weight: 4e-05 } }"
         " initializer { random_normal_initializer { stddev: 0.01 } }"
         " batch_norm { scale: true decay: 0.997 epsilon: 0.001 } } ";
}

// A single-shot detector: the parts differ.
struct SsdText {
  int height = 64;
  int width = 64;
  int classes = 3;
  std::string feature_extractor;
  std::string box_predictor;
  std::string anchor_generator;
  std::string more;  // members of ssd
  std::string post_processing =
      "batch_non_max_suppression { score_threshold: 1e-8 iou_threshold: 0.6 } "
      "score_converter: SIGMOID";

  std::string Text() const {
    return fmt::format(
        "model {{ ssd {{ num_classes: {} image_resizer {{ fixed_shape_resizer "
        "{{ height: {} width: {} }} }} box_coder {{ faster_rcnn_box_coder {{ "
        "}} }} feature_extractor {{ {} }} box_predictor {{ {} }} "
        "anchor_generator {{ {} }} post_processing {{ {} }} {} }} }}\n",
        classes, height, width, feature_extractor, box_predictor,
        anchor_generator, post_processing, more);
  }
};

// The smallest detector: MobileNet V2 at an eighth, two maps.
inline SsdText SmallSsd() {
  SsdText text;
  text.feature_extractor =
      "type: 'ssd_mobilenet_v2_keras' depth_multiplier: 0.125 min_depth: 8 "
      "num_layers: 2 " +
      ConvHyperparams();
  text.box_predictor = "convolutional_box_predictor { use_dropout: false " +
                       ConvHyperparams() + "}";
  text.anchor_generator =
      "ssd_anchor_generator { num_layers: 2 aspect_ratios: [1, 2] }";
  return text;
}

// Its variables.
inline void WriteSmallCheckpoint(const DetectionFiles& files, int classes,
                                 const std::vector<std::string>& more = {}) {
  reference::Network net;
  for (const std::string& key : more) net.W(key, {1, 1, 2, 2});
  const auto maps = reference::MobileNetV2(
      net, reference::Map(64, 64, 3),
      "model/_feature_extractor/classification_backbone", 0.125, 8);
  const std::string path = "model/_box_predictor/_prediction_heads/";
  const char* names[] = {"block_13_expand_relu", "out_relu"};
  for (int l = 0; l < 2; ++l) {
    net.Conv(maps.at(names[l]),
             fmt::format("{}box_encodings/{}/_box_encoder_layers/0", path, l),
             12, 1, 1, true);
    net.Conv(maps.at(names[l]),
             fmt::format("{}class_predictions_with_background/{}/"
                         "_class_predictor_layers/0",
                         path, l),
             3 * (classes + 1), 1, 1, true);
  }
  net.WriteCheckpoint(files.Checkpoint());
}

inline std::vector<float> RandomImage(size_t count, float low = -1,
                                      float high = 1) {
  std::mt19937 rng(7);
  std::uniform_real_distribution<float> draw(low, high);
  std::vector<float> values(count);
  for (float& value : values) value = draw(rng);
  return values;
}

inline reference::Map ToMap(const std::vector<float>& values, int h, int w,
                            int c = 3) {
  reference::Map map(h, w, c);
  std::copy(values.begin(), values.end(), map.v.begin());
  return map;
}

struct RunResult {
  std::vector<TensorDetails> details;
  std::vector<std::vector<float>> values;
};

inline RunResult RunBytes(std::span<const std::byte> bytes,
                          const std::vector<float>& input) {
  RunResult result;
  auto interpreter = Interpreter::FromBuffer(bytes);
  EXPECT_TRUE(interpreter) << interpreter.error().ToString();
  if (!interpreter) return result;
  const auto allocated = interpreter->AllocateTensors();
  EXPECT_TRUE(allocated) << allocated.error().ToString();
  if (!allocated) return result;
  const auto set = interpreter->SetTensor<float>(
      interpreter->InputDetails()[0].index, input);
  EXPECT_TRUE(set) << set.error().ToString();
  const auto invoked = interpreter->Invoke();
  EXPECT_TRUE(invoked) << invoked.error().ToString();
  if (!set || !invoked) return result;
  result.details = interpreter->OutputDetails();
  for (const TensorDetails& output : result.details) {
    const auto values = interpreter->Tensor<float>(output.index);
    result.values.emplace_back(values.begin(), values.end());
  }
  return result;
}

}  // namespace liteforge
