// SPDX-License-Identifier: Apache-2.0
// The walk: names, order, what is folded, and what is refused with which words.
#include "lower/lower.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lower/test_function.h"

namespace liteforge::lower_test {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Error ErrorOf(TestFunction& f) {
  SmallEvaluator evaluator;
  auto module = Lower(f.function(), evaluator);
  if (module) {
    ADD_FAILURE() << "no error";
    return {};
  }
  return module.error();
}

TEST(Lower, NamesTensorsAfterTheSignatureAndTheNodes) {
  TestFunction f;
  f.Input("image", {-1, 4})
      .Node("Relu", "block/act", {"image"})
      .Node("Exp", "block/exp", {"block/act"})
      .Output("probs", "block/exp");
  SmallEvaluator evaluator;
  auto module = Lower(f.function(), evaluator);
  ASSERT_TRUE(module) << module.error().ToString();
  const ir::Graph& graph = *(*module)->graphs[0];
  ASSERT_EQ(graph.nodes().size(), 2u);
  EXPECT_EQ(graph.nodes()[0]->source, "block/act");
  EXPECT_EQ(graph.nodes()[0]->output()->name, "block/act");
  EXPECT_EQ(graph.nodes()[0]->output()->shape, (Shape{-1, 4}));
  EXPECT_EQ(graph.nodes()[1]->output()->name, "probs");
  ASSERT_EQ((*module)->signatures.size(), 1u);
  const ir::Signature& signature = (*module)->signatures[0];
  EXPECT_EQ(signature.key, "f");
  EXPECT_THAT(signature.inputs,
              ElementsAre(testing::Pair("image", graph.inputs()[0])));
  EXPECT_THAT(signature.outputs,
              ElementsAre(testing::Pair("probs", graph.outputs()[0])));
}

TEST(Lower, KeepsInputsNobodyReads) {
  TestFunction f;
  f.Input("a", {2}).Input("unused", {3});
  f.Node("Relu", "y", {"a"}).Output("y", "y");
  SmallEvaluator evaluator;
  auto module = Lower(f.function(), evaluator);
  ASSERT_TRUE(module);
  EXPECT_EQ((*module)->graphs[0]->inputs().size(), 2u);
}

TEST(Lower, SortsNodes) {
  TestFunction f;
  f.Node("Neg", "c", {"b"}).Node("Exp", "b", {"a"}).Node("Relu", "a", {"x"});
  f.Input("x", {2}).Output("y", "c");
  SmallEvaluator evaluator;
  auto module = Lower(f.function(), evaluator);
  ASSERT_TRUE(module) << module.error().ToString();
  std::vector<Op> ops;
  for (const auto& node : (*module)->graphs[0]->nodes())
    ops.push_back(node->op());
  EXPECT_THAT(ops, ElementsAre(Op::kRelu, Op::kExp, Op::kNeg));
}

// Recursion over the graph would overflow the stack here.
TEST(Lower, SortsLongChains) {
  constexpr int kNodes = 50000;
  TestFunction f;
  f.Output("y", "n" + std::to_string(kNodes - 1));
  for (int i = kNodes - 1; i > 0; --i) {
    f.Node("Identity", "n" + std::to_string(i), {});
    f.Last()->add_input("n" + std::to_string(i - 1));
  }
  f.Node("Relu", "n0", {"x"}).Input("x", {2});
  SmallEvaluator evaluator;
  auto module = Lower(f.function(), evaluator);
  ASSERT_TRUE(module) << module.error().ToString();
  EXPECT_EQ((*module)->graphs[0]->nodes().size(), 1u);
}

TEST(Lower, LeavesOutWhatNoOutputNeeds) {
  TestFunction f;
  f.Input("x", {2})
      .Node("NotAnOperation", "assert", {"x"})
      .Node("Relu", "y", {"x", "^assert"})
      .Output("y", "y");
  SmallEvaluator evaluator;
  EXPECT_TRUE(Lower(f.function(), evaluator));
}

//---------------------------------------------------------------- outputs

TEST(Lower, OutputThatIsAnInputIsACopy) {
  TestFunction f;
  f.Input("x", {-1, 4}).Node("Identity", "i", {"x"}).Output("y", "i");
  SmallEvaluator evaluator;
  auto module = Lower(f.function(), evaluator);
  ASSERT_TRUE(module) << module.error().ToString();
  const ir::Graph& graph = *(*module)->graphs[0];
  ASSERT_EQ(graph.nodes().size(), 1u);
  EXPECT_EQ(graph.nodes()[0]->op(), Op::kReshape);
  EXPECT_EQ(graph.outputs()[0]->name, "y");
  EXPECT_EQ(graph.outputs()[0]->shape, (Shape{-1, 4}));
  EXPECT_EQ(graph.inputs()[0]->name, "x");
}

TEST(Lower, TwoOutputsOfOneValueAndAConstantOutputAreDistinct) {
  TestFunction f;
  f.Input("x", {2}).Floats("c", {2}, {5, 7}).Node("Relu", "r", {"x"});
  f.Output("a", "r").Output("b", "r").Output("c1", "c").Output("c2", "c");
  SmallEvaluator evaluator;
  auto module = Lower(f.function(), evaluator);
  ASSERT_TRUE(module) << module.error().ToString();
  std::vector<std::string> names;
  for (const ir::Value* value : (*module)->graphs[0]->outputs())
    names.push_back(value->name);
  EXPECT_THAT(names, ElementsAre("a", "b", "c1", "c2"));
  EXPECT_THAT((*module)->graphs[0]->outputs()[3]->ToVector<float>(),
              ElementsAre(5, 7));
  EXPECT_TRUE(ir::Verify(*(*module)->graphs[0]));
}

//---------------------------------------------------------------- folding

TEST(Lower, FoldsConstantsAtOnce) {
  TestFunction f;
  f.Input("x", {2})
      .Floats("a", {2}, {1, 2})
      .Floats("b", {2}, {10, 20})
      .Node("AddV2", "sum", {"a", "b"})
      .Node("Mul", "product", {"sum", "b"})
      .Node("AddV2", "y", {"x", "product"})
      .Output("y", "y");
  SmallEvaluator evaluator;
  auto module = Lower(f.function(), evaluator);
  ASSERT_TRUE(module) << module.error().ToString();
  const auto& nodes = (*module)->graphs[0]->nodes();
  ASSERT_EQ(nodes.size(), 1u);
  EXPECT_THAT(nodes[0]->input(1)->ToVector<float>(), ElementsAre(110, 440));
  EXPECT_EQ(nodes[0]->input(1)->name, "product");
}

TEST(Lower, LeavesWhatTheEvaluatorRefuses) {
  TestFunction f;
  f.Floats("a", {2}, {1, 2}).Node("Sin", "y", {"a"}).Output("y", "y");
  SmallEvaluator evaluator;
  auto module = Lower(f.function(), evaluator);
  ASSERT_TRUE(module);
  EXPECT_EQ((*module)->graphs[0]->nodes().size(), 1u);
  EXPECT_EQ(evaluator.calls, 1);
}

TEST(Lower, DoesNotComputeHugeConstants) {
  TestFunction f;
  f.Ints("dims", {3000, 3000}).Floats("zero", {}, {0});
  f.Node("Fill", "y", {"dims", "zero"}).Output("y", "y");
  SmallEvaluator evaluator;
  auto module = Lower(f.function(), evaluator);
  ASSERT_TRUE(module);
  EXPECT_EQ((*module)->graphs[0]->outputs()[0]->shape, (Shape{3000, 3000}));
  EXPECT_EQ(evaluator.calls, 0);
}

TEST(Lower, WidensNarrowIntegerArithmetic) {
  TestFunction f;
  f.Input("x", {2}, DataType::kInt8)
      .Input("z", {2}, DataType::kInt8)
      .Node("AddV2", "y", {"x", "z"})
      .Node("Greater", "g", {"y", "x"})
      .Output("y", "y")
      .Output("g", "g");
  SmallEvaluator evaluator;
  auto module = Lower(f.function(), evaluator);
  ASSERT_TRUE(module) << module.error().ToString();
  const ir::Graph& graph = *(*module)->graphs[0];
  EXPECT_EQ(graph.outputs()[0]->type, DataType::kInt8);
  EXPECT_EQ(graph.outputs()[1]->type, DataType::kBool);
  for (const auto& node : graph.nodes()) {
    if (node->op() == Op::kCast) continue;
    EXPECT_EQ(node->input(0)->type, DataType::kInt32) << Name(node->op());
    EXPECT_EQ(node->input(1)->type, DataType::kInt32) << Name(node->op());
  }
}

TEST(Lower, WidensStoredHalfPrecision) {
  TestFunction f;
  // 1.5, -2, 2^-24 (the smallest subnormal), infinity
  f.Input("x", {4})
      .Constant<uint16_t>("h", {4}, {0x3e00, 0xc000, 0x0001, 0x7c00},
                          DataType::kFloat16)
      .Node("Cast", "w", {"h"}, {{"DstT", DataType::kFloat32}})
      .Node("AddV2", "y", {"x", "w"})
      .Output("y", "y");
  SmallEvaluator evaluator;
  auto module = Lower(f.function(), evaluator);
  ASSERT_TRUE(module) << module.error().ToString();
  const auto& nodes = (*module)->graphs[0]->nodes();
  ASSERT_EQ(nodes.size(), 1u);
  EXPECT_THAT(nodes[0]->input(1)->ToVector<float>(),
              ElementsAre(1.5f, -2.0f, std::ldexp(1.0f, -24), HUGE_VALF));
}

//----------------------------------------------------------------- errors

TEST(Lower, CollectsAllUnsupportedOperations) {
  TestFunction f;
  f.Input("x", {2});
  for (const char* name : {"a", "b", "c", "d", "e"})
    f.Node("Bar", name, {"x"}).Output(name, name);
  f.Node("Foo", "loop", {"loop"}).Output("loop", "loop");
  f.Node("Relu", "fine", {"a"}).Output("fine", "fine");
  const Error error = ErrorOf(f);
  EXPECT_EQ(error.code, ErrorCode::kUnsupported);
  EXPECT_THAT(error.ToString(),
              AllOf(HasSubstr("Bar ('a', 'b', 'c' and 2 more), Foo ('loop')"),
                    Not(HasSubstr("Relu"))));
}

TEST(Lower, CollectsNodesThatCannotBeExpressed) {
  TestFunction f;
  f.Input("x", {1, 4, 4, 2});
  const TestAttributes over_batch = {
      {"ksize", std::vector<int64_t>{2, 1, 1, 1}},
      {"strides", std::vector<int64_t>{1, 1, 1, 1}},
      {"padding", "SAME"}};
  f.Node("MaxPool", "first", {"x"}, over_batch)
      .Node("Relu", "reader", {"first"})
      .Node("AvgPool", "second", {"x"}, over_batch)
      .Output("a", "reader")
      .Output("b", "second");
  const Error error = ErrorOf(f);
  EXPECT_EQ(error.code, ErrorCode::kUnsupported);
  EXPECT_THAT(error.ToString(), AllOf(HasSubstr("node 'first' (MaxPool)"),
                                      HasSubstr("node 'second' (AvgPool)"),
                                      Not(HasSubstr("reader"))));
}

TEST(Lower, RefusesFloat64) {
  TestFunction input;
  input.Input("x", {2}, DataType::kFloat64);
  input.Node("Relu", "y", {"x"}).Output("y", "y");
  EXPECT_EQ(ErrorOf(input).code, ErrorCode::kUnsupported);

  TestFunction inside;
  inside.Input("x", {2});
  inside.Node("Cast", "y", {"x"}, {{"DstT", DataType::kFloat64}});
  inside.Output("y", "y");
  const Error error = ErrorOf(inside);
  EXPECT_EQ(error.code, ErrorCode::kUnsupported);
  EXPECT_THAT(error.ToString(),
              AllOf(StartsWith("node 'y' (Cast)"), HasSubstr("float64")));
}

struct Damage {
  const char* what;
  void (*build)(TestFunction&);
  const char* message;
};

constexpr Damage kDamages[] = {
    {"missing input node",
     [](TestFunction& f) { f.Node("Relu", "y", {"gone"}).Output("y", "y"); },
     "node 'y' (Relu) refers to node 'gone', which does not exist"},
    {"missing output node", [](TestFunction& f) { f.Output("y", "gone"); },
     "output 'y' refers to node 'gone'"},
    {"output beyond the last",
     [](TestFunction& f) {
       f.Input("x", {2}).Node("Relu", "r", {"x"});
       f.Node("Relu", "y", {"r:1"}).Output("y", "y");
     },
     "node 'y' (Relu): output 1 of node 'r' is read"},
    {"absurd output number",
     [](TestFunction& f) {
       f.Input("x", {2}).Node("Relu", "r", {"x"});
       f.Node("Relu", "y", {"r:99999999999"}).Output("y", "y");
     },
     "'r"},
    {"cycle",
     [](TestFunction& f) {
       f.Node("Relu", "a", {"b"}).Node("Relu", "b", {"a"}).Output("y", "a");
     },
     "depends on its own output"},
    {"self cycle",
     [](TestFunction& f) { f.Node("Relu", "a", {"a"}).Output("y", "a"); },
     "node 'a' depends on its own output"},
    {"two nodes of one name",
     [](TestFunction& f) {
       f.Input("x", {2}).Node("Relu", "y", {"x"}).Node("Exp", "y", {"x"});
       f.Output("y", "y");
     },
     "two nodes are named 'y'"},
    {"missing attribute",
     [](TestFunction& f) {
       f.Input("x", {1, 4, 4, 1}).Node("MaxPool", "p", {"x"}).Output("y", "p");
     },
     "node 'p' (MaxPool): attribute 'ksize' is missing"},
    {"attribute of another kind",
     [](TestFunction& f) {
       f.Input("x", {1, 4, 4, 1});
       f.Node("MaxPool", "p", {"x"}, {{"ksize", 2}}).Output("y", "p");
     },
     "attribute 'ksize' is not a list of integers"},
    {"too few inputs",
     [](TestFunction& f) {
       f.Input("x", {2}).Node("AddV2", "y", {"x"}).Output("y", "y");
     },
     "node 'y' (AddV2): it has 1 inputs and needs 2"},
    {"placeholder that is no input",
     [](TestFunction& f) {
       f.Node("Placeholder", "p", {}).Node("Relu", "y", {"p"}).Output("y", "y");
     },
     "node 'p' (Placeholder): it is needed but is none of the function's "
     "inputs"},
    {"constant without a value",
     [](TestFunction& f) { f.Node("Const", "c", {}).Output("y", "c"); },
     "node 'c' (Const): attribute 'value' is missing"},
    {"constant shorter than its shape",
     [](TestFunction& f) {
       f.Floats("c", {3}, {1, 2}).Output("y", "c");
     },
     "node 'c' (Const): the constant has 8 bytes; float32[3] has 12"},
    {"shapes that do not broadcast",
     [](TestFunction& f) {
       f.Input("a", {2, 3}).Input("b", {2, 4});
       f.Node("AddV2", "y", {"a", "b"}).Output("y", "y");
     },
     "node 'y' (AddV2): "},
    {"zero stride",
     [](TestFunction& f) {
       f.Input("x", {4}).Ints("b", {0}).Ints("e", {4}).Ints("s", {0});
       f.Node("StridedSlice", "y", {"x", "b", "e", "s"}).Output("y", "y");
     },
     "node 'y' (StridedSlice): a stride is 0"},
    {"permutation with an axis twice",
     [](TestFunction& f) {
       f.Input("x", {4, 4}).Ints("p", {1, 1});
       f.Node("Transpose", "y", {"x", "p"}).Output("y", "y");
     },
     "the permutation has an axis twice"},
    {"input twice",
     [](TestFunction& f) {
       f.Input("x", {4}).Output("y", "x");
       f.function().inputs.push_back(f.function().inputs[0]);
     },
     "input 'x' occurs twice"},
};

TEST(Lower, NamesTheNodeOfADamagedGraph) {
  for (const Damage& damage : kDamages) {
    SCOPED_TRACE(damage.what);
    TestFunction f;
    damage.build(f);
    const Error error = ErrorOf(f);
    EXPECT_EQ(error.code, ErrorCode::kInvalidModel) << error.ToString();
    EXPECT_THAT(error.ToString(), HasSubstr(damage.message));
  }
}

}  // namespace liteforge::lower_test
