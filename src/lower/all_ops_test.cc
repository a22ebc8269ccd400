// SPDX-License-Identifier: Apache-2.0
// What each family emits: TensorFlow nodes in, ir::Print out.
#include "lower/all_ops.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <string_view>

#include "lower/test_function.h"

namespace liteforge {
namespace {

using L = std::vector<int64_t>;  // a list attribute

struct Case {
  const char* name;
  void (*build)(TestFunction&);
  const char* expected;
};

const TestAttributes kUnit = {{"strides", L{1, 1, 1, 1}}, {"padding", "SAME"}};

const TestAttributes kNchw = {
    {"strides", L{1, 1, 2, 2}}, {"padding", "SAME"}, {"data_format", "NCHW"}};

const Case kConvolutions[] = {
    {"Conv2D, weights [0][w][i][o] to [o][0][w][i]",
     [](TestFunction& f) {
       f.Input("x", {1, 8, 8, 2}).Counting("w", {1, 2, 2, 2});
       f.Node("Conv2D", "y", {"x", "w"}, kUnit);
     },
     R"(graph main(%x: float32[1,8,8,2]) {
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
     R"(graph main(%x: float32[1,8,8,2]) {
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
     R"(graph main(%x: float32[?,8,8,3]) {
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
     R"(graph main(%x: float32[1,8,8,3]) {
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
     R"(graph main(%x: float32[1,4,4,4]) {
  %y: float32[1,4,4,6] = CONV_2D(%x, @y/transpose: float32[6,1,1,2], @y/bias: float32[6] = [0,0,0,0,0,0]) {stride_w=1 stride_h=1}
  return %y
}
)"},
    {"Conv2D, a group per channel",
     [](TestFunction& f) {
       f.Input("x", {1, 4, 4, 4}).Counting("w", {3, 3, 1, 8});
       f.Node("Conv2D", "y", {"x", "w"}, kUnit);
     },
     R"(graph main(%x: float32[1,4,4,4]) {
  %y: float32[1,4,4,8] = DEPTHWISE_CONV_2D(%x, @y/reshape: float32[1,3,3,8], @y/bias: float32[8] = [0,0,0,0,0,0,0,0]) {stride_w=1 stride_h=1 depth_multiplier=2}
  return %y
}
)"},
    {"Conv2D, computed filter",
     [](TestFunction& f) {
       f.Input("x", {1, 4, 4, 2}).Input("w", {1, 1, 2, 3});
       f.Node("Conv2D", "y", {"x", "w"}, kUnit);
     },
     R"(graph main(%x: float32[1,4,4,2], %w: float32[1,1,2,3]) {
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
     R"(graph main(%x: float32[1,3,8,8]) {
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
     R"(graph main(%x: float32[?,8,8,3]) {
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
     R"(graph main(%x: float32[?,8,3]) {
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
     R"(graph main(%x: float32[?,4,4,3]) {
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
     R"(graph main(%x: float32[1,4,4,3]) {
  %y/transpose_conv: float32[1,9,9,2] = TRANSPOSE_CONV(@y/add: int32[4] = [1,9,9,2], @y/transpose: float32[2,3,3,3], %x) {padding=1 stride_w=2 stride_h=2}
  %y: float32[1,7,7,2] = SLICE(%y/transpose_conv, @y/const_1: int32[4] = [0,1,0,0], @size: int32[4] = [1,7,7,2])
  return %y
}
)"},
};

