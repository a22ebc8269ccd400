// SPDX-License-Identifier: Apache-2.0
// uint32, which is computed as int64, overflows as uint32 does.
#include <bit>
#include <random>

#include "convert/graph_testing.h"

namespace liteforge::unsigned_integers_test {

const GraphText::Attributes kUnsigned = {{"T", "type: DT_UINT32"}};

// What the graph gives for its two int64 inputs "a" and "b" of 64 numbers.
std::vector<double> ValuesFor(const GraphText& graph,
                              const std::vector<uint32_t>& a,
                              const std::vector<uint32_t>& b) {
  const auto bytes = Converted(graph);
  EXPECT_TRUE(bytes) << bytes.error().ToString();
  if (!bytes) return {};
  auto interpreter = Interpreter::FromBuffer(*bytes);
  EXPECT_TRUE(interpreter) << interpreter.error().ToString();
  EXPECT_TRUE(interpreter->AllocateTensors());
  for (const TensorDetails& input : interpreter->InputDetails()) {
    const auto& values = input.name == "a" ? a : b;
    EXPECT_TRUE(interpreter->SetTensor<int64_t>(
        input.index, std::vector<int64_t>(values.begin(), values.end())));
  }
  EXPECT_TRUE(interpreter->Invoke());
  return ValuesOf(*interpreter, interpreter->OutputDetails()[0]);
}

std::vector<uint32_t> Numbers(uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<uint32_t> values = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff};
  while (values.size() < 64) values.push_back(random());
  return values;
}

TEST(UnsignedIntegers, Overflow) {
  const auto a = Numbers(1), b = Numbers(2);
  const struct {
    const char* op;
    uint32_t (*f)(uint32_t a, uint32_t b);
  } rows[] = {
      {"AddV2", [](uint32_t x, uint32_t y) { return x + y; }},
      {"Sub", [](uint32_t x, uint32_t y) { return x - y; }},
      {"BitwiseXor", [](uint32_t x, uint32_t y) { return x ^ y; }},
      {"BitwiseAnd", [](uint32_t x, uint32_t y) { return x & y; }},
      {"BitwiseOr", [](uint32_t x, uint32_t y) { return x | y; }},
  };
  for (const auto& [op, f] : rows) {
    GraphText graph;
    graph.Input("a", {64}, "DT_UINT32").Input("b", {64}, "DT_UINT32");
    graph.Node("y", op, {"a", "b"}, kUnsigned);
    const auto y = ValuesFor(graph, a, b);
    ASSERT_EQ(y.size(), a.size()) << op;
    for (size_t i = 0; i < y.size(); ++i)
      EXPECT_EQ(y[i], f(a[i], b[i])) << op << " of " << a[i] << ", " << b[i];
  }
}

// A round of a generator: x = (a << 13 | a >> 19) ^ (a + b), and its inverse.
TEST(UnsignedIntegers, Bits) {
  const auto a = Numbers(3), b = Numbers(4);
  GraphText graph;
  graph.Input("a", {64}, "DT_UINT32").Input("b", {64}, "DT_UINT32");
  for (const auto& [name, count] : {std::pair("left", 13), {"right", 19}})
    graph.Constant(std::string(name) + "/i", {}, Ints{count})
        .Node(name, "Cast", {std::string(name) + "/i"},
              {{"SrcT", "type: DT_INT32"}, {"DstT", "type: DT_UINT32"}});
  graph.Node("l", "LeftShift", {"a", "left"}, kUnsigned)
      .Node("r", "RightShift", {"a", "right"}, kUnsigned)
      .Node("turned", "BitwiseOr", {"l", "r"}, kUnsigned)
      .Node("sum", "AddV2", {"a", "b"}, kUnsigned)
      .Node("x", "BitwiseXor", {"turned", "sum"}, kUnsigned)
      .Node("y", "Invert", {"x"}, kUnsigned);
  const auto y = ValuesFor(graph, a, b);
  ASSERT_EQ(y.size(), a.size());
  for (size_t i = 0; i < y.size(); ++i)
    EXPECT_EQ(y[i], ~(std::rotl(a[i], 13) ^ (a[i] + b[i]))) << i;
}

// A float of 23 random bits, as generators make them.
TEST(UnsignedIntegers, AsBitsOfFloats) {
  const auto a = Numbers(5);
  GraphText graph;
  graph.Input("a", {64}, "DT_UINT32");
  for (const auto& [name, value] : {std::pair("nine", 9), {"one", 0x3f800000}})
    graph.Constant(std::string(name) + "/i", {}, Ints{value})
        .Node(name, "Bitcast", {std::string(name) + "/i"},
              {{"T", "type: DT_INT32"}, {"type", "type: DT_UINT32"}});
  graph.Node("bits", "RightShift", {"a", "nine"}, kUnsigned)
      .Node("all", "BitwiseOr", {"bits", "one"}, kUnsigned)
      .Node("y", "Bitcast", {"all"},
            {{"T", "type: DT_UINT32"}, {"type", "type: DT_FLOAT"}});
  const auto y = ValuesFor(graph, a, {});
  ASSERT_EQ(y.size(), a.size());
  for (size_t i = 0; i < y.size(); ++i)
    EXPECT_EQ(y[i], std::bit_cast<float>(a[i] >> 9 | 0x3f800000)) << i;
}

// Negative numbers and floats become what their bits say.
TEST(UnsignedIntegers, FromOtherTypes) {
  GraphText graph;
  graph.Input("x", {3}).Node(
      "u", "Bitcast", {"x"},
      {{"T", "type: DT_FLOAT"}, {"type", "type: DT_UINT32"}});
  graph.Node("y", "Cast", {"u"},
             {{"SrcT", "type: DT_UINT32"}, {"DstT", "type: DT_INT64"}});
  ExpectAnswer(AnswerOf(graph, {{1, -2, 0}}), {3},
               {0x3f800000, 3221225472.0, 0});
  GraphText ints;
  ints.Input("x", {2}).Node(
      "i", "Cast", {"x"},
      {{"SrcT", "type: DT_FLOAT"}, {"DstT", "type: DT_INT32"}});
  ints.Node("y", "Cast", {"i"},
            {{"SrcT", "type: DT_INT32"}, {"DstT", "type: DT_UINT32"}});
  ExpectAnswer(AnswerOf(ints, {{-1, 5}}), {2}, {4294967295.0, 5});
}

}  // namespace liteforge::unsigned_integers_test
