// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lower/lowering_case.h"

namespace liteforge::convolution_test {

const TestAttributes kUnit = {{"strides", L{1, 1, 1, 1}}, {"padding", "SAME"}};

const TestAttributes kNchw = {
    {"strides", L{1, 1, 2, 2}}, {"padding", "SAME"}, {"data_format", "NCHW"}};

const LoweringCase kConvolutions[] = {
    {"Conv2D, weights [0][w][i][o] to [o][0][w][i]",
     [](TestFunction& f) {
       f.Input("x", {1, 8, 8, 2}).Counting("w", {1, 2, 2, 2});
       f.Node("Conv2D", "y", {"x", "w"}, kUnit);
     },
     R"(graph f(%x: float32[1,8,8,2]) {
  %y: float32[1,8,8,2] = CONV_2D(%x, @y/transpose: float32[2,1,2,2] = [0,2,4,6,1,3,5,7], @y/bias: float32[2] = [0,0]) {stride_w=1 stride_h=1}
  return %y
}
)"},
    {"Conv2DBackpropInput, weights [0][w][o][i] to [o][0][w][i]",
     [](TestFunction& f) {
       f.Input("x", {1, 8, 8, 2}).Counting("w", {1, 2, 2, 2});
       f.Ints("size", {1, 8, 8, 2});
       f.Node("Conv2DBackpropInput", "y", {"size", "w", "x"}, kUnit);
     },
     R"(graph f(%x: float32[1,8,8,2]) {
  %y: float32[1,8,8,2] = TRANSPOSE_CONV(@size: int32[4] = [1,8,8,2], @y/transpose: float32[2,1,2,2] = [0,1,4,5,2,3,6,7], %x) {stride_w=1 stride_h=1}
  return %y
}
)"},
    {"Conv2D",
     [](TestFunction& f) {
       f.Input("x", {-1, 8, 8, 3}).Counting("w", {3, 2, 3, 4});
       f.Node("Conv2D", "y", {"x", "w"},
              {{"strides", L{1, 2, 1, 1}},
               {"padding", "VALID"},
               {"dilations", L{1, 1, 3, 1}}});
     },
     R"(graph f(%x: float32[?,8,8,3]) {
  %y: float32[?,3,5,4] = CONV_2D(%x, @y/transpose: float32[4,3,2,3], @y/bias: float32[4] = [0,0,0,0]) {padding=1 stride_w=1 stride_h=2 dilation_w_factor=3}
  return %y
}
)"},
    {"Conv2D, explicit padding",
     [](TestFunction& f) {
       f.Input("x", {1, 8, 8, 3}).Counting("w", {3, 3, 3, 4});
       f.Node("Conv2D", "y", {"x", "w"},
              {{"strides", L{1, 1, 1, 1}},
               {"padding", "EXPLICIT"},
               {"explicit_paddings", L{0, 0, 1, 2, 3, 4, 0, 0}}});
     },
     R"(graph f(%x: float32[1,8,8,3]) {
  %y/pad: float32[1,11,15,3] = PAD(%x, @y/paddings: int32[4,2] = [0,0,1,2,3,4,0,0])
  %y: float32[1,9,13,4] = CONV_2D(%y/pad, @y/transpose: float32[4,3,3,3], @y/bias: float32[4] = [0,0,0,0]) {padding=1 stride_w=1 stride_h=1}
  return %y
}
)"},
    {"Conv2D, two groups",
     [](TestFunction& f) {
       f.Input("x", {1, 4, 4, 4}).Counting("w", {1, 1, 2, 6});
       f.Node("Conv2D", "y", {"x", "w"}, kUnit);
     },
     R"(graph f(%x: float32[1,4,4,4]) {
  %y: float32[1,4,4,6] = CONV_2D(%x, @y/transpose: float32[6,1,1,2], @y/bias: float32[6] = [0,0,0,0,0,0]) {stride_w=1 stride_h=1}
  return %y
}
)"},
    {"Conv2D, a group per channel",
     [](TestFunction& f) {
       f.Input("x", {1, 4, 4, 4}).Counting("w", {3, 3, 1, 8});
       f.Node("Conv2D", "y", {"x", "w"}, kUnit);
     },
     R"(graph f(%x: float32[1,4,4,4]) {
  %y: float32[1,4,4,8] = DEPTHWISE_CONV_2D(%x, @y/reshape: float32[1,3,3,8], @y/bias: float32[8] = [0,0,0,0,0,0,0,0]) {stride_w=1 stride_h=1 depth_multiplier=2}
  return %y
}
)"},
    {"Conv2D, computed filter",
     [](TestFunction& f) {
       f.Input("x", {1, 4, 4, 2}).Input("w", {1, 1, 2, 3});
       f.Node("Conv2D", "y", {"x", "w"}, kUnit);
     },
     R"(graph f(%x: float32[1,4,4,2], %w: float32[1,1,2,3]) {
  %y/transpose: float32[3,1,1,2] = TRANSPOSE(%w, @y/const: int32[4] = [3,0,1,2])
  %y: float32[1,4,4,3] = CONV_2D(%x, %y/transpose, @y/bias: float32[3] = [0,0,0]) {stride_w=1 stride_h=1}
  return %y
}
)"},
    {"Conv2D NCHW, then bias, relu-free chain to a pool",
     [](TestFunction& f) {
       f.Input("x", {1, 3, 8, 8}).Counting("w", {3, 3, 3, 4});
       f.Floats("b", {4}, {1, 2, 3, 4});
       f.Node("Conv2D", "conv", {"x", "w"}, kNchw);
       f.Node("BiasAdd", "bias", {"conv", "b"}, {{"data_format", "NCHW"}});
       f.Node("MaxPool", "y", {"bias"},
              {{"ksize", L{1, 1, 3, 2}},
               {"strides", L{1, 1, 2, 1}},
               {"padding", "SAME"},
               {"data_format", "NCHW"}});
     },
     R"(graph f(%x: float32[1,3,8,8]) {
  %conv/transpose: float32[1,8,8,3] = TRANSPOSE(%x, @conv/const: int32[4] = [0,2,3,1])
  %conv/conv_2d: float32[1,4,4,4] = CONV_2D(%conv/transpose, @conv/transpose_1: float32[4,3,3,3], @conv/bias: float32[4] = [0,0,0,0]) {stride_w=2 stride_h=2}
  %bias/add: float32[1,4,4,4] = ADD(%conv/conv_2d, @b: float32[4] = [1,2,3,4])
  %y/max_pool_2d: float32[1,2,4,4] = MAX_POOL_2D(%bias/add) {stride_w=1 stride_h=2 filter_width=2 filter_height=3}
  %y: float32[1,4,2,4] = TRANSPOSE(%y/max_pool_2d, @y/const: int32[4] = [0,3,1,2])
  return %y
}
)"},
    {"DepthwiseConv2dNative",
     [](TestFunction& f) {
       f.Input("x", {-1, 8, 8, 3}).Counting("w", {3, 3, 3, 2});
       f.Node("DepthwiseConv2dNative", "y", {"x", "w"},
              {{"strides", L{1, 2, 2, 1}}, {"padding", "SAME"}});
     },
     R"(graph f(%x: float32[?,8,8,3]) {
  %y: float32[?,4,4,6] = DEPTHWISE_CONV_2D(%x, @y/reshape: float32[1,3,3,6], @y/bias: float32[6] = [0,0,0,0,0,0]) {stride_w=2 stride_h=2 depth_multiplier=2}
  return %y
}
)"},
    {"Conv1D as Keras writes it",
     [](TestFunction& f) {
       f.Input("x", {-1, 8, 3})
           .Counting("w", {1, 3, 3, 4})
           .Ints("axis", {}, {1});
       f.Node("ExpandDims", "expand", {"x", "axis"});
       f.Node("Conv2D", "conv", {"expand", "w"}, kUnit);
       f.Node("Squeeze", "y", {"conv"}, {{"squeeze_dims", L{-3}}});
     },
     R"(graph f(%x: float32[?,8,3]) {
  %expand: float32[?,1,8,3] = RESHAPE(%x, @expand/const: int32[4] = [-1,1,8,3])
  %conv: float32[?,1,8,4] = CONV_2D(%expand, @conv/transpose: float32[4,1,3,3], @conv/bias: float32[4] = [0,0,0,0]) {stride_w=1 stride_h=1}
  %y: float32[?,8,4] = RESHAPE(%conv, @y/const: int32[3] = [-1,8,4])
  return %y
}
)"},
    {"Conv2DBackpropInput, unknown batch",
     [](TestFunction& f) {
       f.Input("x", {-1, 4, 4, 3}).Counting("w", {3, 3, 2, 3});
       f.Ints("b", {0}).Ints("e", {1}).Ints("s", {1});
       f.Ints("h", {}, {8}).Ints("c", {}, {2});
       f.Node("Shape", "shape", {"x"});
       f.Node("StridedSlice", "n", {"shape", "b", "e", "s"},
              {{"shrink_axis_mask", 1}});
       f.Node("Pack", "size", {"n", "h", "h", "c"});
       f.Node("Conv2DBackpropInput", "y", {"size", "w", "x"},
              {{"strides", L{1, 2, 2, 1}}, {"padding", "SAME"}});
     },
     R"(graph f(%x: float32[?,4,4,3]) {
  %shape: int32[4] = SHAPE(%x) {out_type=2}
  %n: int32[] = STRIDED_SLICE(%shape, @n/const: int32[1] = [0], @n/const_1: int32[1] = [1], @n/const_2: int32[1] = [1]) {shrink_axis_mask=1}
  %size: int32[4] = PACK(%n, @h: int32[] = [8], @h: int32[] = [8], @c: int32[] = [2]) {values_count=4}
  %y: float32[?,8,8,2] = TRANSPOSE_CONV(%size, @y/transpose: float32[2,3,3,3], %x) {stride_w=2 stride_h=2}
  return %y
}
)"},
    {"Conv2DBackpropInput, explicit padding",
     [](TestFunction& f) {
       f.Input("x", {1, 4, 4, 3}).Counting("w", {3, 3, 2, 3});
       f.Ints("size", {1, 7, 7, 2});
       f.Node("Conv2DBackpropInput", "y", {"size", "w", "x"},
              {{"strides", L{1, 2, 2, 1}},
               {"padding", "EXPLICIT"},
               {"explicit_paddings", L{0, 0, 1, 1, 0, 2, 0, 0}}});
     },
     R"(graph f(%x: float32[1,4,4,3]) {
  %y/transpose_conv: float32[1,9,9,2] = TRANSPOSE_CONV(@y/add: int32[4] = [1,9,9,2], @y/transpose: float32[2,3,3,3], %x) {padding=1 stride_w=2 stride_h=2}
  %y: float32[1,7,7,2] = SLICE(%y/transpose_conv, @y/const_1: int32[4] = [0,1,0,0], @size: int32[4] = [1,7,7,2])
  return %y
}
)"},
};

TEST(LowerConvolution, WritesTflite) { ExpectLowered(kConvolutions); }

TEST(LowerConvolution, AbsurdFilterIsNotAllocatedFor) {
  TestFunction f;
  f.Input("x", {1, 4, 4, 1}).Input("w", {1, 1, 1, INT32_MAX});
  f.Node("Conv2D", "y", {"x", "w"}, kUnit).Output("y", "y");
  EXPECT_THAT(LowerToText(f), testing::HasSubstr("output channels"));
}

}  // namespace liteforge::convolution_test
