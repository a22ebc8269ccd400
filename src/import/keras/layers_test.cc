// SPDX-License-Identifier: Apache-2.0
// One layer at a time: which operations it becomes and what shape comes out.
// Shapes are those that Keras documents for the layer.
#include <gmock/gmock.h>

#include <cmath>
#include <iterator>
#include <sstream>

#include "import/keras/layer_case.h"

namespace liteforge::layers_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> WordsOf(const std::string& text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
}

TEST(Layers, Dense) {
  const LayerCase cases[] = {
      {2,
       "Dense",
       R"("units":3)",
       "2",
       {{2, 3}, {3}},
       "MatMul BiasAdd",
       "[?,3]"},
      {1,
       "Dense",
       R"("output_dim":3,"bias":false,"activation":"relu")",
       "2",
       {{2, 3}},
       "MatMul Relu",
       "[?,3]"},
      {2,
       "Dense",
       R"("units":3)",
       "4,5,2",
       {{2, 3}, {3}},
       "Reshape MatMul Reshape BiasAdd",
       "[?,4,5,3]"},
      {3,
       "Dense",
       R"("units":3,"use_bias":false)",
       "null,2",
       {{2, 3}},
       "BatchMatMulV2",
       "[?,?,3]"},
  };
  for (const LayerCase& c : cases) Check(c);
}

TEST(Layers, Activations) {
  const std::pair<const char*, const char*> cases[] = {
      {"celu", "Elu"},
      {"elu", "Elu"},
      {"exponential", "Exp"},
      {"gelu", "RealDiv Mul Erf AddV2 Mul"},
      {"hard_shrink", "Abs Greater SelectV2"},
      {"hard_silu", "AddV2 Relu6 Mul Mul"},
      {"hard_swish", "AddV2 Relu6 Mul Mul"},
      {"hard_tanh", "Maximum Minimum"},
      {"leaky_relu", "LeakyRelu"},
      {"log_sigmoid", "Neg Softplus Neg"},
      {"log_softmax", "LogSoftmax"},
      {"mish", "Softplus Tanh Mul"},
      {"relu", "Relu"},
      {"relu6", "Relu6"},
      {"selu", "Selu"},
      {"sigmoid", "Sigmoid"},
      {"silu", "Sigmoid Mul"},
      {"soft_shrink", "Abs Sub Relu Sign Mul"},
      {"softmax", "Softmax"},
      {"softplus", "Softplus"},
      {"softsign", "Softsign"},
      {"sparse_plus", "AddV2 Square Mul Less SelectV2 Greater SelectV2"},
      {"sparse_sigmoid", "AddV2 Mul Maximum Minimum"},
      {"squareplus", "Square AddV2 Sqrt AddV2 Mul"},
      {"swish", "Sigmoid Mul"},
      {"tanh", "Tanh"},
      {"tanh_shrink", "Tanh Sub"},
  };
  for (const auto& [name, ops] : cases) {
    SCOPED_TRACE(name);
    const std::string config = "\"activation\":\"" + std::string(name) + "\"";
    const auto function = Imported(OneLayer(3, "Activation", config, "4,6"));
    // Operands of one expression are written in no particular order.
    EXPECT_THAT(WordsOf(OpsOf(function)),
                testing::UnorderedElementsAreArray(WordsOf(ops)));
    EXPECT_EQ(OutputShape(function), "[?,4,6]");
  }
}

