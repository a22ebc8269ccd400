// SPDX-License-Identifier: Apache-2.0
#include "convert/prune_layers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "convert/example_testing.h"

namespace liteforge::prune_layers_test {

constexpr const char* kFirst =
    "graph first(%x: float32[1,4]) {\n"
    "%y = FULLY_CONNECTED(%x, @w: float32[1,4] = [1,2,3,4],"
    " @b: float32[1] = [0])\n return %y }";
constexpr const char* kSecond =
    "graph second(%x: float32[1,4]) {\n"
    "%y = FULLY_CONNECTED(%x, @w: float32[1,4] = [1,2,3,4],"
    " @b: float32[1] = [0])\n return %y }";
constexpr const char* kOther =
    "graph other(%x: float32[1,4]) {\n"
    "%y = FULLY_CONNECTED(%x, @w: float32[1,4] = [5,-5,1,2],"
    " @b: float32[1] = [1])\n return %y }";

// Twice the same number in inputs `at` and `at` + 1, nothing in the others.
RepresentativeDataset Twice(size_t at) {
  std::mt19937 generator(static_cast<uint32_t>(at));
  std::normal_distribution<float> normal;
  std::vector<NpyArray> arrays;
  for (int i = 0; i < 20; ++i) {
    std::vector<float> values(4);
    values[at] = values[at + 1] = normal(generator);
    arrays.push_back(ExampleArray({1, 4}, values));
  }
  return ExamplesOf(std::move(arrays));
}

std::vector<float> WeightsOf(const ir::Module& module, size_t graph) {
  return module.graphs[graph]->nodes()[0]->input(1)->ToVector<float>();
}

// What the second input gives the first can give as well, and what the third
// gives the fourth; but it needs both signatures' examples to see it.
TEST(PruneLayers, LayersOfTwoSignaturesStayTheSame) {
  ir::Module module = ModuleOf({kFirst, kSecond});
  SignEveryGraph(module);
  const auto layers = PrunableLayers(module);
  ASSERT_EQ(layers.size(), 1u);
  const OnExamples both = [](const UseExamples& use) -> Result<void> {
    auto used = use(0, Twice(0), {});
    return used ? use(1, Twice(2), {}) : used;
  };
  const auto pruned =
      PruneLayers(module, layers, 0.5f, PrunePattern::kLayer, both);
  ASSERT_TRUE(pruned) << pruned.error().ToString();
  ASSERT_EQ(pruned->size(), 1u);
  EXPECT_EQ((*pruned)[0].zeros, 2);
  EXPECT_TRUE((*pruned)[0].refitted);
  const std::vector<float> w = WeightsOf(module, 0);
  EXPECT_EQ(w[0] * w[1], 0);
  EXPECT_EQ(w[2] * w[3], 0);
  EXPECT_NEAR(w[0] + w[1], 1 + 2, 0.1);
  EXPECT_NEAR(w[2] + w[3], 3 + 4, 0.1);
  EXPECT_EQ(WeightsOf(module, 1), w);
}

TEST(PruneLayers, EachSignatureFitsItsOwnLayers) {
  ir::Module module = ModuleOf({kFirst, kOther});
  SignEveryGraph(module);
  const auto layers = PrunableLayers(module);
  ASSERT_EQ(layers.size(), 2u);
  const OnExamples second = [](const UseExamples& use) {
    return use(1, Twice(0), {});
  };
  const auto pruned =
      PruneLayers(module, layers, 0.5f, PrunePattern::kLayer, second);
  ASSERT_TRUE(pruned) << pruned.error().ToString();
  EXPECT_FALSE((*pruned)[0].refitted);
  EXPECT_TRUE((*pruned)[1].refitted);
  // The smallest go where nothing was seen.
  EXPECT_THAT(WeightsOf(module, 0), testing::ElementsAre(0, 0, 3, 4));
}

}  // namespace liteforge::prune_layers_test
