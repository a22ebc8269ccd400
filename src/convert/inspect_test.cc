// SPDX-License-Identifier: Apache-2.0
#include "liteforge/inspect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "emit/emit.h"
#include "formats/keras/h5_test_writer.h"
#include "ir/parse.h"

namespace liteforge {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Json = nlohmann::json;

ModelDescription Inspected(const std::filesystem::path& path) {
  auto model = Inspect(path);
  EXPECT_TRUE(model) << model.error().ToString();
  return model ? *std::move(model) : ModelDescription();
}

//--------------------------------------------------------------------- .tflite

void WriteTflite(const std::filesystem::path& path, std::string_view text) {
  auto graph = ir::Parse(text);
  ASSERT_TRUE(graph) << graph.error().ToString();
  ir::Module module;
  module.graphs.push_back(std::move(*graph));
  ir::Graph& g = *module.graphs[0];
  module.description = "hand made";
  module.signatures.push_back({"serving_default",
                               0,
                               {{"image", g.inputs()[0]}},
                               {{"scores", g.outputs()[0]}}});
  const auto bytes = Emit(module);
  ASSERT_TRUE(bytes) << bytes.error().ToString();
  WriteBytes(path,
             {reinterpret_cast<const char*>(bytes->data()), bytes->size()});
}

constexpr const char* kTwoLayers =
    "graph main(%x: float32[?,3]) {\n"
    "  %h = FULLY_CONNECTED(%x, @w: float32[4,3], @b: float32[4])\n"
    "  %r = RELU(%h)\n"
    "  %z = FULLY_CONNECTED(%r, @v: float32[2,4], none)\n"
    "  %y = RESHAPE(%z, @s: int32[2] = [-1,2])\n"
    "  return %y }";

TEST(InspectTflite, Text) {
  const ScratchDirectory dir;
  WriteTflite(dir / "m.tflite", kTwoLayers);
  const ModelDescription model = Inspected(dir / "m.tflite");
  const std::string bytes =
      std::to_string(std::filesystem::file_size(dir / "m.tflite"));
  // 4 x 3 + 4 + 2 x 4 weights; the shape of RESHAPE is none.
  EXPECT_EQ(ToText(model), "TFLite model (hand made), " + bytes +
                               " bytes, 24 parameters, needs TensorFlow Lite " +
                               model.min_runtime_version +
                               "\n"
                               "  input   x  float32[?,3]\n"
                               "  output  y  float32[?,2]\n"
                               "  signature serving_default: image -> scores\n"
                               "      2 x FULLY_CONNECTED v1\n"
                               "      1 x RELU v1\n"
                               "      1 x RESHAPE v1\n"
                               "runs");
  EXPECT_THAT(
      model.operator_sequence,
      ElementsAre("FULLY_CONNECTED", "RELU", "FULLY_CONNECTED", "RESHAPE"));
}

TEST(InspectTflite, JsonSaysTheSame) {
  const ScratchDirectory dir;
  WriteTflite(dir / "m.tflite", kTwoLayers);
  const Json json = Json::parse(ToJson(Inspected(dir / "m.tflite")));
  EXPECT_EQ(json["kind"], "TFLite model");
  EXPECT_EQ(json["parameters"], 24);
  EXPECT_EQ(json["converts"], true);
  EXPECT_EQ(json["inputs"][0]["shape_signature"], Json({-1, 3}));
  EXPECT_EQ(json["inputs"][0]["shape"], Json({1, 3}));
  EXPECT_EQ(json["inputs"][0]["dtype"], "float32");
  EXPECT_FALSE(json["inputs"][0].contains("quantization"));
  EXPECT_EQ(json["operators"].size(), 3u);
  EXPECT_EQ(json["operators"][0]["count"], 2);
  EXPECT_EQ(json["operator_sequence"][3], "RESHAPE");
  EXPECT_EQ(json["signatures"][0]["key"], "serving_default");
  EXPECT_EQ(json["signatures"][0]["inputs"]["image"],
            json["inputs"][0]["index"]);
  EXPECT_THAT(json["layers"], IsEmpty());
}

TEST(InspectTflite, Quantization) {
  const ScratchDirectory dir;
  auto graph =
      ir::Parse("graph main(%x: int8[1,4]) {\n  %y = RELU(%x)\n  return %y }");
  ASSERT_TRUE(graph);
  ir::Module module;
  module.graphs.push_back(std::move(*graph));
  for (const auto& value : module.graphs[0]->values()) {
    value->quantization.scale = {0.25f};
    value->quantization.zero_point = {-3};
  }
  const auto bytes = Emit(module);
  ASSERT_TRUE(bytes);
  WriteBytes(dir / "q.tflite",
             {reinterpret_cast<const char*>(bytes->data()), bytes->size()});
  const ModelDescription model = Inspected(dir / "q.tflite");
  EXPECT_THAT(ToText(model),
              HasSubstr("x  int8[1,4]  scale 0.25, zero_point -3\n"));
  const Json json = Json::parse(ToJson(model));
  EXPECT_EQ(json["outputs"][0]["quantization"]["scale"], Json({0.25}));
  EXPECT_EQ(json["outputs"][0]["quantization"]["zero_point"], Json({-3}));
}

TEST(InspectTflite, WhatDoesNotRun) {
  const ScratchDirectory dir;
  ir::Module module;
  module.graphs.push_back(std::make_unique<ir::Graph>());
  ir::Graph& g = *module.graphs[0];
  ir::Value* x = g.AddInput("x", DataType::kFloat32, Shape{2});
  ir::Node* node = g.AddNodeWithTypes(
      Op::kCustom, CustomOptions{.name = "NobodyKnowsThis", .bytes = {}}, {x},
      {{"y", DataType::kFloat32, Shape{2}}}, "y");
  g.AddOutput(node->output());
  const auto bytes = Emit(module);
  ASSERT_TRUE(bytes);
  WriteBytes(dir / "c.tflite",
             {reinterpret_cast<const char*>(bytes->data()), bytes->size()});
  const ModelDescription model = Inspected(dir / "c.tflite");
  EXPECT_FALSE(model.converts);
  EXPECT_THAT(ToText(model),
              HasSubstr("1 x NobodyKnowsThis v1\ndoes not run: "));
  EXPECT_THAT(model.problem, HasSubstr("NobodyKnowsThis"));
}

//------------------------------------------------------------------------- .h5

constexpr const char* kDense =
    R"({"class_name": "Sequential", "config": {"name": "m", "layers": [)"
    R"({"class_name": "InputLayer", "config": {"name": "image", )"
    R"("batch_input_shape": [null, 3], "dtype": "float32"}},)"
    R"({"class_name": "Dense", "config": {"name": "scores", "units": 2, )"
    R"("activation": "ACTIVATION", "use_bias": true}}]}})";

void WriteH5(const std::filesystem::path& path, const std::string& activation) {
  std::string config = kDense;
  config.replace(config.find("ACTIVATION"), 10, activation);
  H5Writer writer(path);
  writer.Group("model_weights");
  writer.Text("/", "model_config", config);
  writer.Text("/", "keras_version", "2.4.0");
  writer.Text("/", "backend", "tensorflow");
  writer.Texts("model_weights", "layer_names", {"scores"});
  writer.Floats("model_weights/scores/scores/kernel:0", {3, 2}, Ramp(6));
  writer.Floats("model_weights/scores/scores/bias:0", {2}, {1, 2});
  writer.Texts("model_weights/scores", "weight_names",
               {"scores/kernel:0", "scores/bias:0"});
}

TEST(InspectKeras, Text) {
  const ScratchDirectory dir;
  WriteH5(dir / "m.h5", "softmax");
  const ModelDescription model = Inspected(dir / "m.h5");
  const std::string bytes =
      std::to_string(std::filesystem::file_size(dir / "m.h5"));
  EXPECT_EQ(ToText(model),
            "Keras HDF5 model (Keras 2.4.0, backend tensorflow), " + bytes +
                " bytes, 8 parameters\n"
                "  input   image  float32[?,3]\n"
                "  output  scores  float32[?,2]\n"
                "  image   InputLayer             0  [?,3]\n"
                "  scores  Dense                  8  [?,2]\n"
                "converts");
}

TEST(InspectKeras, JsonSaysTheSame) {
  const ScratchDirectory dir;
  WriteH5(dir / "m.h5", "relu");
  const Json json = Json::parse(ToJson(Inspected(dir / "m.h5")));
  EXPECT_EQ(json["kind"], "Keras HDF5 model");
  EXPECT_EQ(json["writer"], "Keras 2.4.0, backend tensorflow");
  EXPECT_EQ(json["layers"][1]["name"], "scores");
  EXPECT_EQ(json["layers"][1]["type"], "Dense");
  EXPECT_EQ(json["layers"][1]["output"], "[?,2]");
  EXPECT_EQ(json["layers"][1]["parameters"], 8);
  EXPECT_EQ(json["parameters"], 8);
  EXPECT_EQ(json["inputs"][0]["shape"], Json({-1, 3}));
  EXPECT_THAT(json["operators"], IsEmpty());
}

TEST(InspectKeras, WhatDoesNotConvertIsDescribed) {
  const ScratchDirectory dir;
  WriteH5(dir / "m.h5", "my_own");
  const ModelDescription model = Inspected(dir / "m.h5");
  EXPECT_FALSE(model.converts);
  EXPECT_EQ(model.parameters, 8);
  EXPECT_THAT(model.problem, HasSubstr("my_own"));
  EXPECT_THAT(ToText(model), HasSubstr("\ndoes not convert: "));
}

//------------------------------------------------------------------ the others

TEST(Inspect, FrozenGraphs) {
  const ScratchDirectory dir;
  WriteBytes(dir / "m.pb", "PK\3");
  const ModelDescription damaged = Inspected(dir / "m.pb");
  EXPECT_EQ(damaged.kind, "TensorFlow frozen graph");
  EXPECT_EQ(damaged.file_bytes, 3);
  EXPECT_FALSE(damaged.converts);
  EXPECT_THAT(ToText(damaged), HasSubstr("\ndoes not convert: "));
  WriteBytes(dir / "m.pbtxt", R"(
      node { name: "x" op: "Placeholder"
        attr { key: "dtype" value { type: DT_FLOAT } }
        attr { key: "shape" value { shape { dim { size: 2 } } } } }
      node { name: "y" op: "Relu" input: "x" })");
  const ModelDescription model = Inspected(dir / "m.pbtxt");
  EXPECT_TRUE(model.converts) << model.problem;
  ASSERT_EQ(model.inputs.size(), 1u);
  EXPECT_EQ(model.inputs[0].name, "x");
  ASSERT_EQ(model.operators.size(), 1u);
  EXPECT_EQ(model.operators[0].name, "Relu");
}

TEST(Inspect, DamagedAndUnknownFiles) {
  const ScratchDirectory dir;
  EXPECT_EQ(Inspect(dir / "none").error().code, ErrorCode::kIo);
  WriteBytes(dir / "m.txt", "hello");
  EXPECT_EQ(Inspect(dir / "m.txt").error().code, ErrorCode::kInvalidModel);
  WriteBytes(dir / "m.h5", "hello");
  const auto h5 = Inspect(dir / "m.h5");
  ASSERT_FALSE(h5);
  EXPECT_THAT(h5.error().ToString(), HasSubstr("m.h5"));
  WriteTflite(dir / "m.tflite", kTwoLayers);
  const std::string whole = ReadBytes(dir / "m.tflite");
  WriteBytes(dir / "half.tflite", whole.substr(0, whole.size() / 2));
  EXPECT_EQ(Inspect(dir / "half.tflite").error().code,
            ErrorCode::kInvalidModel);
}

// Names that are not UTF-8 still make JSON.
TEST(Inspect, JsonOfAnyNames) {
  ModelDescription model;
  model.kind = "TFLite model";
  model.writer = "\xff\xfe \"quoted\"\n";
  const Json json = Json::parse(ToJson(model), nullptr, false);
  EXPECT_FALSE(json.is_discarded());
  EXPECT_THAT(json["writer"].get<std::string>(), HasSubstr("\"quoted\"\n"));
}

}  // namespace
}  // namespace liteforge
