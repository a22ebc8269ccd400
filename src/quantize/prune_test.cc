// SPDX-License-Identifier: Apache-2.0
#include "quantize/prune.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <set>

#include "ir/parse.h"

namespace liteforge::prune_test {

constexpr int kIn = 48, kOut = 8, kRows = 400;

using Products = std::map<const ir::Node*, std::unique_ptr<InputProducts>>;

// A dense layer whose inputs go together: each is a mix of few hidden ones.
struct Layer {
  ir::Module module;
  std::vector<WeightMatrix> layers;
  std::vector<std::vector<float>> inputs;

  Layer() {
    auto graph = ir::Parse(
        "graph main(%x: float32[1,48]) {\n"
        "%y = FULLY_CONNECTED(%x, @w: float32[8,48], none)\n return %y }");
    EXPECT_TRUE(graph);
    module.graphs.push_back(*std::move(graph));
    std::mt19937 generator(5);
    std::normal_distribution<float> normal;
    std::vector<float> w(kIn * kOut);
    for (float& v : w) v = normal(generator);
    layers = PrunableLayers(module);
    layers[0].weights->SetConstant(Blob::Own(w));
    std::vector<std::vector<float>> mix(kIn, std::vector<float>(12));
    for (auto& row : mix) {
      for (float& v : row) v = normal(generator);
    }
    for (int r = 0; r < kRows; ++r) {
      std::vector<float> hidden(12), x(kIn);
      for (float& v : hidden) v = normal(generator);
      for (size_t i = 0; i < kIn; ++i) {
        x[i] = 0.1f * normal(generator);
        for (size_t h = 0; h < 12; ++h) x[i] += mix[i][h] * hidden[h];
      }
      inputs.push_back(std::move(x));
    }
  }

  std::unique_ptr<InputProducts> Seen() {
    auto products = std::make_unique<InputProducts>(layers[0]);
    for (const auto& x : inputs) products->Add(Shape{1, kIn}, x, x);
    return products;
  }
  PrunedLayer Drop(float fraction, PrunePattern pattern, bool see) {
    const auto products = see ? Seen() : nullptr;
    return PruneLayer(layers[0], fraction, pattern, products.get());
  }

  std::vector<float> Weights() const {
    return layers[0].weights->ToVector<float>();
  }

