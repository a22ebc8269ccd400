// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace liteforge_tests {

// The end of a detector's frozen graph, as protocol buffer text: decodes the
// nodes `boxes` [1, 4, 4] and `scores` [1, 4, 3], whose anchors are the four
// quarters of the picture; class 0 of the scores is background.
inline constexpr const char* kQuarterDetections = R"(
  node { name: "anchors" op: "Const"
    attr { key: "dtype" value { type: DT_FLOAT } }
    attr { key: "value" value { tensor { dtype: DT_FLOAT
      tensor_shape { dim { size: 4 } dim { size: 4 } }
      float_val: [0.25, 0.25, 0.5, 0.5, 0.25, 0.75, 0.5, 0.5,
                  0.75, 0.25, 0.5, 0.5, 0.75, 0.75, 0.5, 0.5] } } } }
  node { name: "TFLite_Detection_PostProcess"
    op: "TFLite_Detection_PostProcess"
    input: "boxes" input: "scores" input: "anchors"
    attr { key: "max_detections" value { i: 4 } }
    attr { key: "max_classes_per_detection" value { i: 1 } }
    attr { key: "num_classes" value { i: 2 } }
    attr { key: "nms_score_threshold" value { f: 0.1 } }
    attr { key: "nms_iou_threshold" value { f: 0.6 } }
    attr { key: "y_scale" value { f: 10 } }
    attr { key: "x_scale" value { f: 10 } }
    attr { key: "h_scale" value { f: 5 } }
    attr { key: "w_scale" value { f: 5 } }
    attr { key: "use_regular_nms" value { b: false } }
    attr { key: "_output_types" value { list {
      type: DT_FLOAT type: DT_FLOAT type: DT_FLOAT type: DT_FLOAT } } } })";

}  // namespace liteforge_tests
