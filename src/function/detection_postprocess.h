// SPDX-License-Identifier: Apache-2.0
// TFLite_Detection_PostProcess as a node of a TensorFlow graph. TensorFlow has
// no such operation. TensorFlow 1 wrote the node into frozen graphs all the
// same; TensorFlow 2 writes a function whose body means nothing and whose
// attribute "_implements" says in text what it stands for:
//   name: "TFLite_Detection_PostProcess" attr { key: "max_detections" … } …
// In a ConcreteFunction it is the node.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "formats/tensorflow/graph.pb.h"
#include "function/concrete_function.h"

namespace liteforge {

constexpr std::string_view kDetectionPostProcess =
    "TFLite_Detection_PostProcess";
constexpr int kDetectionOutputs = 4;

// Which of the operator's outputs each output of the function is, through
// Identity: 0 boxes, 1 classes, 2 scores, 3 count. Empty unless they are all of
// one such node's, each once.
std::vector<int> DetectionOutputsOf(const ConcreteFunction& function);

// The op's outputs stand in its own order (boxes, classes, scores, count) when
// they are all that a function gives, whatever the order of the keys: those
// who read a detector by position expect it.
void KeepDetectionOrder(ConcreteFunction& function);

// The text of "_implements" for such a node.
std::string ImplementsText(const tf::NodeDef& node);

}  // namespace liteforge
