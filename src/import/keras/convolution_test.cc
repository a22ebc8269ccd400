// SPDX-License-Identifier: Apache-2.0
// Convolution layers: shapes, attributes, and how older Kerases stored kernels.
#include <gmock/gmock.h>

#include "import/keras/keras_test_model.h"

namespace liteforge::convolution_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct ConvCase {
  int generation;
  const char* class_name;
  const char* config;
  const char* input;
  std::vector<Shape> weights;
  const char* ops;
  const char* output;
};

TEST(Convolution, ShapesOfEveryOption) {
  const ConvCase cases[] = {
      {2,
       "Conv2D",
       R"("filters":4,"kernel_size":[3,5],"strides":[2,1],
        "padding":"same","activation":"relu")",
       "7,8,2",
       {{3, 5, 2, 4}, {4}},
       "Conv2D BiasAdd Relu",
       "[?,4,8,4]"},
      {1,
       "Convolution2D",
       R"("nb_filter":4,"nb_row":3,"nb_col":5,
        "subsample":[1,2],"border_mode":"valid","dim_ordering":"tf",
        "bias":false)",
       "7,null,2",
       {{3, 5, 2, 4}},
       "Conv2D",
       "[?,5,?,4]"},
      {2,
       "Conv2D",
       R"("filters":4,"kernel_size":3,"dilation_rate":2,
        "data_format":"channels_first")",
       "2,7,8",
       {{3, 3, 2, 4}, {4}},
       "Conv2D BiasAdd",
       "[?,4,3,4]"},
      {2,
       "Conv2D",
       R"("filters":6,"kernel_size":1,"groups":2)",
       "7,8,4",
       {{1, 1, 2, 6}, {6}},
       "Conv2D BiasAdd",
       "[?,7,8,6]"},
      {1,
       "AtrousConvolution2D",
       R"("nb_filter":4,"nb_row":3,"nb_col":3,
        "atrous_rate":[2,2],"dim_ordering":"tf")",
       "7,8,2",
       {{3, 3, 2, 4}, {4}},
       "Conv2D BiasAdd",
       "[?,3,4,4]"},
      {2,
       "Conv1D",
       R"("filters":4,"kernel_size":[3],"strides":[2])",
       "9,2",
       {{3, 2, 4}, {4}},
       "ExpandDims Conv2D BiasAdd Squeeze",
       "[?,4,4]"},
      {2,
       "Conv1D",
       R"("filters":4,"kernel_size":[3],"padding":"causal",
        "dilation_rate":[2])",
       "9,2",
       {{3, 2, 4}, {4}},
       "ExpandDims Pad Conv2D BiasAdd Squeeze",
       "[?,9,4]"},
      {2,
       "Conv1D",
       R"("filters":4,"kernel_size":3,"use_bias":false,
        "data_format":"channels_first")",
       "2,null",
       {{3, 2, 4}},
       "ExpandDims Conv2D Squeeze",
       "[?,4,?]"},
      {1,
       "Convolution1D",
       R"("nb_filter":4,"filter_length":3,
        "subsample_length":2,"border_mode":"same")",
       "9,2",
       {{3, 1, 2, 4}, {4}},
       "ExpandDims Conv2D BiasAdd Squeeze",
       "[?,5,4]"},
      {2,
       "DepthwiseConv2D",
       R"("kernel_size":[3,3],"depth_multiplier":2,
        "padding":"same")",
       "7,8,3",
       {{3, 3, 3, 2}, {6}},
       "DepthwiseConv2dNative BiasAdd",
       "[?,7,8,6]"},
      {2,
       "DepthwiseConv1D",
       R"("kernel_size":3)",
       "9,3",
       {{3, 3, 1}, {3}},
       "ExpandDims DepthwiseConv2dNative BiasAdd Squeeze",
       "[?,7,3]"},
      {2,
       "SeparableConv2D",
       R"("filters":5,"kernel_size":[3,3],
        "strides":[2,2],"depth_multiplier":2,"activation":"tanh")",
       "7,8,3",
       {{3, 3, 3, 2}, {1, 1, 6, 5}, {5}},
       "DepthwiseConv2dNative Conv2D BiasAdd Tanh",
       "[?,3,3,5]"},
      {2,
       "SeparableConv2D",
       R"("filters":5,"kernel_size":[3,3],
        "data_format":"channels_first")",
       "3,7,8",
       {{3, 3, 3, 1}, {1, 1, 3, 5}, {5}},
       "DepthwiseConv2dNative Conv2D BiasAdd",
       "[?,5,5,6]"},
      {2,
       "SeparableConv1D",
       R"("filters":5,"kernel_size":3,
        "use_bias":false)",
       "9,3",
       {{3, 3, 1}, {1, 3, 5}},
       "ExpandDims DepthwiseConv2dNative Conv2D Squeeze",
       "[?,7,5]"},
  };
  for (const ConvCase& c : cases) {
    SCOPED_TRACE(std::string(c.class_name) + " {" + c.config + "}");
    std::vector<KerasWeight> weights;
    for (const Shape& shape : c.weights) {
      weights.push_back(
          CountingWeight("w" + std::to_string(weights.size()), shape));
    }
    const auto function = Imported(OneLayer(
        c.generation, c.class_name, c.config, c.input, std::move(weights)));
    EXPECT_EQ(OpsOf(function), c.ops);
    EXPECT_EQ(OutputShape(function), c.output);
  }
}

