// SPDX-License-Identifier: Apache-2.0
#include "convert/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "convert/example_testing.h"

namespace liteforge::compare_test {

using testing::HasSubstr;

// x and x + k, through a tensor of one name.
std::vector<std::byte> Shifted(float k) {
  ir::Module module =
      ModuleOf({"graph main(%x: float32[1,4]) {\n"
                "%inner = MUL(%x, @one: float32[] = [2])\n"
                "%y = ADD(%inner, @k: float32[] = [0])\n return %y }"});
  module.graphs[0]->nodes()[1]->input(1)->SetConstant(
      Blob::Own(std::vector<float>{k}));
  return EmittedBytes(module);
}

std::vector<std::byte> Compiled(const char* graph) {
  return EmittedBytes(ModuleOf({graph}));
}

// 2 x against 2 x + 1/2: sums of what is known.
TEST(CompareBytes, SaysHowFarTheOutputsAre) {
  const auto a = Shifted(0), b = Shifted(0.5f);
  const RepresentativeDataset examples =
      ExamplesOf({ExampleArray<float>({1, 4}, {1, 2, 3, 4}),
                  ExampleArray<float>({1, 4}, {0, 0, -1, 0})});
  CompareOptions options;
  options.per_layer = true;
  const auto c = CompareBytes({"a", a}, {"b", b}, options, examples);
  ASSERT_TRUE(c) << c.error().ToString();
  EXPECT_EQ(c->examples, 2);
  EXPECT_FALSE(c->random);
  ASSERT_EQ(c->outputs.size(), 1u);
  const Difference& d = c->outputs[0];
  EXPECT_EQ(d.name, "y");
  EXPECT_EQ(d.dtype, "float32");
  EXPECT_EQ(d.elements, 8);
  EXPECT_EQ(d.max_abs, 0.5);
  EXPECT_EQ(d.mean_abs, 0.5);
  EXPECT_EQ(d.rmse, 0.5);
  // Of 2 (1, 2, 3, 4, 0, 0, -1, 0) the squares are 124.
  EXPECT_NEAR(d.sqnr_db, 10 * std::log10(124 / (8 * 0.25)), 1e-12);
  // What both compute alike does not differ at all.
  ASSERT_EQ(c->layers.size(), 3u);
  EXPECT_EQ(c->layers[0].name, "x");
  EXPECT_EQ(c->layers[1].name, "inner");
  EXPECT_EQ(c->layers[1].max_abs, 0);
  EXPECT_TRUE(std::isinf(c->layers[1].sqnr_db));
  EXPECT_EQ(c->layers[2].max_abs, 0.5);
  EXPECT_EQ(c->same_top1, 1.0);
  EXPECT_EQ(c->bytes[0], static_cast<int64_t>(a.size()));
}

TEST(CompareBytes, CountsWhoPutsTheSameFirst) {
  const auto a =
      Compiled("graph main(%x: float32[1,2]) {\n%y = ABS(%x)\n return %y }");
  const auto b =
      Compiled("graph main(%x: float32[1,2]) {\n%y = NEG(%x)\n return %y }");
  const auto c = CompareBytes(
      {"a", a}, {"b", b}, {},
      ExamplesOf({ExampleArray<float>({1, 2}, {1, 2}),      // second, first
                  ExampleArray<float>({1, 2}, {-1, -2}),    // second, second
                  ExampleArray<float>({1, 2}, {3, -2}),     // first, second
                  ExampleArray<float>({1, 2}, {-3, 2})}));  // first, first
  ASSERT_TRUE(c) << c.error().ToString();
  EXPECT_EQ(c->same_top1, 0.5);
}

TEST(CompareBytes, DrawsTheSameNumbersFromOneSeed) {
  const auto a = Shifted(0), b = Shifted(0.25f);
  CompareOptions options;
  options.random_examples = 3;
  const auto first = CompareBytes({"a", a}, {"b", b}, options);
  const auto again = CompareBytes({"a", a}, {"b", b}, options);
  ASSERT_TRUE(first && again);
  EXPECT_TRUE(first->random);
  EXPECT_EQ(first->examples, 3);
  EXPECT_EQ(first->outputs[0].sqnr_db, again->outputs[0].sqnr_db);
}

TEST(CompareBytes, TakesNoMoreExamplesThanAsked) {
  const auto a = Shifted(0);
  const ExampleFolder folder;
  folder.Write("x.npy", {5, 4}, std::vector<float>(20, 1));
  CompareOptions options;
  options.data = folder.path() / "x.npy";
  options.most_examples = 2;
  const auto c = CompareBytes({"a", a}, {"b", a}, options);
  ASSERT_TRUE(c) << c.error().ToString();
  EXPECT_EQ(c->examples, 2);
}

TEST(CompareBytes, ModelsThatDoNotCompareAreNamed) {
  const auto one = Shifted(0);
  const auto two = Compiled(
      "graph main(%x: float32[1,4], %z: float32[1,4]) {\n"
      "%y = ADD(%x, %z)\n return %y }");
  const auto inputs = CompareBytes({"a", one}, {"b", two}, {});
  ASSERT_FALSE(inputs);
  EXPECT_THAT(inputs.error().message,
              HasSubstr("have 1 and 2 inputs, 1 and 1 outputs"));
  const auto pair = Compiled(
      "graph main(%x: float32[1,4]) {\n"
      "%y = CONCATENATION(%x, %x) {axis=0}\n return %y }");
  const auto outputs = CompareBytes({"a", one}, {"b", pair}, {});
  ASSERT_FALSE(outputs);
  EXPECT_THAT(outputs.error().message,
              HasSubstr("output 0 has 4 elements in one model and 8"));
  const std::vector<std::byte> damaged(20);
  const auto broken = CompareBytes({"a", one}, {"b.tflite", damaged}, {});
  ASSERT_FALSE(broken);
  EXPECT_THAT(broken.error().ToString(), HasSubstr("b.tflite"));
}

}  // namespace liteforge::compare_test
