// SPDX-License-Identifier: Apache-2.0
// With examples, a layer of moderate size loses its weights one by one, always
// the one that the others can make up for best (weight_fit.h). In larger ones
// columns are taken in order, in groups within which the cheapest are chosen:
// with U the upper Cholesky factor of H^-1, a weight w_j costs w_j^2 / U_jj^2
// to drop, and is best made up for by w_k -= w_j U_jk / U_jj for all k > j.
// What stays is then fitted by least squares, where that takes not too long.
// Source: E. Frantar, D. Alistarh, "SparseGPT", ICML 2023, section 3.
#include "quantize/prune.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "quantize/symmetric_matrix.h"
#include "quantize/weight_fit.h"

namespace liteforge {
namespace {

// Columns among which the cheapest are chosen together.
constexpr int64_t kGroup = 64;
constexpr int64_t kFour = 4;
// Multiplications that solving for the kept weights of a layer may take.
constexpr double kMostPruneOperations = 2e10;

bool IsPrunable(const ir::Node& node) {
  if (node.op() != Op::kConv2D && node.op() != Op::kFullyConnected)
    return false;
  const ir::Value* w = node.input(1);
  return w != nullptr && w->is_constant() && w->type == DataType::kFloat32 &&
         w->has_one_use() && w->shape.rank() >= 2 && w->shape.elements() > 0;
}

std::vector<float> BiasOf(const WeightMatrix& layer) {
  return layer.bias == nullptr ? std::vector<float>()
                               : layer.bias->ToVector<float>();
}

bool SameConstant(const ir::Value* a, const ir::Value* b) {
  if (a == nullptr || b == nullptr) return a == b;
  const auto x = a->data().bytes(), y = b->data().bytes();
  return a->shape == b->shape && std::ranges::equal(x, y);
}

bool AreTwins(const WeightMatrix& a, const WeightMatrix& b) {
  return a.node->op() == b.node->op() && a.node->options == b.node->options &&
         SameConstant(a.weights, b.weights) && SameConstant(a.bias, b.bias);
}

struct Choice {
  float fraction;
  PrunePattern pattern;
};

int64_t UnitOf(PrunePattern pattern) {
  if (pattern == PrunePattern::kBlock) return 4;
  return pattern == PrunePattern::kBlock16 ? 16 : 1;
}

size_t PartOf(size_t count, float fraction) {
  return static_cast<size_t>(
      std::lround(static_cast<double>(fraction) * static_cast<double>(count)));
}

// A matrix of costs, of some columns of all rows.
struct Costs {
  std::vector<double> of;
  int64_t rows, columns;
};

// Half of every four neighbours.
void MarkHalfOfFours(const Costs& costs, std::vector<char>& dropped) {
  for (int64_t r = 0; r < costs.rows; ++r) {
    for (int64_t c = 0; c < costs.columns; c += kFour) {
      const int64_t size = std::min(kFour, costs.columns - c);
      std::vector<int64_t> order(static_cast<size_t>(size));
      std::iota(order.begin(), order.end(), r * costs.columns + c);
      std::ranges::sort(order, {}, [&](int64_t at) {
        return costs.of[static_cast<size_t>(at)];
      });
      for (int64_t i = 0; i < size / 2; ++i)
        dropped[static_cast<size_t>(order[static_cast<size_t>(i)])] = 1;
    }
  }
}

// Marks what to drop.
std::vector<char> Cheapest(const Costs& costs, const Choice& choice) {
  std::vector<char> dropped(costs.of.size());
  if (choice.pattern == PrunePattern::kTwoOfFour) {
    MarkHalfOfFours(costs, dropped);
    return dropped;
  }
  const int64_t unit = UnitOf(choice.pattern);
  std::vector<std::pair<double, int64_t>> units;
  for (int64_t at = 0; at < costs.rows * costs.columns;) {
    const int64_t row_end = (at / costs.columns + 1) * costs.columns;
    const int64_t end = std::min(at + unit, row_end);
    units.emplace_back(
        std::accumulate(costs.of.begin() + at, costs.of.begin() + end, 0.0),
        at);
    at = end;
  }
  std::ranges::sort(units);
  units.resize(std::min(PartOf(units.size(), choice.fraction), units.size()));
  for (const auto& [cost, first] : units) {
    const int64_t row_end = (first / costs.columns + 1) * costs.columns;
    for (int64_t i = first; i < std::min(first + unit, row_end); ++i)
      dropped[static_cast<size_t>(i)] = 1;
  }
  return dropped;
}

void DropLeast(std::vector<float>& weights, const WeightMatrix& layer,
               const Choice& choice) {
  Costs costs{{}, layer.rows, layer.columns};
  for (const float w : weights)
    costs.of.push_back(static_cast<double>(w) * static_cast<double>(w));
  const std::vector<char> dropped = Cheapest(costs, choice);
  for (size_t i = 0; i < weights.size(); ++i) {
    if (dropped[i]) weights[i] = 0;
  }
}

// Those of the columns from `from` on, whose costs these are; the rest of each
// row makes up for them.
void DropOfColumns(std::vector<double>& w, const std::vector<double>& u,
                   size_t n, size_t from, const Costs& costs,
                   const Choice& choice) {
  const std::vector<char> dropped = Cheapest(costs, choice);
  const auto width = static_cast<size_t>(costs.columns);
  for (size_t r = 0; r < static_cast<size_t>(costs.rows); ++r) {
    double* row = w.data() + r * n;
    for (size_t c = 0; c < width; ++c) {
      if (!dropped[r * width + c]) continue;
      const size_t j = from + c;
      const double error = row[j] / u[j * n + j];
      for (size_t k = j; k < n; ++k) row[k] -= error * u[j * n + k];
      row[j] = 0;
    }
    // What was dropped stays so, whatever later columns made of it.
    for (size_t c = 0; c < width; ++c) {
      if (dropped[r * width + c]) row[from + c] = 0;
    }
  }
}

void DropColumnwise(std::vector<float>& weights, const WeightMatrix& layer,
                    const NormalEquations& e, const Choice& choice) {
  const size_t n = e.columns;
  const std::vector<double> u = FactorOfInverse(e.h, n);
  if (u.empty()) return DropLeast(weights, layer, choice);
  std::vector<double> w = e.optimal;
  for (int64_t from = 0; from < layer.columns; from += kGroup) {
    Costs costs{{}, layer.rows, std::min(kGroup, layer.columns - from)};
    for (size_t r = 0; r < static_cast<size_t>(layer.rows); ++r) {
      for (int64_t c = 0; c < costs.columns; ++c) {
        const auto j = static_cast<size_t>(from + c);
        const double ratio = w[r * n + j] / u[j * n + j];
        costs.of.push_back(ratio * ratio);
      }
    }
    DropOfColumns(w, u, n, static_cast<size_t>(from), costs, choice);
  }
  std::ranges::transform(w, weights.begin(),
                         [](double x) { return static_cast<float>(x); });
}

RemovalOrder OrderOf(PrunePattern pattern) {
  if (pattern == PrunePattern::kTwoOfFour) return {1, kFour, 2};
  return {UnitOf(pattern), 0, 0};
}

// The removals of all rows, cheapest first, none before those that its row
// needs to have lost.
std::vector<Removal> CheapestRemovals(const NormalEquations& e, int64_t rows,
                                      const RemovalOrder& order) {
  std::vector<Removal> removals = RemovalsOf(e, rows, order);
  for (size_t i = 1; i < removals.size(); ++i) {
    if (removals[i].row == removals[i - 1].row)
      removals[i].cost = std::max(removals[i].cost, removals[i - 1].cost);
  }
  std::ranges::stable_sort(removals, {}, &Removal::cost);
  return removals;
}

void DropInOrder(std::vector<float>& weights, const WeightMatrix& layer,
                 const NormalEquations& e, const Choice& choice) {
  std::ranges::transform(e.optimal, weights.begin(),
                         [](double x) { return static_cast<float>(x); });
  const RemovalOrder order = OrderOf(choice.pattern);
  std::vector<Removal> removals = CheapestRemovals(e, layer.rows, order);
  // 2:4 drops all that may go.
  if (choice.pattern != PrunePattern::kTwoOfFour)
    removals.resize(
        std::min(PartOf(removals.size(), choice.fraction), removals.size()));
  for (const Removal& removal : removals) {
    const int64_t first = removal.unit * order.unit;
    const int64_t end = std::min(first + order.unit, layer.columns);
    std::fill(weights.begin() + removal.row * layer.columns + first,
              weights.begin() + removal.row * layer.columns + end, 0.0f);
  }
}

void FitRows(std::vector<float>& weights, std::vector<float>& bias,
             const WeightMatrix& layer, const NormalEquations& e) {
  const auto kept = static_cast<double>(static_cast<int64_t>(weights.size()) -
                                        std::ranges::count(weights, 0.0f));
  const auto rows = static_cast<double>(layer.rows);
  const double per_row = kept / rows;
  if (rows * per_row * per_row * per_row / 3 > kMostPruneOperations) return;
  for (int64_t r = 0; r < layer.rows; ++r)
    FitRow(e, r,
           std::span(weights).subspan(static_cast<size_t>(r) * e.columns,
                                      e.columns),
           bias.empty() ? nullptr : &bias[static_cast<size_t>(r)]);
}

double RootMeanSquare(const std::vector<float>& values) {
  double sum = 0;
  for (const float v : values)
    sum += static_cast<double>(v) * static_cast<double>(v);
  return std::sqrt(sum /
                   static_cast<double>(std::max<size_t>(values.size(), 1)));
}

}  // namespace

Result<PrunePattern> PrunePatternFromName(std::string_view name) {
  if (name.empty() || name == "global") return PrunePattern::kGlobal;
  if (name == "layer") return PrunePattern::kLayer;
  if (name == "2:4") return PrunePattern::kTwoOfFour;
  if (name == "block") return PrunePattern::kBlock;
  if (name == "block16") return PrunePattern::kBlock16;
  return InvalidArgument("pruning pattern '" + std::string(name) +
                         "' is not known; there are global, layer, 2:4, block "
                         "and block16");
}

std::vector<WeightMatrix> PrunableLayers(const ir::Module& module) {
  std::vector<WeightMatrix> layers;
  for (const auto& graph : module.graphs) {
    for (const auto& node : graph->nodes()) {
      if (!IsPrunable(*node)) continue;
      ir::Value* w = node->input(1);
      ir::Value* b = node->input(2);
      const bool own_bias = b != nullptr && b->is_constant() &&
                            b->type == DataType::kFloat32 && b->has_one_use() &&
                            b->shape.elements() == w->shape[0];
      WeightMatrix layer{graph.get(), node.get(),
                         w,           own_bias ? b : nullptr,
                         w->shape[0], w->shape.elements() / w->shape[0],
                         /*twins=*/{}};
      const auto twin = std::ranges::find_if(
          layers, [&](const auto& other) { return AreTwins(other, layer); });
      (twin == layers.end() ? layers : twin->twins).push_back(layer);
    }
  }
  return layers;
}

std::vector<float> RelativeCosts(const WeightMatrix& layer,
                                 const InputProducts* products) {
  const std::vector<float> w = layer.weights->ToVector<float>();
  const std::vector<float> bias = BiasOf(layer);
  const NormalEquations e = EquationsOf(layer, w, bias, products);
  std::vector<float> costs;
  if (!e.sound() || !(e.energy > 0)) {
    const double rms = RootMeanSquare(w);
    for (const float weight : w)
      costs.push_back(rms > 0 ? std::abs(weight) / static_cast<float>(rms) : 0);
    return costs;
  }
  if (CanOrderRemovals(layer.rows, layer.columns)) {
    for (const Removal& r : CheapestRemovals(e, layer.rows, RemovalOrder()))
      costs.push_back(static_cast<float>(r.cost / e.energy));
    return costs;
  }
  for (size_t i = 0; i < w.size(); ++i) {
    const size_t j = i % e.columns;
    const double cost =
        e.optimal[i] * e.optimal[i] / e.inverse[j * e.columns + j];
    costs.push_back(static_cast<float>(cost / e.energy));
  }
  return costs;
}

std::vector<float> FractionsOf(const std::vector<std::vector<float>>& costs,
                               const std::vector<double>& importance,
                               float fraction) {
  std::vector<double> all;
  for (size_t l = 0; l < costs.size(); ++l) {
    for (const float cost : costs[l])
      all.push_back(static_cast<double>(cost) * importance[l]);
  }
  if (all.empty()) return {};
  const size_t at = std::min(all.size() - 1, PartOf(all.size(), fraction));
  std::nth_element(all.begin(), all.begin() + static_cast<ptrdiff_t>(at),
                   all.end());
  std::vector<float> fractions;
  for (size_t l = 0; l < costs.size(); ++l) {
    const auto below = std::ranges::count_if(costs[l], [&](float cost) {
      return static_cast<double>(cost) * importance[l] < all[at];
    });
    fractions.push_back(static_cast<float>(below) /
                        static_cast<float>(costs[l].size()));
  }
  return fractions;
}

PrunedLayer PruneLayer(const WeightMatrix& layer, float fraction,
                       PrunePattern pattern, const InputProducts* products) {
  std::vector<float> weights = layer.weights->ToVector<float>();
  std::vector<float> bias = BiasOf(layer);
  const Choice choice{fraction, pattern};
  const NormalEquations e = EquationsOf(layer, weights, bias, products);
  if (!e.sound()) {
    DropLeast(weights, layer, choice);
  } else {
    if (CanOrderRemovals(layer.rows, layer.columns)) {
      DropInOrder(weights, layer, e, choice);
    } else {
      DropColumnwise(weights, layer, e, choice);
    }
    FitRows(weights, bias, layer, e);
    layer.SetBias(Blob::Own(bias));
  }
  PrunedLayer pruned{layer.node->output()->name,
                     static_cast<int64_t>(weights.size()),
                     std::ranges::count(weights, 0.0f), e.sound()};
  layer.SetWeights(Blob::Own(std::move(weights)));
  return pruned;
}

}  // namespace liteforge
