// SPDX-License-Identifier: Apache-2.0
#include "import/keras/import_keras.h"

#include <gmock/gmock.h>

#include "import/keras/keras_test_model.h"

namespace liteforge::import_keras_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<KerasLayerWeights> DenseWeights(
    std::initializer_list<std::pair<std::string, std::pair<int, int>>> layers) {
  std::vector<KerasLayerWeights> all;
  for (const auto& [name, size] : layers) {
    all.push_back(
        {name,
         {CountingWeight(name + "/kernel:0", {size.first, size.second}),
          CountingWeight(name + "/bias:0", {size.second})}});
  }
  return all;
}

std::string NamesOf(const std::vector<FunctionArgument>& arguments) {
  std::string names;
  for (const auto& argument : arguments) {
    names +=
        (names.empty() ? "" : " ") + argument.name + argument.shape.ToString();
  }
  return names;
}

//----------------------------------------------------------------- Sequential

struct SequentialCase {
  const char* what;
  int generation;
  const char* model;
  const char* inputs;
};

TEST(ImportSequential, EveryWayOfStatingTheInput) {
  const SequentialCase cases[] = {
      {"Keras 1 list", 1,
       R"({"class_name":"Sequential","config":[{"class_name":"Dense","config":
          {"name":"d","output_dim":3,"batch_input_shape":[null,2],
           "input_dtype":"float32","bias":true,"activation":"linear"}}]})",
       "d_input[?,2]"},
      {"Keras 2 dictionary, InputLayer", 2,
       R"({"class_name":"Sequential","config":{"name":"s","layers":[
          {"class_name":"InputLayer","config":{"name":"x",
           "batch_input_shape":[4,2],"dtype":"float32"}},
          {"class_name":"Dense","config":{"name":"d","units":3}}]}})",
       "x[?,2]"},
      {"Keras 2 without a stated shape", 2,
       R"({"class_name":"Sequential","config":{"name":"s","layers":[
          {"class_name":"Dense","config":{"name":"d","units":3}}],
           "build_input_shape":[null,2]}})",
       "d_input[?,2]"},
      {"Keras 3", 3,
       R"({"class_name":"Sequential","module":"keras","registered_name":null,
          "config":{"name":"s","layers":[
          {"class_name":"InputLayer","module":"keras.layers",
           "config":{"name":"x","batch_shape":[null,2],"dtype":"float32"}},
          {"class_name":"Dense","module":"keras.layers","config":
           {"name":"d","units":3,"dtype":{"class_name":"DTypePolicy",
            "config":{"name":"float32"}}}}]}})",
       "x[?,2]"},
      {"Keras 3 build_config", 3,
       R"({"class_name":"Sequential","config":{"layers":[
          {"class_name":"Dense","config":{"name":"d","units":3}}]},
          "build_config":{"input_shape":{"class_name":"__tuple__",
          "items":[null,2]}}})",
       "d_input[?,2]"},
      {"input_dim", 2,
       R"({"class_name":"Sequential","config":[{"class_name":"Dense","config":
          {"name":"d","units":3,"input_dim":2}}]})",
       "d_input[?,2]"},
  };
  for (const SequentialCase& c : cases) {
    SCOPED_TRACE(c.what);
    const auto function = Imported(
        TestFile(c.generation, c.model, DenseWeights({{"d", {2, 3}}})));
    EXPECT_EQ(NamesOf(function.inputs), c.inputs);
    EXPECT_THAT(NamesOf(function.outputs), HasSubstr("d["));
    EXPECT_EQ(OpsOf(function), "MatMul BiasAdd");
    EXPECT_EQ(function.name, "serving_default");
    EXPECT_EQ(function.source, "model.h5");
    EXPECT_THAT(FloatsOf(function, "d/kernel"), ElementsAre(1, 2, 3, 4, 5, 6));
  }
}

