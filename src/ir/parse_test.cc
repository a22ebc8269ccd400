// SPDX-License-Identifier: Apache-2.0
#include "ir/parse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace liteforge::ir::parse_test {

using testing::ElementsAre;
using testing::HasSubstr;

// Everything Print can write comes back as itself.
TEST(Parse, ReadsWhatPrintWrites) {
  const std::string text =
      "graph main(%x: float32[?,4,4,3], %i: int64[2]) {\n"
      "  %c: float32[?,2,2,8] = CONV_2D(%x, @w: float32[8,3,3,3], none)"
      " {padding=1 stride_w=1 stride_h=1 fused_activation_function=1}\n"
      "  %r: float32[?,32] = RESHAPE(%c, @s: int32[2] = [-1,32])"
      " {new_shape=[-1,32]}\n"
      "  %m: float32[?,32] = MUL(%r, @half: float32[] = [0.5])\n"
      "  %a: int64[1], %b: int64[1] = SPLIT(@axis: int32[] = [0], %i)"
      " {num_splits=2}\n"
      "  return %m, %c\n}\n";
  const auto graph = Parse(text);
  ASSERT_TRUE(graph) << graph.error().ToString();
  EXPECT_EQ(Print(**graph), text);
  EXPECT_TRUE(Verify(**graph));
}

// Numbers to the last bit.
TEST(Parse, ReadsEveryConstantPrintWrites) {
  const std::string text =
      "graph main() {\n"
      "  return @f: float32[7] = "
      "[0.33333334,-0,1e-30,16777216,3.4028235e+38,inf,-inf], "
      "@l: int64[2] = [-9007199254740992,9007199254740991], "
      "@i: int32[2] = [-2147483648,2147483647], "
      "@s: int16[2] = [-32768,32767], @c: int8[2] = [-128,127], "
      "@u: uint8[2] = [0,255], @b: bool[2] = [0,1], @none: float32[0] = []\n"
      "}\n";
  const auto graph = Parse(text);
  ASSERT_TRUE(graph) << graph.error().ToString();
  EXPECT_EQ(Print(**graph), text);
  EXPECT_EQ((*graph)->outputs()[0]->ToVector<float>()[0], 1.0f / 3);
  EXPECT_TRUE(Verify(**graph));
}

TEST(Parse, ReadsEveryOptionPrintWrites) {
  const std::string text =
      "graph main(%x: float32[1,4]) {\n"
      "  %y: float32[1,4] = LEAKY_RELU(%x) {alpha=0.1}\n"
      "  %z: float32[1,4] = SOFTMAX(%y) {beta=0.33333334}\n"
      "  %p: float32[4] = SQUEEZE(%z) {squeeze_dims=[0]}\n"
      "  %q: float32[4] = CUMSUM(%p, @a: int32[] = [0]) {exclusive=1}\n"
      "  return %q\n}\n";
  const auto graph = Parse(text);
  ASSERT_TRUE(graph) << graph.error().ToString();
  EXPECT_EQ(Print(**graph), text);
  EXPECT_EQ((*graph)->nodes()[0]->Options<LeakyReluOptions>().alpha, 0.1f);
  EXPECT_TRUE((*graph)->nodes()[3]->Options<CumsumOptions>().exclusive);
}

TEST(Parse, InfersTypesAndFillsConstants) {
  const auto graph = Parse(
      "graph g(%x: float32[2,3]) {\n"
      "  %y = ADD(%x, @c: float32[2,3])\n"
      "  %z = MUL(%y, @k: float32[3] = [1, 2…])\n"
      "  return %z }");
  ASSERT_TRUE(graph) << graph.error().ToString();
  const Node& add = *(*graph)->nodes()[0];
  const Node& mul = *(*graph)->nodes()[1];
  EXPECT_EQ(mul.output()->shape, (Shape{2, 3}));
  EXPECT_THAT(add.input(1)->ToVector<float>(),
              ElementsAre(-1.5f, 0.25f, -1.25f, 0.5f, -1.f, 0.75f));
  EXPECT_THAT(mul.input(1)->ToVector<float>(), ElementsAre(1, 2, 2));
}

TEST(Parse, SaysWhatIsWrongAndWhere) {
  const std::pair<const char*, const char*> rows[] = {
      {"grap", "'graph' expected"},
      {"graph g(%x: float33[2]) {", "'float33' is no type"},
      {"graph g(%x: float32[2]) {\n%y = RELO(%x)", "line 2: 'RELO' is no op"},
      {"graph g(%x: float32[2]) {\n%y = RELU(%z)", "'z' is read before"},
      {"graph g() {\n%y = RELU(@c)", "constant 'c' is not described"},
      {"graph g() {\n%y = RELU(@c: int32[2] = [1])", "too few values"},
      {"graph g() {\n%y = RELU(@c: int32[1] = [1,2])", "too many values"},
      {"graph g(%x: float32[2]) {\n%y = RELU(%x) {axis=1}", "'axis' is no"},
      {"graph g(%x: float32[2]) {\n%y = ADD(%x)", "input 1 is missing"},
  };
  for (const auto& [text, message] : rows) {
    const auto graph = Parse(text);
    ASSERT_FALSE(graph) << text;
    EXPECT_THAT(graph.error().ToString(), HasSubstr(message)) << text;
  }
}

}  // namespace liteforge::ir::parse_test