const Case kLayers[] = {
    {"Dense",
     [](TestFunction& f) {
       f.Input("x", {-1, 2}).Floats("w", {2, 3}, {1, 2, 3, 4, 5, 6});
       f.Floats("b", {3}, {7, 8, 9});
       f.Node("MatMul", "dense/MatMul", {"x", "w"});
       f.Node("BiasAdd", "dense/BiasAdd", {"dense/MatMul", "b"});
       f.Node("Softmax", "y", {"dense/BiasAdd"});
     },
     R"(graph main(%x: float32[?,2]) {
  %dense/MatMul: float32[?,3] = FULLY_CONNECTED(%x, @dense/MatMul/transpose: float32[3,2] = [1,4,2,5,3,6], none)
  %dense/BiasAdd: float32[?,3] = ADD(%dense/MatMul, @b: float32[3] = [7,8,9])
  %y: float32[?,3] = SOFTMAX(%dense/BiasAdd) {beta=1}
  return %y
}
)"},
    {"MatMul, transpositions given",
     [](TestFunction& f) {
       f.Input("x", {2, 4}).Floats("w", {3, 2}, {1, 2, 3, 4, 5, 6});
       f.Node("MatMul", "y", {"x", "w"},
              {{"transpose_a", true}, {"transpose_b", true}});
     },
     R"(graph main(%x: float32[2,4]) {
  %y/transpose: float32[4,2] = TRANSPOSE(%x, @y/const: int32[2] = [1,0])
  %y: float32[4,3] = FULLY_CONNECTED(%y/transpose, @w: float32[3,2] = [1,2,3,4,5,6], none)
  return %y
}
)"},
    {"MatMul of computed matrices",
     [](TestFunction& f) {
       f.Input("a", {2, 4}).Input("b", {4, 3}).Node("MatMul", "y", {"a", "b"});
     },
     R"(graph main(%a: float32[2,4], %b: float32[4,3]) {
  %y/transpose: float32[3,4] = TRANSPOSE(%b, @y/const: int32[2] = [1,0])
  %y: float32[2,3] = FULLY_CONNECTED(%a, %y/transpose, none)
  return %y
}
)"},
    {"BatchMatMul by one matrix",
     [](TestFunction& f) {
       f.Input("x", {-1, 5, 2}).Floats("w", {2, 3}, {1, 2, 3, 4, 5, 6});
       f.Node("BatchMatMulV2", "y", {"x", "w"});
     },
     R"(graph main(%x: float32[?,5,2]) {
  %y: float32[?,5,3] = FULLY_CONNECTED(%x, @y/transpose: float32[3,2] = [1,4,2,5,3,6], none) {keep_num_dims=1}
  return %y
}
)"},
    {"BatchMatMul",
     [](TestFunction& f) {
       f.Input("a", {-1, 5, 2}).Input("b", {-1, 3, 2});
       f.Node("BatchMatMulV2", "y", {"a", "b"}, {{"adj_y", true}});
     },
     R"(graph main(%a: float32[?,5,2], %b: float32[?,3,2]) {
  %y: float32[?,5,3] = BATCH_MATMUL(%a, %b) {adj_y=1}
  return %y
}
)"},
    {"FusedBatchNormV3",
     [](TestFunction& f) {
       f.Input("x", {-1, 4, 4, 2}).Floats("scale", {2}, {2, 4});
       f.Floats("offset", {2}, {1, 1}).Floats("mean", {2}, {3, 5});
       f.Floats("variance", {2}, {0.75f, 3.75f});
       f.Node("FusedBatchNormV3", "y",
              {"x", "scale", "offset", "mean", "variance"},
              {{"epsilon", 0.25f}, {"is_training", false}});
     },
     R"(graph main(%x: float32[?,4,4,2]) {
  %y/mul_2: float32[?,4,4,2] = MUL(%x, @y/mul: float32[2] = [2,2])
  %y: float32[?,4,4,2] = ADD(%y/mul_2, @y/sub: float32[2] = [-5,-9])
  return %y
}
)"},
    {"FusedBatchNorm NCHW",
     [](TestFunction& f) {
       f.Input("x", {-1, 2, 4, 4}).Floats("scale", {2}, {2, 4});
       f.Floats("offset", {2}, {1, 1}).Floats("mean", {2}, {3, 5});
       f.Floats("variance", {2}, {0.75f, 3.75f});
       f.Node("FusedBatchNorm", "y",
              {"x", "scale", "offset", "mean", "variance"},
              {{"epsilon", 0.25f},
               {"is_training", false},
               {"data_format", "NCHW"}});
     },
     R"(graph main(%x: float32[?,2,4,4]) {
  %y/mul_2: float32[?,2,4,4] = MUL(%x, @y/reshape: float32[2,1,1] = [2,2])
  %y: float32[?,2,4,4] = ADD(%y/mul_2, @y/reshape_1: float32[2,1,1] = [-5,-9])
  return %y
}
)"},
    {"AvgPool",
     [](TestFunction& f) {
       f.Input("x", {-1, 8, 8, 3});
       f.Node("AvgPool", "y", {"x"},
              {{"ksize", L{1, 2, 3, 1}},
               {"strides", L{1, 2, 1, 1}},
               {"padding", "VALID"}});
     },
     R"(graph main(%x: float32[?,8,8,3]) {
  %y: float32[?,4,6,3] = AVERAGE_POOL_2D(%x) {padding=1 stride_w=1 stride_h=2 filter_width=3 filter_height=2}
  return %y
}
)"},
    {"LRN",
     [](TestFunction& f) {
       f.Input("x", {1, 2, 2, 8});
       f.Node("LRN", "y", {"x"}, {{"depth_radius", 2}, {"alpha", 0.5f}});
     },
     R"(graph main(%x: float32[1,2,2,8]) {
  %y: float32[1,2,2,8] = LOCAL_RESPONSE_NORMALIZATION(%x) {radius=2 bias=1 alpha=0.5 beta=0.5}
  return %y
}
)"},
};

