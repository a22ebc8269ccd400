// SPDX-License-Identifier: Apache-2.0
#include "convert/evaluator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ir/parse.h"

namespace liteforge::evaluator_test {

using testing::ElementsAre;
using Outputs = std::vector<ConstantEvaluator::Output>;

// The last node of the graph, all of whose inputs are constants.
Result<Outputs> Evaluated(std::string_view text) {
  const auto graph = ir::Parse(text);
  EXPECT_TRUE(graph) << graph.error().ToString();
  return InterpreterEvaluator().Evaluate(*(*graph)->nodes().back());
}

TEST(InterpreterEvaluator, ComputesOneNode) {
  const auto outputs = Evaluated(
      "graph g() {\n %y = ADD(@a: float32[2,1] = [1,2], @b: float32[3] = "
      "[10,20,30]) {fused_activation_function=3}\n return %y }");
  ASSERT_TRUE(outputs) << outputs.error().ToString();
  ASSERT_EQ(outputs->size(), 1u);
  EXPECT_EQ((*outputs)[0].type, DataType::kFloat32);
  EXPECT_EQ((*outputs)[0].shape, (Shape{2, 3}));
  EXPECT_THAT((*outputs)[0].data.ToVector<float>(),
              ElementsAre(6, 6, 6, 6, 6, 6));
}

TEST(InterpreterEvaluator, SeveralOutputs) {
  const auto outputs = Evaluated(
      "graph g() {\n %y, %z = SPLIT(@axis: int32[] = [1], @x: int64[2,2] = "
      "[1,2,3,4]) {num_splits=2}\n return %y }");
  ASSERT_TRUE(outputs) << outputs.error().ToString();
  ASSERT_EQ(outputs->size(), 2u);
  EXPECT_THAT((*outputs)[0].data.ToVector<int64_t>(), ElementsAre(1, 3));
  EXPECT_THAT((*outputs)[1].data.ToVector<int64_t>(), ElementsAre(2, 4));
}

TEST(InterpreterEvaluator, OmittedInputsAndEmptyResults) {
  auto outputs = Evaluated(
      "graph g() {\n %y = FULLY_CONNECTED(@x: float32[1,2] = [1,2], "
      "@w: float32[1,2] = [3,4], none)\n return %y }");
  ASSERT_TRUE(outputs) << outputs.error().ToString();
  EXPECT_THAT((*outputs)[0].data.ToVector<float>(), ElementsAre(11));
  outputs =
      Evaluated("graph g() {\n %y = RELU(@x: float32[0,2] = [])\n return %y }");
  ASSERT_TRUE(outputs) << outputs.error().ToString();
  EXPECT_EQ((*outputs)[0].shape, (Shape{0, 2}));
  EXPECT_TRUE((*outputs)[0].data.empty());
}

// A shape that depends on the value: what was unknown is known then.
TEST(InterpreterEvaluator, FindsUnknownShapes) {
  const auto outputs = Evaluated(
      "graph g() {\n %y: float32[?] = RANGE(@a: float32[] = [1], @b: float32[] "
      "= [4], @c: float32[] = [1])\n return %y }");
  ASSERT_TRUE(outputs) << outputs.error().ToString();
  EXPECT_EQ((*outputs)[0].shape, Shape{3});
  EXPECT_THAT((*outputs)[0].data.ToVector<float>(), ElementsAre(1, 2, 3));
}

TEST(InterpreterEvaluator, LeavesWhatCannotBeComputed) {
  EXPECT_FALSE(Evaluated(
      "graph g() {\n %y = GATHER(@x: float32[2], @i: int32[1] = [9])\n"
      " return %y }"));
  EXPECT_FALSE(
      Evaluated("graph g() {\n %y: float32[2] = ADD(@x: float32[2], "
                "@z: float32[3])\n return %y }"));
}

}  // namespace liteforge::evaluator_test
