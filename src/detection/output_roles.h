// SPDX-License-Identifier: Apache-2.0
// Which of a model's outputs means what.
#pragma once

#include <span>
#include <vector>

#include "formats/tflite/model_metadata.h"
#include "formats/tflite/model_reader.h"
#include "liteforge/detection.h"
#include "liteforge/interpreter.h"
#include "liteforge/result.h"

namespace liteforge {

enum class PoseKind {
  kPoints,     // [1, (1,) K, 3]: y, x in fractions of the input, score
  kHeatmaps,   // [1, h, w, K] and offsets [1, h, w, 2 K], as PoseNet
  kLandmarks,  // [1, 1, 1, 3 K]: x, y, z in pixels, beside [1, 1, 1, 1]
};

// Positions among the outputs; -1 for what there is none of.
struct OutputRoles {
  ModelTask task = ModelTask::kClassification;
  // Detection. boxes [1, N, 4]: top, left, bottom, right in fractions of the
  // input; classes, scores [1, N]; count [1].
  int boxes = -1, classes = -1, scores = -1, count = -1;
  // The other tasks.
  int values = -1;
  PoseKind pose = PoseKind::kPoints;
  int offsets = -1;  // of kHeatmaps
};

// `metadata` and `outputs` in the model's order. A detector's roles are, in
// this order of trust: the slots of TFLite_Detection_PostProcess, the names in
// the metadata, the Object Detection API's signature. Errors: kUnsupported,
// listing the outputs.
Result<OutputRoles> FindRoles(const TfliteModel& model,
                              const ModelDescriptionParts& metadata,
                              std::span<const TensorDetails> outputs,
                              std::span<const SignatureDetails> signatures);

}  // namespace liteforge
