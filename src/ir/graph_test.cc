// SPDX-License-Identifier: Apache-2.0
#include "ir/graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ir/parse.h"

namespace liteforge::ir::graph_test {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// %a, %b, … by name.
Value* Find(const Graph& graph, std::string_view name) {
  for (const auto& value : graph.values()) {
    if (value->name == name) return value.get();
  }
  ADD_FAILURE() << "no value " << name;
  return nullptr;
}

std::unique_ptr<Graph> Read(std::string_view text) {
  auto graph = Parse(text);
  EXPECT_TRUE(graph) << graph.error().ToString();
  return graph ? std::move(*graph) : nullptr;
}

void ExpectSound(const Graph& graph) {
  const auto verified = Verify(graph);
  EXPECT_TRUE(verified) << verified.error().ToString() << Print(graph);
}

constexpr const char* kDiamond =
    "graph g(%x: float32[2,3]) {\n"
    "  %a = RELU(%x)\n"
    "  %b = ABS(%a)\n"
    "  %c = NEG(%a)\n"
    "  %d = ADD(%b, %c)\n"
    "  return %d, %a }";

//------------------------------------------------------------------- building

TEST(Graph, NodesAreTypedAndNamedByInference) {
  Graph graph;
  Value* x = graph.AddInput("x", DataType::kFloat32, Shape{2, 6});
  Value* axis = graph.AddConstant("axis", DataType::kInt32, Shape(),
                                  Blob::Own(std::vector<int32_t>{1}));
  const auto node = graph.AddNode(Op::kSplit, SplitOptions{.num_splits = 3},
                                  {axis, x}, 3, "parts");
  ASSERT_TRUE(node) << node.error().ToString();
  EXPECT_EQ((*node)->output(2)->name, "parts:2");
  EXPECT_EQ((*node)->output(0)->name, "parts");
  EXPECT_EQ((*node)->output(1)->shape, (Shape{2, 2}));
  EXPECT_EQ((*node)->output(1)->type, DataType::kFloat32);
  EXPECT_EQ((*node)->output(1)->producer(), *node);
  EXPECT_EQ((*node)->output(1)->producer_output(), 1);
  EXPECT_THAT(x->users(), ElementsAre(*node));
  EXPECT_EQ(x->producer(), nullptr);
  graph.AddOutput((*node)->output(1));
  ExpectSound(graph);
}

TEST(Graph, SaysWhatInferenceSays) {
  Graph graph;
  Value* x = graph.AddInput("x", DataType::kFloat32, Shape{2});
  Value* y = graph.AddInput("y", DataType::kFloat32, Shape{3});
  const auto node =
      graph.AddNode(Op::kAdd, AddOptions{}, {x, y}, 1, "conv1/add");
  ASSERT_FALSE(node);
  EXPECT_THAT(node.error().ToString(), HasSubstr("conv1/add (ADD)"));
  EXPECT_THAT(graph.nodes(), IsEmpty());
  EXPECT_THAT(x->users(), IsEmpty());
}

// The value of a constant of no elements is known: here, the shape [].
TEST(Graph, EmptyConstantsAreKnown) {
  Graph graph;
  Value* x = graph.AddInput("x", DataType::kFloat32, Shape{1});
  Value* shape = graph.AddConstant("shape", DataType::kInt32, Shape{0}, Blob());
  const auto node = graph.AddNode(Op::kReshape, {}, {x, shape}, 1, "scalar");
  ASSERT_TRUE(node) << node.error().ToString();
  EXPECT_EQ((*node)->output()->shape, Shape());
}

TEST(Graph, PutsNodesInFrontOfOthers) {
  const auto graph = Read(kDiamond);
  Node* add = Find(*graph, "d")->producer();
  const auto node =
      graph->AddNode(Op::kTanh, {}, {Find(*graph, "b")}, 1, "t", add);
  ASSERT_TRUE(node);
  EXPECT_EQ(graph->Nodes()[3], *node);
  EXPECT_EQ(graph->Nodes()[4], add);
  add->SetInput(0, (*node)->output());
  ExpectSound(*graph);
}

//-------------------------------------------------------------------- editing

TEST(Graph, UsersCountOperands) {
  const auto graph = Read(
      "graph g(%x: float32[2]) {\n %y = MUL(%x, %x)\n %z = RELU(%y)\n"
      " return %z }");
  Value* x = Find(*graph, "x");
  Node* mul = Find(*graph, "y")->producer();
  EXPECT_THAT(x->users(), ElementsAre(mul, mul));
  EXPECT_FALSE(x->has_one_use());
  EXPECT_TRUE(Find(*graph, "y")->has_one_use());
  EXPECT_FALSE(Find(*graph, "z")->has_one_use());
  EXPECT_TRUE(Find(*graph, "z")->is_graph_output());
  mul->SetInput(1, nullptr);
  EXPECT_THAT(x->users(), ElementsAre(mul));
}

TEST(Graph, ReplaceAllUses) {
  const auto graph = Read(kDiamond);
  Value* x = Find(*graph, "x");
  Value* a = Find(*graph, "a");
  graph->ReplaceAllUses(a, x);
  EXPECT_THAT(a->users(), IsEmpty());
  EXPECT_FALSE(a->is_graph_output());
  EXPECT_THAT(x->users(),
              UnorderedElementsAre(a->producer(), Find(*graph, "b")->producer(),
                                   Find(*graph, "c")->producer()));
  EXPECT_TRUE(x->is_graph_output());
  EXPECT_THAT(graph->outputs(), ElementsAre(Find(*graph, "d"), x));
  ExpectSound(*graph);
  graph->ReplaceAllUses(x, x);
  ExpectSound(*graph);
}

// Every operand of a node that reads a value twice.
TEST(Graph, ReplaceAllUsesOfBothOperands) {
  const auto graph = Read(
      "graph g(%x: float32[2], %y: float32[2]) {\n %z = MUL(%x, %x)\n"
      " return %z, %z }");
  graph->ReplaceAllUses(Find(*graph, "x"), Find(*graph, "y"));
  EXPECT_THAT(graph->nodes()[0]->inputs(),
              ElementsAre(Find(*graph, "y"), Find(*graph, "y")));
  graph->ReplaceAllUses(Find(*graph, "z"), Find(*graph, "y"));
  EXPECT_THAT(graph->outputs(),
              ElementsAre(Find(*graph, "y"), Find(*graph, "y")));
  ExpectSound(*graph);
  EXPECT_EQ(graph->RemoveDead(), 1);
  EXPECT_THAT(graph->nodes(), IsEmpty());
}

TEST(Graph, InputsGrowAndGo) {
  const auto graph = Read(
      "graph g(%x: float32[2,3], %w: float32[4,3], %b: float32[4]) {\n"
      " %y = FULLY_CONNECTED(%x, %w)\n return %y }");
  Node* node = graph->nodes()[0].get();
  Value* bias = Find(*graph, "b");
  EXPECT_EQ(node->input(2), nullptr);
  node->SetInput(2, bias);
  EXPECT_EQ(node->inputs().size(), 3u);
  EXPECT_THAT(bias->users(), ElementsAre(node));
  ExpectSound(*graph);
  node->SetInput(4, bias);
  EXPECT_EQ(node->input(3), nullptr);
  node->RemoveInput(4);
  node->RemoveInput(3);
  node->RemoveInput(2);
  EXPECT_EQ(node->inputs().size(), 2u);
  EXPECT_THAT(bias->users(), IsEmpty());
  ExpectSound(*graph);
}

TEST(Graph, SetOutput) {
  const auto graph = Read(kDiamond);
  graph->SetOutput(1, Find(*graph, "b"));
  EXPECT_FALSE(Find(*graph, "a")->is_graph_output());
  EXPECT_TRUE(Find(*graph, "b")->is_graph_output());
  EXPECT_THAT(graph->outputs(),
              ElementsAre(Find(*graph, "d"), Find(*graph, "b")));
  ExpectSound(*graph);
}

TEST(Graph, SetOpKeepsTheOutputs) {
  const auto graph = Read(kDiamond);
  Value* d = Find(*graph, "d");
  d->producer()->SetOp(Op::kSub, SubOptions{});
  EXPECT_EQ(d->producer()->op(), Op::kSub);
  EXPECT_EQ(d->producer()->options.kind(), OptionsKind::kSubOptions);
  EXPECT_TRUE(d->is_graph_output());
  ExpectSound(*graph);
}

//-------------------------------------------------------------------- removal

TEST(Graph, RemoveNodeTakesItsOutputsAlong) {
  const auto graph = Read(kDiamond);
  Value* d = Find(*graph, "d");
  graph->SetOutput(0, Find(*graph, "b"));
  graph->RemoveNode(d->producer());
  EXPECT_EQ(graph->nodes().size(), 3u);
  EXPECT_THAT(Find(*graph, "b")->users(), IsEmpty());
  for (const auto& value : graph->values()) EXPECT_NE(value->name, "d");
  ExpectSound(*graph);
}

TEST(GraphDeathTest, RemoveNodeThatIsRead) {
  const auto graph = Read(kDiamond);
  EXPECT_DEATH(graph->RemoveNode(Find(*graph, "a")->producer()),
               "broken invariant");
  EXPECT_DEATH(graph->RemoveNode(Find(*graph, "d")->producer()),
               "broken invariant");
}

TEST(Graph, RemoveDeadDropsChainsAndTheirConstants) {
  const auto graph = Read(
      "graph g(%x: float32[2], %unused: float32[2]) {\n"
      "  %a = ADD(%x, @k: float32[2])\n"
      "  %b = MUL(%a, @l: float32[2])\n"
      "  %c = RELU(%x)\n"
      "  return %c }");
  EXPECT_EQ(graph->RemoveDead(), 2);
  EXPECT_EQ(Print(*graph),
            "graph g(%x: float32[2], %unused: float32[2]) {\n"
            "  %c: float32[2] = RELU(%x)\n"
            "  return %c\n}\n");
  EXPECT_EQ(graph->values().size(), 3u);
  EXPECT_EQ(graph->RemoveDead(), 0);
  ExpectSound(*graph);
}

// One read output keeps its node; a constant that is an output stays.
TEST(Graph, RemoveDeadKeepsWhatIsRead) {
  const auto graph = Read(
      "graph g(%x: float32[4]) {\n"
      "  %a, %b = SPLIT(@axis: int32[] = [0], %x) {num_splits=2}\n"
      "  return %b, @k: float32[1] = [3] }");
  EXPECT_EQ(graph->RemoveDead(), 0);
  EXPECT_EQ(graph->values().size(), 5u);
  ExpectSound(*graph);
}

TEST(Graph, RemoveDeadKeepsEffects) {
  Graph graph;
  Value* x = graph.AddInput("x", DataType::kFloat32, Shape{2});
  graph.AddNodeWithTypes(Op::kCustom, CustomOptions{.name = "Log", .bytes = {}},
                         {x}, {{"", DataType::kFloat32, Shape{2}}}, "log");
  EXPECT_EQ(graph.RemoveDead(), 0);
  EXPECT_EQ(graph.nodes().size(), 1u);
  EXPECT_TRUE(IsStateful(Op::kAssignVariable));
  EXPECT_TRUE(IsStateful(Op::kRandomUniform));
  EXPECT_FALSE(IsStateful(Op::kAdd));
}

}  // namespace liteforge::ir::graph_test
