// SPDX-License-Identifier: Apache-2.0
// Every layer and every function with configurations that make no sense: they
// may be refused or not, and nothing else may happen.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "import/keras/all_layers.h"
#include "import/keras/function_call.h"
#include "import/keras/keras_test_model.h"

namespace liteforge::hostile_layers_test {

// The numbers that the getters of a configuration can be asked for.
const char* const kKeys[] = {"units",
                             "filters",
                             "kernel_size",
                             "strides",
                             "dilation_rate",
                             "pool_size",
                             "size",
                             "axis",
                             "axes",
                             "num_heads",
                             "key_dim",
                             "value_dim",
                             "groups",
                             "output_size",
                             "target_shape",
                             "dims",
                             "n",
                             "padding",
                             "cropping",
                             "height",
                             "width",
                             "num_tokens",
                             "input_dim",
                             "output_dim",
                             "depth",
                             "frame_length",
                             "frame_step",
                             "depth_multiplier",
                             "output_padding",
                             "num_query_heads",
                             "num_key_value_heads",
                             "head_dim",
                             "max_value",
                             "mask_value",
                             "shared_axes",
                             "bin_boundaries",
                             "equation",
                             "cell",
                             "layer",
                             "node_def",
                             "quantizer",
                             "data_format",
                             "return_sequences",
                             "stateful"};

const char* const kValues[] = {
    "0",
    "-1",
    "2147483647",
    "1e300",
    "null",
    "\"x\"",
    "[]",
    "{}",
    "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18]",
    R"({"class_name":"LSTM","config":{"units":1000000000}})"};

std::vector<KerasWeight> SomeWeights(int count) {
  std::vector<KerasWeight> weights;
  for (int i = 0; i < count; ++i)
    weights.push_back(CountingWeight("w" + std::to_string(i), {3, 3}));
  return weights;
}

TEST(HostileLayers, NonsenseInConfigurations) {
  for (const std::string_view name : KerasLayerNames()) {
    for (const char* value : kValues) {
      SCOPED_TRACE(std::string(name) + " " + value);
      std::string config;
      for (const char* key : kKeys) {
        config +=
            (config.empty() ? "\"" : ",\"") + std::string(key) + "\":" + value;
      }
      for (const char* shape : {"3", "4,3", "5,4,3", "2,5,4,3"}) {
        for (const int weights : {0, 1, 2, 3}) {
          static_cast<void>(ImportKeras(OneLayer(2, std::string(name), config,
                                                 shape, SomeWeights(weights))));
        }
      }
    }
  }
}

TEST(HostileLayers, NothingInConfigurations) {
  for (const std::string_view name : KerasLayerNames()) {
    for (const int generation : {1, 2, 3}) {
      for (const char* shape : {"3", "null,3", "4,4,3", "null,null,null,3"}) {
        static_cast<void>(
            ImportKeras(OneLayer(generation, std::string(name), "", shape)));
      }
    }
  }
}

// A function on input "a" with every argument of one value.
KerasFile CallOf(std::string_view function, const std::string& value) {
  std::string arguments;
  for (const char* name : {"x2",
                           "y",
                           "axis",
                           "shape",
                           "newshape",
                           "perm",
                           "axes",
                           "keepdims",
                           "repeats",
                           "multiples",
                           "pad_width",
                           "paddings",
                           "size",
                           "indices",
                           "num_or_size_splits",
                           "num_split",
                           "begin",
                           "end",
                           "strides",
                           "slice_spec",
                           "depth",
                           "dtype",
                           "block_size",
                           "axis1",
                           "axis2",
                           "source",
                           "destination",
                           "begin_mask",
                           "shrink_axis_mask"}) {
    arguments +=
        (arguments.empty() ? "\"" : ",\"") + std::string(name) + "\":" + value;
  }
  return TestFile(
      2, R"({"class_name":"Functional","config":{"name":"m","layers":[
          {"class_name":"InputLayer","name":"a","config":{"name":"a",
           "batch_input_shape":[null,4,3]},"inbound_nodes":[]},
          {"class_name":"TFOpLambda","name":"l","config":{"name":"l",
           "function":")" +
             std::string(function) + R"("},"inbound_nodes":[["a",0,0,{)" +
             arguments + R"(}]]}],"input_layers":[["a",0,0]],
           "output_layers":[["l",0,0]]}})");
}

TEST(HostileLayers, NonsenseInCallsOfFunctions) {
  for (const auto table :
       {ImageFunctions(), MathFunctions(), ShapeFunctions()}) {
    for (const KerasFunction& function : table) {
      const std::string_view name =
          function.names.substr(0, function.names.find(' '));
      for (const char* value :
           {"0", "-1", "1", "2", "2147483647", "1.5", "\"x\"", "[]", "{}",
            "[[1,2],[3,4],[5,6]]", "[0,1,2]", "[2147483647,2147483647]",
            R"(["a",0,0])", R"({"class_name":1})",
            R"({"class_name":"__slice__"})",
            R"([{"start":"x","stop":{},"step":0}])", "[null,null,null]",
            "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]"}) {
        SCOPED_TRACE(std::string(name) + " " + value);
        static_cast<void>(ImportKeras(CallOf(name, value)));
      }
    }
  }
}

}  // namespace liteforge::hostile_layers_test
