// SPDX-License-Identifier: Apache-2.0
// With H = X^T X of a layer's inputs and U the upper Cholesky factor of H^-1,
// a weight w_j costs w_j^2 / U_jj^2 to drop, and dropping it is best made up
// for by w_k -= w_j U_jk / U_jj for all k > j. Columns are taken in order, in
// groups within which the cheapest are chosen. Of the weights that stay, S,
// the best are then H_SS^-1 H_S w, w being all weights as they were; layers
// where that would take too long keep what the columns gave.
// Source: E. Frantar, D. Alistarh, "SparseGPT", ICML 2023, section 3; B.
// Hassibi, D. Stork, "Optimal Brain Surgeon", NIPS 1992.
#include "quantize/prune.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace liteforge {
namespace {

// Columns among which the cheapest are chosen together.
constexpr int64_t kGroup = 64;
constexpr int64_t kBlockSize = 4;
// Of the mean of H's diagonal, added to it: inputs that are never seen have
// none of their own.
constexpr double kDamping = 0.01;
// Of the same, when the weights that stay are fitted.
constexpr double kFitDamping = 1e-5;
// Multiplications that solving for the kept weights of a layer may take.
constexpr double kMostOperations = 2e10;
// Patches of one example's feature map that are looked at.
constexpr int64_t kMostPatches = 256;

bool IsPrunable(const ir::Node& node) {
  if (node.op() != Op::kConv2D && node.op() != Op::kFullyConnected)
    return false;
  const ir::Value* w = node.input(1);
  return w != nullptr && w->is_constant() && w->type == DataType::kFloat32 &&
         w->has_one_use() && w->shape.rank() >= 2 && w->shape.elements() > 0;
}

// Lower Cholesky factor in place; false where the matrix is not positive.
bool Cholesky(std::vector<double>& a, size_t n) {
  for (size_t j = 0; j < n; ++j) {
    double diagonal = a[j * n + j];
    for (size_t k = 0; k < j; ++k) diagonal -= a[j * n + k] * a[j * n + k];
    if (!(diagonal > 0)) return false;
    a[j * n + j] = std::sqrt(diagonal);
    for (size_t i = j + 1; i < n; ++i) {
      double sum = a[i * n + j];
      for (size_t k = 0; k < j; ++k) sum -= a[i * n + k] * a[j * n + k];
      a[i * n + j] = sum / a[j * n + j];
    }
  }
  return true;
}

// (L L^T)^-1 from L.
std::vector<double> InverseOf(const std::vector<double>& l, size_t n) {
  std::vector<double> inverse_l(n * n);
  for (size_t j = 0; j < n; ++j) {
    inverse_l[j * n + j] = 1 / l[j * n + j];
    for (size_t i = j + 1; i < n; ++i) {
      double sum = 0;
      for (size_t k = j; k < i; ++k) sum -= l[i * n + k] * inverse_l[k * n + j];
      inverse_l[i * n + j] = sum / l[i * n + i];
    }
  }
  std::vector<double> inverse(n * n);
  for (size_t k = 0; k < n; ++k) {
    for (size_t i = 0; i <= k; ++i) {
      const double at_i = inverse_l[k * n + i];
      for (size_t j = 0; j <= k; ++j)
        inverse[i * n + j] += at_i * inverse_l[k * n + j];
    }
  }
  return inverse;
}

// H, the leading [n, n] of `products`, damped.
std::vector<double> Damped(std::span<const double> products, size_t n) {
  std::vector<double> h(n * n);
  double trace = 0;
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) h[i * n + j] = products[i * (n + 1) + j];
    trace += h[i * n + i];
  }
  const double damping =
      std::max(kDamping * trace / static_cast<double>(n), 1e-12);
  for (size_t i = 0; i < n; ++i) h[i * n + i] += damping;
  return h;
}

