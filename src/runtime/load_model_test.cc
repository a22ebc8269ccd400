// SPDX-License-Identifier: Apache-2.0
#include "runtime/load_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/test_model.h"

namespace liteforge::load_model_test {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

Result<ModelSpec> Load(const TestModel& model) {
  auto file = TfliteModel::FromBytes(Blob::Own(model.Pack()));
  if (!file) return tl::unexpected(file.error());
  return LoadModel(*file);
}

// x -> RESHAPE(x, [2,-1]) -> y
TestModel Reshape() {
  TestModel model;
  model.Tensor("x", DataType::kFloat32, {1, 4}, {-1, 4});
  model.Constant<int32_t>("shape", DataType::kInt32, {2}, {2, -1});
  model.Tensor("y", DataType::kFloat32, {2, 2});
  model.Node(Op::kReshape, ReshapeOptions{{2, -1}}, {0, 1}, {2});
  model.Border({0}, {2});
  return model;
}

TEST(LoadModel, ReadsGraphNodesAndSignatures) {
  TestModel test = Reshape();
  test.graph().name = "main";
  test.Signature("serving_default", {{"a", 0}}, {{"b", 2}});
  auto model = Load(test);
  ASSERT_TRUE(model) << model.error().ToString();
  ASSERT_EQ(model->graphs.size(), 1u);
  const GraphSpec& graph = model->graphs[0];
  EXPECT_EQ(graph.name, "main");
  EXPECT_THAT(graph.inputs, ElementsAre(0));
  EXPECT_THAT(graph.outputs, ElementsAre(2));

  EXPECT_EQ(graph.tensors[0].name, "x");
  EXPECT_EQ(graph.tensors[0].shape, Shape({1, 4}));
  EXPECT_EQ(graph.tensors[0].shape_signature, Shape({-1, 4}));
  EXPECT_FALSE(graph.tensors[0].is_constant);
  EXPECT_EQ(graph.tensors[2].shape_signature, Shape({2, 2}));

  ASSERT_EQ(graph.nodes.size(), 1u);
  EXPECT_EQ(graph.nodes[0].op, Op::kReshape);
  EXPECT_THAT(graph.nodes[0].options.Get<ReshapeOptions>().new_shape,
              ElementsAre(2, -1));
  EXPECT_THAT(graph.nodes[0].inputs, ElementsAre(0, 1));
  EXPECT_EQ(Place(graph, 0), "operator 0 (RESHAPE) 'y'");

  ASSERT_EQ(model->signatures.size(), 1u);
  EXPECT_EQ(model->signatures[0].key, "serving_default");
  EXPECT_THAT(model->signatures[0].inputs, ElementsAre(Pair("a", 0)));
  EXPECT_THAT(model->signatures[0].outputs, ElementsAre(Pair("b", 2)));
}

TEST(LoadModel, ConstantsStayInTheFile) {
  auto model = Load(Reshape());
  ASSERT_TRUE(model);
  const ModelTensor& shape = model->graphs[0].tensors[1];
  ASSERT_TRUE(shape.is_constant);
  EXPECT_THAT(shape.data.ToVector<int32_t>(), ElementsAre(2, -1));
  const std::byte* file = model->bytes.data();
  EXPECT_GE(shape.data.data(), file);
  EXPECT_LT(shape.data.data(), file + model->bytes.size());
}

TEST(LoadModel, QuantizationIsTakenOver) {
  TestModel test = Reshape();
  auto& quantization = test.tensor(0).quantization;
  quantization = std::make_unique<tflite::QuantizationParametersT>();
  quantization->scale = {0.5f, 0.25f, 2, 1};
  quantization->zero_point = {0, 0, 0, 0};
  quantization->quantized_dimension = 1;
  auto model = Load(test);
  ASSERT_TRUE(model) << model.error().ToString();
  const Quantization& q = model->graphs[0].tensors[0].quantization;
  EXPECT_THAT(q.scale, ElementsAre(0.5f, 0.25f, 2, 1));
  EXPECT_THAT(q.zero_point, ElementsAre(0, 0, 0, 0));
  EXPECT_EQ(q.axis, 1);
  EXPECT_TRUE(model->graphs[0].tensors[2].quantization.empty());
}

TEST(LoadModel, CustomOperatorsKeepNameAndBytes) {
  TestModel test;
  test.Tensor("x", DataType::kFloat32, {1});
  test.Tensor("y", DataType::kFloat32, {1});
  test.Node(Op::kCustom, CustomOptions{"Foo", {1, 2, 3}}, {0}, {1}, "Foo");
  test.Border({0}, {1});
  auto model = Load(test);
  ASSERT_TRUE(model) << model.error().ToString();
  const auto& options = model->graphs[0].nodes[0].options.Get<CustomOptions>();
  EXPECT_EQ(options.name, "Foo");
  EXPECT_THAT(options.bytes, ElementsAre(1, 2, 3));
}

TEST(LoadModel, RefusesWhatItCannotRun) {
  TestModel blocks = Reshape();
  auto& quantization = blocks.tensor(0).quantization;
  quantization = std::make_unique<tflite::QuantizationParametersT>();
  tflite::BlockwiseQuantizationT details;
  details.scales = 1;
  details.zero_points = -1;
  quantization->details.Set(std::move(details));
  auto model = Load(blocks);
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(model.error().ToString(),
              HasSubstr("tensor 0 'x': is quantized block by block"));

  TestModel bools = Reshape();
  bools.Constant<uint8_t>("flag", DataType::kBool, {2}, {1, 2});
  model = Load(bools);
  ASSERT_FALSE(model);
  EXPECT_THAT(model.error().ToString(),
              HasSubstr("tensor 3 'flag': holds a bool that is neither"));
}

}  // namespace liteforge::load_model_test
