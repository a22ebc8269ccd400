// SPDX-License-Identifier: Apache-2.0
// Several functions in one .tflite.
#include "convert/compile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/try.h"
#include "function/builder.h"
#include "function/ops.h"
#include "liteforge/interpreter.h"

namespace liteforge::compile_test {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr int32_t kWide = 64;

// A square matrix with (r + 2c) / 64 in row r, column c.
ConstantValue Weights() {
  std::vector<float> values;
  for (int r = 0; r < kWide; ++r) {
    for (int c = 0; c < kWide; ++c)
      values.push_back(static_cast<float>(r + 2 * c) / 64.0f);
  }
  return FloatConstant({kWide, kWide}, std::move(values));
}

// x W, and x W + 1 in the other.
ConcreteFunction Product(const std::string& name, bool plus_one) {
  FunctionBuilder f(name);
  const Tensor x = f.Input("x", DataType::kFloat32, {1, kWide});
  Tensor y = MatMul(x, f.Variable(Weights(), "weights"));
  if (plus_one) y = Add(y, f.Constant(FloatScalar(1)));
  f.Output("y", y);
  return *f.Finish();
}

std::vector<ConcreteFunction> Products() {
  std::vector<ConcreteFunction> functions;
  functions.push_back(Product("plain", false));
  functions.push_back(Product("shifted", true));
  return functions;
}

std::vector<float> RunSignature(Interpreter& interpreter,
                                const std::string& key,
                                const std::vector<float>& x) {
  auto runner = interpreter.Signature(key);
  EXPECT_TRUE(runner) << runner.error().ToString();
  EXPECT_TRUE(runner->AllocateTensors());
  EXPECT_TRUE(runner->SetInput("x", std::span<const float>(x)));
  EXPECT_TRUE(runner->Invoke());
  return runner->Values<float>("y");
}

TEST(CompileSeveral, EachFunctionIsASignature) {
  const auto bytes = Compile(Products());
  ASSERT_TRUE(bytes) << bytes.error().ToString();
  auto interpreter = Interpreter::FromBuffer(*bytes);
  ASSERT_TRUE(interpreter) << interpreter.error().ToString();
  const auto signatures = interpreter->Signatures();
  ASSERT_EQ(signatures.size(), 2u);
  EXPECT_EQ(signatures[0].key, "plain");
  EXPECT_EQ(signatures[0].subgraph, 0);
  EXPECT_EQ(signatures[1].key, "shifted");
  // A row of ones: sum over r of (r + 2c) / 64 = (63 * 64 / 2 + 128 c) / 64.
  const std::vector<float> ones(kWide, 1.0f);
  const auto plain = RunSignature(*interpreter, "plain", ones);
  const auto shifted = RunSignature(*interpreter, "shifted", ones);
  ASSERT_EQ(plain.size(), size_t{kWide});
  for (size_t c = 0; c < kWide; ++c) {
    const float wanted = 31.5f + 2.0f * static_cast<float>(c);
    EXPECT_FLOAT_EQ(plain[c], wanted);
    EXPECT_FLOAT_EQ(shifted[c], wanted + 1);
  }
}

TEST(CompileSeveral, SharedWeightsAreStoredOnce) {
  const auto one = Compile(Product("plain", false));
  const auto two = Compile(Products());
  ASSERT_TRUE(one && two);
  constexpr size_t kWeightBytes = kWide * kWide * sizeof(float);
  EXPECT_GT(one->size(), kWeightBytes);
  EXPECT_LT(two->size(), one->size() + kWeightBytes / 4);
}

TEST(CompileSeveral, TwoOfOneNameAreRefused) {
  std::vector<ConcreteFunction> functions = Products();
  functions[1].name = "plain";
  EXPECT_THAT(Compile(functions).error().ToString(),
              HasSubstr("two functions are named 'plain'"));
}

TEST(CompileSeveral, ErrorsNameTheSignature) {
  std::vector<ConcreteFunction> functions = Products();
  for (tf::NodeDef& node : *functions[1].graph.mutable_node()) {
    if (node.op() == "MatMul") node.set_op("Cholesky");
  }
  const std::string error = Compile(functions).error().ToString();
  EXPECT_THAT(error, HasSubstr("signature 'shifted'"));
  EXPECT_THAT(error, HasSubstr("Cholesky"));
}

// "add" adds x to a variable that begins as zero and gives the sum; "get" gives
// it times x.
ConcreteFunction OfCounter(const std::string& name) {
  FunctionBuilder f(name);
  const Tensor x = f.Input("x", DataType::kFloat32, {2});
  const Tensor counter =
      VariableHandle(f, "counter", FloatConstant({2}, {0, 0}));
  const Tensor now = ReadVariable(counter, DataType::kFloat32, {2});
  const Tensor sum = Add(now, x);
  f.Output("y",
           name == "add" ? AssignVariable(counter, sum, sum) : Mul(now, x));
  return *f.Finish();
}

TEST(CompileSeveral, VariablesAreSharedAndSetUpOnce) {
  std::vector<ConcreteFunction> functions;
  functions.push_back(OfCounter("add"));
  functions.push_back(OfCounter("get"));
  const auto bytes = Compile(functions);
  ASSERT_TRUE(bytes) << bytes.error().ToString();
  auto interpreter = Interpreter::FromBuffer(*bytes);
  ASSERT_TRUE(interpreter) << interpreter.error().ToString();
  EXPECT_THAT(RunSignature(*interpreter, "add", {1, 2}), ElementsAre(1, 2));
  EXPECT_THAT(RunSignature(*interpreter, "get", {10, 10}), ElementsAre(10, 20));
  EXPECT_THAT(RunSignature(*interpreter, "add", {4, 4}), ElementsAre(5, 6));
  EXPECT_THAT(RunSignature(*interpreter, "get", {1, 2}), ElementsAre(5, 12));
}

}  // namespace liteforge::compile_test
