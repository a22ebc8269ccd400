// SPDX-License-Identifier: Apache-2.0
// pipeline.config and a checkpoint of the Object Detection API ->
// ConcreteFunction, as its export_tflite_graph_tf2.py does.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "function/concrete_function.h"

namespace liteforge {

struct DetectionOptions {
  // Text merged into pipeline.config.
  std::string config_override;
  int32_t max_detections = 10;
  // Suppress boxes class by class: slower, finds overlapping objects.
  bool use_regular_nms = false;
};

struct DetectionModel {
  // Input "input" [1, H, W, channels] float32. Outputs boxes, classes, scores
  // and count under the keys output_3, output_2, output_1 and output_0; in this
  // order for a single-shot detector, in that of the keys for a CenterNet.
  // Its input's normalization is noted at it (function/image_normalization.h);
  // 0 and 1 when the graph normalizes by itself.
  ConcreteFunction function;
  std::vector<std::string> notices;
};

// As the Object Detection API writes thresholds and scales: as text with six
// decimals, so that 1e-8 is 0.
float SixDecimals(float value);

// Single-shot detectors and CenterNets without keypoints. The function ends
// in TFLite_Detection_PostProcess for the first, in TensorFlow's own
// operations for the second. Every variable of the checkpoint is accounted
// for: missing and mis-shaped ones are errors, unused ones are notices.
Result<DetectionModel> ImportDetection(
    const std::filesystem::path& pipeline_config,
    const std::filesystem::path& checkpoint, const DetectionOptions& options);

}  // namespace liteforge
