// SPDX-License-Identifier: Apache-2.0
#include "convert/examples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "convert/example_testing.h"

namespace liteforge::examples_test {

using testing::ElementsAre;
using testing::HasSubstr;

Quantization Scaled(std::vector<float> scale, std::vector<int64_t> zero_point,
                    int32_t axis) {
  Quantization q;
  q.scale = std::move(scale);
  q.zero_point = std::move(zero_point);
  q.axis = axis;
  return q;
}

Interpreter InterpreterOf(const ir::Module& module) {
  auto interpreter = Interpreter::FromBuffer(EmittedBytes(module));
  EXPECT_TRUE(interpreter) << interpreter.error().ToString();
  EXPECT_TRUE(interpreter->AllocateTensors());
  return *std::move(interpreter);
}

template <class T>
std::vector<T> OutputOf(const Interpreter& interpreter) {
  const TensorDetails details = interpreter.OutputDetails()[0];
  const auto data = interpreter.GetTensor(details.index);
  EXPECT_TRUE(data);
  const auto* first = reinterpret_cast<const T*>(data->data());
  return {first, first + data->size() / sizeof(T)};
}

// Real numbers for an int8 input, in halves from -1 on: rounded away from
// zero, and cut off where int8 ends.
TEST(SetExample, FloatsBecomeTheInputsNumbers) {
  ir::Module module =
      ModuleOf({"graph main(%x: int8[1,4]) {\n"
                "%y = RESHAPE(%x, @d: int32[1] = [4])\n return %y }"});
  for (ir::Value* value :
       {module.graphs[0]->inputs()[0], module.graphs[0]->outputs()[0]})
    value->quantization = Scaled({0.5f}, {2}, 0);
  Interpreter interpreter = InterpreterOf(module);
  const NpyArray real = ExampleArray<float>({1, 4}, {-1, 0.75f, 1000, -1000});
  ASSERT_TRUE(SetExample(interpreter, std::span(&real, 1)));
  ASSERT_TRUE(interpreter.Invoke());
  EXPECT_THAT(OutputOf<int8_t>(interpreter), ElementsAre(0, 4, 127, -128));
  // Its own type is taken as it is.
  const NpyArray stored = ExampleArray<int8_t>({1, 4}, {1, -2, 3, -4});
  ASSERT_TRUE(SetExample(interpreter, std::span(&stored, 1)));
  ASSERT_TRUE(interpreter.Invoke());
  EXPECT_THAT(OutputOf<int8_t>(interpreter), ElementsAre(1, -2, 3, -4));
}

TEST(SetExample, UnknownDimensionsTakeTheExamples) {
  const ir::Module module =
      ModuleOf({"graph main(%x: float32[-1,2]) {\n%y = NEG(%x)\n return %y }"});
  Interpreter interpreter = InterpreterOf(module);
  for (const int rows : {3, 1}) {
    const std::vector<float> values(static_cast<size_t>(2 * rows), 1);
    const NpyArray array = ExampleArray({rows, 2}, values);
    ASSERT_TRUE(SetExample(interpreter, std::span(&array, 1)));
    ASSERT_TRUE(interpreter.Invoke());
    EXPECT_EQ(OutputOf<float>(interpreter).size(), values.size());
  }
  const NpyArray wide = ExampleArray<float>({1, 3}, {1, 2, 3});
  EXPECT_FALSE(SetExample(interpreter, std::span(&wide, 1)));
}

TEST(SetExample, EveryInputNeedsAnArray) {
  const ir::Module module =
      ModuleOf({"graph main(%x: float32[2], %z: float32[2]) {\n"
                "%y = ADD(%x, %z)\n return %y }"});
  Interpreter interpreter = InterpreterOf(module);
  const NpyArray one = ExampleArray<float>({2}, {1, 2});
  const auto set = SetExample(interpreter, std::span(&one, 1));
  ASSERT_FALSE(set);
  EXPECT_THAT(set.error().message,
              HasSubstr("gives 1 arrays, the model has 2 inputs"));
}

TEST(DrawInput, NumbersLieWhereItIsSaid) {
  std::mt19937_64 generator(1);
  TensorDetails input;
  input.shape = Shape{1000};
  input.dtype = DataType::kFloat32;
  for (const float v : RealValues(input.dtype, {}, input.shape,
                                  DrawInput(input, generator).data))
    EXPECT_TRUE(v >= -1 && v <= 1);
  const auto different = [&](DataType type) {
    input.dtype = type;
    const auto values =
        RealValues(type, {}, input.shape, DrawInput(input, generator).data);
    return std::set<float>(values.begin(), values.end());
  };
  EXPECT_THAT(different(DataType::kInt32), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
  EXPECT_THAT(different(DataType::kInt64), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
  EXPECT_THAT(different(DataType::kBool), ElementsAre(0, 1));
  const auto bytes = different(DataType::kInt8);
  EXPECT_GT(bytes.size(), 200u);
  EXPECT_EQ(*bytes.begin(), -128);
}

TEST(RealValues, AreScaledAlongTheAxis) {
  const NpyArray stored =
      ExampleArray<int8_t>({2, 3}, {10, 20, 30, -10, -20, -128});
  EXPECT_THAT(RealValues(DataType::kInt8, Scaled({0.5f}, {10}, 0), stored.shape,
                         stored.data),
              ElementsAre(0, 5, 10, -10, -15, -69));
  EXPECT_THAT(RealValues(DataType::kInt8, Scaled({0.5f, 2}, {0, 0}, 0),
                         stored.shape, stored.data),
              ElementsAre(5, 10, 15, -20, -40, -256));
  EXPECT_THAT(RealValues(DataType::kInt8, Scaled({1, 2, 3}, {0, 0, 1}, 1),
                         stored.shape, stored.data),
              ElementsAre(10, 40, 87, -10, -40, -387));
  EXPECT_THAT(RealValues(DataType::kInt8, {}, stored.shape, stored.data),
              ElementsAre(10, 20, 30, -10, -20, -128));
}

}  // namespace liteforge::examples_test