TEST(ImportSequential, ModelInsideFindsItsWeightsByName) {
  const auto file =
      TestFile(2, R"({"class_name":"Sequential","config":{"name":"s","layers":[
        {"class_name":"Sequential","config":{"name":"inner","layers":[
          {"class_name":"Dense","config":{"name":"a","units":2,
           "batch_input_shape":[null,2]}},
          {"class_name":"BatchNormalization","config":{"name":"bn","axis":[1]}},
          {"class_name":"Dense","config":{"name":"b","units":2}}]}},
        {"class_name":"Dense","config":{"name":"c","units":1}}]}})",
               {{"inner",
                 {CountingWeight("a/kernel:0", {2, 2}, 10),
                  CountingWeight("a/bias:0", {2}, 20),
                  CountingWeight("bn/gamma:0", {2}, 30),
                  CountingWeight("bn/beta:0", {2}, 40),
                  CountingWeight("b/kernel:0", {2, 2}, 50),
                  CountingWeight("b/bias:0", {2}, 60),
                  CountingWeight("bn/moving_mean:0", {2}, 0),
                  CountingWeight("bn/moving_variance:0", {2}, 1)}},
                {"c",
                 {CountingWeight("c/kernel:0", {2, 1}),
                  CountingWeight("c/bias:0", {1})}}});
  const auto function = Imported(file);
  EXPECT_EQ(NamesOf(function.inputs), "inner_input[?,2]");
  EXPECT_EQ(NamesOf(function.outputs), "c[?,1]");
  EXPECT_THAT(FloatsOf(function, "inner/b/kernel"),
              ElementsAre(50, 51, 52, 53));
  // scale = gamma / sqrt(variance + epsilon)
  EXPECT_NEAR(FloatsOf(function, "inner/bn/scale").at(0), 30 / 1.0004999, 1e-3);

  // TensorFlow renamed all of them: Keras' order decides, with the same result.
  KerasFile renamed = file;
  for (KerasWeight& weight : renamed.weights[0].weights) {
    weight.name = "w" + weight.name.substr(weight.name.find('/'));
  }
  const auto again = Imported(renamed);
  EXPECT_EQ(FloatsOf(again, "inner/b/kernel"),
            FloatsOf(function, "inner/b/kernel"));
  EXPECT_EQ(FloatsOf(again, "inner/bn/offset"),
            FloatsOf(function, "inner/bn/offset"));

  // One is gone.
  renamed.weights[0].weights.pop_back();
  EXPECT_THAT(ErrorOf(renamed), HasSubstr("layer 'inner' (Sequential) has 7 "
                                          "weights stored, its layers need 8"));
}

// Weights of layers inside are shared out by Keras' order: those of layers
// that were not trained stand behind all others.
TEST(ImportSequential, UntrainedLayersStandLast) {
  const auto function =
      Imported(TestFile(2, R"({"class_name":"Sequential","config":[
       {"class_name":"Sequential","config":{"name":"inner","layers":[
         {"class_name":"Dense","config":{"name":"a","units":1,
          "use_bias":false,"trainable":false,"batch_input_shape":[null,1]}},
         {"class_name":"Dense","config":{"name":"b","units":1,
          "use_bias":false}},
         {"class_name":"Dropout","config":{"name":"r"}}]}}]})",
                        {{"inner",
                          {CountingWeight("x/kernel:0", {1, 1}, 5),
                           CountingWeight("y/kernel:0", {1, 1}, 7)}}}));
  EXPECT_THAT(FloatsOf(function, "inner/a/kernel"), ElementsAre(7));
  EXPECT_THAT(FloatsOf(function, "inner/b/kernel"), ElementsAre(5));
}

TEST(ImportSequential, HalfPrecisionWeightsBecomeFloats) {
  KerasFile file =
      OneLayer(2, "Dense", R"("units":1,"use_bias":false)", "2",
               {{"k",
                 DataType::kFloat16,
                 {2, 1},
                 Blob::Own(std::vector<uint16_t>{0x3c00, 0xc500})}});
  const auto function = Imported(file);
  EXPECT_THAT(FloatsOf(function, "l/kernel"), ElementsAre(1, -5));
  EXPECT_EQ(function.outputs[0].type, DataType::kFloat32);
}

//----------------------------------------------------------------- functional

// Two inputs, a shared layer, two outputs of one layer.
constexpr const char* kShared2 = R"({"class_name":"Model","config":{"name":"m",
  "layers":[
   {"class_name":"InputLayer","name":"a","config":{"name":"a",
    "batch_input_shape":[null,2],"dtype":"float32"},"inbound_nodes":[]},
   {"class_name":"InputLayer","name":"b","config":{"name":"b",
    "batch_input_shape":[null,2],"dtype":"float32"},"inbound_nodes":[]},
   {"class_name":"Dense","name":"d","config":{"name":"d","units":3},
    "inbound_nodes":[[["a",0,0,{}]],[["b",0,0,{"training":false}]]]},
   {"class_name":"Concatenate","name":"c","config":{"name":"c","axis":-1},
    "inbound_nodes":[[["d",1,0,{}],["d",0,0,{}]]]}],
  "input_layers":[["b",0,0],["a",0,0]],
  "output_layers":[["d",0,0],["d",1,0],["c",0,0]]}})";