const Case kElementwise[] = {
    {"LeakyRelu",
     [](TestFunction& f) {
       f.Input("x", {2}).Node("LeakyRelu", "y", {"x"}, {{"alpha", 0.5f}});
     },
     R"(graph main(%x: float32[2]) {
  %y: float32[2] = LEAKY_RELU(%x) {alpha=0.5}
  return %y
}
)"},
    {"Relu6 of integers",
     [](TestFunction& f) {
       f.Input("x", {2}, DataType::kInt32).Node("Relu6", "y", {"x"});
     },
     R"(graph main(%x: int32[2]) {
  %y/maximum: int32[2] = MAXIMUM(%x, @y/const: int32[] = [0])
  %y: int32[2] = MINIMUM(%y/maximum, @y/const_1: int32[] = [6])
  return %y
}
)"},
    {"Softplus",
     [](TestFunction& f) { f.Input("x", {2}).Node("Softplus", "y", {"x"}); },
     R"(graph main(%x: float32[2]) {
  %y/abs: float32[2] = ABS(%x)
  %y/neg: float32[2] = NEG(%y/abs)
  %y/exp: float32[2] = EXP(%y/neg)
  %y/add: float32[2] = ADD(%y/exp, @y/const: float32[] = [1])
  %y/log: float32[2] = LOG(%y/add)
  %y/relu: float32[2] = RELU(%x)
  %y: float32[2] = ADD(%y/relu, %y/log)
  return %y
}
)"},
    {"Softsign",
     [](TestFunction& f) { f.Input("x", {2}).Node("Softsign", "y", {"x"}); },
     R"(graph main(%x: float32[2]) {
  %y/abs: float32[2] = ABS(%x)
  %y/add: float32[2] = ADD(%y/abs, @y/const: float32[] = [1])
  %y: float32[2] = DIV(%x, %y/add)
  return %y
}
)"},
    {"Selu",
     [](TestFunction& f) { f.Input("x", {2}).Node("Selu", "y", {"x"}); },
     R"(graph main(%x: float32[2]) {
  %y/relu: float32[2] = RELU(%x)
  %y/mul: float32[2] = MUL(%y/relu, @y/const_1: float32[] = [1.0507])
  %y/minimum: float32[2] = MINIMUM(%x, @y/const: float32[] = [0])
  %y/elu: float32[2] = ELU(%y/minimum)
  %y/mul_1: float32[2] = MUL(%y/elu, @y/const_2: float32[] = [1.7581])
  %y: float32[2] = ADD(%y/mul, %y/mul_1)
  return %y
}
)"},
    {"GELU, 0.5 x (1 + erf(x / sqrt 2))",
     [](TestFunction& f) {
       f.Input("x", {2}).Floats("half", {}, {0.5f}).Floats("one", {}, {1});
       f.Floats("root", {}, {1.41421356f});
       f.Node("RealDiv", "scaled", {"x", "root"}).Node("Erf", "e", {"scaled"});
       f.Node("Mul", "half_x", {"half", "x"}).Node("AddV2", "s", {"one", "e"});
       f.Node("Mul", "y", {"half_x", "s"});
     },
     R"(graph main(%x: float32[2]) {
  %y: float32[2] = GELU(%x)
  return %y
}
)"},
    {"GELU, x (0.5 (1 + erf(x * 0.707)))",
     [](TestFunction& f) {
       f.Input("x", {2}).Floats("half", {}, {0.5f}).Floats("one", {}, {1});
       f.Floats("root", {}, {0.70710678f});
       f.Node("Mul", "scaled", {"x", "root"}).Node("Erf", "e", {"scaled"});
       f.Node("AddV2", "s", {"e", "one"}).Node("Mul", "h", {"s", "half"});
       f.Node("Mul", "y", {"x", "h"});
     },
     R"(graph main(%x: float32[2]) {
  %y: float32[2] = GELU(%x)
  return %y
}
)"},
    {"Cast, Round, Square of integers",
     [](TestFunction& f) {
       f.Input("x", {2});
       f.Node("Round", "r", {"x"});
       f.Node("Cast", "i", {"r"}, {{"DstT", DataType::kInt32}});
       f.Node("Floor", "same", {"i"}).Node("Square", "y", {"same"});
     },
     R"(graph main(%x: float32[2]) {
  %r: float32[2] = ROUND(%x)
  %i: int32[2] = CAST(%r) {out_data_type=2}
  %y: int32[2] = MUL(%i, %i)
  return %y
}
)"},
    {"AddN",
     [](TestFunction& f) {
       f.Input("a", {2}).Input("b", {2}).Input("c", {2});
       f.Node("AddN", "one", {"a"}).Node("AddN", "two", {"one", "b"});
       f.Node("AddN", "y", {"two", "b", "c"});
     },
     R"(graph main(%a: float32[2], %b: float32[2], %c: float32[2]) {
  %two: float32[2] = ADD(%a, %b)
  %y: float32[2] = ADD_N(%two, %b, %c)
  return %y
}
)"},
    {"Select",
     [](TestFunction& f) {
       f.Input("c", {2}, DataType::kBool).Input("a", {2}).Input("b", {2});
       f.Node("LogicalNot", "n", {"c"}).Node("SelectV2", "s", {"n", "a", "b"});
       f.Node("Select", "y", {"c", "s", "b"});
     },
     R"(graph main(%c: bool[2], %a: float32[2], %b: float32[2]) {
  %n: bool[2] = LOGICAL_NOT(%c)
  %s: float32[2] = SELECT_V2(%n, %a, %b)
  %y: float32[2] = SELECT(%c, %s, %b)
  return %y
}
)"},
};

