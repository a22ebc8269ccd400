// SPDX-License-Identifier: Apache-2.0
// What reaches beyond one run: signatures, the profile, cancellation, limits,
// and tensors of every type.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <complex>
#include <cstring>
#include <thread>

#include "liteforge/interpreter.h"
#include "runtime/test_model.h"

namespace liteforge::interpreter_control_test {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Interpreter Open(const TestModel& model,
                 const InterpreterOptions& options = {}) {
  auto interpreter = Interpreter::FromBuffer(model.Pack(), options);
  EXPECT_TRUE(interpreter) << interpreter.error().ToString();
  return *std::move(interpreter);
}

template <class T>
std::string ErrorOf(const Result<T>& result) {
  return result ? "no error" : result.error().ToString();
}

// Subgraph 0: "add", z = x + y of float32[2]. Subgraph 1: "negate",
// n = -v of float32[?,3].
TestModel TwoSignatures() {
  TestModel model;
  model.Tensor("x:0", DataType::kFloat32, {2});
  model.Tensor("y:0", DataType::kFloat32, {2});
  model.Tensor("z:0", DataType::kFloat32, {2});
  model.Node(Op::kAdd, AddOptions{}, {0, 1}, {2});
  model.Border({0, 1}, {2});
  model.Signature("add", {{"left", 0}, {"right", 1}}, {{"sum", 2}});
  model.model().subgraphs.push_back(std::make_unique<tflite::SubGraphT>());
  model.Tensor("v:0", DataType::kFloat32, {1, 3}, {-1, 3});
  model.Tensor("n:0", DataType::kFloat32, {1, 3}, {-1, 3});
  model.Node(Op::kNeg, {}, {0}, {1});
  model.Border({0}, {1});
  model.Signature("negate", {{"value", 0}}, {{"negative", 1}});
  model.model().signature_defs.back()->subgraph_index = 1;
  return model;
}

TEST(Signature, RunsByNameOnAnySubgraph) {
  Interpreter interpreter = Open(TwoSignatures());
  auto add = interpreter.Signature("add");
  auto negate = interpreter.Signature("negate");
  ASSERT_TRUE(add && negate);
  EXPECT_EQ(negate->key(), "negate");
  const std::vector<float> two = {1, 2}, more = {10, 20}, six(6, 1.5f);
  ASSERT_TRUE(add->AllocateTensors());
  ASSERT_TRUE(add->SetInput("right", std::span(more)));
  ASSERT_TRUE(add->SetInput("left", std::span(two)));
  ASSERT_TRUE(add->Invoke());
  EXPECT_THAT(add->Values<float>("sum"), ElementsAre(11, 22));

  EXPECT_THAT(ErrorOf(negate->Invoke()), HasSubstr("AllocateTensors"));
  ASSERT_TRUE(negate->ResizeInput("value", {2, 3}, /*strict=*/true));
  ASSERT_TRUE(negate->AllocateTensors());
  ASSERT_TRUE(negate->SetInput("value", DataType::kFloat32, {2, 3},
                               std::as_bytes(std::span(six))));
  ASSERT_TRUE(negate->Invoke());
  EXPECT_THAT(negate->Values<float>("negative"), Each(-1.5f));
  EXPECT_EQ(negate->Output("negative")->size(), 24u);
  EXPECT_THAT(add->Values<float>("sum"), ElementsAre(11, 22)) << "untouched";
}

TEST(Signature, DetailsCarryTheSignaturesNames) {
  Interpreter interpreter = Open(TwoSignatures());
  auto negate = interpreter.Signature("negate");
  ASSERT_TRUE(negate);
  ASSERT_THAT(negate->InputDetails(), SizeIs(1));
  const TensorDetails input = negate->InputDetails()[0];
  EXPECT_EQ(input.name, "value");
  EXPECT_EQ(input.index, 0);
  EXPECT_EQ(input.shape_signature, Shape({-1, 3}));
  EXPECT_EQ(negate->OutputDetails()[0].name, "negative");
  EXPECT_EQ(interpreter.Signatures()[1].subgraph, 1);
}

TEST(Signature, OutlivesAMoveOfTheInterpreter) {
  Interpreter first = Open(TwoSignatures());
  auto add = first.Signature("add");
  ASSERT_TRUE(add && add->AllocateTensors());
  Interpreter second = std::move(first);
  const std::vector<float> two = {1, 2};
  ASSERT_TRUE(add->SetInput("left", std::span(two)));
  ASSERT_TRUE(second.Invoke());
  EXPECT_THAT(add->Values<float>("sum"), ElementsAre(1, 2));
}

TEST(Signature, MistakesAreExplained) {
  Interpreter interpreter = Open(TwoSignatures());
  EXPECT_EQ(ErrorOf(interpreter.Signature("serve")),
            "the model has no signature 'serve'; it has 'add', 'negate'");
  EXPECT_FALSE(interpreter.Signature()) << "there are two";
  auto add = interpreter.Signature("add");
  ASSERT_TRUE(add && add->AllocateTensors());
  const std::vector<float> two = {1, 2};
  EXPECT_EQ(ErrorOf(add->SetInput("x:0", std::span(two))),
            "signature 'add' has no input 'x:0'; it has 'left', 'right'");
  EXPECT_EQ(ErrorOf(add->Output("left")),
            "signature 'add' has no output 'left'; it has 'sum'");
  EXPECT_EQ(ErrorOf(add->SetInput("left", DataType::kFloat64, {2, 1},
                                  std::as_bytes(std::span(two)))),
            "input 'left' wants float32[2], got float64[2,1]");
  EXPECT_EQ(ErrorOf(add->ResizeInput("right", {3}, true)),
            "input 'right' is [2] in the model and cannot become [3]; only ? "
            "dimensions may change");
  EXPECT_TRUE(add->Values<double>("sum").empty());

  TestModel one;
  one.Tensor("s", DataType::kFloat32, {1});
  one.Border({0}, {0});
  Interpreter none = Open(one);
  EXPECT_EQ(ErrorOf(none.Signature("a")),
            "the model has no signature 'a'; it has none at all");
  one.Signature("only", {{"in", 0}}, {{"out", 0}});
  Interpreter single = Open(one);
  ASSERT_TRUE(single.Signature());
  EXPECT_EQ(single.Signature()->key(), "only");
}

// y = -(a + a), and c = cast of a constant, known before any run.
TestModel Profiled() {
  TestModel model;
  model.Tensor("a", DataType::kFloat32, {4});
  model.Tensor("sum", DataType::kFloat32, {4});
  model.Tensor("y", DataType::kFloat32, {4});
  model.Constant<int32_t>("k", DataType::kInt32, {1}, {7});
  model.Tensor("c", DataType::kFloat32, {1});
  model.Node(Op::kAdd, AddOptions{}, {0, 0}, {1});
  model.Node(Op::kNeg, {}, {1}, {2});
  model.Node(Op::kCast, {}, {3}, {4});
  model.Border({0}, {2, 4});
  return model;
}

TEST(Profile, CountsAndTimesEveryOperator) {
  Interpreter interpreter = Open(Profiled(), {.profile = true});
  ASSERT_TRUE(interpreter.AllocateTensors());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(interpreter.Invoke());
  const std::vector<ProfileEntry> profile = interpreter.Profile();
  ASSERT_THAT(profile, SizeIs(3));
  EXPECT_EQ(profile[0].op, "ADD");
  EXPECT_EQ(profile[0].name, "sum");
  EXPECT_EQ(profile[0].calls, 3);
  EXPECT_GT(profile[0].nanoseconds, 0);
  EXPECT_EQ(profile[1].op, "NEG");
  EXPECT_EQ(profile[1].node, 1);
  EXPECT_EQ(profile[2].calls, 0) << "CAST of a constant is known";
  interpreter.ResetProfile();
  EXPECT_EQ(interpreter.Profile()[0].calls, 0);
  EXPECT_EQ(interpreter.Profile()[0].nanoseconds, 0);
}

TEST(Profile, IsEmptyWhereNobodyAsked) {
  Interpreter interpreter = Open(Profiled());
  ASSERT_TRUE(interpreter.AllocateTensors());
  ASSERT_TRUE(interpreter.Invoke());
  EXPECT_THAT(interpreter.Profile(), IsEmpty());
}

TEST(Cancel, WithoutARunDoesNothing) {
  Interpreter interpreter = Open(Profiled());
  ASSERT_TRUE(interpreter.AllocateTensors());
  interpreter.Cancel();
  EXPECT_TRUE(interpreter.Invoke());
}

// A chain long enough that a run lasts until the other thread stops it: the
// main thread invokes over and over, and some Invoke must answer kCancelled.
TEST(Cancel, StopsARunFromAnotherThread) {
  TestModel model;
  model.Tensor("0", DataType::kFloat32, {1000});
  std::vector<int> indices;
  for (int i = 1; i <= 500; ++i) {
    model.Tensor(std::to_string(i), DataType::kFloat32, {1000});
    model.Node(Op::kNeg, {}, {i - 1}, {i});
  }
  model.Border({0}, {500});
  Interpreter interpreter = Open(model);
  ASSERT_TRUE(interpreter.AllocateTensors());
  std::atomic<bool> done = false;
  std::thread other([&] {
    while (!done) interpreter.Cancel();
  });
  Result<void> result;
  for (int i = 0; i < 100000 && result; ++i) result = interpreter.Invoke();
  done = true;
  other.join();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(result.error().ToString(), "the run was cancelled");

  const std::vector<float> ones(1000, 1);
  ASSERT_TRUE(interpreter.SetTensor(0, std::span(ones)));
  ASSERT_TRUE(interpreter.Invoke()) << "usable afterwards";
  EXPECT_THAT(interpreter.Tensor<float>(500), Each(1.0f));
}

TEST(MaxMemory, IsKeptByTheArena) {
  TestModel model;
  model.Tensor("a", DataType::kFloat32, {1, 16}, {-1, 16});
  model.Tensor("b", DataType::kFloat32, {1, 16}, {-1, 16});
  model.Node(Op::kNeg, {}, {0}, {1});
  model.Border({0}, {1});
  Interpreter interpreter = Open(model, {.max_memory_bytes = 1024});
  ASSERT_TRUE(interpreter.ResizeInputTensor(0, {8, 16}));
  ASSERT_TRUE(interpreter.AllocateTensors()) << "2 tensors of 512 bytes";
  ASSERT_TRUE(interpreter.ResizeInputTensor(0, {9, 16}));
  const auto result = interpreter.AllocateTensors();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(ErrorOf(result),
            "the intermediate tensors: needs 1152 bytes of memory where 0 of "
            "1024 are taken; raise max_memory_bytes or use smaller input "
            "shapes");
  ASSERT_TRUE(interpreter.ResizeInputTensor(0, {1, 16}));
  ASSERT_TRUE(interpreter.AllocateTensors());
  EXPECT_TRUE(interpreter.Invoke());
}

TEST(MaxMemory, IsKeptByWhatOnlyValuesTell) {
  TestModel model;
  model.Tensor("dims", DataType::kInt32, {2});
  model.Constant<float>("value", DataType::kFloat32, {}, {1});
  model.Tensor("y", DataType::kFloat32, {1, 1}, {-1, -1});
  model.Node(Op::kFill, {}, {0, 1}, {2});
  model.Border({0}, {2});
  Interpreter interpreter = Open(model, {.max_memory_bytes = 4096});
  ASSERT_TRUE(interpreter.AllocateTensors());
  const auto fill = [&](std::vector<int32_t> dims) {
    EXPECT_TRUE(interpreter.SetTensor(0, std::span<const int32_t>(dims)));
    return ErrorOf(interpreter.Invoke());
  };
  EXPECT_EQ(fill({10, 10}), "no error");
  EXPECT_THAT(fill({1000, 1000}), HasSubstr("needs 4000000 bytes"));
  EXPECT_EQ(fill({2, 3}), "no error");
}

TEST(Outputs, AreZeroBeforeTheFirstRun) {
  Interpreter interpreter = Open(Profiled());
  ASSERT_TRUE(interpreter.AllocateTensors());
  EXPECT_THAT(interpreter.Tensor<float>(2), ElementsAre(0, 0, 0, 0));
  EXPECT_THAT(interpreter.Tensor<float>(4), ElementsAre(7)) << "known";
}

template <class T>
void RoundTrip(DataType type, const std::vector<T>& values) {
  TestModel model;
  model.Tensor("x", type, {static_cast<int32_t>(values.size())});
  model.Border({0}, {0});
  Interpreter interpreter = Open(model);
  ASSERT_TRUE(interpreter.AllocateTensors());
  const auto set = interpreter.SetTensor(0, std::span(values));
  EXPECT_TRUE(set) << set.error().ToString();
  EXPECT_EQ(interpreter.Tensor<T>(0), values) << Name(type);
}

TEST(EveryType, WithACppTypeGoesInAndOut) {
  RoundTrip<float>(DataType::kFloat32, {1.5f, -2});
  RoundTrip<double>(DataType::kFloat64, {1.5, -2});
  RoundTrip<int8_t>(DataType::kInt8, {-128, 127});
  RoundTrip<uint8_t>(DataType::kUInt8, {0, 255});
  RoundTrip<int16_t>(DataType::kInt16, {-32768, 32767});
  RoundTrip<uint16_t>(DataType::kUInt16, {0, 65535});
  RoundTrip<int32_t>(DataType::kInt32, {INT32_MIN, INT32_MAX});
  RoundTrip<uint32_t>(DataType::kUInt32, {0, UINT32_MAX});
  RoundTrip<int64_t>(DataType::kInt64, {INT64_MIN, INT64_MAX});
  RoundTrip<uint64_t>(DataType::kUInt64, {0, UINT64_MAX});
  RoundTrip<std::complex<float>>(DataType::kComplex64, {{1, -2}, {3, 4}});
  RoundTrip<std::complex<double>>(DataType::kComplex128, {{1, -2}, {3, 4}});
}

TEST(EveryType, WithoutOneIsGivenAsBytes) {
  struct Row {
    DataType type;
    size_t bytes;  // of 3 elements
  };
  const Row rows[] = {{DataType::kFloat16, 6}, {DataType::kBFloat16, 6},
                      {DataType::kInt4, 2},    {DataType::kUInt4, 2},
                      {DataType::kInt2, 1},    {DataType::kFloat8E4M3FN, 3}};
  for (const auto& [type, size] : rows) {
    SCOPED_TRACE(Name(type));
    TestModel model;
    model.Tensor("x", type, {3});
    model.Border({0}, {0});
    Interpreter interpreter = Open(model);
    ASSERT_TRUE(interpreter.AllocateTensors());
    const std::vector<std::byte> bytes(size, std::byte{0x5a});
    EXPECT_TRUE(interpreter.SetTensor(0, type, {3}, bytes));
    const auto read = interpreter.GetTensor(0);
    ASSERT_TRUE(read);
    EXPECT_THAT(*read, testing::ElementsAreArray(bytes));
    EXPECT_FALSE(interpreter.SetTensor(
        0, type, {3}, std::vector<std::byte>(size + 1, std::byte{0})));
  }
}

TEST(EveryType, IsNotReadAsAnother) {
  Interpreter interpreter = Open(Profiled());
  ASSERT_TRUE(interpreter.AllocateTensors());
  EXPECT_THAT(interpreter.Tensor<float>(0), SizeIs(4));
  EXPECT_THAT(interpreter.Tensor<int32_t>(0), IsEmpty());
  EXPECT_EQ(ErrorOf(interpreter.Strings(0)),
            "input 'a' is float32, not string");
}

TEST(Strings, GoInAndOut) {
  TestModel model;
  model.Tensor("s", DataType::kString, {2, 1});
  model.Border({0}, {0});
  Interpreter interpreter = Open(model);
  ASSERT_TRUE(interpreter.AllocateTensors());
  EXPECT_THAT(*interpreter.Strings(0), ElementsAre("", ""));
  const std::vector<std::string> two = {"hello", ""}, one = {"a"};
  ASSERT_TRUE(interpreter.SetStrings(0, two));
  EXPECT_THAT(*interpreter.Strings(0), ElementsAre("hello", ""));
  EXPECT_EQ(ErrorOf(interpreter.SetStrings(0, one)),
            "input 's' wants string[2,1], got 1 strings");
}

TEST(Variables, OfEverySubgraphAreReset) {
  TestModel model;
  model.Tensor("state", DataType::kInt8, {2});
  model.tensor(0).is_variable = true;
  auto& quantization = model.tensor(0).quantization;
  quantization = std::make_unique<tflite::QuantizationParametersT>();
  quantization->scale = {1};
  quantization->zero_point = {5};
  model.Border({}, {0});
  Interpreter interpreter = Open(model);
  ASSERT_TRUE(interpreter.AllocateTensors());
  EXPECT_THAT(interpreter.Tensor<int8_t>(0), ElementsAre(5, 5));
  const std::vector<int8_t> values = {1, 2};
  ASSERT_TRUE(interpreter.SetTensor(0, std::span(values)));
  ASSERT_TRUE(interpreter.Invoke());
  EXPECT_THAT(interpreter.Tensor<int8_t>(0), ElementsAre(1, 2)) << "kept";
  interpreter.ResetVariableTensors();
  EXPECT_THAT(interpreter.Tensor<int8_t>(0), ElementsAre(5, 5));
}

}  // namespace liteforge::interpreter_control_test