  // Of the layer's outputs with these weights against `exact`.
  double Error(const std::vector<float>& exact) const {
    const auto w = Weights();
    double sum = 0;
    for (const auto& x : inputs) {
      for (size_t o = 0; o < kOut; ++o) {
        double d = 0;
        for (size_t i = 0; i < kIn; ++i)
          d += static_cast<double>(x[i]) *
               static_cast<double>(w[o * kIn + i] - exact[o * kIn + i]);
        sum += d * d;
      }
    }
    return std::sqrt(sum / kRows / kOut);
  }
};

TEST(Prune, RefittedWeightsErrFarLess) {
  Layer plain, fitted;
  const auto exact = plain.Weights();
  const auto dropped = plain.Drop(0.6f, PrunePattern::kLayer, false);
  const auto kept = fitted.Drop(0.6f, PrunePattern::kLayer, true);
  EXPECT_FALSE(dropped.refitted);
  EXPECT_TRUE(kept.refitted);
  EXPECT_NEAR(static_cast<double>(dropped.zeros), 0.6 * kIn * kOut, 3);
  EXPECT_NEAR(static_cast<double>(kept.zeros), 0.6 * kIn * kOut, 3);
  EXPECT_LT(fitted.Error(exact), 0.3 * plain.Error(exact));
}

TEST(Prune, TwoOfFourNeighbours) {
  for (const bool see : {false, true}) {
    Layer layer;
    const auto pruned = layer.Drop(0.5f, PrunePattern::kTwoOfFour, see);
    const auto w = layer.Weights();
    for (size_t at = 0; at < w.size(); at += 4) {
      int zeros = 0;
      for (size_t i = at; i < at + 4; ++i) zeros += w[i] == 0;
      ASSERT_EQ(zeros, 2) << at;
    }
    EXPECT_EQ(pruned.zeros, kIn * kOut / 2);
  }
}

void ExpectBlocks(PrunePattern pattern, size_t size, bool see) {
  Layer layer;
  layer.Drop(0.5f, pattern, see);
  const auto w = layer.Weights();
  int whole = 0;
  for (size_t at = 0; at < w.size(); at += size) {
    size_t zeros = 0;
    for (size_t i = at; i < at + size; ++i) zeros += w[i] == 0;
    EXPECT_TRUE(zeros == 0 || zeros == size) << at;
    whole += zeros == size;
  }
  // Half of them, and no part of one.
  EXPECT_NEAR(whole, static_cast<double>(w.size() / size) / 2, 0.5);
}

TEST(Prune, BlocksOfNeighbours) {
  for (const bool see : {false, true}) {
    ExpectBlocks(PrunePattern::kBlock, 4, see);
    ExpectBlocks(PrunePattern::kBlock16, 16, see);
  }
}

TEST(Prune, TheLeastGoFirst) {
  Layer layer;
  const auto before = layer.Weights();
  const auto fractions =
      FractionsOf({RelativeCosts(layer.layers[0], nullptr)}, {1}, 0.25f);
  EXPECT_NEAR(fractions[0], 0.25f, 0.01f);
  layer.Drop(fractions[0], PrunePattern::kGlobal, false);
  const auto after = layer.Weights();
  float largest_dropped = 0, least_kept = 1e9f;
  for (size_t i = 0; i < before.size(); ++i) {
    if (after[i] == 0) {
      largest_dropped = std::max(largest_dropped, std::abs(before[i]));
    } else {
      EXPECT_EQ(after[i], before[i]);
      least_kept = std::min(least_kept, std::abs(before[i]));
    }
  }
  EXPECT_LE(largest_dropped, least_kept);
}

// Of two layers whose costs are the same, the important one keeps more; the
// part of both together stays.
TEST(Prune, ImportantLayersKeepMore) {
  const std::vector<float> costs = {1, 2, 3, 4, 5, 6, 7, 8};
  EXPECT_EQ(FractionsOf({costs, costs}, {1, 1}, 0.5f),
            (std::vector<float>{0.5f, 0.5f}));
  // Below 5.5: 1 to 5 of the first, 2 and 4 of the second.
  EXPECT_EQ(FractionsOf({costs, costs}, {1, 2}, 7.0f / 16),
            (std::vector<float>{5.0f / 8, 2.0f / 8}));
}

// Patches are what the filter multiplies: X^T X of a 3x3 map under a 2x2
// filter, against four patches written out.
TEST(InputProducts, PatchesOfAConvolution) {
  ir::Module module;
  auto graph = ir::Parse(
      "graph main(%x: float32[1,3,3,1]) {\n"
      "%y = CONV_2D(%x, @w: float32[1,2,2,1], none)"
      " {padding=1 stride_w=1 stride_h=1}\n return %y }");
  ASSERT_TRUE(graph);
  module.graphs.push_back(*std::move(graph));
  const auto layers = PrunableLayers(module);
  ASSERT_EQ(layers.size(), 1u);
  InputProducts products(layers[0]);
  const std::vector<float> now = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  const std::vector<float> before = {9, 8, 7, 6, 5, 4, 3, 2, 1};
  products.Add(Shape{1, 3, 3, 1}, now, before);
  EXPECT_EQ(products.rows(), 4);
  // A one behind each row stands for the bias.
  const double patches[4][5] = {
      {1, 2, 4, 5, 1}, {2, 3, 5, 6, 1}, {4, 5, 7, 8, 1}, {5, 6, 8, 9, 1}};
  for (size_t i = 0; i < 5; ++i) {
    for (size_t j = 0; j < 5; ++j) {
      double of_now = 0, with_before = 0;
      for (const auto& p : patches) {
        of_now += p[i] * p[j];
        with_before += p[i] * (j == 4 ? 1 : 10 - p[j]);
      }
      EXPECT_EQ(products.of_now()[i * 5 + j], of_now);
      EXPECT_EQ(products.with_before()[i * 5 + j], with_before);
    }
  }
}

TEST(ClusterWeights, FewDifferentOnesNearTheirOrigin) {
  Layer layer;
  const auto before = layer.Weights();
  EXPECT_EQ(ClusterWeights(layer.layers, 16), 1);
  const auto after = layer.Weights();
  EXPECT_LE(std::set<float>(after.begin(), after.end()).size(), 16u);
  // Each is the nearest of the centres.
  const std::set<float> centres(after.begin(), after.end());
  for (size_t i = 0; i < before.size(); ++i) {
    float nearest = 1e9f;
    for (const float c : centres)
      nearest = std::min(nearest, std::abs(c - before[i]));
    EXPECT_LE(std::abs(after[i] - before[i]), nearest + 1e-6f);
  }
  EXPECT_EQ(ClusterWeights(layer.layers, 16), 0);
}

TEST(ClusterWeights, ZeroStaysZero) {
  Layer layer;
  layer.Drop(0.5f, PrunePattern::kLayer, false);
  const auto before = layer.Weights();
  ClusterWeights(layer.layers, 4);
  const auto after = layer.Weights();
  for (size_t i = 0; i < before.size(); ++i)
    EXPECT_EQ(before[i] == 0, after[i] == 0);
  EXPECT_LE(std::set<float>(after.begin(), after.end()).size(), 4u);
}

}  // namespace liteforge::prune_test