// U with U^T U = H^-1; empty where H is beyond help.
std::vector<double> FactorOfInverse(std::vector<double> h, size_t n) {
  if (!Cholesky(h, n)) return {};
  std::vector<double> u = InverseOf(h, n);
  if (!Cholesky(u, n)) return {};
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = i + 1; j < n; ++j) {
      u[i * n + j] = u[j * n + i];
      u[j * n + i] = 0;
    }
  }
  return u;
}

struct Choice {
  float fraction;
  PrunePattern pattern;
};

// Marks what to drop among columns [from, to) of all rows; `cost` is
// [rows, to - from].
void Choose(const std::vector<double>& cost, int64_t rows, int64_t width,
            const Choice& choice, std::vector<char>& dropped) {
  const int64_t unit = choice.pattern == PrunePattern::kBlock ? kBlockSize : 1;
  if (choice.pattern == PrunePattern::kTwoOfFour) {
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t c = 0; c < width; c += kBlockSize) {
        const int64_t size = std::min(kBlockSize, width - c);
        std::vector<int64_t> order(static_cast<size_t>(size));
        std::iota(order.begin(), order.end(), r * width + c);
        std::ranges::sort(order, {}, [&](int64_t at) {
          return cost[static_cast<size_t>(at)];
        });
        for (int64_t i = 0; i < size / 2; ++i)
          dropped[static_cast<size_t>(order[static_cast<size_t>(i)])] = 1;
      }
    }
    return;
  }
  std::vector<std::pair<double, int64_t>> units;
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < width; c += unit) {
      double sum = 0;
      for (int64_t i = c; i < std::min(c + unit, width); ++i)
        sum += cost[static_cast<size_t>(r * width + i)];
      units.emplace_back(sum, r * width + c);
    }
  }
  const auto count =
      static_cast<size_t>(std::lround(static_cast<double>(choice.fraction) *
                                      static_cast<double>(units.size())));
  std::nth_element(
      units.begin(),
      units.begin() + static_cast<ptrdiff_t>(std::min(count, units.size() - 1)),
      units.end());
  std::sort(units.begin(), units.end());
  for (size_t u = 0; u < std::min(count, units.size()); ++u) {
    const int64_t row_end = (units[u].second / width + 1) * width;
    for (int64_t i = units[u].second;
         i < std::min(units[u].second + unit, row_end); ++i)
      dropped[static_cast<size_t>(i)] = 1;
  }
}

void DropLeast(std::vector<float>& weights, int64_t rows, int64_t columns,
               const Choice& choice) {
  std::vector<double> cost(weights.size());
  for (size_t i = 0; i < cost.size(); ++i)
    cost[i] = static_cast<double>(weights[i]) * static_cast<double>(weights[i]);
  std::vector<char> dropped(weights.size());
  Choose(cost, rows, columns, choice, dropped);
  for (size_t i = 0; i < weights.size(); ++i) {
    if (dropped[i]) weights[i] = 0;
  }
}

void DropAndRefit(std::vector<float>& weights, int64_t rows, int64_t columns,
                  const std::vector<double>& u, const Choice& choice) {
  const auto n = static_cast<size_t>(columns);
  std::vector<double> w(weights.begin(), weights.end());
  for (int64_t from = 0; from < columns; from += kGroup) {
    const int64_t width = std::min(kGroup, columns - from);
    std::vector<double> cost(static_cast<size_t>(rows * width));
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t c = 0; c < width; ++c) {
        const auto j = static_cast<size_t>(from + c);
        const double ratio = w[static_cast<size_t>(r) * n + j] / u[j * n + j];
        cost[static_cast<size_t>(r * width + c)] = ratio * ratio;
      }
    }
    std::vector<char> dropped(cost.size());
    Choose(cost, rows, width, choice, dropped);
    for (int64_t r = 0; r < rows; ++r) {
      double* row = w.data() + static_cast<size_t>(r) * n;
      for (int64_t c = 0; c < width; ++c) {
        if (!dropped[static_cast<size_t>(r * width + c)]) continue;
        const auto j = static_cast<size_t>(from + c);
        const double error = row[j] / u[j * n + j];
        for (size_t k = j; k < n; ++k) row[k] -= error * u[j * n + k];
        row[j] = 0;
      }
      // What was dropped stays so, whatever later columns made of it.
      for (int64_t c = 0; c < width; ++c) {
        if (dropped[static_cast<size_t>(r * width + c)]) row[from + c] = 0;
      }
    }
  }
  std::ranges::transform(w, weights.begin(),
                         [](double x) { return static_cast<float>(x); });
}