TEST(ImportFunctional, SharedLayersKeepOneConstant) {
  const auto function =
      Imported(TestFile(2, kShared2, DenseWeights({{"d", {2, 3}}})));
  EXPECT_EQ(NamesOf(function.inputs), "b[?,2] a[?,2]");
  EXPECT_EQ(NamesOf(function.outputs), "d[?,3] d_1[?,3] c[?,6]");
  const auto products = NodesOf(function, "MatMul");
  ASSERT_EQ(products.size(), 2u);
  EXPECT_EQ(products[0]->input(0), "a");
  EXPECT_EQ(products[1]->input(0), "b");
  EXPECT_EQ(products[0]->input(1), products[1]->input(1));
  EXPECT_EQ(function.constants.count("d/kernel_1"), 0u);
  const auto joined = NodesOf(function, "ConcatV2");
  ASSERT_EQ(joined.size(), 1u);
  EXPECT_EQ(joined[0]->input(0), function.outputs[1].tensor);
}

TEST(ImportFunctional, Keras3References) {
  const auto tensor = [](const std::string& layer, int call) {
    return R"({"class_name":"__keras_tensor__","config":{"shape":[null,2],
      "dtype":"float32","keras_history":[")" +
           layer + "\"," + std::to_string(call) + ",0]}}";
  };
  const std::string model =
      R"({"class_name":"Functional","module":"keras","config":{"name":"m",
      "layers":[
       {"class_name":"InputLayer","name":"a","module":"keras.layers",
        "config":{"name":"a","batch_shape":[null,2]},"inbound_nodes":[]},
       {"class_name":"Dense","name":"d","config":{"name":"d","units":2},
        "inbound_nodes":[{"args":[)" +
      tensor("a", 0) + R"(],"kwargs":{"training":null}},{"args":[)" +
      tensor("d", 0) + R"(],"kwargs":{}}]},
       {"class_name":"Add","name":"s","config":{"name":"s"},
        "inbound_nodes":[{"args":[[)" +
      tensor("d", 0) + "," + tensor("d", 1) + R"(]],"kwargs":{}}]}],
      "input_layers":[["a",0,0]],"output_layers":["s",0,0]}})";
  const auto function =
      Imported(TestFile(3, model, DenseWeights({{"d", {2, 2}}})));
  EXPECT_EQ(OpsOf(function), "MatMul BiasAdd MatMul BiasAdd AddV2");
  EXPECT_EQ(NamesOf(function.outputs), "s[?,2]");
}

TEST(ImportFunctional, ModelAsALayerCountsItsCallsFromOne) {
  const auto function = Imported(
      TestFile(2, R"({"class_name":"Functional","config":{"name":"m","layers":[
       {"class_name":"InputLayer","name":"x","config":{"name":"x",
        "batch_input_shape":[null,2]},"inbound_nodes":[]},
       {"class_name":"Functional","name":"in","config":{"name":"in","layers":[
         {"class_name":"InputLayer","name":"i","config":{"name":"i",
          "batch_input_shape":[null,2]},"inbound_nodes":[]},
         {"class_name":"Dense","name":"d","config":{"name":"d","units":2},
          "inbound_nodes":[[["i",0,0,{}]]]}],
         "input_layers":[["i",0,0]],"output_layers":[["d",0,0]]},
        "inbound_nodes":[[["x",0,0,{}]],[["in",1,0,{}]]]}],
       "input_layers":[["x",0,0]],"output_layers":[["in",2,0]]}})",
               {{"in",
                 {CountingWeight("d/kernel:0", {2, 2}),
                  CountingWeight("d/bias:0", {2})}}}));
  EXPECT_EQ(OpsOf(function), "MatMul BiasAdd MatMul BiasAdd");
  EXPECT_EQ(NamesOf(function.outputs), "in[?,2]");
  EXPECT_EQ(NodesOf(function, "MatMul")[1]->input(0), "in/d/BiasAdd");
}

TEST(ImportFunctional, NamesThatAreNoNodeNames) {
  const auto function =
      Imported(TestFile(2, R"({"class_name":"Model","config":{"layers":[
       {"class_name":"InputLayer","name":"my input:0","config":{
        "batch_input_shape":[null,2]},"inbound_nodes":[]},
       {"class_name":"Activation","name":"^a b","config":{"activation":"relu"},
        "inbound_nodes":[[["my input:0",0,0]]]}],
       "input_layers":[["my input:0",0,0]],"output_layers":[["^a b",0,0]]}})"));
  EXPECT_EQ(NamesOf(function.inputs), "my input:0[?,2]");
  EXPECT_EQ(function.inputs[0].tensor, "my_input_0");
  EXPECT_EQ(NamesOf(function.outputs), "^a b[?,2]");
  EXPECT_EQ(function.outputs[0].tensor, "layer_a_b/Relu");
}