const Case kShapes[] = {
    {"Flatten: Reshape(x, Pack(Shape(x)[0], 12))",
     [](TestFunction& f) {
       f.Input("x", {-1, 3, 4}).Ints("b", {0}).Ints("e", {1}).Ints("s", {1});
       f.Ints("n", {}, {12});
       f.Node("Shape", "shape", {"x"});
       f.Node("StridedSlice", "batch", {"shape", "b", "e", "s"},
              {{"shrink_axis_mask", 1}});
       f.Node("Pack", "dims", {"batch", "n"})
           .Node("Reshape", "y", {"x", "dims"});
     },
     R"(graph main(%x: float32[?,3,4]) {
  %y: float32[?,12] = RESHAPE(%x, @y/const: int32[2] = [-1,12])
  return %y
}
)"},
    {"Reshape by the product of the trailing dimensions",
     [](TestFunction& f) {
       f.Input("x", {-1, 3, 4}).Ints("b", {1}).Ints("e", {0}).Ints("s", {1});
       f.Ints("axis", {0}).Ints("any", {1}, {-1}).Ints("zero", {}, {0});
       f.Node("Shape", "shape", {"x"}, {{"out_type", DataType::kInt64}});
       f.Node("StridedSlice", "tail", {"shape", "b", "e", "s"},
              {{"end_mask", 1}});
       f.Node("Prod", "count", {"tail", "axis"}, {{"keep_dims", true}});
       f.Node("Cast", "narrow", {"count"}, {{"DstT", DataType::kInt32}});
       f.Node("ConcatV2", "dims", {"any", "narrow", "zero"});
       f.Node("Reshape", "y", {"x", "dims"});
     },
     R"(graph main(%x: float32[?,3,4]) {
  %y: float32[?,12] = RESHAPE(%x, @y/const: int32[2] = [-1,12])
  return %y
}
)"},
    {"two unknown dimensions stay computed",
     [](TestFunction& f) {
       f.Input("x", {-1, -1, 4}).Ints("p", {1, 0, 2}).Ints("axis", {}, {0});
       f.Node("Shape", "shape", {"x"});
       f.Node("GatherV2", "dims", {"shape", "p", "axis"});
       f.Node("Reshape", "y", {"x", "dims"});
     },
     R"(graph main(%x: float32[?,?,4]) {
  %shape: int32[3] = SHAPE(%x) {out_type=2}
  %dims: int32[3] = GATHER(%shape, @p: int32[3] = [1,0,2])
  %y: float32[?,?,?] = RESHAPE(%x, %dims)
  return %y
}
)"},
    {"Shape, Size and Rank of a static tensor are constants",
     [](TestFunction& f) {
       f.Input("x", {3, 4});
       f.Node("Size", "size", {"x"}).Node("Rank", "rank", {"x"});
       f.Node("Shape", "shape", {"x"});
       f.Node("AddV2", "a", {"size", "rank"})
           .Node("AddV2", "y", {"shape", "a"});
     },
     R"(graph main(%x: float32[3,4]) {
  return @y: int32[2] = [17,18]
}
)"},
    {"Squeeze and ExpandDims with one and two unknown dimensions",
     [](TestFunction& f) {
       f.Input("x", {-1, 1, 5}).Input("z", {-1, 1, -1}).Ints("axis", {}, {-1});
       f.Node("Squeeze", "a", {"x"}, {{"squeeze_dims", L{1}}});
       f.Node("ExpandDims", "y1", {"a", "axis"}).Output("y1", "y1");
       f.Node("Squeeze", "b", {"z"}, {{"squeeze_dims", L{1}}});
       f.Node("ExpandDims", "y", {"b", "axis"});
     },
     R"(graph main(%x: float32[?,1,5], %z: float32[?,1,?]) {
  %a: float32[?,5] = RESHAPE(%x, @a/const: int32[2] = [-1,5])
  %y1: float32[?,5,1] = RESHAPE(%a, @y1/const: int32[3] = [-1,5,1])
  %b: float32[?,?] = SQUEEZE(%z) {squeeze_dims=[1]}
  %y: float32[?,?,1] = EXPAND_DIMS(%b, @axis: int32[] = [-1])
  return %y1, %y
}
)"},
    {"StridedSlice: x[..., tf.newaxis, 1, ::-2]",
     [](TestFunction& f) {
       f.Input("x", {-1, 5, 6}).Ints("b", {0, 0, 1, 0});
       f.Ints("e", {0, 0, 2, 0}).Ints("s", {1, 1, 1, -2});
       f.Node("StridedSlice", "y", {"x", "b", "e", "s"},
              {{"ellipsis_mask", 1},
               {"new_axis_mask", 2},
               {"shrink_axis_mask", 4},
               {"begin_mask", 8},
               {"end_mask", 8}});
     },
     R"(graph main(%x: float32[?,5,6]) {
  %y/strided_slice: float32[?,3] = STRIDED_SLICE(%x, @y/const: int32[3] = [0,1,0], @y/const_1: int32[3] = [0,2,0], @y/const_2: int32[3] = [1,1,-2]) {begin_mask=5 end_mask=5 shrink_axis_mask=2}
  %y: float32[?,1,3] = RESHAPE(%y/strided_slice, @y/const_3: int32[3] = [-1,1,3])
  return %y
}
)"},
    {"Slice with int64 bounds",
     [](TestFunction& f) {
       f.Input("x", {5, 6});
       f.Constant<int64_t>("b", {2}, {1, 2}, DataType::kInt64);
       f.Constant<int64_t>("n", {2}, {-1, 3}, DataType::kInt64);
       f.Node("Slice", "y", {"x", "b", "n"});
     },
     R"(graph main(%x: float32[5,6]) {
  %y: float32[4,3] = SLICE(%x, @y/cast: int32[2] = [1,2], @y/cast_1: int32[2] = [-1,3])
  return %y
}
)"},
    {"Concat and Split",
     [](TestFunction& f) {
       f.Input("x", {-1, 6}).Ints("axis", {}, {-1}).Ints("one", {}, {1});
       f.Node("Split", "parts", {"one", "x"}, {{"num_split", 2}});
       f.Node("ConcatV2", "y", {"parts:1", "parts", "axis"});
     },
     R"(graph main(%x: float32[?,6]) {
  %parts: float32[?,3], %parts:1: float32[?,3] = SPLIT(@one: int32[] = [1], %x) {num_splits=2}
  %y: float32[?,6] = CONCATENATION(%parts:1, %parts) {axis=1}
  return %y
}
)"},
    {"SplitV and Unpack",
     [](TestFunction& f) {
       f.Input("x", {2, 6}).Ints("sizes", {2, 4}).Ints("one", {}, {1});
       f.Node("SplitV", "parts", {"x", "sizes", "one"}, {{"num_split", 2}});
       f.Node("Unpack", "rows", {"parts:1"}, {{"num", 2}, {"axis", 0}});
       f.Node("AddV2", "y", {"rows", "rows:1"}).Output("first", "parts");
     },
     R"(graph main(%x: float32[2,6]) {
  %first: float32[2,2], %parts:1: float32[2,4] = SPLIT_V(%x, @sizes: int32[2] = [2,4], @one: int32[] = [1]) {num_splits=2}
  %rows: float32[4], %rows:1: float32[4] = UNPACK(%parts:1) {num=2}
  %y: float32[4] = ADD(%rows, %rows:1)
  return %first, %y
}
)"},
    {"Transpose of a transposition and of a constant",
     [](TestFunction& f) {
       f.Input("x", {2, 3}).Floats("c", {2, 3}, {1, 2, 3, 4, 5, 6});
       f.Ints("p", {1, 0}).Ints("same", {0, 1});
       f.Node("Transpose", "tx", {"x", "p"})
           .Node("Transpose", "tc", {"c", "p"});
       f.Node("AddV2", "sum", {"tx", "tc"});
       f.Node("Transpose", "y", {"sum", "same"});
     },
     R"(graph main(%x: float32[2,3]) {
  %tx: float32[3,2] = TRANSPOSE(%x, @tx/const: int32[2] = [1,0])
  %y: float32[3,2] = ADD(%tx, @tc: float32[3,2] = [1,4,2,5,3,6])
  return %y
}
)"},
    {"Pad, PadV2, MirrorPad",
     [](TestFunction& f) {
       f.Input("x", {4}).Ints("p", {1, 2}, {1, 2}).Floats("v", {}, {9});
       f.Node("Pad", "a", {"x", "p"}).Node("PadV2", "b", {"a", "p", "v"});
       f.Node("MirrorPad", "y", {"b", "p"}, {{"mode", "SYMMETRIC"}});
     },
     R"(graph main(%x: float32[4]) {
  %a: float32[7] = PAD(%x, @p: int32[1,2] = [1,2])
  %b: float32[10] = PADV2(%a, @p: int32[1,2] = [1,2], @v: float32[] = [9])
  %y: float32[13] = MIRROR_PAD(%b, @p: int32[1,2] = [1,2]) {mode=1}
  return %y
}
)"},
};