// The kept weights of one row and its bias, fitted to what all of them gave
// before: the normal equations of least squares, over (x, 1).
void FitRow(std::span<float> row, float* bias, std::span<const float> exact,
            const InputProducts& products) {
  const size_t n = row.size(), stride = n + 1;
  std::vector<size_t> kept;
  for (size_t i = 0; i < n; ++i) {
    if (row[i] != 0) kept.push_back(i);
  }
  if (bias != nullptr) kept.push_back(n);
  const size_t m = kept.size();
  const auto h = products.of_now(), g = products.with_before();
  double trace = 0;
  for (size_t i = 0; i < n; ++i) trace += h[i * stride + i];
  const double damping = kFitDamping * trace / static_cast<double>(n);
  std::vector<double> a(m * m), x(m);
  for (size_t i = 0; i < m; ++i) {
    const size_t from = kept[i] * stride;
    for (size_t j = 0; j < m; ++j) a[i * m + j] = h[from + kept[j]];
    if (kept[i] < n) {
      // Damped towards the weight as it was.
      a[i * m + i] += damping;
      x[i] = damping * static_cast<double>(exact[kept[i]]);
    }
    for (size_t j = 0; j < n; ++j)
      x[i] += g[from + j] * static_cast<double>(exact[j]);
    if (bias != nullptr) x[i] += g[from + n] * static_cast<double>(*bias);
  }
  if (!Cholesky(a, m)) return;
  for (size_t i = 0; i < m; ++i) {
    for (size_t k = 0; k < i; ++k) x[i] -= a[i * m + k] * x[k];
    x[i] /= a[i * m + i];
  }
  for (size_t i = m; i-- > 0;) {
    for (size_t k = i + 1; k < m; ++k) x[i] -= a[k * m + i] * x[k];
    x[i] /= a[i * m + i];
  }
  for (size_t i = 0; i < m; ++i)
    (kept[i] == n ? *bias : row[kept[i]]) = static_cast<float>(x[i]);
}

void FitRows(std::vector<float>& weights, std::vector<float>& bias,
             const std::vector<float>& exact, int64_t rows,
             const InputProducts& products) {
  const auto n = weights.size() / static_cast<size_t>(rows);
  const auto kept = static_cast<double>(static_cast<int64_t>(weights.size()) -
                                        std::ranges::count(weights, 0.0f));
  const double per_row = kept / static_cast<double>(rows);
  if (static_cast<double>(rows) * per_row * per_row * per_row / 3 >
      kMostOperations)
    return;
  for (size_t r = 0; r < static_cast<size_t>(rows); ++r)
    FitRow(std::span(weights).subspan(r * n, n),
           bias.empty() ? nullptr : &bias[r],
           std::span(exact).subspan(r * n, n), products);
}

double RootMeanSquare(const std::vector<float>& values) {
  double sum = 0;
  for (const float v : values)
    sum += static_cast<double>(v) * static_cast<double>(v);
  return std::sqrt(sum /
                   static_cast<double>(std::max<size_t>(values.size(), 1)));
}