//-------------------------------------------------------------------- refused

TEST(ImportKeras, NamesEveryLayerItCannotImport) {
  const auto file = TestFile(2, R"({"class_name":"Sequential","config":[
       {"class_name":"Activation","config":{"name":"a",
        "batch_input_shape":[null,2],"activation":"Custom>wavy"}},
       {"class_name":"Lambda","config":{"name":"f"}},
       {"class_name":"Custom>Dense","config":{"name":"mine","units":2}},
       {"class_name":"Dense","module":"my.layers","config":{"name":"yours"}},
       {"class_name":"Dense","config":{"name":"d","units":2}}]})",
                             DenseWeights({{"d", {2, 2}}}));
  const auto function = ImportKeras(file);
  ASSERT_FALSE(function.has_value());
  EXPECT_EQ(function.error().code, ErrorCode::kUnsupported);
  const std::string message = function.error().ToString();
  EXPECT_THAT(message, HasSubstr("4 layers cannot be imported"));
  EXPECT_THAT(message, HasSubstr("'a' (Activation): activation 'Custom>wavy'"));
  EXPECT_THAT(message, HasSubstr("'f' (Lambda): its Python code cannot be "
                                 "read; export the model as a SavedModel"));
  EXPECT_THAT(message, HasSubstr("'mine' (Custom>Dense)"));
  EXPECT_THAT(message, HasSubstr("'yours' (Dense)"));

  const auto rows = SummarizeKeras(file);
  ASSERT_EQ(rows.size(), 6u);
  EXPECT_EQ(rows[0].name, "a_input");
  EXPECT_EQ(rows[0].output_shape, "[?,2]");
  EXPECT_FALSE(rows[1].converts);
  EXPECT_FALSE(rows[2].converts);
  EXPECT_TRUE(rows[5].converts);
  EXPECT_EQ(rows[5].parameters, 6);
}

TEST(SummarizeKeras, NestedModelsLayerByLayer) {
  const auto rows = SummarizeKeras(TestFile(
      2, R"({"class_name":"Sequential","config":[{"class_name":"Sequential",
        "config":{"name":"in","layers":[{"class_name":"Dense","config":{
        "name":"d","units":3,"batch_input_shape":[null,5,2]}}]}}]})",
      {{"in",
        {CountingWeight("d/kernel:0", {2, 3}),
         CountingWeight("d/bias:0", {3})}}}));
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[2].name, "in/d");
  EXPECT_EQ(rows[2].output_shape, "[?,5,3]");
  EXPECT_EQ(rows[2].parameters, 9);
  EXPECT_TRUE(rows[2].converts);
}

struct BadCase {
  const char* model;
  const char* message;
};