TEST(Convolution, AttributesFollowTheDataFormat) {
  const auto function = Imported(
      OneLayer(2, "Conv2D",
               R"("filters":1,"kernel_size":3,"strides":[2,3],"use_bias":false,
         "data_format":"channels_first")",
               "2,7,8", {CountingWeight("k", {3, 3, 2, 1})}));
  const tf::NodeDef& node = *NodesOf(function, "Conv2D").at(0);
  EXPECT_EQ(node.attr().at("data_format").s(), "NCHW");
  EXPECT_EQ(node.attr().at("padding").s(), "VALID");
  EXPECT_THAT(IntsOf(node, "strides"), ElementsAre(1, 1, 2, 3));
}

TEST(Convolution, CausalPaddingStandsBeforeTheFirstElement) {
  const auto function = Imported(OneLayer(
      2, "Conv1D",
      R"("filters":1,"kernel_size":3,"dilation_rate":2,"padding":"causal",
         "use_bias":false)",
      "9,1", {CountingWeight("k", {3, 1, 1})}));
  const auto values =
      function.constants.at(NodesOf(function, "Pad").at(0)->input(1))
          .ToVector<int32_t>();
  EXPECT_THAT(values, ElementsAre(0, 0, 0, 0, 4, 0, 0, 0));
}

// What the kernel [H, W, in, out] becomes, the stored values counting from 1.
std::vector<float> KernelOf(KerasFile file) {
  return FloatsOf(Imported(file), "l/kernel");
}

TEST(Convolution, Keras1ChannelsFirstKernels) {
  // [out 2, in 1, H 1, W 2] holds out 0: {1, 2}, out 1: {3, 4}.
  const KerasFile file =
      OneLayer(1, "Convolution2D",
               R"("nb_filter":2,"nb_row":1,"nb_col":2,"dim_ordering":"th",
         "bias":false)",
               "1,5,5", {CountingWeight("l_W", {2, 1, 1, 2})});
  EXPECT_THAT(KernelOf(file), ElementsAre(1, 3, 2, 4));
  EXPECT_EQ(OutputShape(Imported(file)), "[?,2,5,4]");
}

TEST(Convolution, Keras1OneDimensionalKernels) {
  const char* config = R"("nb_filter":2,"filter_length":3,"bias":false)";
  // [W 3, 1, in 1, out 2], as it is.
  EXPECT_THAT(KernelOf(OneLayer(1, "Convolution1D", config, "5,1",
                                {CountingWeight("l_W", {3, 1, 1, 2})})),
              ElementsAre(1, 2, 3, 4, 5, 6));
  // [out 2, in 1, W 3, 1]: out 0 is {1, 2, 3}.
  EXPECT_THAT(KernelOf(OneLayer(1, "Convolution1D", config, "5,1",
                                {CountingWeight("l_W", {2, 1, 3, 1})})),
              ElementsAre(1, 4, 2, 5, 3, 6));
}

TEST(Convolution, TheanoKernelsAreTurned) {
  // [H 2, W 2, in 1, out 2]
  KerasFile file =
      OneLayer(2, "Conv2D", R"("filters":2,"kernel_size":2,"use_bias":false)",
               "5,5,1", {CountingWeight("k", {2, 2, 1, 2})});
  EXPECT_THAT(KernelOf(file), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
  file.backend = "theano";
  EXPECT_THAT(KernelOf(file), ElementsAre(7, 8, 5, 6, 3, 4, 1, 2));
}

struct BadConv {
  const char* config;
  Shape kernel;
  const char* message;
};

TEST(Convolution, KernelsThatDoNotFit) {
  const BadConv cases[] = {
      {R"("filters":4,"kernel_size":3)",
       {3, 3, 2, 5},
       "does not fit its input"},
      {R"("filters":4,"kernel_size":3)",
       {3, 3, 7, 4},
       "does not fit its input"},
      {R"("filters":4,"kernel_size":5)",
       {3, 3, 2, 4},
       "its stored kernel is [3,3,2,4], its configuration asks for [5,5,?,?]"},
      {R"("filters":4,"kernel_size":3)", {3, 2, 4}, "its stored kernel is"},
      {R"("filters":4,"kernel_size":3)", {3, 3, 0, 4}, "its stored kernel is"},
      {R"("filters":4,"kernel_size":3,"groups":0)",
       {3, 3, 2, 4},
       "with 0 groups"},
      {R"("filters":4,"kernel_size":[3])", {3, 3, 2, 4}, "2 integers"},
      {R"("filters":4,"kernel_size":3,"strides":0)",
       {3, 3, 2, 4},
       "'strides' is 0, it must be 2 integers of at least 1"},
      {R"("filters":4,"kernel_size":3,"padding":"causal")",
       {3, 3, 2, 4},
       "padding 'causal'"},
      {R"("kernel_size":3)", {3, 3, 2, 4}, "has no 'filters'"},
  };
  for (const BadConv& c : cases) {
    SCOPED_TRACE(std::string(c.config) + c.kernel.ToString());
    const std::string config = std::string(c.config) + R"(,"use_bias":false)";
    const std::string error = ErrorOf(OneLayer(
        2, "Conv2D", config, "7,8,2", {CountingWeight("kernel", c.kernel)}));
    EXPECT_THAT(error, HasSubstr(c.message));
    EXPECT_THAT(error, HasSubstr("layer 'l' (Conv2D): "));
  }
}

}  // namespace liteforge::convolution_test
