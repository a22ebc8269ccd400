// SPDX-License-Identifier: Apache-2.0
#include "function/builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "function/ops.h"

namespace liteforge::builder_test {

using testing::ElementsAre;
using testing::HasSubstr;

ConcreteFunction Finished(FunctionBuilder& f) {
  auto function = f.Finish();
  EXPECT_TRUE(function) << function.error().ToString();
  return function ? *std::move(function) : ConcreteFunction();
}

std::string ErrorOf(FunctionBuilder& f) {
  const auto function = f.Finish();
  return function ? "" : function.error().ToString();
}

const tf::NodeDef& Node(const ConcreteFunction& function,
                        std::string_view name) {
  for (const tf::NodeDef& node : function.graph.node()) {
    if (node.name() == name) return node;
  }
  ADD_FAILURE() << "no node " << name;
  return tf::NodeDef::default_instance();
}

TEST(FunctionBuilder, WritesAGraphDef) {
  FunctionBuilder f("serving_default");
  const Tensor x = f.Input("x", DataType::kFloat32, {Shape::kUnknownDim, 2});
  const Tensor w = f.Constant(FloatConstant({2, 3}, {1, 2, 3, 4, 5, 6}), "w");
  f.Output("y", Relu(MatMul(x, w)));
  const ConcreteFunction function = Finished(f);
  EXPECT_EQ(function.name, "serving_default");
  ASSERT_EQ(function.graph.node_size(), 4);
  EXPECT_GT(function.graph.versions().producer(), 0);

  const tf::NodeDef& input = Node(function, "x");
  EXPECT_EQ(input.op(), "Placeholder");
  EXPECT_EQ(input.attr().at("dtype").type(), tf::DT_FLOAT);
  EXPECT_EQ(input.attr().at("shape").shape().dim(0).size(), -1);
  EXPECT_EQ(input.attr().at("shape").shape().dim(1).size(), 2);

  // The bytes of a constant stay outside the graph.
  const tf::NodeDef& constant = Node(function, "w");
  EXPECT_EQ(constant.op(), "Const");
  EXPECT_EQ(constant.attr().at("value").tensor().dtype(), tf::DT_FLOAT);
  EXPECT_EQ(constant.attr().at("value").tensor().tensor_shape().dim_size(), 2);
  EXPECT_TRUE(constant.attr().at("value").tensor().tensor_content().empty());
  EXPECT_THAT(function.constants.at("w").ToVector<float>(),
              ElementsAre(1, 2, 3, 4, 5, 6));

  const tf::NodeDef& product = Node(function, "MatMul");
  EXPECT_THAT(product.input(), ElementsAre("x", "w"));
  EXPECT_EQ(product.attr().at("T").type(), tf::DT_FLOAT);
  EXPECT_FALSE(product.attr().at("transpose_a").b());
  EXPECT_THAT(Node(function, "Relu").input(), ElementsAre("MatMul"));

  ASSERT_EQ(function.inputs.size(), 1u);
  EXPECT_EQ(function.inputs[0].tensor, "x");
  ASSERT_EQ(function.outputs.size(), 1u);
  EXPECT_EQ(function.outputs[0].name, "y");
  EXPECT_EQ(function.outputs[0].tensor, "Relu");
  EXPECT_EQ(function.outputs[0].shape, (Shape{Shape::kUnknownDim, 3}));
}

TEST(FunctionBuilder, NodesStandInTopologicalOrder) {
  FunctionBuilder f("f");
  const Tensor x = f.Input("x", DataType::kFloat32, {4, 4});
  const std::vector<Tensor> halves = Split(x, 1, 2);
  f.Output("y", Concat(std::vector<Tensor>{Exp(halves[1]), halves[0]}, 1));
  const ConcreteFunction function = Finished(f);
  std::set<std::string, std::less<>> seen;
  for (const tf::NodeDef& node : function.graph.node()) {
    for (const std::string& input : node.input())
      EXPECT_TRUE(seen.contains(ParseInput(input).node)) << input;
    seen.insert(node.name());
  }
  EXPECT_THAT(Node(function, "Exp").input(), ElementsAre("Split:1"));
}

//---------------------------------------------------------------------- names

TEST(FunctionBuilder, NamesAreUnique) {
  FunctionBuilder f("f");
  const Tensor x = f.Input("Relu_1", DataType::kFloat32, {2});
  Tensor y = x;
  for (int i = 0; i < 4; ++i) y = Relu(y);
  y = Add(y, f.Constant(FloatScalar(1)));
  y = Add(y, f.Constant(FloatScalar(2), "Const_1"));
  y = Add(y, f.Constant(FloatScalar(3)));
  f.Output("y", y);
  const ConcreteFunction function = Finished(f);
  std::set<std::string> names;
  for (const tf::NodeDef& node : function.graph.node())
    EXPECT_TRUE(names.insert(node.name()).second) << node.name();
  EXPECT_TRUE(names.contains("Relu"));
  EXPECT_TRUE(names.contains("Relu_2"));
  EXPECT_TRUE(names.contains("Const_2"));
  EXPECT_EQ(function.constants.size(), 3u);
}

TEST(FunctionBuilder, ScopesNest) {
  FunctionBuilder f("f");
  const Tensor x = f.Input("x", DataType::kFloat32, {2});
  Tensor y;
  {
    const FunctionBuilder::Scope outer(f, "block");
    {
      const FunctionBuilder::Scope inner(f, "conv1");
      y = Relu(x);
      EXPECT_EQ(y.name(), "block/conv1/Relu");
    }
    EXPECT_EQ(Relu(y).name(), "block/Relu");
  }
  EXPECT_EQ(Relu(y).name(), "Relu");
}

//--------------------------------------------------------------------- errors

TEST(FunctionBuilder, TheFirstErrorSticks) {
  FunctionBuilder f("f");
  const Tensor x = f.Input("x", DataType::kFloat32, {2, 3});
  Tensor y;
  {
    const FunctionBuilder::Scope scope(f, "dense");
    y = MatMul(x, x);
    EXPECT_TRUE(y.empty());
  }
  EXPECT_FALSE(f.ok());
  const Tensor z = Relu(Add(y, x));
  EXPECT_TRUE(z.empty());
  EXPECT_TRUE(Softmax(f.Input("s", DataType::kFloat32, {})).empty());
  EXPECT_THAT(ErrorOf(f), HasSubstr("dense: MatMul: operands [2,3] and [2,3]"));
}

TEST(FunctionBuilder, TensorsOfAnotherFunction) {
  FunctionBuilder f("f"), g("g");
  const Tensor x = f.Input("x", DataType::kFloat32, {2});
  const Tensor y = g.Input("y", DataType::kFloat32, {2});
  EXPECT_TRUE(Add(x, y).empty());
  EXPECT_THAT(ErrorOf(f),
              HasSubstr("AddV2 takes a tensor of another function"));
  FunctionBuilder h("h");
  h.Output("x", x);
  EXPECT_THAT(ErrorOf(h), HasSubstr("output 'x' was not built here"));
}

TEST(FunctionBuilder, ConstantsHoldWhatTheySay) {
  FunctionBuilder f("f");
  EXPECT_TRUE(f.Constant(FloatConstant({3}, {1, 2}), "w").empty());
  EXPECT_THAT(ErrorOf(f), HasSubstr("float32[3] holds 8 bytes"));
  FunctionBuilder g("g");
  g.Constant({DataType::kFloat32, Shape{Shape::kUnknownDim}, Blob()});
  EXPECT_THAT(ErrorOf(g), HasSubstr("holds 0 bytes"));
}

TEST(FunctionBuilder, BordersAreNamedOnce) {
  FunctionBuilder f("f");
  EXPECT_THAT(ErrorOf(f), HasSubstr("no outputs"));
  FunctionBuilder g("g");
  f.Output("y", g.Input("x", DataType::kFloat32, {}));
  const Tensor x = g.Input("x", DataType::kFloat32, {});
  g.Output("y", x);
  EXPECT_THAT(ErrorOf(g), HasSubstr("two inputs or two outputs are named 'x'"));
  FunctionBuilder h("h");
  const Tensor z = h.Input("z", DataType::kFloat32, {});
  h.Output("y", z);
  h.Output("y", z);
  EXPECT_THAT(ErrorOf(h), HasSubstr("named 'y'"));
}

TEST(FunctionBuilder, Attributes) {
  FunctionBuilder f("f");
  const Tensor x = f.Input("x", DataType::kFloat32, {2});
  f.Output("y", f.AddNode("Mine", {x},
                          Attributes()
                              .Int("i", -7)
                              .Float("f", 0.5f)
                              .Bool("b", true)
                              .String("s", "text")
                              .Type("t", DataType::kInt8)
                              .ShapeOf("shape", Shape{1, -1})
                              .ShapeOf("any", Shape::UnknownRank())
                              .Ints("list", {1, -2, 3}),
                          DataType::kInt8, Shape{5}));
  const ConcreteFunction function = Finished(f);
  const auto& attributes = Node(function, "Mine").attr();
  EXPECT_EQ(attributes.at("i").i(), -7);
  EXPECT_EQ(attributes.at("f").f(), 0.5f);
  EXPECT_TRUE(attributes.at("b").b());
  EXPECT_EQ(attributes.at("s").s(), "text");
  EXPECT_EQ(attributes.at("t").type(), tf::DT_INT8);
  EXPECT_EQ(attributes.at("shape").shape().dim(1).size(), -1);
  EXPECT_TRUE(attributes.at("any").shape().unknown_rank());
  EXPECT_THAT(attributes.at("list").list().i(), ElementsAre(1, -2, 3));
  EXPECT_EQ(function.outputs[0].type, DataType::kInt8);
}

}  // namespace liteforge::builder_test
