// SPDX-License-Identifier: Apache-2.0
// TensorFlow's operations to write graphs with: those of liteforge/ops.h, and
// what only importers need. `result` is what is known of a shape that is
// computed.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "function/builder.h"
#include "liteforge/ops.h"

namespace liteforge {

// Conv2D's gradient; `size` int32 [4] and `result` say the same.
Tensor Conv2DTranspose(Tensor input, Tensor filter, Tensor size,
                       const Shape& result, const WindowAttributes& window);
// Two operands.
Tensor Einsum(std::string_view equation, Tensor a, Tensor b,
              const Shape& result);
Tensor Reshape(Tensor x, Tensor dims, const Shape& result);
// `size` int32 [2].
Tensor ResizeNearest(Tensor images, Tensor size, const Shape& result,
                     bool half_pixel_centers);
Tensor ResizeBilinear(Tensor images, Tensor size, const Shape& result,
                      bool half_pixel_centers);
// dims int32 [rank].
Tensor Fill(Tensor dims, float value, const Shape& result);
// x with x[rows[i]] = values[i]. rows int32 [n], values [n, …].
Tensor InplaceUpdate(Tensor x, Tensor rows, Tensor values);

//----------------------------------------------------------------- variables
// The handle of a variable that keeps its value between calls, and has
// `initial` before the first; one of the name `name`.
Tensor VariableHandle(FunctionBuilder& f, std::string_view name,
                      const ConstantValue& initial);
Tensor ReadVariable(Tensor variable, DataType type, const Shape& shape);
// `then`, computed once the variable is assigned.
Tensor AssignVariable(Tensor variable, Tensor value, Tensor then);

//----------------------------------------------------------------- detection
// TFLite's operator behind a single-shot detector; TensorFlow has none of the
// kind, and a SavedModel holds a function that is marked as it.
struct DetectionPostProcessAttributes {
  int32_t max_detections = 10;
  int32_t max_classes_per_detection = 1;
  int32_t num_classes = 0;
  bool use_regular_nms = false;
  float score_threshold = 0;
  float iou_threshold = 0.6f;
  float y_scale = 10, x_scale = 10, h_scale = 5, w_scale = 5;
};
struct Detections {
  Tensor boxes;    // [1, n, 4] top, left, bottom, right
  Tensor classes;  // [1, n]
  Tensor scores;   // [1, n]
  Tensor count;    // [1]
};
// encodings [1, A, 4], scores [1, A, C], anchors [A, 4] as y, x, h, w.
Detections DetectionPostProcess(
    Tensor encodings, Tensor scores, Tensor anchors,
    const DetectionPostProcessAttributes& attributes);

//-------------------------------------------------------------- control flow
// While cond(values): values = body(values). Both take all values; cond gives
// a bool scalar, body all values anew.
std::vector<Tensor> While(std::span<const Tensor> values, ConcreteFunction cond,
                          ConcreteFunction body);

}  // namespace liteforge