TEST(ImportKeras, ContradictionsAreErrors) {
  const std::string head =
      R"({"class_name":"Model","config":{"name":"m","layers":[
      {"class_name":"InputLayer","name":"x","config":{
       "batch_input_shape":[null,2]},"inbound_nodes":[]},)";
  const BadCase cases[] = {
      {R"({"class_name":"R","name":"r","inbound_nodes":[[["y",0,0]]]}],
         "input_layers":[["x",0,0]],"output_layers":[["r",0,0]]}})",
       "layer 'r' (R): takes the output of layer 'y', which the model does "
       "not"},
      {R"({"class_name":"ReLU","name":"r","inbound_nodes":[[["x",1,0]]]}],
         "input_layers":[["x",0,0]],"output_layers":[["r",0,0]]}})",
       "takes the output of call 1 of layer 'x', which has 1"},
      {R"({"class_name":"ReLU","name":"r","inbound_nodes":[[["x",0,7]]]}],
         "input_layers":[["x",0,0]],"output_layers":[["r",0,0]]}})",
       "layer 'x' (InputLayer) has no output 7"},
      {R"({"class_name":"ReLU","name":"r","inbound_nodes":[[["x",-1,0]]]}],
         "input_layers":[["x",0,0]],"output_layers":[["r",0,0]]}})",
       "takes the output of call -1"},
      {R"({"class_name":"ReLU","name":"r","inbound_nodes":[[["x",0,-4]]]}],
         "input_layers":[["x",0,0]],"output_layers":[["r",0,0]]}})",
       "takes output -4 of layer 'x'"},
      {R"({"class_name":"ReLU","name":"r","inbound_nodes":[[["r",0,0]]]}],
         "input_layers":[["x",0,0]],"output_layers":[["r",0,0]]}})",
       "the connections form a cycle"},
      {R"({"class_name":"Add","name":"p","inbound_nodes":[[["x",0,0],
         ["q",0,0]]]},{"class_name":"ReLU","name":"q",
         "inbound_nodes":[[["p",0,0]]]}],
         "input_layers":[["x",0,0]],"output_layers":[["q",0,0]]}})",
       "the connections form a cycle"},
      {R"({"class_name":"ReLU","name":"x","inbound_nodes":[[["x",0,0]]]}],
         "input_layers":[["x",0,0]],"output_layers":[["x",0,0]]}})",
       "two layers are named 'x'"},
      {R"({"class_name":"ReLU","name":"r","inbound_nodes":[[["x",0,0]]]}],
         "input_layers":[["x",0,0]],"output_layers":[]}})",
       "the model has no outputs"},
      {R"({"class_name":"ReLU","name":"r","inbound_nodes":[[["x",0,0]]]}],
         "input_layers":7,"output_layers":[["r",0,0]]}})",
       "the model has no inputs"},
      {R"({"class_name":"ReLU","name":"r","inbound_nodes":[[["x",0,0]]]}],
         "input_layers":[["r",0,0]],"output_layers":[["r",0,0]]}})",
       "input_layers names 'r', which is no InputLayer"},
      {R"({"class_name":"ReLU","name":"r","inbound_nodes":[[]]}],
         "input_layers":[["x",0,0]],"output_layers":[["r",0,0]]}})",
       "layer 'r' (ReLU) is given no input"},
      {R"({"class_name":"InputLayer","name":"z","config":{
         "batch_input_shape":[null,2]}},{"class_name":"Add","name":"r",
         "inbound_nodes":[[["x",0,0],["z",0,0]]]}],
         "input_layers":[["x",0,0]],"output_layers":[["r",0,0]]}})",
       "'z' (InputLayer) is not among the model's input_layers"},
      {R"({"class_name":"ReLU","name":"r","inbound_nodes":[[["x",0,0,
         {"scale":2}]]]}],"input_layers":[["x",0,0]],
         "output_layers":[["r",0,0]]}})",
       "called with the argument 'scale'"},
      {R"({"name":"r","inbound_nodes":[[["x",0,0]]]}],
         "input_layers":[["x",0,0]],"output_layers":[["r",0,0]]}})",
       "has no class_name"},
      {R"(3],"input_layers":[["x",0,0]],"output_layers":[["x",0,0]]}})",
       "has no class_name"},
  };
  for (const BadCase& c : cases) {
    SCOPED_TRACE(c.model);
    EXPECT_THAT(ErrorOf(TestFile(2, head + c.model)), HasSubstr(c.message));
  }
}

TEST(ImportKeras, DamagedSequentialsAreErrors) {
  const BadCase cases[] = {
      {R"({"class_name":"Sequential","config":[]})", "has no layers"},
      {R"({"class_name":"Sequential","config":{"layers":5}})", "has no layers"},
      {R"({"class_name":"Sequential","config":{}})", "has no layers"},
      {R"({"class_name":"Mine","config":{"a":1}})", "a model of class 'Mine'"},
      {R"({"class_name":"Sequential","config":[{"class_name":"ReLU",
         "config":{}}]})",
       "does not say what shape its input has"},
      {R"({"class_name":"Sequential","config":[{"class_name":"ReLU",
         "config":{"batch_input_shape":[null,0]}}]})",
       "positive dimensions"},
      {R"({"class_name":"Sequential","config":[{"class_name":"ReLU",
         "config":{"batch_input_shape":[null,1e300]}}]})",
       "positive dimensions"},
      {R"({"class_name":"Sequential","config":[{"class_name":"ReLU",
         "config":{"batch_input_shape":[1,1,1,1,1,1,1,1,1]}}]})",
       "at most 8 dimensions"},
      {R"({"class_name":"Sequential","config":[{"class_name":"Dense",
         "config":{"name":"d","batch_input_shape":[null,2],"units":"x"}}]})",
       "has 0 weights stored, it needs 2 (kernel, bias)"},
      {R"({"class_name":"Sequential","config":[{"class_name":"Dense",
         "config":{"name":"d","batch_input_shape":[null,2],
         "use_bias":"x"}}]})",
       "'use_bias' is \"x\", it must be true or false"},
      {R"({"class_name":"Sequential","config":[
         {"class_name":"InputLayer","config":{"batch_shape":[1,2]}},
         {"class_name":"InputLayer","config":{"batch_shape":[1,2]}}]})",
       "more than one InputLayer"},
      {R"({"class_name":"Sequential","config":[{"class_name":"Merge",
         "config":{"layers":[]}}]})",
       "starts with a Merge of other models"},
  };
  for (const BadCase& c : cases) {
    SCOPED_TRACE(c.model);
    EXPECT_THAT(ErrorOf(TestFile(2, c.model)), HasSubstr(c.message));
  }
}

