// SPDX-License-Identifier: Apache-2.0
// The SavedModels that the Object Detection API's exporter_main_v2.py writes,
// and the model zoo holds, take an image of any size and end in suppression
// class by class. Between these lies the network that a .tflite wants.
#pragma once

#include <optional>
#include <string>

#include "function/concrete_function.h"
#include "import/detection/import_detection.h"

namespace liteforge {

// The part of such a model from the normalized image to the box encodings and
// class scores, followed by TFLite_Detection_PostProcess: as ImportDetection
// gives it. nullopt for other functions: a detector is one that gives
// raw_detection_boxes and raw_detection_scores.
//
// It is recognized by what it computes, not by names, and only when all of it
// is as expected; kUnsupported otherwise, with the command that makes a .tflite
// of the checkpoint beside the SavedModel.
Result<std::optional<ConcreteFunction>> CutDetector(
    const ConcreteFunction& function, const DetectionOptions& options);

}  // namespace liteforge