TEST(Layers, ActivationsThatDiffer) {
  const LayerCase cases[] = {
      {2, "Activation", R"("activation":"linear")", "6", {}, "", "[?,6]"},
      {3,
       "Activation",
       R"("activation":"glu")",
       "6",
       {},
       "Split Sigmoid Mul",
       "[?,3]"},
      // A line of slope 0.2, and relu6(x + 3) / 6.
      {2,
       "Activation",
       R"("activation":"hard_sigmoid")",
       "6",
       {},
       "Mul AddV2 Maximum Minimum",
       "[?,6]"},
      {3,
       "Activation",
       R"("activation":"hard_sigmoid")",
       "6",
       {},
       "AddV2 Relu6 Mul",
       "[?,6]"},
      {3,
       "Activation",
       R"("activation":{"class_name":"function","config":"relu",
          "registered_name":"relu","module":"builtins"})",
       "6",
       {},
       "Relu",
       "[?,6]"},
      {2,
       "Activation",
       R"("activation":{"class_name":"LeakyReLU","config":{"alpha":0.5}})",
       "6",
       {},
       "LeakyRelu",
       "[?,6]"},
      {2,
       "Activation",
       R"("activation":{"class_name":"relu6","config":{}})",
       "6",
       {},
       "Relu6",
       "[?,6]"},
      {2,
       "Activation",
       R"("activation":"LeakyReLU")",
       "6",
       {},
       "LeakyRelu",
       "[?,6]"},
  };
  for (const LayerCase& c : cases) Check(c);
}

TEST(Layers, ActivationLayers) {
  const LayerCase cases[] = {
      {2, "ReLU", "", "6", {}, "Relu", "[?,6]"},
      {2, "ReLU", R"("max_value":6)", "6", {}, "Relu6", "[?,6]"},
      {2, "ReLU", R"("max_value":4)", "6", {}, "Relu Minimum", "[?,6]"},
      {2, "ReLU", R"("negative_slope":0.1)", "6", {}, "LeakyRelu", "[?,6]"},
      {2, "ReLU", R"("threshold":1)", "6", {}, "Greater Cast Mul", "[?,6]"},
      {2,
       "ReLU",
       R"("negative_slope":0.1,"max_value":6,"threshold":0)",
       "6",
       {},
       "Relu6 Neg Relu Mul Sub",
       "[?,6]"},
      {2, "ELU", R"("alpha":1)", "6", {}, "Elu", "[?,6]"},
      {2,
       "ThresholdedReLU",
       R"("theta":2)",
       "6",
       {},
       "Greater Cast Mul",
       "[?,6]"},
      {2, "Softmax", R"("axis":-1)", "4,6", {}, "Softmax", "[?,4,6]"},
      {2,
       "Softmax",
       R"("axis":1)",
       "4,6",
       {},
       "Transpose Softmax Transpose",
       "[?,4,6]"},
      {2,
       "Softmax",
       R"("axis":[1,2])",
       "4,6",
       {},
       "Max Sub Exp Sum RealDiv",
       "[?,4,6]"},
  };
  for (const LayerCase& c : cases) Check(c);
  const auto leaky = Imported(OneLayer(2, "LeakyReLU", "", "6"));
  EXPECT_FLOAT_EQ(NodesOf(leaky, "LeakyRelu")[0]->attr().at("alpha").f(), 0.3f);
  const auto slope =
      Imported(OneLayer(3, "LeakyReLU", R"("negative_slope":0.25)", "6"));
  EXPECT_FLOAT_EQ(NodesOf(slope, "LeakyRelu")[0]->attr().at("alpha").f(),
                  0.25f);
  const auto prelu =
      Imported(OneLayer(2, "PReLU", R"("shared_axes":[1,2])", "4,5,6",
                        {CountingWeight("a", {1, 1, 6})}));
  EXPECT_EQ(OutputShape(prelu), "[?,4,5,6]");
}

