// SPDX-License-Identifier: Apache-2.0
#include "import/saved_model/raise_control_flow.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "import/saved_model/saved_model_testing.h"

namespace liteforge::raise_control_flow_test {

using testing::HasSubstr;

tf::GraphDef Parsed(const std::string& text) {
  tf::GraphDef graph;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &graph));
  return graph;
}

// "name=Op(inputs)" of the nodes that a name reaches, in alphabetical order.
std::string Reached(const tf::GraphDef& graph, const std::string& name) {
  std::map<std::string, const tf::NodeDef*> nodes;
  for (const tf::NodeDef& node : graph.node()) nodes[node.name()] = &node;
  std::map<std::string, std::string> reached;
  std::vector<std::string> open = {name};
  while (!open.empty()) {
    std::string next = open.back();
    open.pop_back();
    next = next.substr(next.starts_with('^') ? 1 : 0);
    next = next.substr(0, next.find(':'));
    if (reached.contains(next) || !nodes.contains(next)) continue;
    std::string& text = reached[next];
    text = next + "=" + nodes[next]->op() + "(";
    for (const std::string& input : nodes[next]->input()) {
      text += (text.ends_with('(') ? "" : " ") + input;
      open.push_back(input);
    }
    text += ")";
  }
  std::string all;
  for (const auto& [key, text] : reached) all += text + "\n";
  return all;
}

std::string OpsOf(const tf::GraphDef& graph, const std::string& function) {
  for (const auto& f : graph.library().function()) {
    if (f.signature().name() != function) continue;
    std::multiset<std::string> ops;
    for (const tf::NodeDef& node : f.node_def()) ops.insert(node.op());
    std::string text;
    for (const std::string& op : ops) text += op + " ";
    return text;
  }
  return "none";
}

std::string FunctionOf(const tf::GraphDef& graph, const std::string& op,
                       const char* attribute) {
  for (const tf::NodeDef& node : graph.node()) {
    if (node.op() == op) return node.attr().at(attribute).func().name();
  }
  return "";
}

// while (i < limit) i = i + i
std::string Loop() {
  const std::string frame = Attribute("frame_name", "s: 'f'");
  return Input("x", "INT32") + Input("limit", "INT32") + "node " +
         Node("enter", "Enter", {"x"}, frame) + "node " +
         Node("most", "Enter", {"limit"},
              frame + Attribute("is_constant", "b: true")) +
         "node " + Node("merge", "Merge", {"enter", "next"}) + "node " +
         Node("less", "Less", {"merge", "most"}) + "node " +
         Node("cond", "LoopCond", {"less"}) + "node " +
         Node("switch", "Switch", {"merge", "cond"}) + "node " +
         Node("sum", "Add", {"switch:1", "switch:1"}) + "node " +
         Node("next", "NextIteration", {"sum"}) + "node " +
         Node("y", "Exit", {"switch"});
}

TEST(RaiseControlFlow, LoopsBecomeWhile) {
  tf::GraphDef graph = Parsed(Loop());
  const auto raised = RaiseControlFlow(graph);
  ASSERT_TRUE(raised) << raised.error().ToString();
  const std::string reached = Reached(graph, "y");
  EXPECT_THAT(reached, HasSubstr("y=Identity("));
  EXPECT_THAT(reached, HasSubstr("=StatelessWhile(x:0 limit:0)"));
  EXPECT_THAT(reached, testing::Not(HasSubstr("Merge")));
  EXPECT_EQ(OpsOf(graph, FunctionOf(graph, "StatelessWhile", "cond")), "Less ");
  EXPECT_EQ(OpsOf(graph, FunctionOf(graph, "StatelessWhile", "body")), "Add ");
}

TEST(RaiseControlFlow, ConditionsBecomeIf) {
  tf::GraphDef graph =
      Parsed(Input("x") + Input("p", "BOOL") + "node " +
             Node("s", "Switch", {"x", "p"}) + "node " +
             Node("no", "Neg", {"s"}) + "node " + Node("yes", "Abs", {"s:1"}) +
             "node " + Node("y", "Merge", {"no", "yes"}));
  const auto raised = RaiseControlFlow(graph);
  ASSERT_TRUE(raised) << raised.error().ToString();
  EXPECT_THAT(Reached(graph, "y"), HasSubstr("y=StatelessIf(p:0 x:0)"));
  EXPECT_EQ(OpsOf(graph, FunctionOf(graph, "StatelessIf", "then_branch")),
            "Abs ");
  EXPECT_EQ(OpsOf(graph, FunctionOf(graph, "StatelessIf", "else_branch")),
            "Neg ");
}

