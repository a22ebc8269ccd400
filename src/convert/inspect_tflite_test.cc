// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "convert/inspect_testing.h"

namespace liteforge::inspect_tflite_test {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

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
  WriteModule(dir / "q.tflite", module);
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
  WriteModule(dir / "c.tflite", module);
  const ModelDescription model = Inspected(dir / "c.tflite");
  EXPECT_FALSE(model.converts);
  EXPECT_THAT(ToText(model),
              HasSubstr("1 x NobodyKnowsThis v1\ndoes not run: "));
  EXPECT_THAT(model.problem, HasSubstr("NobodyKnowsThis"));
}

// Indices of tensors are those of the file, -1 for what is left out.
TEST(InspectTflite, SubgraphsAreTheFiles) {
  const ScratchDirectory dir;
  WriteTflite(dir / "m.tflite", kTwoLayers);
  const ModelDescription model = Inspected(dir / "m.tflite");
  ASSERT_EQ(model.subgraphs.size(), 1u);
  const SubgraphDescription& graph = model.subgraphs[0];
  const auto named = [&](int index) {
    return index < 0 ? "" : graph.tensors.at(static_cast<size_t>(index)).name;
  };
  ASSERT_EQ(graph.operators.size(), 4u);
  EXPECT_EQ(graph.operators[0].name, "FULLY_CONNECTED");
  EXPECT_EQ(named(graph.operators[0].inputs.at(0)), "x");
  EXPECT_EQ(named(graph.operators[0].outputs.at(0)), "h");
  EXPECT_EQ(graph.operators[2].inputs.at(2), -1);
  EXPECT_EQ(named(graph.inputs.at(0)), "x");
  EXPECT_EQ(named(graph.outputs.at(0)), "y");
  int64_t bytes = 0;
  for (size_t i = 0; i < graph.tensors.size(); ++i) {
    EXPECT_EQ(graph.tensors[i].index, static_cast<int>(i));
    EXPECT_EQ(graph.tensors[i].is_constant, graph.constant_bytes[i] > 0);
    bytes += graph.constant_bytes[i];
  }
  // 24 weights, and the two numbers of a shape, of 4 bytes.
  EXPECT_EQ(bytes, 4 * 26);
}

TEST(InspectTflite, SeveralGraphsAndSignatures) {
  const ScratchDirectory dir;
  ir::Module module;
  for (const char* op : {"NEG", "ABS"}) {
    auto graph = ir::Parse(std::string("graph g(%x: float32[2]) {\n  %y = ") +
                           op + "(%x)\n  return %y }");
    ASSERT_TRUE(graph);
    module.graphs.push_back(std::move(*graph));
    ir::Graph& g = *module.graphs.back();
    module.signatures.push_back({op,
                                 static_cast<int>(module.graphs.size()) - 1,
                                 {{"in", g.inputs()[0]}},
                                 {{"out", g.outputs()[0]}}});
  }
  WriteModule(dir / "m.tflite", module);
  const ModelDescription model = Inspected(dir / "m.tflite");
  ASSERT_EQ(model.subgraphs.size(), 2u);
  ASSERT_EQ(model.signatures.size(), 2u);
  EXPECT_EQ(model.signatures[1].key, "ABS");
  EXPECT_EQ(model.signatures[1].outputs.at(0).first, "out");
  // Counted are those of the first.
  EXPECT_THAT(model.operator_sequence, ElementsAre("NEG"));
}

}  // namespace liteforge::inspect_tflite_test