// What each weight costs to drop, of what the layer's outputs amount to.
std::vector<float> RelativeCosts(const WeightMatrix& layer,
                                 const InputProducts* products) {
  const std::vector<float> w = layer.weights->ToVector<float>();
  std::vector<float> costs(w.size());
  const auto n = static_cast<size_t>(layer.columns);
  std::vector<double> u;
  if (products != nullptr && products->rows() > 0)
    u = FactorOfInverse(Damped(products->of_now(), n), n);
  if (u.empty()) {
    const double rms = RootMeanSquare(w);
    for (size_t i = 0; i < w.size(); ++i)
      costs[i] = rms > 0 ? std::abs(w[i]) / static_cast<float>(rms) : 0;
    return costs;
  }
  const auto h = products->of_now();
  double energy = 0;
  for (size_t r = 0; r < static_cast<size_t>(layer.rows); ++r) {
    for (size_t i = 0; i < n; ++i) {
      double sum = 0;
      for (size_t j = 0; j < n; ++j)
        sum += h[i * (n + 1) + j] * static_cast<double>(w[r * n + j]);
      energy += sum * static_cast<double>(w[r * n + i]);
    }
  }
  for (size_t i = 0; i < w.size(); ++i) {
    const size_t j = i % n;
    const double ratio = static_cast<double>(w[i]) / u[j * n + j];
    costs[i] = energy > 0 ? static_cast<float>(ratio * ratio / energy) : 0;
  }
  return costs;
}

// The part of each layer below one threshold of all costs.
std::vector<float> GlobalFractions(const std::vector<WeightMatrix>& layers,
                                   float fraction,
                                   const ProductsByNode& products) {
  std::vector<std::vector<float>> costs;
  std::vector<float> all;
  for (const WeightMatrix& layer : layers) {
    const auto seen = products.find(layer.node);
    costs.push_back(RelativeCosts(
        layer, seen == products.end() ? nullptr : seen->second.get()));
    all.insert(all.end(), costs.back().begin(), costs.back().end());
  }
  if (all.empty()) return {};
  const size_t at = std::min(
      all.size() - 1, static_cast<size_t>(static_cast<double>(fraction) *
                                          static_cast<double>(all.size())));
  std::nth_element(all.begin(), all.begin() + static_cast<ptrdiff_t>(at),
                   all.end());
  std::vector<float> fractions;
  for (const auto& of_layer : costs) {
    const auto below = std::ranges::count_if(
        of_layer, [&](float cost) { return cost < all[at]; });
    fractions.push_back(static_cast<float>(below) /
                        static_cast<float>(of_layer.size()));
  }
  return fractions;
}

}  // namespace

Result<PrunePattern> PrunePatternFromName(std::string_view name) {
  if (name.empty() || name == "global") return PrunePattern::kGlobal;
  if (name == "layer") return PrunePattern::kLayer;
  if (name == "2:4") return PrunePattern::kTwoOfFour;
  if (name == "block") return PrunePattern::kBlock;
  return InvalidArgument("pruning pattern '" + std::string(name) +
                         "' is not known; there are global, layer, 2:4 and "
                         "block");
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
      layers.push_back({graph.get(), node.get(), w, own_bias ? b : nullptr,
                        w->shape[0], w->shape.elements() / w->shape[0]});
    }
  }
  return layers;
}

InputProducts::InputProducts(const WeightMatrix& layer) : layer_(layer) {
  const auto size = static_cast<size_t>(layer.columns + 1);
  of_now_.resize(size * size);
  with_before_.resize(size * size);
}

void InputProducts::AddRow(std::span<const float> now,
                           std::span<const float> before) {
  const size_t n = now.size(), stride = n + 1;
  for (size_t i = 0; i <= n; ++i) {
    const double at_i = i < n ? static_cast<double>(now[i]) : 1;
    if (at_i == 0) continue;
    double* of_now = of_now_.data() + i * stride;
    double* with_before = with_before_.data() + i * stride;
    for (size_t j = 0; j < n; ++j) {
      of_now[j] += at_i * static_cast<double>(now[j]);
      with_before[j] += at_i * static_cast<double>(before[j]);
    }
    of_now[n] += at_i;
    with_before[n] += at_i;
  }
  ++rows_;
}

void InputProducts::Add(const Shape& shape, std::span<const float> now,
                        std::span<const float> before) {
  if (layer_.node->op() == Op::kConv2D) {
    AddPatches(shape, now, before);
    return;
  }
  const auto columns = static_cast<size_t>(layer_.columns);
  for (size_t at = 0; at + columns <= now.size(); at += columns)
    AddRow(now.subspan(at, columns), before.subspan(at, columns));
}