TEST(Layers, Pooling) {
  const LayerCase cases[] = {
      {2,
       "MaxPooling2D",
       R"("pool_size":[2,2],"strides":[2,2])",
       "7,8,3",
       {},
       "MaxPool",
       "[?,3,4,3]"},
      {2,
       "MaxPool2D",
       R"("pool_size":3,"strides":2,"padding":"same")",
       "7,null,3",
       {},
       "MaxPool",
       "[?,4,?,3]"},
      {2,
       "AveragePooling2D",
       R"("data_format":"channels_first")",
       "3,7,8",
       {},
       "AvgPool",
       "[?,3,3,4]"},
      {1,
       "MaxPooling1D",
       R"("pool_length":3,"stride":2,"border_mode":"valid")",
       "9,2",
       {},
       "ExpandDims MaxPool Squeeze",
       "[?,4,2]"},
      {2,
       "AveragePooling1D",
       R"("pool_size":[2],"strides":[2])",
       "null,2",
       {},
       "ExpandDims AvgPool Squeeze",
       "[?,?,2]"},
      {2,
       "AveragePooling1D",
       R"("data_format":"channels_first")",
       "2,9",
       {},
       "ExpandDims AvgPool Squeeze",
       "[?,2,4]"},
      {2, "GlobalAveragePooling2D", "", "7,8,3", {}, "Mean", "[?,3]"},
      {2,
       "GlobalMaxPool2D",
       R"("keepdims":true)",
       "7,8,3",
       {},
       "Max",
       "[?,1,1,3]"},
      {2,
       "GlobalAveragePooling1D",
       R"("data_format":"channels_first")",
       "2,9",
       {},
       "Mean",
       "[?,2]"},
      {2, "GlobalMaxPooling1D", "", "null,2", {}, "Max", "[?,2]"},
  };
  for (const LayerCase& c : cases) Check(c);
}

TEST(Layers, Reshaping) {
  const LayerCase cases[] = {
      {2, "Flatten", "", "4,5,6", {}, "Reshape", "[?,120]"},
      {2,
       "Flatten",
       R"("data_format":"channels_first")",
       "4,5,6",
       {},
       "Transpose Reshape",
       "[?,120]"},
      {2,
       "Flatten",
       "",
       "null,6",
       {},
       "Shape StridedSlice Pack Reshape",
       "[?,?]"},
      {2,
       "Reshape",
       R"("target_shape":[3,-1])",
       "4,6",
       {},
       "Reshape",
       "[?,3,8]"},
      {2,
       "Reshape",
       R"("target_shape":[2,2])",
       "null",
       {},
       "Reshape",
       "[?,2,2]"},
      {2,
       "Reshape",
       R"("target_shape":[-1,2])",
       "null,6",
       {},
       "Shape StridedSlice Pack Reshape",
       "[?,?,2]"},
      {3,
       "Permute",
       R"("dims":{"class_name":"__tuple__","items":[2,1]})",
       "null,6",
       {},
       "Transpose",
       "[?,6,?]"},
      {2, "RepeatVector", R"("n":3)", "6", {}, "ExpandDims Tile", "[?,3,6]"},
      {2, "Dropout", R"("rate":0.5)", "null,6", {}, "", "[?,?,6]"},
      {2, "SpatialDropout2D", "", "4,5,6", {}, "", "[?,4,5,6]"},
      {2,
       "ZeroPadding2D",
       R"("padding":[[0,1],[2,3]])",
       "4,5,6",
       {},
       "Pad",
       "[?,5,10,6]"},
      {2,
       "ZeroPadding2D",
       R"("padding":[1,2],"data_format":"channels_first")",
       "6,4,5",
       {},
       "Pad",
       "[?,6,6,9]"},
      {1,
       "ZeroPadding2D",
       R"("padding":[0,1,2,3])",
       "4,5,6",
       {},
       "Pad",
       "[?,5,10,6]"},
      {1,
       "ZeroPadding2D",
       R"("padding":{"top_pad":1,"right_pad":2})",
       "4,5,6",
       {},
       "Pad",
       "[?,5,7,6]"},
      {2,
       "ZeroPadding1D",
       R"("padding":[1,2])",
       "null,6",
       {},
       "Pad",
       "[?,?,6]"},
      {2,
       "Cropping2D",
       R"("cropping":[[0,1],[2,0]])",
       "4,5,6",
       {},
       "StridedSlice",
       "[?,3,3,6]"},
      {2,
       "Cropping1D",
       R"("cropping":1)",
       "4,6",
       {},
       "StridedSlice",
       "[?,2,6]"},
      {2,
       "UpSampling2D",
       R"("size":[2,3])",
       "4,5,6",
       {},
       "ResizeNearestNeighbor",
       "[?,8,15,6]"},
      {2,
       "UpSampling2D",
       R"("interpolation":"bilinear")",
       "4,null,6",
       {},
       "Shape StridedSlice Mul ResizeBilinear",
       "[?,8,?,6]"},
      {2,
       "UpSampling2D",
       R"("data_format":"channels_first")",
       "6,4,5",
       {},
       "Transpose ResizeNearestNeighbor Transpose",
       "[?,6,8,10]"},
      {1,
       "UpSampling1D",
       R"("length":3)",
       "4,6",
       {},
       "ExpandDims ResizeNearestNeighbor Squeeze",
       "[?,12,6]"},
      {2,
       "Rescaling",
       R"("scale":0.5,"offset":0)",
       "4,6",
       {},
       "Mul",
       "[?,4,6]"},
      {2,
       "Rescaling",
       R"("scale":[1,2,3],"offset":-1)",
       "4,3",
       {},
       "Mul AddV2",
       "[?,4,3]"},
      {2,
       "Normalization",
       R"("axis":[-1])",
       "4,3",
       {{3}, {3}, {}},
       "Sub RealDiv",
       "[?,4,3]"},
      {3,
       "Normalization",
       R"("axis":null,"mean":1,"variance":4)",
       "4,3",
       {},
       "Sub RealDiv",
       "[?,4,3]"},
  };
  for (const LayerCase& c : cases) Check(c);
}

