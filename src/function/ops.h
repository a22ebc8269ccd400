// SPDX-License-Identifier: Apache-2.0
// TensorFlow operations to write graphs with (function/builder.h). Every
// function adds nodes to its operands' builder and returns their result with
// TensorFlow's inferred type and shape; unknown dimensions stay unknown. What
// TensorFlow would refuse is recorded as the builder's error.
//
// Data layout is [N, H, W, C] and filters [H, W, in, out] unless an argument
// says otherwise. Source of each meaning: tensorflow/core/ops/*.cc and
// tensorflow/core/framework/common_shape_fns.cc.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "function/builder.h"

namespace liteforge {

// What the spatial operations share. Vectors are of spatial rank.
struct WindowAttributes {
  std::vector<int32_t> strides;
  std::vector<int32_t> dilations;         // empty: all 1
  std::string_view padding = "VALID";     // "SAME" or "VALID"
  std::string_view data_format = "NHWC";  // or "NCHW"
};

//------------------------------------------------------------ neural network
Tensor Conv2D(Tensor input, Tensor filter, const WindowAttributes& window);
// filter [H, W, C, multiplier]
Tensor DepthwiseConv2D(Tensor input, Tensor filter,
                       const WindowAttributes& window);
// The gradient of Conv2D: filter [H, W, out, in]; `size` int32 [4] and `result`
// say the same, the second what is known of it.
Tensor Conv2DTranspose(Tensor input, Tensor filter, Tensor size,
                       const Shape& result, const WindowAttributes& window);
Tensor BiasAdd(Tensor value, Tensor bias,
               std::string_view data_format = "NHWC");
// Inference form; scale, offset, mean and variance of shape [C].
Tensor FusedBatchNorm(Tensor x, Tensor scale, Tensor offset, Tensor mean,
                      Tensor variance, float epsilon,
                      std::string_view data_format = "NHWC");
Tensor MatMul(Tensor a, Tensor b, bool transpose_a = false,
              bool transpose_b = false);
Tensor BatchMatMul(Tensor a, Tensor b, bool adj_a = false, bool adj_b = false);
// Two operands; `result` is the shape that the equation gives.
Tensor Einsum(std::string_view equation, Tensor a, Tensor b,
              const Shape& result);
Tensor MaxPool(Tensor x, std::span<const int32_t> size,
               const WindowAttributes& window);
Tensor AvgPool(Tensor x, std::span<const int32_t> size,
               const WindowAttributes& window);
Tensor Softmax(Tensor x);     // over the last axis
Tensor LogSoftmax(Tensor x);  // over the last axis

//--------------------------------------------------------------- elementwise
Tensor Relu(Tensor x);
Tensor Relu6(Tensor x);
Tensor LeakyRelu(Tensor x, float alpha);
Tensor Elu(Tensor x);
Tensor Selu(Tensor x);
Tensor Sigmoid(Tensor x);
Tensor Tanh(Tensor x);
Tensor Softplus(Tensor x);
Tensor Softsign(Tensor x);
Tensor Exp(Tensor x);
Tensor Log(Tensor x);
Tensor Sqrt(Tensor x);
Tensor Rsqrt(Tensor x);
Tensor Square(Tensor x);
Tensor Abs(Tensor x);
Tensor Neg(Tensor x);
Tensor Sign(Tensor x);
Tensor Erf(Tensor x);
Tensor Floor(Tensor x);
Tensor Ceil(Tensor x);
Tensor Round(Tensor x);  // halves to even
Tensor Sin(Tensor x);
Tensor Cos(Tensor x);
Tensor Log1p(Tensor x);
Tensor LogicalNot(Tensor x);
Tensor ZerosLike(Tensor x);
Tensor OnesLike(Tensor x);
Tensor Cast(Tensor x, DataType type);
Tensor Identity(Tensor x);

// With numpy's broadcasting; both sides of one type.
Tensor Add(Tensor a, Tensor b);
Tensor Sub(Tensor a, Tensor b);
Tensor Mul(Tensor a, Tensor b);
Tensor Div(Tensor a, Tensor b);
Tensor Maximum(Tensor a, Tensor b);
Tensor Minimum(Tensor a, Tensor b);
Tensor Pow(Tensor a, Tensor b);
Tensor FloorDiv(Tensor a, Tensor b);
Tensor FloorMod(Tensor a, Tensor b);
Tensor SquaredDifference(Tensor a, Tensor b);
Tensor Greater(Tensor a, Tensor b);
Tensor GreaterEqual(Tensor a, Tensor b);
Tensor Less(Tensor a, Tensor b);
Tensor LessEqual(Tensor a, Tensor b);
Tensor Equal(Tensor a, Tensor b);
Tensor NotEqual(Tensor a, Tensor b);
Tensor LogicalAnd(Tensor a, Tensor b);
Tensor LogicalOr(Tensor a, Tensor b);
Tensor Select(Tensor condition, Tensor a, Tensor b);

//--------------------------------------------------------------- reductions
// Axes may be negative.
Tensor Mean(Tensor x, std::vector<int32_t> axes, bool keep_dims = false);
Tensor Sum(Tensor x, std::vector<int32_t> axes, bool keep_dims = false);
Tensor Max(Tensor x, std::vector<int32_t> axes, bool keep_dims = false);
Tensor Min(Tensor x, std::vector<int32_t> axes, bool keep_dims = false);
Tensor Prod(Tensor x, std::vector<int32_t> axes, bool keep_dims = false);
Tensor Any(Tensor x, std::vector<int32_t> axes, bool keep_dims = false);
Tensor All(Tensor x, std::vector<int32_t> axes, bool keep_dims = false);
// Running sums along one axis.
Tensor Cumsum(Tensor x, int32_t axis, bool exclusive = false,
              bool reverse = false);
// The place of the largest (smallest) value along one axis, which disappears.
Tensor ArgMax(Tensor x, int32_t axis, DataType type);
Tensor ArgMin(Tensor x, int32_t axis, DataType type);

//------------------------------------------------------------ shape and data
// One entry of `dims` may be -1, found from the element count.
Tensor Reshape(Tensor x, std::vector<int32_t> dims);
// The shape is itself computed; `result` is what is known of it.
Tensor Reshape(Tensor x, Tensor dims, const Shape& result);
Tensor ShapeOf(Tensor x);  // int32 [rank]
Tensor Transpose(Tensor x, std::vector<int32_t> permutation);
Tensor ExpandDims(Tensor x, int32_t axis);
Tensor Squeeze(Tensor x, std::vector<int32_t> axes);
Tensor Concat(std::span<const Tensor> values, int32_t axis);
Tensor Pack(std::span<const Tensor> values, int32_t axis);
std::vector<Tensor> Split(Tensor x, int32_t axis, int32_t count);
// paddings: {before, after} per axis
Tensor Pad(Tensor x, std::vector<std::pair<int32_t, int32_t>> paddings,
           float value = 0.0f);
// x[begin : end : stride] per axis; a full axis is {0, kToEnd, 1}.
struct Range {
  static constexpr int32_t kToEnd = INT32_MAX;
  int32_t begin = 0;
  int32_t end = kToEnd;
  int32_t stride = 1;
};
Tensor StridedSlice(Tensor x, std::vector<Range> ranges);
// x[i] along one axis, which disappears.
Tensor Index(Tensor x, int32_t axis, int32_t i);
Tensor Tile(Tensor x, std::vector<int32_t> multiples);
Tensor Gather(Tensor params, Tensor indices, int32_t axis);
// params[indices[i, 0], indices[i, 1], …] for the last axis of `indices`.
Tensor GatherNd(Tensor params, Tensor indices);
// Along the last axis, the k largest and where they stand (int32).
struct TopKResult {
  Tensor values;
  Tensor indices;
};
TopKResult TopK(Tensor x, int32_t k);
Tensor ResizeNearest(Tensor images, int32_t height, int32_t width,
                     bool half_pixel_centers);
Tensor ResizeBilinear(Tensor images, int32_t height, int32_t width,
                      bool half_pixel_centers);
// The same with the size computed in the graph: int32 [2].
Tensor ResizeNearest(Tensor images, Tensor size, const Shape& result,
                     bool half_pixel_centers);
Tensor ResizeBilinear(Tensor images, Tensor size, const Shape& result,
                      bool half_pixel_centers);

// dims int32 [rank]; `result` is what is known of them.
Tensor Fill(Tensor dims, float value, const Shape& result);
// x with x[rows[i]] = values[i]. rows int32 [n], values [n, …].
Tensor InplaceUpdate(Tensor x, Tensor rows, Tensor values);
Tensor Reverse(Tensor x, int32_t axis);

//----------------------------------------------------------------- variables
// A float32 variable that keeps its value between calls, 0 at first. Its
// handle.
Tensor Variable(FunctionBuilder& f, std::string_view name, const Shape& shape);
Tensor ReadVariable(Tensor variable, const Shape& shape);
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
