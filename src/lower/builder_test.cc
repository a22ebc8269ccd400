// SPDX-License-Identifier: Apache-2.0
// Functions written as the importers write them, with function/ops.h.
#include <gtest/gtest.h>

#include "function/ops.h"
#include "lower/test_function.h"

namespace liteforge::builder_test {

std::string LowerToText(FunctionBuilder& f) {
  auto function = f.Finish();
  if (!function) return "error: " + function.error().ToString();
  SmallEvaluator evaluator;
  auto module = Lower(*function, evaluator);
  if (!module) return "error: " + module.error().ToString();
  const ir::Graph& graph = *(*module)->graphs[0];
  auto verified = ir::Verify(graph);
  return verified ? ir::Print(graph) : verified.error().ToString();
}

// A convolutional classifier: the batch stays unknown to the end.
TEST(Builder, Classifier) {
  FunctionBuilder f("serving_default");
  Tensor x = f.Input("image", DataType::kFloat32, {-1, 4, 4, 1});
  Tensor filter = f.Constant(FloatConstant({1, 1, 1, 2}, {1, 2}), "filter");
  Tensor one = f.Constant(FloatConstant({2}, {1, 1}), "one");
  Tensor w = f.Constant(FloatConstant({8, 1}, {1, 2, 3, 4, 5, 6, 7, 8}), "w");
  Tensor b = f.Constant(FloatConstant({1}, {3}), "b");
  x = Conv2D(x, filter,
             {.strides = {1, 1}, .dilations = {}, .padding = "SAME"});
  x = FusedBatchNorm(BiasAdd(x, one), one, one, one, one, 3.0f);
  x = MaxPool(Relu(x), std::vector<int32_t>{2, 2},
              {.strides = {2, 2}, .dilations = {}});
  x = Reshape(x, {-1, 8});
  f.Output("probability", Sigmoid(BiasAdd(MatMul(x, w), b)));
  EXPECT_EQ(LowerToText(f), R"(graph serving_default(%image: float32[?,4,4,1]) {
  %Conv2D: float32[?,4,4,2] = CONV_2D(%image, @Conv2D/transpose: float32[2,1,1,1] = [1,2], @Conv2D/bias: float32[2] = [0,0]) {stride_w=1 stride_h=1}
  %BiasAdd: float32[?,4,4,2] = ADD(%Conv2D, @one: float32[2] = [1,1])
  %FusedBatchNormV3/mul_2: float32[?,4,4,2] = MUL(%BiasAdd, @FusedBatchNormV3/mul: float32[2] = [0.5,0.5])
  %FusedBatchNormV3: float32[?,4,4,2] = ADD(%FusedBatchNormV3/mul_2, @FusedBatchNormV3/sub: float32[2] = [0.5,0.5])
  %Relu: float32[?,4,4,2] = RELU(%FusedBatchNormV3)
  %MaxPool: float32[?,2,2,2] = MAX_POOL_2D(%Relu) {padding=1 stride_w=2 stride_h=2 filter_width=2 filter_height=2}
  %Reshape: float32[?,8] = RESHAPE(%MaxPool, @Reshape/const: int32[2] = [-1,8])
  %MatMul: float32[?,1] = FULLY_CONNECTED(%Reshape, @MatMul/transpose: float32[1,8] = [1,2,3,4,5,6,7,8], none)
  %BiasAdd_1: float32[?,1] = ADD(%MatMul, @b: float32[1] = [3])
  %probability: float32[?,1] = LOGISTIC(%BiasAdd_1)
  return %probability
}
)");
}

// The output size of an upsampling computed from the input's shape.
TEST(Builder, UpsamplingOfUnknownSize) {
  FunctionBuilder f("serving_default");
  Tensor x = f.Input("x", DataType::kFloat32, {1, -1, 4, 3});
  Tensor spatial = StridedSlice(ShapeOf(x), {{1, 3, 1}});
  Tensor size = Mul(spatial, f.Constant(IntVector({2, 3})));
  f.Output("y", ResizeNearest(x, size, {1, -1, 12, 3}, true));
  EXPECT_EQ(LowerToText(f), R"(graph serving_default(%x: float32[1,?,4,3]) {
  %Shape: int32[4] = SHAPE(%x) {out_type=2}
  %StridedSlice: int32[2] = STRIDED_SLICE(%Shape, @StridedSlice/const: int32[1] = [1], @StridedSlice/const_1: int32[1] = [3], @StridedSlice/const_2: int32[1] = [1])
  %Mul: int32[2] = MUL(%StridedSlice, @Const: int32[2] = [2,3])
  %y: float32[1,?,12,3] = RESIZE_NEAREST_NEIGHBOR(%x, %Mul) {half_pixel_centers=1}
  return %y
}
)");
}

}  // namespace liteforge::builder_test