// One predicate goes by the names of what passes it on: an Identity, and a
// Switch of the condition around.
TEST(RaiseControlFlow, NestedConditionsKnowTheirPredicates) {
  tf::GraphDef graph =
      Parsed(Input("x") + Input("p", "BOOL") + Input("q", "BOOL") + "node " +
             Node("p_id", "Identity", {"p"}) + "node " +
             Node("x_in", "Switch", {"x", "p_id"}) + "node " +
             Node("q_in", "Switch", {"q", "p_id"}) + "node " +
             Node("q_id", "Identity", {"q_in"}) + "node " +
             Node("pivot", "Switch", {"q_in", "q_in"}) + "node " +
             Node("pivot_t", "Identity", {"pivot:1"}) + "node " +
             Const("one", "FLOAT", -1, "float_val: 1")
                 .replace(0, 1,
                          "{ input: "
                          "'^pivot_t' ") +
             "node " + Node("x_q", "Switch", {"x_in", "q_id"}) + "node " +
             Node("inner_yes", "Add", {"x_q:1", "one"}) + "node " +
             Node("inner_no", "Neg", {"x_q"}) + "node " +
             Node("inner", "Merge", {"inner_no", "inner_yes"}) + "node " +
             Node("yes", "Abs", {"x_in:1"}) + "node " +
             Node("y", "Merge", {"inner", "yes"}));
  const auto raised = RaiseControlFlow(graph);
  ASSERT_TRUE(raised) << raised.error().ToString();
  EXPECT_THAT(Reached(graph, "y"), HasSubstr("y=StatelessIf(p:0 "));
  for (const auto& function : graph.library().function()) {
    for (const tf::NodeDef& node : function.node_def())
      EXPECT_NE(node.op(), "Switch") << function.signature().name();
  }
}

TEST(RaiseControlFlow, DamageIsNamed) {
  const auto error = [](const std::string& text) {
    tf::GraphDef graph = Parsed(text);
    const auto raised = RaiseControlFlow(graph);
    return raised ? "raised" : raised.error().ToString();
  };
  // A loop without a condition.
  std::string loop = Loop();
  loop.replace(loop.find("LoopCond"), 8, "Identity");
  EXPECT_NE(error(loop), "raised");
  // A loop that reads what is not there.
  loop = Loop();
  loop.replace(loop.find("input: 'sum'"), 12, "input: 'gone'");
  EXPECT_NE(error(loop), "raised");
  // Nodes that only wait for another one.
  for (const char* input : {"less", "sum", "x", "cond"}) {
    loop = Loop();
    const std::string reads = std::string("input: '") + input;
    loop.replace(loop.find(reads), 8, "input: '^");
    EXPECT_THAT(error(loop), testing::HasSubstr("damaged")) << input;
  }
}

TEST(RaiseTensorArrays, FlowIsTheList) {
  tf::GraphDef graph = Parsed(
      "node " + Const("size", "INT32", -1, "int_val: 2") + "node " +
      Const("i", "INT32", -1, "int_val: 0") + Input("x") + "node " +
      Node("array", "TensorArrayV3", {"size"}, Type("dtype", "FLOAT")) +
      "node " +
      Node("write", "TensorArrayWriteV3", {"array", "i", "x", "array:1"}) +
      "node " +
      Node("read", "TensorArrayReadV3", {"array", "i", "write"},
           Type("dtype", "FLOAT")) +
      "node " + Node("count", "TensorArraySizeV3", {"array", "write"}));
  RaiseTensorArrays(graph);
  EXPECT_THAT(Reached(graph, "read"), HasSubstr("read=TensorListGetItem("));
  EXPECT_THAT(Reached(graph, "read"), HasSubstr("write=TensorListSetItem("));
  EXPECT_THAT(Reached(graph, "read"), HasSubstr("=TensorListReserve("));
  EXPECT_THAT(Reached(graph, "count"), HasSubstr("count=TensorListLength("));
}

}  // namespace liteforge::raise_control_flow_test