const Case kRest[] = {
    {"Mean over height and width, and over nothing",
     [](TestFunction& f) {
       f.Input("x", {-1, 4, 4, 3}).Ints("hw", {1, 2}).Ints("none", {0}, {});
       f.Node("Max", "same", {"x", "none"});
       f.Node("Mean", "y", {"same", "hw"}, {{"keep_dims", true}});
     },
     R"(graph main(%x: float32[?,4,4,3]) {
  %y: float32[?,1,1,3] = MEAN(%x, @hw: int32[2] = [1,2]) {keep_dims=1}
  return %y
}
)"},
    {"reduction axes in int64",
     [](TestFunction& f) {
       f.Input("x", {2, 3});
       f.Constant<int64_t>("axis", {}, {-1}, DataType::kInt64);
       f.Node("Prod", "y", {"x", "axis"});
     },
     R"(graph main(%x: float32[2,3]) {
  %y: float32[2] = REDUCE_PROD(%x, @y/cast: int32[] = [-1])
  return %y
}
)"},
    {"Gather with batch dimensions",
     [](TestFunction& f) {
       f.Input("x", {2, 3, 4}).Input("i", {2, 5}, DataType::kInt32);
       f.Ints("axis", {}, {-2});
       f.Node("GatherV2", "y", {"x", "i", "axis"}, {{"batch_dims", -1}});
     },
     R"(graph main(%x: float32[2,3,4], %i: int32[2,5]) {
  %y: float32[2,5,4] = GATHER(%x, %i) {axis=1 batch_dims=1}
  return %y
}
)"},
    {"ResizeBilinear of bytes",
     [](TestFunction& f) {
       f.Input("x", {1, 2, 2, 3}, DataType::kUInt8).Ints("size", {4, 6});
       f.Node("ResizeBilinear", "y", {"x", "size"},
              {{"half_pixel_centers", true}});
     },
     R"(graph main(%x: uint8[1,2,2,3]) {
  %y/cast: float32[1,2,2,3] = CAST(%x) {in_data_type=3}
  %y: float32[1,4,6,3] = RESIZE_BILINEAR(%y/cast, @size: int32[2] = [4,6]) {half_pixel_centers=1}
  return %y
}
)"},
    {"ArgMax, TopKV2",
     [](TestFunction& f) {
       f.Input("x", {2, 9}).Ints("axis", {}, {1}).Ints("k", {}, {3});
       f.Node("ArgMax", "a", {"x", "axis"}).Output("a", "a");
       f.Node("TopKV2", "t", {"x", "k"}).Output("i", "t:1");
       f.Node("Neg", "y", {"t"});
     },
     R"(graph main(%x: float32[2,9]) {
  %a: int64[2] = ARG_MAX(%x, @axis: int32[] = [1]) {output_type=4}
  %t: float32[2,3], %i: int32[2,3] = TOPK_V2(%x, @k: int32[] = [3])
  %y: float32[2,3] = NEG(%t)
  return %a, %i, %y
}
)"},
    {"OneHot, Tile, Fill, OnesLike",
     [](TestFunction& f) {
       f.Input("i", {2}, DataType::kInt32).Ints("depth", {}, {3});
       f.Floats("on", {}, {1}).Floats("off", {}, {0}).Ints("m", {1, 2});
       f.Node("OneHot", "h", {"i", "depth", "on", "off"}, {{"axis", -1}});
       f.Node("Tile", "t", {"h", "m"}).Node("OnesLike", "o", {"t"});
       f.Node("Sub", "y", {"o", "t"});
     },
     R"(graph main(%i: int32[2]) {
  %h: float32[2,3] = ONE_HOT(%i, @depth: int32[] = [3], @on: float32[] = [1], @off: float32[] = [0]) {axis=-1}
  %t: float32[2,6] = TILE(%h, @m: int32[2] = [1,2])
  %o: float32[2,6] = FILL(@o/shape: int32[2] = [2,6], @o/const: float32[] = [1])
  %y: float32[2,6] = SUB(%o, %t)
  return %y
}
)"},
    {"DepthToSpace NCHW",
     [](TestFunction& f) {
       f.Input("x", {1, 8, 2, 3});
       f.Node("DepthToSpace", "y", {"x"},
              {{"block_size", 2}, {"data_format", "NCHW"}});
     },
     R"(graph main(%x: float32[1,8,2,3]) {
  %y/transpose: float32[1,2,3,8] = TRANSPOSE(%x, @y/const: int32[4] = [0,2,3,1])
  %y/depth_to_space: float32[1,4,6,2] = DEPTH_TO_SPACE(%y/transpose) {block_size=2}
  %y: float32[1,2,4,6] = TRANSPOSE(%y/depth_to_space, @y/const_1: int32[4] = [0,3,1,2])
  return %y
}
)"},
    {"SpaceToBatchND, BatchToSpaceND, ReverseV2, Cumsum",
     [](TestFunction& f) {
       f.Input("x", {1, 4, 4, 3}).Ints("block", {2, 2}).Ints("axis", {1});
       f.Ints("zero", {2, 2}, {0, 0, 0, 0}).Ints("last", {}, {3});
       f.Node("SpaceToBatchND", "s", {"x", "block", "zero"});
       f.Node("BatchToSpaceND", "b", {"s", "block", "zero"});
       f.Node("ReverseV2", "r", {"b", "axis"});
       f.Node("Cumsum", "y", {"r", "last"}, {{"exclusive", true}});
     },
     R"(graph main(%x: float32[1,4,4,3]) {
  %s: float32[4,2,2,3] = SPACE_TO_BATCH_ND(%x, @block: int32[2] = [2,2], @zero: int32[2,2] = [0,0,0,0])
  %b: float32[1,4,4,3] = BATCH_TO_SPACE_ND(%s, @block: int32[2] = [2,2], @zero: int32[2,2] = [0,0,0,0])
  %r: float32[1,4,4,3] = REVERSE_V2(%b, @axis: int32[1] = [1])
  %y: float32[1,4,4,3] = CUMSUM(%r, @last: int32[] = [3]) {exclusive=1}
  return %y
}
)"},
};

