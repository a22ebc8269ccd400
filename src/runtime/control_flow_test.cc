// SPDX-License-Identifier: Apache-2.0
// Operators that run subgraphs or remember something between runs, through
// the interpreter.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "liteforge/interpreter.h"
#include "runtime/test_model.h"

namespace liteforge::control_flow_test {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr DataType kF32 = DataType::kFloat32;
constexpr DataType kI32 = DataType::kInt32;
constexpr DataType kBool = DataType::kBool;

Interpreter Open(const TestModel& model) {
  auto interpreter = Interpreter::FromBuffer(model.Pack());
  EXPECT_TRUE(interpreter) << interpreter.error().ToString();
  return *std::move(interpreter);
}

template <class T>
std::string ErrorOf(const Result<T>& result) {
  return result ? "no error" : result.error().ToString();
}

// The error of loading or allocating.
std::string Refusal(const TestModel& model) {
  auto interpreter = Interpreter::FromBuffer(model.Pack());
  return interpreter ? ErrorOf(interpreter->AllocateTensors())
                     : ErrorOf(interpreter);
}

template <class T>
void Set(Interpreter& interpreter, int index, const std::vector<T>& values) {
  const auto done = interpreter.SetTensor(index, std::span<const T>(values));
  ASSERT_TRUE(done) << done.error().ToString();
}

void SetBool(Interpreter& interpreter, int index, bool value) {
  const auto byte = std::byte{value};
  const auto done =
      interpreter.SetTensor(index, kBool, Shape({}), std::span(&byte, 1));
  ASSERT_TRUE(done) << done.error().ToString();
}

void Invoke(Interpreter& interpreter) {
  const auto done = interpreter.Invoke();
  ASSERT_TRUE(done) << done.error().ToString();
}

//----------------------------------------------------------------------- IF

// y = test ? x + 1 : x * 3
TestModel Choice() {
  TestModel model;
  model.Tensor("test", kBool, {});
  model.Tensor("x", kF32, {2}, {-1});
  model.Tensor("y", kF32, {2}, {-1});
  model.Node(Op::kIf,
             IfOptions{.then_subgraph_index = 1, .else_subgraph_index = 2},
             {0, 1}, {2});
  model.Border({0, 1}, {2});
  const std::pair<Op, float> branches[] = {{Op::kAdd, 1}, {Op::kMul, 3}};
  for (const auto& [op, with] : branches) {
    model.Subgraph();
    model.Tensor("a", kF32, {2}, {-1});
    model.Constant<float>("b", kF32, {}, {with});
    model.Tensor("c", kF32, {2}, {-1});
    model.Node(op, {}, {0, 1}, {2});
    model.Border({0}, {2});
  }
  return model;
}

TEST(If, TakesItsBranch) {
  Interpreter interpreter = Open(Choice());
  ASSERT_TRUE(interpreter.AllocateTensors());
  Set<float>(interpreter, 1, {2, 5});
  for (const bool test : {true, false, true}) {
    SetBool(interpreter, 0, test);
    Invoke(interpreter);
    EXPECT_THAT(interpreter.Tensor<float>(2),
                test ? ElementsAre(3, 6) : ElementsAre(6, 15));
  }
}

TEST(If, TakesAnotherShapeAfterAResize) {
  Interpreter interpreter = Open(Choice());
  ASSERT_TRUE(interpreter.ResizeInputTensor(1, Shape({3})));
  ASSERT_TRUE(interpreter.AllocateTensors());
  EXPECT_EQ(interpreter.OutputDetails()[0].shape, Shape({3}));
  Set<float>(interpreter, 1, {1, 2, 3});
  SetBool(interpreter, 0, false);
  Invoke(interpreter);
  EXPECT_THAT(interpreter.Tensor<float>(2), ElementsAre(3, 6, 9));
}

// then: [x, x] on axis 0; else: x. The shape is known after the choice only.
TEST(If, BranchesOfDifferentShapes) {
  TestModel model;
  model.Tensor("test", kBool, {});
  model.Tensor("x", kF32, {2});
  model.Tensor("chosen", kF32, {1}, {-1});
  model.Tensor("y", kF32, {1}, {-1});
  model.Node(Op::kIf,
             IfOptions{.then_subgraph_index = 1, .else_subgraph_index = 2},
             {0, 1}, {2});
  model.Node(Op::kNeg, {}, {2}, {3});
  model.Border({0, 1}, {3});
  model.Subgraph();
  model.Tensor("x", kF32, {2});
  model.Tensor("twice", kF32, {4});
  model.Node(Op::kConcatenation, ConcatenationOptions{.axis = 0}, {0, 0}, {1});
  model.Border({0}, {1});
  model.Subgraph();
  model.Tensor("x", kF32, {2});
  model.Border({0}, {0});

  Interpreter interpreter = Open(model);
  ASSERT_TRUE(interpreter.AllocateTensors());
  Set<float>(interpreter, 1, {1, 2});
  for (int round = 0; round < 2; ++round) {
    SetBool(interpreter, 0, true);
    Invoke(interpreter);
    EXPECT_EQ(interpreter.OutputDetails()[0].shape, Shape({4}));
    EXPECT_THAT(interpreter.Tensor<float>(3), ElementsAre(-1, -2, -1, -2));
    SetBool(interpreter, 0, false);
    Invoke(interpreter);
    EXPECT_EQ(interpreter.OutputDetails()[0].shape, Shape({2}));
    EXPECT_THAT(interpreter.Tensor<float>(3), ElementsAre(-1, -2));
  }
}

TEST(If, RefusesWhatDoesNotFitItsBranches) {
  TestModel model = Choice();
  model.model().subgraphs[2]->tensors[0]->type = tflite::TensorType::INT32;
  EXPECT_THAT(Refusal(model), HasSubstr("value 0 is float32, the subgraph "
                                        "that it runs takes int32"));
  model = Choice();
  model.model().subgraphs[0]->operators[0]->inputs = {0};
  EXPECT_THAT(Refusal(model), HasSubstr("0 values, the subgraph that it runs "
                                        "has 1"));
  model = Choice();
  model.model().subgraphs[1]->outputs = {2, 2};
  EXPECT_THAT(Refusal(model), HasSubstr("1 outputs, the subgraph that it runs "
                                        "has 2"));
  model = Choice();
  model.model().subgraphs[0]->tensors[0]->shape = {2};
  EXPECT_THAT(Refusal(model), HasSubstr("the condition must be one bool"));
  model = Choice();
  model.model().subgraphs[0]->operators[0]->inputs = {-1, 1};
  EXPECT_THAT(Refusal(model), HasSubstr("input 0 must be there"));
}

//-------------------------------------------------------------------- WHILE

// Subgraph: i < limit, of values (i, others…).
void CountsTo(TestModel& model, int limit,
              const std::vector<std::vector<int32_t>>& others) {
  model.Subgraph();
  std::vector<int32_t> inputs{model.Tensor("i", kI32, {})};
  for (const auto& shape : others)
    inputs.push_back(model.Tensor("other", kF32, shape));
  const int end = model.Constant<int32_t>("end", kI32, {}, {limit});
  const int less = model.Tensor("less", kBool, {});
  model.Node(Op::kLess, {}, {0, end}, {less});
  model.Border(inputs, {less});
}

// i + 1 of tensor 0 of the subgraph.
int Successor(TestModel& model) {
  const int one = model.Constant<int32_t>("one", kI32, {}, {1});
  const int next = model.Tensor("next", kI32, {});
  model.Node(Op::kAdd, {}, {0, one}, {next});
  return next;
}

// i = 0; x, y: while (i < rounds) { i += 1; (x, y) = (y, x) }
TEST(While, SwapsWhatPassesThrough) {
  for (const int rounds : {0, 1, 2, 5}) {
    TestModel model;
    model.Constant<int32_t>("zero", kI32, {}, {0});
    model.Tensor("x", kF32, {2});
    model.Tensor("y", kF32, {2});
    model.Tensor("count", kI32, {});
    model.Tensor("x'", kF32, {2});
    model.Tensor("y'", kF32, {2});
    model.Node(Op::kWhile,
               WhileOptions{.cond_subgraph_index = 1, .body_subgraph_index = 2},
               {0, 1, 2}, {3, 4, 5});
    model.Border({1, 2}, {3, 4, 5});
    CountsTo(model, rounds, {{2}, {2}});
    model.Subgraph();
    model.Tensor("i", kI32, {});
    model.Tensor("x", kF32, {2});
    model.Tensor("y", kF32, {2});
    const int next = Successor(model);
    model.Border({0, 1, 2}, {next, 2, 1});

    Interpreter interpreter = Open(model);
    ASSERT_TRUE(interpreter.AllocateTensors());
    Set<float>(interpreter, 1, {1, 2});
    Set<float>(interpreter, 2, {3, 4});
    for (int again = 0; again < 2; ++again) {
      Invoke(interpreter);
      EXPECT_THAT(interpreter.Tensor<int32_t>(3), ElementsAre(rounds));
      EXPECT_THAT(interpreter.Tensor<float>(4),
                  rounds % 2 == 0 ? ElementsAre(1, 2) : ElementsAre(3, 4));
      EXPECT_THAT(interpreter.Tensor<float>(5),
                  rounds % 2 == 0 ? ElementsAre(3, 4) : ElementsAre(1, 2));
    }
  }
}

// i = 0; list = x: while (i < 3) { i += 1; list = [list, x0 + i] }
TEST(While, Grows) {
  TestModel model;
  model.Constant<int32_t>("zero", kI32, {}, {0});
  model.Tensor("x", kF32, {1}, {-1});
  model.Tensor("count", kI32, {});
  model.Tensor("list", kF32, {1}, {-1});
  model.Tensor("negative", kF32, {1}, {-1});
  model.Node(Op::kWhile,
             WhileOptions{.cond_subgraph_index = 1, .body_subgraph_index = 2},
             {0, 1}, {2, 3});
  model.Node(Op::kNeg, {}, {3}, {4});
  model.Border({1}, {4});
  CountsTo(model, 3, {{1}});
  model.Subgraph();
  model.Tensor("i", kI32, {});
  model.Tensor("list", kF32, {1}, {-1});
  const int next = Successor(model);
  const int number = model.Tensor("number", kF32, {});
  const int one = model.Tensor("element", kF32, {1});
  const int longer = model.Tensor("longer", kF32, {2}, {-1});
  const int shape = model.Constant<int32_t>("shape", kI32, {1}, {1});
  model.Node(Op::kCast, {}, {next}, {number});
  model.Node(Op::kReshape, ReshapeOptions{}, {number, shape}, {one});
  model.Node(Op::kConcatenation, ConcatenationOptions{.axis = 0}, {1, one},
             {longer});
  model.Border({0, 1}, {next, longer});

  Interpreter interpreter = Open(model);
  ASSERT_TRUE(interpreter.AllocateTensors());
  Set<float>(interpreter, 1, {9});
  for (int again = 0; again < 2; ++again) {
    Invoke(interpreter);
    EXPECT_EQ(interpreter.OutputDetails()[0].shape, Shape({4}));
    EXPECT_THAT(interpreter.Tensor<float>(4), ElementsAre(-9, -1, -2, -3));
  }
  ASSERT_TRUE(interpreter.ResizeInputTensor(1, Shape({2})));
  ASSERT_TRUE(interpreter.AllocateTensors());
  Set<float>(interpreter, 1, {7, 8});
  Invoke(interpreter);
  EXPECT_THAT(interpreter.Tensor<float>(4), ElementsAre(-7, -8, -1, -2, -3));
}

// i = 0: while (i < 3) { j = 0: while (j < 4) { j += 1; sum += x }; i += 1 }
TEST(While, Nests) {
  TestModel model;
  model.Constant<int32_t>("zero", kI32, {}, {0});
  model.Tensor("sum", kF32, {1});
  model.Tensor("x", kF32, {1});
  model.Tensor("i'", kI32, {});
  model.Tensor("sum'", kF32, {1});
  model.Tensor("x'", kF32, {1});
  model.Node(Op::kWhile,
             WhileOptions{.cond_subgraph_index = 1, .body_subgraph_index = 2},
             {0, 1, 2}, {3, 4, 5});
  model.Border({1, 2}, {4});
  CountsTo(model, 3, {{1}, {1}});
  model.Subgraph();
  model.Tensor("i", kI32, {});
  model.Tensor("sum", kF32, {1});
  model.Tensor("x", kF32, {1});
  const int next = Successor(model);
  const int zero = model.Constant<int32_t>("zero", kI32, {}, {0});
  const int j = model.Tensor("j'", kI32, {});
  const int sum = model.Tensor("sum'", kF32, {1});
  const int x = model.Tensor("x'", kF32, {1});
  model.Node(Op::kWhile,
             WhileOptions{.cond_subgraph_index = 3, .body_subgraph_index = 4},
             {zero, 1, 2}, {j, sum, x});
  model.Border({0, 1, 2}, {next, sum, x});
  CountsTo(model, 4, {{1}, {1}});
  model.Subgraph();
  model.Tensor("j", kI32, {});
  model.Tensor("sum", kF32, {1});
  model.Tensor("x", kF32, {1});
  const int after = Successor(model);
  const int more = model.Tensor("more", kF32, {1});
  model.Node(Op::kAdd, AddOptions{}, {1, 2}, {more});
  model.Border({0, 1, 2}, {after, more, 2});

  Interpreter interpreter = Open(model);
  ASSERT_TRUE(interpreter.AllocateTensors());
  Set<float>(interpreter, 1, {100});
  Set<float>(interpreter, 2, {2});
  Invoke(interpreter);
  EXPECT_THAT(interpreter.Tensor<float>(4), ElementsAre(100 + 3 * 4 * 2));
}

// i = 0: while (i < 2) { i += 1 }
TestModel Simple() {
  TestModel model;
  model.Constant<int32_t>("zero", kI32, {}, {0});
  model.Tensor("x", kF32, {1});
  model.Tensor("count", kI32, {});
  model.Tensor("y", kF32, {1});
  model.Node(Op::kWhile,
             WhileOptions{.cond_subgraph_index = 1, .body_subgraph_index = 2},
             {0, 1}, {2, 3});
  model.Border({1}, {3});
  CountsTo(model, 2, {{1}});
  model.Subgraph();
  model.Tensor("i", kI32, {});
  model.Tensor("x", kF32, {1});
  const int next = Successor(model);
  model.Border({0, 1}, {next, 1});
  return model;
}

TEST(While, RefusesWhatDoesNotFitItsLoop) {
  EXPECT_EQ(Refusal(Simple()), "no error");
  TestModel model = Simple();
  model.model().subgraphs[1]->outputs = {2, 2};
  EXPECT_THAT(Refusal(model), HasSubstr("must have one output"));
  model = Simple();
  model.model().subgraphs[1]->outputs = {2};  // the int32 end
  EXPECT_THAT(Refusal(model), HasSubstr("the condition must be one bool"));
  model = Simple();
  model.model().subgraphs[2]->outputs = {1, 1};
  EXPECT_THAT(Refusal(model),
              HasSubstr("value 0 has another type after the loop's body"));
  model = Simple();
  model.model().subgraphs[2]->outputs.pop_back();
  EXPECT_THAT(Refusal(model), HasSubstr("2 values, the subgraph that it runs "
                                        "has 1"));
}

//--------------------------------------- variables, tables, initializations

// Subgraph 0, signature "add":  v += x, gives v
// subgraph 1, signature "init": v = start
TestModel Counter() {
  TestModel model;
  const auto handle = [&] {
    const int v = model.Tensor("v", DataType::kResource, {});
    model.Node(Op::kVarHandle, VarHandleOptions{.shared_name = "v"}, {}, {v});
    return v;
  };
  model.Tensor("x", kF32, {2});
  const int v = handle();
  const int old = model.Tensor("old", kF32, {2});
  const int sum = model.Tensor("sum", kF32, {2});
  model.Node(Op::kReadVariable, {}, {v}, {old});
  model.Node(Op::kAdd, AddOptions{}, {old, 0}, {sum});
  model.Node(Op::kAssignVariable, {}, {v, sum}, {});
  model.Border({0}, {sum});
  model.Signature("add", {{"x", 0}}, {{"v", sum}});
  model.Subgraph();
  model.Tensor("start", kF32, {2});
  model.Node(Op::kAssignVariable, {}, {handle(), 0}, {});
  model.Border({0}, {});
  model.Signature("init", {{"start", 0}}, {});
  model.model().signature_defs.back()->subgraph_index = 1;
  return model;
}

TEST(Variable, KeepsItsValueBetweenRunsAndSignatures) {
  Interpreter interpreter = Open(Counter());
  auto add = interpreter.Signature("add"), init = interpreter.Signature("init");
  ASSERT_TRUE(add && init);
  ASSERT_TRUE(add->AllocateTensors());
  ASSERT_TRUE(init->AllocateTensors());
  const std::vector<float> x{1, 2}, start{10, 20};
  ASSERT_TRUE(add->SetInput("x", std::span(x)));
  EXPECT_THAT(ErrorOf(add->Invoke()), HasSubstr("the variable has no value "
                                                "yet"));
  ASSERT_TRUE(init->SetInput("start", std::span(start)));
  ASSERT_TRUE(init->Invoke());
  ASSERT_TRUE(add->Invoke());
  ASSERT_TRUE(add->Invoke());
  EXPECT_THAT(add->Values<float>("v"), ElementsAre(12, 24));
  interpreter.ResetVariableTensors();
  EXPECT_THAT(ErrorOf(add->Invoke()), HasSubstr("the variable has no value "
                                                "yet"));
}

// CALL_ONCE assigns 5 to v; y = v; v = v + x.
TEST(CallOnce, InitializesOnce) {
  TestModel model;
  model.Tensor("x", kF32, {1});
  const int v = model.Tensor("v", DataType::kResource, {});
  const int y = model.Tensor("y", kF32, {1});
  const int sum = model.Tensor("sum", kF32, {1});
  model.Node(Op::kCallOnce, CallOnceOptions{.init_subgraph_index = 1}, {}, {});
  model.Node(Op::kVarHandle, VarHandleOptions{.shared_name = "v"}, {}, {v});
  model.Node(Op::kReadVariable, {}, {v}, {y});
  model.Node(Op::kAdd, AddOptions{}, {y, 0}, {sum});
  model.Node(Op::kAssignVariable, {}, {v, sum}, {});
  model.Border({0}, {y});
  model.Subgraph();
  model.Tensor("v", DataType::kResource, {});
  model.Constant<float>("five", kF32, {1}, {5});
  model.Node(Op::kVarHandle, VarHandleOptions{.shared_name = "v"}, {}, {0});
  model.Node(Op::kAssignVariable, {}, {0, 1}, {});
  model.Border({}, {});

  Interpreter interpreter = Open(model);
  ASSERT_TRUE(interpreter.AllocateTensors());
  Set<float>(interpreter, 0, {2});
  for (const float expected : {5, 7, 9}) {
    Invoke(interpreter);
    EXPECT_THAT(interpreter.Tensor<float>(y), ElementsAre(expected));
  }
  interpreter.ResetVariableTensors();
  Invoke(interpreter);
  EXPECT_THAT(interpreter.Tensor<float>(y), ElementsAre(5));
}

TEST(Variable, RefusesAnotherType) {
  TestModel model = Counter();
  model.model().subgraphs[1]->tensors[0]->type = tflite::TensorType::INT32;
  Interpreter interpreter = Open(model);
  auto add = interpreter.Signature("add"), init = interpreter.Signature("init");
  ASSERT_TRUE(init->AllocateTensors());
  ASSERT_TRUE(add->AllocateTensors());
  ASSERT_TRUE(init->Invoke());
  EXPECT_THAT(
      ErrorOf(add->Invoke()),
      HasSubstr("the variable is int32[2], the model reads float32[2]"));
}

// A table int64 -> float32, imported once by CALL_ONCE, asked for keys.
TEST(Hashtable, FindsAndCounts) {
  TestModel model;
  const auto table = [&] {
    const int at = model.Tensor("table", DataType::kResource, {1});
    model.Node(
        Op::kHashtable,
        HashtableOptions{
            .table_id = 7, .key_dtype = DataType::kInt64, .value_dtype = kF32},
        {}, {at});
    return at;
  };
  const int keys = model.Tensor("keys", DataType::kInt64, {3});
  const int otherwise = model.Constant<float>("otherwise", kF32, {1}, {-1});
  const int found = model.Tensor("found", kF32, {3});
  const int size = model.Tensor("size", DataType::kInt64, {1});
  model.Node(Op::kCallOnce, CallOnceOptions{.init_subgraph_index = 1}, {}, {});
  const int at = table();
  model.Node(Op::kHashtableFind, {}, {at, keys, otherwise}, {found});
  model.Node(Op::kHashtableSize, {}, {at}, {size});
  model.Border({keys}, {found, size});
  model.Subgraph();
  const int from = model.Constant<int64_t>("from", DataType::kInt64, {2},
                                           {int64_t{1} << 40, 3});
  const int to = model.Constant<float>("to", kF32, {2}, {0.5F, 0.25F});
  model.Node(Op::kHashtableImport, {}, {table(), from, to}, {});
  model.Border({}, {});

  Interpreter interpreter = Open(model);
  const auto allocated = interpreter.AllocateTensors();
  ASSERT_TRUE(allocated) << allocated.error().ToString();
  Set<int64_t>(interpreter, keys, {3, 4, int64_t{1} << 40});
  for (int again = 0; again < 2; ++again) {
    Invoke(interpreter);
    EXPECT_THAT(interpreter.Tensor<float>(found), ElementsAre(0.25, -1, 0.5));
    EXPECT_THAT(interpreter.Tensor<int64_t>(size), ElementsAre(2));
  }
}

//---------------------------------------------------------------- composite

TEST(Composite, RunsItsDecomposition) {
  TestModel model;
  model.Tensor("x", kF32, {2}, {-1});
  model.Tensor("y", kF32, {2}, {-1});
  StableHLOCompositeOptions options;
  options.name = "test.double";
  options.decomposition_subgraph_index = 1;
  model.Node(Op::kStablehloComposite, options, {0}, {1});
  model.Border({0}, {1});
  model.Subgraph();
  model.Tensor("a", kF32, {2}, {-1});
  model.Tensor("b", kF32, {2}, {-1});
  model.Node(Op::kAdd, AddOptions{}, {0, 0}, {1});
  model.Border({0}, {1});

  Interpreter interpreter = Open(model);
  ASSERT_TRUE(interpreter.ResizeInputTensor(0, Shape({3})));
  ASSERT_TRUE(interpreter.AllocateTensors());
  Set<float>(interpreter, 0, {1, 2, 3});
  Invoke(interpreter);
  EXPECT_THAT(interpreter.Tensor<float>(1), ElementsAre(2, 4, 6));
}

//------------------------------------------------------------ random numbers

// Each run goes on where the last one ended: two runs of 4 numbers are one of
// 8.
TEST(Random, GoesOnWithEveryRun) {
  const auto open = [](int32_t count) {
    TestModel model;
    model.Constant<int32_t>("shape", kI32, {1}, {count});
    model.Tensor("y", kF32, {count});
    model.Node(Op::kRandomUniform, RandomOptions{.seed = 3, .seed2 = 4}, {0},
               {1});
    model.Border({}, {1});
    return Open(model);
  };
  const auto values = [](const Interpreter& interpreter) {
    const auto tensor = interpreter.Tensor<float>(1);
    return std::vector<float>(tensor.begin(), tensor.end());
  };
  Interpreter eight = open(8), four = open(4);
  ASSERT_TRUE(eight.AllocateTensors());
  ASSERT_TRUE(four.AllocateTensors());
  Invoke(eight);
  Invoke(four);
  std::vector<float> both = values(four);
  Invoke(four);
  for (const float value : values(four)) both.push_back(value);
  EXPECT_EQ(both, values(eight));
}

//------------------------------------------ values that only the run can tell

// TRANSPOSE by a permutation that is an input: its shape is static here, its
// values are checked in each run.
TEST(Values, AreCheckedWhenTheyAreKnown) {
  TestModel model;
  model.Tensor("x", kF32, {2, 2});
  model.Tensor("permutation", kI32, {2});
  model.Tensor("y", kF32, {2, 2}, {-1, -1});
  model.Node(Op::kTranspose, {}, {0, 1}, {2});
  model.Border({0, 1}, {2});
  Interpreter interpreter = Open(model);
  ASSERT_TRUE(interpreter.AllocateTensors());
  Set<float>(interpreter, 0, {1, 2, 3, 4});
  Set<int32_t>(interpreter, 1, {1, 0});
  Invoke(interpreter);
  EXPECT_THAT(interpreter.Tensor<float>(2), ElementsAre(1, 3, 2, 4));
  Set<int32_t>(interpreter, 1, {1, 1});
  EXPECT_THAT(ErrorOf(interpreter.Invoke()), HasSubstr("permutation"));
  Set<int32_t>(interpreter, 1, {0, 1});
  Invoke(interpreter);
  EXPECT_THAT(interpreter.Tensor<float>(2), ElementsAre(1, 2, 3, 4));
}

// Whatever the blocks are, one axis leaves none for them.
TEST(Values, AreCheckedWhereTheShapeIsKnownWithoutThem) {
  TestModel model;
  model.Tensor("x", kF32, {1});
  model.Tensor("blocks", kI32, {0});
  model.Tensor("crops", kI32, {0, 2});
  model.Tensor("y", kF32, {1}, {-1});
  model.Node(Op::kBatchToSpaceND, {}, {0, 1, 2}, {3});
  model.Border({0, 1, 2}, {3});
  Interpreter interpreter = Open(model);
  ASSERT_TRUE(interpreter.ResizeInputTensor(1, Shape({1})));
  ASSERT_TRUE(interpreter.ResizeInputTensor(2, Shape({1, 2})));
  const auto allocated = interpreter.AllocateTensors();
  Set<float>(interpreter, 0, {1});
  if (allocated) Set<int32_t>(interpreter, 1, {1000000000});
  EXPECT_THAT(allocated ? ErrorOf(interpreter.Invoke()) : ErrorOf(allocated),
              HasSubstr("do not fit input [1]"));
}

}  // namespace liteforge::control_flow_test
