// SPDX-License-Identifier: Apache-2.0
// Users' operators, from a file with CUSTOM nodes to their results.
#include "liteforge/custom_op.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <stdexcept>

#include "liteforge/interpreter.h"
#include "runtime/test_model.h"

namespace liteforge::custom_op_test {

using testing::ElementsAre;
using testing::HasSubstr;

// y = x + options[0]
CustomOp AddByte() {
  CustomOp op;
  op.name = "AddByte";
  op.infer = [](CustomOpShapes& op) -> Result<void> {
    if (op.options().size() != 1) return InvalidModel("wants one byte");
    if (op.input_count() != 1 || op.output_count() != 1)
      return InvalidModel("wants one input and one output");
    op.SetOutput(0, DataType::kFloat32, op.Input(0).shape);
    return {};
  };
  op.eval = [](CustomOpRun& op) -> Result<void> {
    const auto x = op.Input(0).Values<float>();
    const auto y = op.Output(0).Values<float>();
    for (size_t i = 0; i < y.size(); ++i)
      y[i] = x[i] + static_cast<float>(op.options()[0]);
    return {};
  };
  return op;
}

std::vector<std::byte> OneNode(const std::string& name,
                               std::vector<uint8_t> options) {
  TestModel model;
  model.Tensor("x", DataType::kFloat32, {3});
  model.Tensor("y", DataType::kFloat32, {3}, {-1});
  model.Node(Op::kCustom, CustomOptions{name, std::move(options)}, {0}, {1},
             name);
  model.Border({0}, {1});
  return model.Pack();
}

InterpreterOptions With(std::vector<CustomOp> ops) {
  InterpreterOptions options;
  options.custom_ops = std::move(ops);
  return options;
}

// The values, or the error's text.
std::string RunNode(const std::vector<std::byte>& model, const CustomOp& op,
                    std::vector<float>* values = nullptr) {
  auto interpreter = Interpreter::FromBuffer(model, With({op}));
  if (!interpreter) return interpreter.error().ToString();
  if (auto result = interpreter->AllocateTensors(); !result)
    return "allocate: " + result.error().ToString();
  const std::vector<float> x = {1, 2, 3};
  EXPECT_TRUE(interpreter->SetTensor(0, std::span<const float>(x)));
  if (auto result = interpreter->Invoke(); !result)
    return "invoke: " + result.error().ToString();
  if (values != nullptr) *values = interpreter->Tensor<float>(1);
  return "";
}

TEST(CustomOp, RunsBetweenBuiltinOperators) {
  TestModel model;
  for (const char* name : {"x", "a", "b", "y"})
    model.Tensor(name, DataType::kFloat32, {2, 2}, {-1, 2});
  model.Node(Op::kNeg, {}, {0}, {1});
  model.Node(Op::kCustom, CustomOptions{"AddByte", {10}}, {1}, {2}, "AddByte");
  model.Node(Op::kCustom, CustomOptions{"AddByte", {200}}, {2}, {3}, "AddByte");
  model.Border({0}, {3});
  auto interpreter = Interpreter::FromBuffer(model.Pack(), With({AddByte()}));
  ASSERT_TRUE(interpreter) << interpreter.error().ToString();
  for (const int rows : {2, 1, 3}) {
    ASSERT_TRUE(interpreter->ResizeInputTensor(0, {rows, 2}));
    ASSERT_TRUE(interpreter->AllocateTensors());
    std::vector<float> x, expected;
    for (int i = 0; i < rows * 2; ++i) {
      x.push_back(static_cast<float>(i));
      expected.push_back(static_cast<float>(210 - i));
    }
    ASSERT_TRUE(interpreter->SetTensor(0, std::span<const float>(x)));
    ASSERT_TRUE(interpreter->Invoke());
    EXPECT_EQ(interpreter->Tensor<float>(3), expected);
  }
}

TEST(CustomOp, SeesTensorsAsTheFileDescribesThem) {
  TestModel model;
  model.Tensor("x", DataType::kInt8, {2});
  model.Constant<int32_t>("c", DataType::kInt32, {2}, {7, 8});
  model.Tensor("y", DataType::kInt8, {2});
  auto& quantization = model.tensor(0).quantization;
  quantization = std::make_unique<tflite::QuantizationParametersT>();
  quantization->scale = {0.5f};
  quantization->zero_point = {3};
  model.Node(Op::kCustom, CustomOptions{"Look", {}}, {0, -1, 1}, {2}, "Look");
  model.Border({0}, {2});

  CustomOp look;
  look.name = "Look";
  look.infer = [](CustomOpShapes& op) -> Result<void> {
    EXPECT_EQ(op.input_count(), 3);
    EXPECT_EQ(op.Input(0).dtype, DataType::kInt8);
    EXPECT_EQ(op.Input(0).shape, Shape({2}));
    EXPECT_THAT(op.Input(0).quantization->scale, ElementsAre(0.5f));
    EXPECT_TRUE(op.Input(0).data.empty());
    EXPECT_FALSE(op.Input(1).present());
    EXPECT_THAT(op.Input(2).Values<int32_t>(), ElementsAre(7, 8));
    EXPECT_TRUE(op.Input(2).Values<float>().empty());
    EXPECT_FALSE(op.Input(3).present());
    EXPECT_EQ(op.DeclaredType(0), DataType::kInt8);
    EXPECT_EQ(op.DeclaredShape(0), Shape({2}));
    op.SetOutput(0, DataType::kInt8, {2});
    return {};
  };
  look.eval = [](CustomOpRun& op) -> Result<void> {
    EXPECT_EQ(op.input_count(), 3);
    EXPECT_EQ(op.output_count(), 1);
    EXPECT_FALSE(op.Input(1).present());
    EXPECT_EQ(op.Input(0).quantization->zero_point[0], 3);
    EXPECT_EQ(op.Output(0).shape, Shape({2}));
    EXPECT_TRUE(op.options().empty());
    const auto x = op.Input(0).Values<int8_t>();
    std::copy(x.rbegin(), x.rend(), op.Output(0).Values<int8_t>().begin());
    return {};
  };
  auto interpreter = Interpreter::FromBuffer(model.Pack(), With({look}));
  ASSERT_TRUE(interpreter);
  ASSERT_TRUE(interpreter->AllocateTensors());
  const std::vector<int8_t> x = {4, 5};
  ASSERT_TRUE(interpreter->SetTensor(0, std::span<const int8_t>(x)));
  ASSERT_TRUE(interpreter->Invoke());
  EXPECT_THAT(interpreter->Tensor<int8_t>(2), ElementsAre(5, 4));
}

// Values decide the shape: known to infer in its second call.
TEST(CustomOp, ShapeInferredFromValues) {
  CustomOp op;
  op.name = "FirstOnes";
  op.infer = [](CustomOpShapes& op) -> Result<void> {
    const auto x = op.Input(0).Values<float>();
    op.SetOutput(0, DataType::kFloat32,
                 {x.empty() ? Shape::kUnknownDim : static_cast<int32_t>(x[0])});
    return {};
  };
  op.eval = [](CustomOpRun& op) -> Result<void> {
    std::ranges::fill(op.Output(0).Values<float>(), 1.0f);
    return {};
  };
  auto interpreter =
      Interpreter::FromBuffer(OneNode("FirstOnes", {}), With({op}));
  ASSERT_TRUE(interpreter);
  ASSERT_TRUE(interpreter->AllocateTensors());
  for (const float count : {2.0f, 0.0f, 5.0f}) {
    const std::vector<float> x = {count, 0, 0};
    ASSERT_TRUE(interpreter->SetTensor(0, std::span<const float>(x)));
    const auto result = interpreter->Invoke();
    ASSERT_TRUE(result) << result.error().ToString();
    EXPECT_EQ(interpreter->Tensor<float>(1),
              std::vector<float>(static_cast<size_t>(count), 1));
  }
}

// Eval decides the shape.
CustomOp KeepAbove(float limit) {
  CustomOp op;
  op.name = "KeepAbove";
  op.infer = [](CustomOpShapes& op) -> Result<void> {
    op.SetOutput(0, DataType::kFloat32, {Shape::kUnknownDim});
    return {};
  };
  op.eval = [limit](CustomOpRun& op) -> Result<void> {
    std::vector<float> kept;
    for (const float x : op.Input(0).Values<float>()) {
      if (x > limit) kept.push_back(x);
    }
    auto result = op.ResizeOutput(0, {static_cast<int32_t>(kept.size())});
    if (!result) return result;
    std::ranges::copy(kept, op.Output(0).Values<float>().begin());
    return {};
  };
  return op;
}

TEST(CustomOp, ShapeGivenByEval) {
  std::vector<float> values;
  EXPECT_EQ(RunNode(OneNode("KeepAbove", {}), KeepAbove(1), &values), "");
  EXPECT_THAT(values, ElementsAre(2, 3));
  EXPECT_EQ(RunNode(OneNode("KeepAbove", {}), KeepAbove(9), &values), "");
  EXPECT_THAT(values, ElementsAre());
}

TEST(CustomOp, MistakesInResizeAreErrors) {
  CustomOp op = KeepAbove(0);
  op.eval = [](CustomOpRun&) -> Result<void> { return {}; };
  EXPECT_THAT(RunNode(OneNode("KeepAbove", {}), op),
              HasSubstr("left the shape of output 0 open"));
  op.eval = [](CustomOpRun& op) { return op.ResizeOutput(1, {1}); };
  EXPECT_THAT(RunNode(OneNode("KeepAbove", {}), op), HasSubstr("no output 1"));
  op.eval = [](CustomOpRun& op) { return op.ResizeOutput(0, {-1}); };
  EXPECT_THAT(RunNode(OneNode("KeepAbove", {}), op),
              HasSubstr("cannot become"));
}

TEST(CustomOp, StateLivesPerNodeUntilShapesChange) {
  std::atomic<int> prepared = 0;
  CustomOp op = AddByte();
  op.prepare = [&](CustomOpRun& op) -> Result<std::shared_ptr<void>> {
    ++prepared;
    return std::make_shared<float>(static_cast<float>(op.options()[0]));
  };
  op.eval = [](CustomOpRun& op) -> Result<void> {
    float& next = op.State<float>();
    std::ranges::fill(op.Output(0).Values<float>(), next++);
    return {};
  };
  auto interpreter =
      Interpreter::FromBuffer(OneNode("AddByte", {5}), With({op}));
  ASSERT_TRUE(interpreter);
  ASSERT_TRUE(interpreter->AllocateTensors());
  EXPECT_EQ(prepared, 1);
  for (const float expected : {5.0f, 6.0f, 7.0f}) {
    ASSERT_TRUE(interpreter->Invoke());
    EXPECT_EQ(interpreter->Tensor<float>(1)[0], expected);
  }
  ASSERT_TRUE(interpreter->ResizeInputTensor(0, {4}));
  ASSERT_TRUE(interpreter->AllocateTensors());
  ASSERT_TRUE(interpreter->Invoke());
  EXPECT_EQ(prepared, 2);
  EXPECT_EQ(interpreter->Tensor<float>(1)[0], 5.0f);
}

TEST(CustomOp, ErrorsNameTheOperator) {
  EXPECT_EQ(RunNode(OneNode("AddByte", {}), AddByte()),
            "allocate: operator 0 (CUSTOM 'AddByte') 'y': wants one byte");
  CustomOp op = AddByte();
  op.eval = [](CustomOpRun&) -> Result<void> {
    return InvalidArgument("not today");
  };
  EXPECT_EQ(RunNode(OneNode("AddByte", {1}), op),
            "invoke: operator 0 (CUSTOM 'AddByte') 'y': not today");
  op.prepare = [](CustomOpRun&) -> Result<std::shared_ptr<void>> {
    return Unsupported("not ready");
  };
  EXPECT_EQ(RunNode(OneNode("AddByte", {1}), op),
            "allocate: operator 0 (CUSTOM 'AddByte') 'y': not ready");
}

TEST(CustomOp, ExceptionsBecomeErrors) {
  CustomOp op = AddByte();
  op.eval = [](CustomOpRun&) -> Result<void> {
    throw std::runtime_error("boom");
  };
  EXPECT_THAT(RunNode(OneNode("AddByte", {1}), op), HasSubstr("threw: boom"));
  op.infer = [](CustomOpShapes&) -> Result<void> { throw 1; };
  EXPECT_THAT(RunNode(OneNode("AddByte", {1}), op),
              HasSubstr("threw something"));
}

TEST(CustomOp, OutputsMustBeSet) {
  CustomOp op = AddByte();
  op.infer = [](CustomOpShapes&) -> Result<void> { return {}; };
  EXPECT_THAT(RunNode(OneNode("AddByte", {1}), op),
              HasSubstr("1 outputs, not 0"));
  op.infer = [](CustomOpShapes& op) -> Result<void> {
    op.SetOutput(0, DataType::kInt32, {3});
    return {};
  };
  EXPECT_THAT(RunNode(OneNode("AddByte", {1}), op),
              HasSubstr("is declared float32 but is int32"));
}

TEST(CustomOp, RegistrationIsChecked) {
  const auto model = OneNode("AddByte", {1});
  const auto error = [&](std::vector<CustomOp> ops) {
    const auto made = Interpreter::FromBuffer(model, With(std::move(ops)));
    return made ? "" : made.error().ToString();
  };
  EXPECT_EQ(error({AddByte()}), "");
  EXPECT_EQ(error({AddByte(), AddByte()}),
            "custom operator 'AddByte' is given twice; give it once");
  CustomOp op = AddByte();
  op.name = "";
  EXPECT_THAT(error({op}), HasSubstr("custom_ops[0] has no name"));
  op = AddByte();
  op.eval = nullptr;
  EXPECT_THAT(error({op}), HasSubstr("has no eval function"));
  op.infer = nullptr;
  EXPECT_THAT(error({op}), HasSubstr("has no infer function"));
  op = AddByte();
  op.name = "addbyte";
  EXPECT_THAT(error({op}), HasSubstr("CUSTOM 'AddByte' (1 node); give"));
}

// A user's operator comes before liteforge's of the same name.
TEST(CustomOp, TakesThePlaceOfABuiltInOne) {
  CustomOp op = AddByte();
  op.name = "Roll";
  std::vector<float> values;
  EXPECT_EQ(RunNode(OneNode("Roll", {4}), op, &values), "");
  EXPECT_THAT(values, ElementsAre(5, 6, 7));
}

}  // namespace liteforge::custom_op_test