// What the filter sees at some places of the map; where it hangs over the
// border, padding SAME, what lies outside is zero.
void InputProducts::AddPatches(const Shape& shape, std::span<const float> now,
                               std::span<const float> before) {
  if (shape.rank() != 4) return;
  const auto& options = layer_.node->Options<Conv2DOptions>();
  const Shape& filter = layer_.weights->shape;  // [O, H, W, C]
  const int64_t channels = filter[3];
  if (shape[3] != channels) return;  // groups
  const int64_t high = (filter[1] - 1) * options.dilation_h_factor + 1;
  const int64_t wide = (filter[2] - 1) * options.dilation_w_factor + 1;
  const bool same = options.padding == Padding::kSame;
  const int64_t top = same ? high / 2 : 0, left = same ? wide / 2 : 0;
  const int64_t rows = same ? shape[1] : shape[1] - high + 1;
  const int64_t cols = same ? shape[2] : shape[2] - wide + 1;
  if (rows < 1 || cols < 1) return;
  const int64_t places = int64_t{shape[0]} * rows * cols;
  const int64_t step = std::max<int64_t>(1, places / kMostPatches);
  std::vector<float> patch(static_cast<size_t>(layer_.columns));
  std::vector<float> patch_before(patch.size());
  for (int64_t place = 0; place < places; place += step) {
    const int64_t n = place / (rows * cols);
    const int64_t y = place / cols % rows - top, x = place % cols - left;
    auto to = patch.begin(), to_before = patch_before.begin();
    for (int64_t a = 0; a < filter[1]; ++a) {
      const int64_t at_y = y + a * options.dilation_h_factor;
      for (int64_t b = 0; b < filter[2]; ++b) {
        const int64_t at_x = x + b * options.dilation_w_factor;
        if (at_y < 0 || at_y >= shape[1] || at_x < 0 || at_x >= shape[2]) {
          to = std::fill_n(to, channels, 0.0f);
          to_before = std::fill_n(to_before, channels, 0.0f);
          continue;
        }
        const int64_t at = ((n * shape[1] + at_y) * shape[2] + at_x) * channels;
        to = std::copy_n(now.begin() + at, channels, to);
        to_before = std::copy_n(before.begin() + at, channels, to_before);
      }
    }
    AddRow(patch, patch_before);
  }
}

std::vector<float> FractionsOf(const std::vector<WeightMatrix>& layers,
                               float fraction, PrunePattern pattern,
                               const ProductsByNode& products) {
  if (pattern == PrunePattern::kGlobal)
    return GlobalFractions(layers, fraction, products);
  return std::vector<float>(
      layers.size(), pattern == PrunePattern::kTwoOfFour ? 0.5f : fraction);
}

PrunedLayer PruneLayer(const WeightMatrix& layer, float fraction,
                       PrunePattern pattern, const InputProducts* products) {
  std::vector<float> weights = layer.weights->ToVector<float>();
  const Choice choice{fraction, pattern};
  const auto n = static_cast<size_t>(layer.columns);
  std::vector<double> u;
  if (products != nullptr && products->rows() > 0)
    u = FactorOfInverse(Damped(products->of_now(), n), n);
  if (u.empty()) {
    DropLeast(weights, layer.rows, layer.columns, choice);
  } else {
    const std::vector<float> exact = weights;
    std::vector<float> bias;
    if (layer.bias != nullptr) bias = layer.bias->ToVector<float>();
    DropAndRefit(weights, layer.rows, layer.columns, u, choice);
    FitRows(weights, bias, exact, layer.rows, *products);
    if (layer.bias != nullptr) layer.bias->SetConstant(Blob::Own(bias));
  }
  PrunedLayer pruned{layer.node->output()->name,
                     static_cast<int64_t>(weights.size()),
                     std::ranges::count(weights, 0.0f), !u.empty()};
  layer.weights->SetConstant(Blob::Own(std::move(weights)));
  return pruned;
}

}  // namespace liteforge