// A model with a layer that is a model that has a layer that…
std::string Nested(int depth, int calls) {
  std::string model = R"({"class_name":"ReLU","config":{"name":"r",
    "batch_input_shape":[null,2]}})";
  for (int i = 0; i < depth; ++i) {
    std::string layers = model;
    for (int k = 1; k < calls; ++k) layers += "," + model;
    model = R"({"class_name":"Sequential","config":{"name":"s","layers":[)" +
            layers + "]}}";
  }
  return model;
}

TEST(ImportKeras, DeepNestingEnds) {
  EXPECT_EQ(OpsOf(Imported(TestFile(2, Nested(20, 1)))), "Relu");
  EXPECT_THAT(ErrorOf(TestFile(2, Nested(60, 1))), HasSubstr("nested more"));
}

// Each level calls the one below 8 times: 8^15 calls of the innermost layer.
TEST(ImportKeras, CallsWithoutEndAreAnError) {
  std::string inner = R"({"class_name":"Sequential","name":"m","config":{
    "name":"m","layers":[{"class_name":"ReLU","config":{"name":"r",
    "batch_input_shape":[null,2]}}]})";
  for (int level = 0; level < 15; ++level) {
    const std::string calls = R"([[["x",0,0]],[["m",0,0]],[["m",1,0]],
      [["m",2,0]],[["m",3,0]],[["m",4,0]],[["m",5,0]],[["m",6,0]]])";
    inner = R"({"class_name":"Model","name":"m","config":{"name":"m","layers":[
      {"class_name":"InputLayer","name":"x","config":{
       "batch_input_shape":[null,2]}},)" +
            inner + R"(,"inbound_nodes":)" + calls +
            R"(}],"input_layers":[["x",0,0]],"output_layers":[["m",7,0]]})";
  }
  EXPECT_THAT(ErrorOf(TestFile(2, inner + "}")), HasSubstr("more than 100000"));
}

KerasFile WithOwnLayers() {
  return TestFile(2,
                  R"({"class_name":"Sequential","config":[
          {"class_name":"Own","config":{"name":"first","kind":"odd",
           "kernel_initializer":"zeros","batch_input_shape":[null,3]}},
          {"class_name":"ReLU","config":{"name":"r"}},
          {"class_name":"Other","config":{"name":"last"}}]})");
}

TEST(ImportKeras, UnknownLayersAreNamedWithTheirConfiguration) {
  const std::string error = ErrorOf(WithOwnLayers());
  EXPECT_THAT(error, HasSubstr("2 layers cannot be imported"));
  EXPECT_THAT(error,
              HasSubstr("layer 'first' (Own): layers of class Own cannot "
                        "be imported with {\"kind\":\"odd\"}; export"));
  EXPECT_THAT(error, HasSubstr("--skip-layer last"));
}

TEST(ImportKeras, SkippedLayersPassTheirInputOn) {
  const auto all = ImportKeras(WithOwnLayers(), {{"first", "last"}});
  ASSERT_TRUE(all) << all.error().ToString();
  EXPECT_EQ(OpsOf(*all), "Relu");
  const auto one = ImportKeras(WithOwnLayers(), {{"first"}});
  ASSERT_FALSE(one);
  EXPECT_THAT(one.error().ToString(), HasSubstr("layer 'last' (Other)"));
  const auto none = ImportKeras(WithOwnLayers(), {{"nowhere"}});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(none.error().ToString(), HasSubstr("no layer 'nowhere'"));
}

}  // namespace liteforge::import_keras_test