// Layers of several inputs, on inputs [?,2,3] and what is given.
KerasFile Merging(int generation, const std::string& class_name,
                  const std::string& config, const std::string& second) {
  return TestFile(generation,
                  R"({"class_name":"Model","config":{"layers":[
      {"class_name":"InputLayer","name":"a","config":{
       "batch_input_shape":[null,2,3]},"inbound_nodes":[]},
      {"class_name":"InputLayer","name":"b","config":{
       "batch_input_shape":[null,)" +
                      second + R"(]},"inbound_nodes":[]},{"class_name":")" +
                      class_name + R"(","name":"l","config":{)" + config +
                      R"(},"inbound_nodes":[[["a",0,0],["b",0,0]]]}],
      "input_layers":[["a",0,0],["b",0,0]],"output_layers":[["l",0,0]]}})");
}

TEST(Layers, Merging) {
  struct MergeCase {
    int generation;
    const char *class_name, *config, *second, *ops, *output;
  };
  const MergeCase cases[] = {
      {2, "Add", "", "2,3", "AddV2", "[?,2,3]"},
      {2, "Subtract", "", "2,1", "Sub", "[?,2,3]"},
      {2, "Multiply", "", "3", "ExpandDims Mul", "[?,2,3]"},
      {2, "Average", "", "2,3", "AddV2 RealDiv", "[?,2,3]"},
      {2, "Maximum", "", "2,3", "Maximum", "[?,2,3]"},
      {2, "Minimum", "", "2,3", "Minimum", "[?,2,3]"},
      {2, "Concatenate", R"("axis":1)", "null,3", "ConcatV2", "[?,?,3]"},
      {2, "Concatenate", R"("axis":-1)", "2,5", "ConcatV2", "[?,2,8]"},
      {1, "Merge", R"("mode":"sum")", "2,3", "AddV2", "[?,2,3]"},
      {1, "Merge", R"("mode":"concat","concat_axis":2)", "2,5", "ConcatV2",
       "[?,2,8]"},
      {1, "Merge", R"("mode":"ave")", "2,3", "AddV2 RealDiv", "[?,2,3]"},
  };
  for (const MergeCase& c : cases) {
    SCOPED_TRACE(std::string(c.class_name) + " " + c.config);
    const auto function =
        Imported(Merging(c.generation, c.class_name, c.config, c.second));
    EXPECT_EQ(OpsOf(function), c.ops);
    EXPECT_EQ(OutputShape(function), c.output);
  }
  EXPECT_THAT(ErrorOf(Merging(1, "Merge", R"("mode":"dot")", "2,3")),
              HasSubstr("Merge mode 'dot' is not supported"));
  EXPECT_THAT(ErrorOf(Merging(2, "Add", "", "2,4")),
              HasSubstr("cannot be broadcast together"));
  EXPECT_THAT(ErrorOf(Merging(2, "Concatenate", R"("axis":5)", "2,4")),
              HasSubstr("'axis' is 5, its input has 3 dimensions"));
  EXPECT_THAT(ErrorOf(Merging(2, "ReLU", "", "2,3")),
              HasSubstr("takes one input, the model gives it 2"));
}

