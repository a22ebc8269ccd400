// SPDX-License-Identifier: Apache-2.0
// Each invariant that the public functions can break, broken.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ir/graph.h"
#include "ir/parse.h"

namespace liteforge::ir::verify_test {

using testing::HasSubstr;

constexpr const char* kText =
    "graph g(%x: float32[2,3]) {\n"
    "  %a = RELU(%x)\n"
    "  %b = ADD(%a, @k: float32[3])\n"
    "  return %b }";

std::unique_ptr<Graph> Sound() {
  auto graph = Parse(kText);
  EXPECT_TRUE(graph) << graph.error().ToString();
  EXPECT_TRUE(Verify(**graph));
  return std::move(*graph);
}

void ExpectBroken(const Graph& graph, const std::string& message) {
  const auto verified = Verify(graph);
  ASSERT_FALSE(verified) << message;
  EXPECT_EQ(verified.error().code, ErrorCode::kInternal);
  EXPECT_THAT(verified.error().message, HasSubstr(message));
}

TEST(Verify, ReadsBeforeComputed) {
  const auto graph = Sound();
  const auto nodes = graph->Nodes();
  nodes[0]->SetInput(0, nodes[1]->output());
  ExpectBroken(*graph, "'a' reads 'b' before it is computed");
}

TEST(Verify, NodePutBeforeItsOperand) {
  const auto graph = Sound();
  const auto nodes = graph->Nodes();
  ASSERT_TRUE(
      graph->AddNode(Op::kAbs, {}, {nodes[1]->output()}, 1, "early", nodes[0]));
  ExpectBroken(*graph, "'early' reads 'b' before");
}

TEST(Verify, ValuesOfAnotherGraph) {
  const auto graph = Sound(), other = Sound();
  Value* foreign = other->inputs()[0];
  graph->nodes()[0]->SetInput(0, foreign);
  ExpectBroken(*graph, "'a' reads a value of another graph");
  graph->nodes()[0]->SetInput(0, graph->inputs()[0]);
  EXPECT_TRUE(Verify(*graph));
  graph->AddOutput(foreign);
  ExpectBroken(*graph, "output 'x' is of another graph");
}

TEST(Verify, ConstantOfAnotherSize) {
  const auto graph = Sound();
  Value* k = graph->nodes()[1]->input(1);
  k->SetConstant(Blob::Own(std::vector<float>{1, 2}));
  ExpectBroken(*graph, "constant 'k' float32[3] holds 8 bytes");
  k->SetConstant(Blob());
  ExpectBroken(*graph, "holds 0 bytes");
  k->SetConstant(Blob::Own(std::vector<float>{1, 2, 3}));
  k->shape = Shape{3, 1};
  k->type = DataType::kFloat64;
  ExpectBroken(*graph, "constant 'k' float64[3,1] holds 12 bytes");
}

TEST(Verify, OutputThatIsNotWhatItsNodeComputes) {
  const auto graph = Sound();
  Value* a = graph->nodes()[0]->output();
  a->shape = Shape{3, 3};
  ExpectBroken(*graph, "'a' says float32[3,3], it is float32[2,3]");
  a->shape = Shape{2};
  ExpectBroken(*graph, "'a' says float32[2]");
  a->shape = Shape{2, 3};
  a->type = DataType::kInt8;
  ExpectBroken(*graph, "'a' says int8[2,3]");
}

// What is not known contradicts nothing.
TEST(Verify, UnknownDimensionsAgree) {
  const auto graph = Sound();
  Value* a = graph->nodes()[0]->output();
  a->shape = Shape{Shape::kUnknownDim, 3};
  EXPECT_TRUE(Verify(*graph));
  a->shape = Shape::UnknownRank();
  EXPECT_TRUE(Verify(*graph));
}

TEST(Verify, NodeThatCannotBe) {
  const auto graph = Sound();
  graph->nodes()[1]->SetInput(1, nullptr);
  ExpectBroken(*graph, "'b' (ADD) cannot be");
}

TEST(Verify, ReplacedInputOfAnotherShape) {
  const auto graph = Sound();
  Value* wide = graph->AddInput("wide", DataType::kFloat32, Shape{5, 2, 3});
  graph->ReplaceAllUses(graph->inputs()[0], wide);
  ExpectBroken(*graph, "'a' says float32[2,3], it is float32[5,2,3]");
}

// Operators without a rule are believed.
TEST(Verify, CustomOperators) {
  Graph graph;
  Value* x = graph.AddInput("x", DataType::kFloat32, Shape{2});
  Node* node = graph.AddNodeWithTypes(
      Op::kCustom, CustomOptions{.name = "Mine", .bytes = {}}, {x},
      {{"y", DataType::kInt8, Shape{7}}}, "y");
  graph.AddOutput(node->output());
  EXPECT_TRUE(Verify(graph));
}

TEST(Verify, VariablesAreThereFromTheStart) {
  Graph graph;
  Value* state = graph.AddConstant("state", DataType::kFloat32, Shape{2},
                                   Blob::Own(std::vector<float>{0, 0}));
  state->is_variable = true;
  const auto node = graph.AddNode(Op::kRelu, {}, {state}, 1, "y");
  ASSERT_TRUE(node);
  graph.AddOutput((*node)->output());
  EXPECT_TRUE(Verify(graph));
}

}  // namespace liteforge::ir::verify_test