// Every case has the output "y", besides those it names itself.
void Check(std::span<const Case> cases) {
  for (const Case& test : cases) {
    SCOPED_TRACE(test.name);
    TestFunction f;
    test.build(f);
    f.Output("y", "y");
    EXPECT_EQ(LowerToText(f), test.expected);
  }
}

TEST(AllOps, Convolutions) { Check(kConvolutions); }
TEST(AllOps, Layers) { Check(kLayers); }
TEST(AllOps, Elementwise) { Check(kElementwise); }
TEST(AllOps, Shapes) { Check(kShapes); }
TEST(AllOps, Rest) { Check(kRest); }

TEST(AllOps, AbsurdFilterIsNotAllocatedFor) {
  TestFunction f;
  f.Input("x", {1, 4, 4, 1}).Input("w", {1, 1, 1, INT32_MAX});
  f.Node("Conv2D", "y", {"x", "w"}, kUnit).Output("y", "y");
  EXPECT_THAT(LowerToText(f), testing::HasSubstr("output channels"));
}

// What an operation without a TFLite counterpart is written as, computed and
// held against its definition.
struct Numeric {
  const char* op;
  double (*definition)(double);
  double tolerance;  // absolute below 1, relative above
};

constexpr Numeric kNumeric[] = {
    {"Erf", [](double x) { return std::erf(x); }, 4.5e-7},
    {"Log1p", [](double x) { return std::log1p(std::abs(x)); }, 1e-6},
    {"Reciprocal", [](double x) { return 1 / x; }, 1e-6},
    {"Selu",
     [](double x) {
       return 1.0507009873554805 *
              (x > 0 ? x : 1.6732632423543772 * std::expm1(x));
     },
     3e-7},
    {"Softplus", [](double x) { return x > 30 ? x : std::log1p(std::exp(x)); },
     3e-7},
    {"Softsign", [](double x) { return x / (1 + std::abs(x)); }, 1e-7},
};

