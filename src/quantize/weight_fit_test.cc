// SPDX-License-Identifier: Apache-2.0
#include "quantize/weight_fit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "ir/parse.h"
#include "quantize/prune.h"
#include "quantize/symmetric_matrix.h"

namespace liteforge::weight_fit_test {

constexpr size_t kIn = 12, kOut = 3, kRows = 200;

struct Layer {
  ir::Module module;
  WeightMatrix matrix;
  std::vector<float> weights, bias;
  std::vector<std::vector<float>> inputs;

  Layer() {
    auto graph = ir::Parse(
        "graph main(%x: float32[1,12]) {\n"
        "%y = FULLY_CONNECTED(%x, @w: float32[3,12], @b: float32[3])\n"
        " return %y }");
    EXPECT_TRUE(graph);
    module.graphs.push_back(*std::move(graph));
    matrix = PrunableLayers(module)[0];
    std::mt19937 generator(4);
    std::normal_distribution<float> normal;
    weights.resize(kIn * kOut);
    for (float& w : weights) w = normal(generator);
    bias = {0.5f, -1, 2};
    for (size_t r = 0; r < kRows; ++r) {
      std::vector<float> x(kIn);
      const float common = normal(generator);
      for (size_t i = 0; i < kIn; ++i)
        x[i] = normal(generator) + common + 0.1f * static_cast<float>(i);
      inputs.push_back(std::move(x));
    }
  }

  NormalEquations Equations() const {
    InputProducts products(matrix);
    for (const auto& x : inputs)
      products.Add(Shape{1, static_cast<int32_t>(kIn)}, x, x);
    return EquationsOf(matrix, weights, bias, &products);
  }

  // The least squared error of output `row` with the weights in `kept` alone
  // and a bias, by solving the equations written out from the examples; and how
  // far, squared, the weights then are from what they were.
  struct Least {
    double error, moved;
  };
  Least LeastError(size_t row, const std::vector<size_t>& kept) const {
    const size_t m = kept.size() + 1;
    std::vector<double> a(m * m), b(m), targets;
    double squares = 0;
    for (const auto& x : inputs) {
      double y = static_cast<double>(bias[row]);
      for (size_t i = 0; i < kIn; ++i)
        y += static_cast<double>(x[i]) *
             static_cast<double>(weights[row * kIn + i]);
      squares += y * y;
      std::vector<double> z(m, 1.0);
      for (size_t i = 0; i < kept.size(); ++i)
        z[i] = static_cast<double>(x[kept[i]]);
      for (size_t i = 0; i < m; ++i) {
        b[i] += z[i] * y;
        for (size_t j = 0; j < m; ++j) a[i * m + j] += z[i] * z[j];
      }
    }
    std::vector<double> solution = b;
    EXPECT_TRUE(Cholesky(a, m));
    SolveFactored(a, solution);
    for (size_t i = 0; i < m; ++i) squares -= solution[i] * b[i];
    std::vector<double> moves(
        weights.begin() + static_cast<ptrdiff_t>(row * kIn),
        weights.begin() + static_cast<ptrdiff_t>((row + 1) * kIn));
    for (size_t i = 0; i < kept.size(); ++i) moves[kept[i]] -= solution[i];
    return {squares,
            std::inner_product(moves.begin(), moves.end(), moves.begin(), 0.0)};
  }
};

// Costs are of |X (w' - w)|^2 + d |w' - w|^2, the damped error: no less than
// the least of the first part, no more than both are where that is.
void ExpectDampedCost(double cost, const Layer::Least& least, double damping) {
  const double rounding = 1e-6 * (1 + least.error);
  EXPECT_GE(cost, least.error - rounding);
  EXPECT_LE(cost, least.error + damping * least.moved + rounding);
}

// The sum of what removals cost is the error that is left when all others have
// made up for them.
TEST(WeightFit, CostsAddUpToTheLeastError) {
  const Layer layer;
  const NormalEquations e = layer.Equations();
  ASSERT_TRUE(e.sound());
  std::vector<double> total(kOut);
  std::vector<std::vector<size_t>> kept(kOut);
  for (auto& row : kept) {
    for (size_t i = 0; i < kIn; ++i) row.push_back(i);
  }
  int removals = 0;
  for (const Removal& r : RemovalsOf(e, kOut, RemovalOrder())) {
    const auto row = static_cast<size_t>(r.row);
    std::erase(kept[row], static_cast<size_t>(r.unit));
    total[row] += r.cost;
    ++removals;
    SCOPED_TRACE(kept[row].size());
    ExpectDampedCost(total[row], layer.LeastError(row, kept[row]), e.damping);
  }
  EXPECT_EQ(removals, kIn * kOut);
}

TEST(WeightFit, GroupsAndBlocks) {
  const Layer layer;
  const NormalEquations e = layer.Equations();
  std::vector<int> of_group(kOut * kIn / 4);
  for (const Removal& r : RemovalsOf(e, kOut, {1, 4, 2}))
    ++of_group[static_cast<size_t>(r.row) * (kIn / 4) +
               static_cast<size_t>(r.unit) / 4];
  for (const int gone : of_group) EXPECT_EQ(gone, 2);
  const auto blocks = RemovalsOf(e, kOut, {4, 0, 0});
  EXPECT_EQ(blocks.size(), kOut * kIn / 4);
  // The first block of a row costs what its loss costs.
  const auto unit = static_cast<size_t>(blocks[0].unit);
  std::vector<size_t> kept;
  for (size_t i = 0; i < kIn; ++i) {
    if (i / 4 != unit) kept.push_back(i);
  }
  ExpectDampedCost(blocks[0].cost, layer.LeastError(0, kept), e.damping);
}

TEST(WeightFit, FittedRowsReachTheLeastError) {
  const Layer layer;
  const NormalEquations e = layer.Equations();
  std::vector<float> row(layer.weights.begin(), layer.weights.begin() + kIn);
  for (const size_t i : {1, 4, 7, 10}) row[i] = 0;
  float bias = 0;
  FitRow(e, 0, row, &bias);
  double squares = 0;
  for (const auto& x : layer.inputs) {
    double d = static_cast<double>(layer.bias[0] - bias);
    for (size_t i = 0; i < kIn; ++i)
      d += static_cast<double>(x[i]) *
           static_cast<double>(layer.weights[i] - row[i]);
    squares += d * d;
  }
  ExpectDampedCost(squares, layer.LeastError(0, {0, 2, 3, 5, 6, 8, 9, 11}),
                   e.damping);
  for (const size_t i : {1, 4, 7, 10}) EXPECT_EQ(row[i], 0);
}

}  // namespace liteforge::weight_fit_test