struct BadLayer {
  const char* class_name;
  const char* config;
  const char* input;
  const char* message;
};

TEST(Layers, RefuseWhatTheyCannotDo) {
  const BadLayer cases[] = {
      {"ReLU", R"("max_value":"x")", "2", "'max_value' is \"x\""},
      {"Permute", R"("dims":[1,1])", "2,3", "'dims' is no permutation"},
      {"RepeatVector", R"("n":0)", "2", "at least once"},
      {"RepeatVector", R"("n":2)", "2,3", "it repeats vectors"},
      {"Reshape", R"("target_shape":[5])", "4", "does not fit the shape"},
      {"Reshape", R"("target_shape":[-1,-1])", "4", "more than one dimension"},
      {"Reshape", R"("target_shape":[0])", "4", "does not fit the shape"},
      {"Reshape", R"("target_shape":[65536,65536,65536,65536])", "4",
       "does not fit the shape"},
      {"Reshape", "", "4", "has no 'target_shape'"},
      {"MaxPooling2D", R"("pool_size":[0,2])", "4,4,1", "of at least 1"},
      {"MaxPooling2D", "", "4,4", "must have 4 dimensions, it is [?,4,4]"},
      {"MaxPooling2D", R"("padding":"full")", "4,4,1", "padding 'full'"},
      {"MaxPooling2D", R"("data_format":"sideways")", "4,4,1",
       "'data_format' is \"sideways\""},
      {"ZeroPadding2D", R"("padding":[[1,2,3],[1,1]])", "4,4,1",
       "one or two per axis"},
      {"ZeroPadding2D", R"("padding":2147483647)", "4,4,1",
       "a dimension of its output would be 4294967298"},
      {"Cropping2D", R"("cropping":2)", "4,4,1",
       "a dimension of its output would be 0"},
      {"UpSampling2D", R"("interpolation":"cosine")", "4,4,1",
       "interpolation 'cosine'"},
      {"UpSampling2D", R"("size":2000000000)", "4,4,1", "would be 8000000000"},
      {"Softmax", R"("axis":9)", "4", "'axis' is 9"},
      {"Activation", R"("activation":"sparsemax")", "4",
       "activation 'sparsemax' is not one"},
      {"Activation", R"("activation":[1])", "4", "neither a name nor"},
      {"Activation", R"("activation":{"class_name":"Dense"})", "4",
       "activation 'Dense' is not one"},
  };
  for (const BadLayer& c : cases) {
    SCOPED_TRACE(std::string(c.class_name) + " {" + c.config + "}");
    const std::string error =
        ErrorOf(OneLayer(2, c.class_name, c.config, c.input));
    EXPECT_THAT(error, HasSubstr(c.message));
    EXPECT_THAT(error, HasSubstr("layer 'l' (" + std::string(c.class_name)));
  }
}

}  // namespace liteforge::layers_test