TEST(AllOps, DecompositionsComputeTheirDefinition) {
  for (const Numeric& test : kNumeric) {
    std::vector<float> xs;
    for (int i = -4001; i <= 4001; i += 2)
      xs.push_back(static_cast<float>(i) * 0.0025f);
    for (float x : {-100.0f, 100.0f, -1e-6f, 1e-6f}) xs.push_back(x);
    if (test.op == std::string_view("Log1p"))
      for (float& x : xs) x = std::abs(x);
    TestFunction f;
    f.Floats("x", {static_cast<int32_t>(xs.size())}, xs);
    f.Node(test.op, "y", {"x"}).Output("y", "y");
    SmallEvaluator evaluator;
    auto module = Lower(f.function(), evaluator);
    ASSERT_TRUE(module) << module.error().ToString();
    const ir::Value* y = (*module)->graphs[0]->outputs()[0];
    ASSERT_TRUE(y->is_constant()) << test.op;
    const std::vector<float> ys = y->ToVector<float>();
    ASSERT_EQ(ys.size(), xs.size());
    for (size_t i = 0; i < xs.size(); ++i) {
      const double wanted = test.definition(xs[i]);
      EXPECT_NEAR(ys[i], wanted,
                  test.tolerance * std::max(1.0, std::abs(wanted)))
          << test.op << " of " << xs[i];
    }
  }
}

TEST(AllOps, NamesAreUniqueAndFound) {
  const auto ops = AllTfOps();
  for (size_t i = 0; i < ops.size(); ++i) {
    if (i > 0) {
      EXPECT_LT(ops[i - 1]->name, ops[i]->name);
    }
    EXPECT_EQ(FindTfOp(ops[i]->name), ops[i]);
  }
  EXPECT_EQ(FindTfOp("NoSuchOperation"), nullptr);
  EXPECT_EQ(FindTfOp(""), nullptr);
}

}  // namespace
}  // namespace liteforge
