// SPDX-License-Identifier: Apache-2.0
// Loops, conditions and arrays of TensorFlow 1, and graphs that are refused.
#include "convert/graph_testing.h"

namespace liteforge::graph_control_flow_test {

const GraphText::Attributes kFrame = {{"frame_name", "s: \"loop/\""}};

// i = 0; while (i < 5) { i += 1; v = v * 2 + i }, in TensorFlow 1's words.
TEST(GraphControlFlow, LoopsOfTensorFlow1) {
  const GraphText graph =
      GraphText()
          .Input("x", {2})
          .Constant("zero", {}, Ints{0})
          .Constant("two", {}, Floats{2})
          .Node("i/Enter", "Enter", {"zero"}, kFrame)
          .Node("v/Enter", "Enter", {"x"}, kFrame)
          .Node("two/Enter", "Enter", {"two"}, kFrame)
          .Node("i", "Merge", {"i/Enter", "i/Next"})
          .Node("v", "Merge", {"v/Enter", "v/Next"})
          .Constant("five", {}, Ints{5})
          .Constant("one", {}, Ints{1})
          .Node("test", "Less", {"i", "five"}, {{"T", "type: DT_INT32"}})
          .Node("go", "LoopCond", {"test"})
          .Node("i/Switch", "Switch", {"i", "go"})
          .Node("v/Switch", "Switch", {"v", "go"})
          .Node("i/more", "Add", {"i/Switch:1", "one"},
                {{"T", "type: DT_INT32"}})
          .Node("i/float", "Cast", {"i/more"},
                {{"SrcT", "type: DT_INT32"}, {"DstT", "type: DT_FLOAT"}})
          .Node("v/twice", "Mul", {"v/Switch:1", "two/Enter"}, kFloat)
          .Node("v/more", "Add", {"v/twice", "i/float"}, kFloat)
          .Node("i/Next", "NextIteration", {"i/more"})
          .Node("v/Next", "NextIteration", {"v/more"})
          .Node("y", "Exit", {"v/Switch"});
  const Floats x = {1, -3};
  std::vector<double> want(x.begin(), x.end());
  for (int i = 1; i <= 5; ++i) {
    for (double& value : want) value = value * 2 + i;
  }
  ExpectAnswer(AnswerOf(graph, {x}), {2}, want);
}

// y = p ? x * 3 : x - 1, with p = sum(x) > 0.
TEST(GraphControlFlow, ConditionsOfTensorFlow1) {
  const GraphText graph =
      GraphText()
          .Input("x", {2})
          .Constant("axis", {1}, Ints{0})
          .Constant("zero", {}, Floats{0})
          .Node("sum", "Sum", {"x", "axis"}, kFloat)
          .Node("p", "Greater", {"sum", "zero"}, kFloat)
          .Node("yes", "Switch", {"x", "p"})
          .Node("no", "Switch", {"x", "p"})
          .Node("pivot", "Switch", {"p", "p"})
          .Node("pivot/yes", "Identity", {"pivot:1"})
          .Node("three", "Const", {"^pivot/yes"},
                {{"dtype", "type: DT_FLOAT"},
                 {"value",
                  "tensor { dtype: DT_FLOAT tensor_shape {} "
                  "float_val: 3 }"}})
          .Constant("one", {}, Floats{1})
          .Node("more", "Mul", {"yes:1", "three"}, kFloat)
          .Node("less", "Sub", {"no", "one"}, kFloat)
          .Node("y", "Merge", {"less", "more"});
  ExpectAnswer(AnswerOf(graph, {{1, 2}}), {2}, {3, 6});
  ExpectAnswer(AnswerOf(graph, {{-1, -2}}), {2}, {-2, -3});
}

// An array of a shape that only writing tells.
TEST(GraphControlFlow, Arrays) {
  const GraphText graph =
      GraphText()
          .Input("x", {-1, 2})
          .Constant("size", {}, Ints{2})
          .Constant("zero", {}, Ints{0})
          .Constant("one", {}, Ints{1})
          .Constant("all", {2}, Ints{0, 1})
          .Node("a", "TensorArrayV3", {"size"}, {{"dtype", "type: DT_FLOAT"}})
          .Node("twice", "Add", {"x", "x"}, kFloat)
          .Node("w0", "TensorArrayWriteV3", {"a", "zero", "x", "a:1"}, kFloat)
          .Node("w1", "TensorArrayWriteV3", {"a", "one", "twice", "w0"}, kFloat)
          .Node("y", "TensorArrayGatherV3", {"a", "all", "w1"},
                {{"dtype", "type: DT_FLOAT"}});
  ExpectAnswer(AnswerOf(graph, {{1, 2}}, {{1, 2}}), {2, 1, 2}, {1, 2, 2, 4});
}

//------------------------------------------------------------ what is refused

void ExpectRefused(const GraphText& graph, const std::string& message) {
  const auto bytes = Converted(graph);
  ASSERT_FALSE(bytes);
  EXPECT_THAT(bytes.error().ToString(), testing::HasSubstr(message));
}

TEST(GraphModels, ConstantOutputsAreRefused) {
  GraphText graph = GraphText().Input("x", {2}).Constant("c", {}, Floats{1});
  graph.Node("y", "Neg", {"c"}, kFloat);
  ExpectRefused(graph, "all are constants");
}

TEST(GraphModels, EmptyOutputsAreRefused) {
  GraphText graph = GraphText()
                        .Input("x", {4})
                        .Constant("begin", {1}, Ints{4})
                        .Constant("size", {1}, Ints{0})
                        .Node("y", "Slice", {"x", "begin", "size"}, kFloat);
  ExpectRefused(graph, "no elements");
}

TEST(GraphModels, DamagedGraphsAreRefused) {
  ExpectRefused(GraphText().Input("x", {2}).Node("y", "Neg", {"z"}, kFloat),
                "'z'");
  ExpectRefused(
      GraphText().Input("x", {2}).Node("y", "Add", {"x", "y"}, kFloat),
      "depends on itself");
  ExpectRefused(GraphText().Input("x", {2}).Node("z", "Neg", {"x"}, kFloat),
                "'y'");
  ExpectRefused(GraphText().Input("x", {2}).Node("y", "VariableV2", {}, {}),
                "has no value");
  ExpectRefused(GraphText()
                    .Input("x", {2})
                    .Node("y", "DecodeJpeg", {"x"})
                    .Node("w", "ParseExample", {"x"}),
                "DecodeJpeg ('y')");
}

}  // namespace liteforge::graph_control_flow_test
