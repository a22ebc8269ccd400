// SPDX-License-Identifier: Apache-2.0
#include "convert/estimate_work.h"

#include <gtest/gtest.h>

#include "ir/parse.h"

namespace liteforge::estimate_work_test {

double WorkOf(const std::string& node, const std::string& inputs,
              const DimensionGuess& guess = {}) {
  auto graph = ir::Parse("graph main(" + inputs + ") {\n  %y = " + node +
                         "\n  return %y }");
  EXPECT_TRUE(graph) << graph.error().ToString();
  ir::Module module;
  if (graph) module.graphs.push_back(std::move(*graph));
  return EstimateWork(module, guess);
}

// Multiplications counted by hand.
TEST(EstimateWork, ConvolutionsAndProducts) {
  // 6 x 6 places, 8 filters of 3 x 3 x 4.
  EXPECT_EQ(WorkOf("CONV_2D(%x, @w: float32[8,3,3,4], @b: float32[8]) "
                   "{padding=1 stride_h=1 stride_w=1}",
                   "%x: float32[1,8,8,4]"),
            6 * 6 * 8 * 3 * 3 * 4);
  EXPECT_EQ(WorkOf("DEPTHWISE_CONV_2D(%x, @w: float32[1,3,3,4], @b: "
                   "float32[4]) {padding=1 stride_h=1 stride_w=1 "
                   "depth_multiplier=1}",
                   "%x: float32[1,8,8,4]"),
            6 * 6 * 4 * 3 * 3);
  EXPECT_EQ(WorkOf("FULLY_CONNECTED(%x, @w: float32[7,5], @b: float32[7])",
                   "%x: float32[3,5]"),
            3 * 7 * 5);
  EXPECT_EQ(
      WorkOf("BATCH_MATMUL(%a, %b)", "%a: float32[2,3,5], %b: float32[2,5,7]"),
      2 * 3 * 5 * 7);
}

TEST(EstimateWork, OthersTouchWhatTheyReadAndWrite) {
  EXPECT_EQ(WorkOf("ADD(%a, %b)", "%a: float32[2,3], %b: float32[3]"),
            6 + 3 + 6);
}

TEST(EstimateWork, UnknownDimensionsAreGuessed) {
  EXPECT_EQ(Guessed({-1, 3, -1}, {.batch = 4, .other = 9}), (Shape{4, 3, 9}));
  EXPECT_EQ(Guessed(Shape::UnknownRank(), {}), Shape::UnknownRank());
  EXPECT_EQ(WorkOf("FULLY_CONNECTED(%x, @w: float32[7,5], @b: float32[7])",
                   "%x: float32[?,5]", {.batch = 6}),
            6 * 7 * 5);
}

// Bodies of loops run a number of times that nobody knows, signatures once.
TEST(EstimateWork, SubgraphsCountMore) {
  const auto with_second = [](bool is_signature) {
    ir::Module module;
    for (int i = 0; i < 2; ++i) {
      auto graph = ir::Parse(
          "graph main(%x: float32[4]) {\n  %y = NEG(%x)\n  return %y }");
      EXPECT_TRUE(graph);
      module.graphs.push_back(std::move(*graph));
    }
    if (is_signature) module.signatures.push_back({"second", 1, {}, {}});
    return EstimateWork(module, {});
  };
  EXPECT_EQ(with_second(true), 8 + 8);
  EXPECT_GT(with_second(false), 8 + 8);
}

}  // namespace liteforge::estimate_work_test
