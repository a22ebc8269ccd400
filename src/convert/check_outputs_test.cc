// SPDX-License-Identifier: Apache-2.0
#include "convert/check_outputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lower/test_function.h"

namespace liteforge::check_outputs_test {

using testing::HasSubstr;

// What a function becomes, and the check of it.
Result<void> Checked(TestFunction& f) {
  SmallEvaluator evaluator;
  auto module = Lower(f.function(), evaluator);
  EXPECT_TRUE(module) << module.error().ToString();
  return CheckOutputs(f.function(), (*module)->signatures[0]);
}

TEST(CheckOutputs, ComputedOnesAreFine) {
  TestFunction f;
  f.Input("x", {2}).Node("Neg", "y", {"x"}).Output("y", "y");
  EXPECT_TRUE(Checked(f));
}

TEST(CheckOutputs, OneConstantAmongOthersIsFine) {
  TestFunction f;
  f.Input("x", {2}).Node("Neg", "y", {"x"}).Floats("c", {1}, {3});
  f.Output("y", "y").Output("c", "c");
  EXPECT_TRUE(Checked(f));
}

TEST(CheckOutputs, OnlyConstantsAreNot) {
  TestFunction f;
  f.Input("x", {2}).Floats("a", {1}, {3}).Floats("b", {1}, {4});
  f.Node("AddV2", "sum", {"a", "b"}).Output("y", "sum").Output("a", "a");
  const auto checked = Checked(f);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, ErrorCode::kInvalidModel);
  EXPECT_THAT(checked.error().message,
              HasSubstr("no output of 'f' depends on an input, all are "
                        "constants; name the model's real inputs"));
}

// A signature may give what a variable holds.
TEST(CheckOutputs, VariablesMayBeShown) {
  TestFunction f;
  f.Input("x", {2}).Floats("v", {2}, {1, 2});
  f.Node("Identity", "read", {"v"}).Node("Identity", "again", {"read"});
  f.Output("y", "again");
  EXPECT_FALSE(Checked(f));
  f.function().variables.insert("v");
  EXPECT_TRUE(Checked(f));
}

TEST(CheckOutputs, OutputsWithoutElementsAreNamed) {
  TestFunction f;
  f.Input("x", {4, 3}).Ints("begin", {4, 0}).Ints("size", {0, 3});
  f.Node("Slice", "s", {"x", "begin", "size"}).Node("Neg", "y", {"x"});
  f.Output("fine", "y").Output("empty", "s");
  const auto checked = Checked(f);
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().message,
              HasSubstr("output 'empty' of 'f' would be [0,3], which has no "
                        "elements"));
}

TEST(CheckOutputs, UnknownDimensionsAreNone) {
  TestFunction f;
  f.Input("x", {-1, 3}).Node("Neg", "y", {"x"}).Output("y", "y");
  EXPECT_TRUE(Checked(f));
}

}  // namespace liteforge::check_outputs_test
