// SPDX-License-Identifier: Apache-2.0
// With H = X^T X of what reaches the layer now and E of what reached it
// before, weights w' of an output with weights w err by |X w' - E w|^2. Its
// least is at w* = H^-1 X^T E w, and dropping w*_j costs w*_j^2 / [H^-1]_jj
// when the others change by -w*_j [H^-1]_j / [H^-1]_jj. After that row and
// column j of H^-1 are eliminated, and the next weight is looked for.
//
// A bias takes what is constant: X and E are then about their means.
#include "quantize/weight_fit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <thread>
#include <utility>

#include "base/thread_pool.h"
#include "quantize/symmetric_matrix.h"

namespace liteforge {
namespace {

// Of the mean of H's diagonal, added to it and towards the weights as they
// were: inputs that are never seen have nothing of their own to say. As
// SparseGPT has it; from a hundredth to ten times of it the digits' training
// pictures, left out in turns, err alike.
constexpr double kDamping = 0.01;
constexpr double kLeastDamping = 1e-12;
// Multiplications that the exact order of a layer's removals may take.
constexpr double kMostOperations = 1.5e10;
constexpr int kMostUnit = 16;

// Sums over (x, 1) by (y, 1) made those over x less its mean by y less its.
void Centre(std::span<const double> products, size_t n, bool about_mean,
            std::vector<double>& to) {
  to.resize(n * n);
  const size_t stride = n + 1;
  const double count = products[n * stride + n];
  for (size_t i = 0; i < n; ++i) {
    const double sum =
        about_mean && count > 0 ? products[i * stride + n] / count : 0;
    for (size_t j = 0; j < n; ++j)
      to[i * n + j] = products[i * stride + j] - sum * products[n * stride + j];
  }
}

// One row's H^-1 while weights leave it.
class Row {
 public:
  Row(const NormalEquations& e, int64_t row, const RemovalOrder& order)
      : n_(e.columns),
        order_(order),
        inverse_(e.inverse),
        w_(e.optimal.begin() + row * static_cast<int64_t>(n_),
           e.optimal.begin() + (row + 1) * static_cast<int64_t>(n_)),
        alive_(n_, 1) {
    for (size_t at = 0; at < n_; at += Size(order.unit))
      units_.push_back(at / Size(order.unit));
  }

  // The cheapest unit goes; false where none may.
  bool Remove(double& cost, int64_t& unit) {
    cost = std::numeric_limits<double>::infinity();
    size_t place = units_.size();
    for (size_t u = 0; u < units_.size(); ++u) {
      if (!MayGo(units_[u])) continue;
      const double c = CostOf(units_[u]);
      if (c < cost) {
        cost = c;
        place = u;
      }
    }
    if (place == units_.size()) return false;
    unit = static_cast<int64_t>(units_[place]);
    const auto [begin, end] = ColumnsOf(units_[place]);
    for (size_t j = begin; j < end; ++j) Eliminate(j);
    units_.erase(units_.begin() + static_cast<ptrdiff_t>(place));
    return true;
  }

 private:
  static size_t Size(int64_t n) { return static_cast<size_t>(n); }
  std::pair<size_t, size_t> ColumnsOf(size_t unit) const {
    const size_t begin = unit * Size(order_.unit);
    return {begin, std::min(begin + Size(order_.unit), n_)};
  }

  bool MayGo(size_t unit) const {
    if (order_.group == 0) return true;
    const size_t begin = unit / Size(order_.group) * Size(order_.group);
    const size_t end = std::min(begin + Size(order_.group), n_);
    const auto gone =
        std::count(alive_.begin() + static_cast<ptrdiff_t>(begin),
                   alive_.begin() + static_cast<ptrdiff_t>(end), char{0});
    // Of a group cut short, the same share.
    const auto most =
        static_cast<int64_t>(end - begin) * order_.most_of_group / order_.group;
    return gone < most;
  }

  // w_B^T ([H^-1]_BB)^-1 w_B, by eliminating B's weights one by one.
  double CostOf(size_t unit) const {
    const auto [begin, end] = ColumnsOf(unit);
    if (end - begin == 1)
      return w_[begin] * w_[begin] / inverse_[begin * n_ + begin];
    const size_t size = end - begin;
    std::array<double, kMostUnit * kMostUnit> a{};
    std::array<double, kMostUnit> w{};
    for (size_t i = 0; i < size; ++i) {
      w[i] = w_[begin + i];
      for (size_t j = 0; j < size; ++j)
        a[i * size + j] = inverse_[(begin + i) * n_ + begin + j];
    }
    double cost = 0;
    for (size_t k = 0; k < size; ++k) {
      const double pivot = std::max(a[k * size + k], kLeastDamping);
      cost += w[k] * w[k] / pivot;
      for (size_t i = k + 1; i < size; ++i) {
        const double factor = a[i * size + k] / pivot;
        w[i] -= factor * w[k];
        for (size_t j = k + 1; j < size; ++j)
          a[i * size + j] -= factor * a[k * size + j];
      }
    }
    return cost;
  }

  void Eliminate(size_t j) {
    const double* row = inverse_.data() + j * n_;
    const double pivot = std::max(row[j], std::numeric_limits<double>::min());
    const double share = w_[j] / pivot;
    for (size_t k = 0; k < n_; ++k) w_[k] -= share * row[k];
    for (size_t i = 0; i < n_; ++i) {
      if (!alive_[i] || i == j) continue;
      double* to = inverse_.data() + i * n_;
      const double factor = to[j] / pivot;
      if (factor == 0) continue;
      for (size_t k = 0; k < n_; ++k) to[k] -= factor * row[k];
    }
    alive_[j] = 0;
    w_[j] = 0;
  }

  const size_t n_;
  const RemovalOrder& order_;
  std::vector<double> inverse_, w_;
  std::vector<char> alive_;
  std::vector<size_t> units_;  // that are still there
};

double EnergyOf(const NormalEquations& e, size_t rows) {
  double energy = 0;
  for (size_t i = 0; i < rows * e.columns; ++i)
    energy += e.targets[i] * e.optimal[i];
  return energy;
}

}  // namespace

NormalEquations EquationsOf(const WeightMatrix& layer,
                            std::span<const float> weights,
                            std::span<const float> bias,
                            const InputProducts* products) {
  NormalEquations e;
  if (products == nullptr || products->rows() == 0) return e;
  const auto n = e.columns = static_cast<size_t>(layer.columns);
  const auto rows = static_cast<size_t>(layer.rows);
  const bool about_mean = !bias.empty();
  Centre(products->of_now(), n, about_mean, e.h);
  double trace = 0;
  for (size_t i = 0; i < n; ++i) trace += e.h[i * n + i];
  const double damping = e.damping =
      std::max(kDamping * trace / static_cast<double>(n), kLeastDamping);
  for (size_t i = 0; i < n; ++i) e.h[i * n + i] += damping;
  std::vector<double> factor = e.h;
  if (!Cholesky(factor, n)) return e;
  e.inverse = InverseFromFactor(factor, n);
  std::vector<double> with_before;
  Centre(products->with_before(), n, about_mean, with_before);
  const auto now = products->of_now(), before = products->with_before();
  const auto count = static_cast<double>(products->rows());
  e.mean_now.resize(n);
  for (size_t i = 0; i < n; ++i) e.mean_now[i] = now[n * (n + 1) + i] / count;
  std::vector<double> target(n);
  for (size_t r = 0; r < rows; ++r) {
    const std::span<const float> exact = weights.subspan(r * n, n);
    double mean = about_mean ? static_cast<double>(bias[r]) : 0;
    for (size_t j = 0; j < n; ++j)
      mean += before[n * (n + 1) + j] / count * static_cast<double>(exact[j]);
    e.mean_of_output.push_back(mean);
    for (size_t i = 0; i < n; ++i) {
      target[i] = damping * static_cast<double>(exact[i]);
      for (size_t j = 0; j < n; ++j)
        target[i] += with_before[i * n + j] * static_cast<double>(exact[j]);
    }
    e.targets.insert(e.targets.end(), target.begin(), target.end());
    SolveFactored(factor, target);
    e.optimal.insert(e.optimal.end(), target.begin(), target.end());
  }
  e.energy = EnergyOf(e, rows);
  return e;
}

bool CanOrderRemovals(int64_t rows, int64_t columns) {
  const auto n = static_cast<double>(columns);
  return static_cast<double>(rows) * n * n * n < kMostOperations;
}

std::vector<Removal> RemovalsOf(const NormalEquations& equations, int64_t rows,
                                const RemovalOrder& order) {
  std::vector<std::vector<Removal>> of_row(static_cast<size_t>(rows));
  ThreadPool threads(static_cast<int>(
      std::max<unsigned>(1, std::thread::hardware_concurrency())));
  threads.ParallelFor(rows, 1, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      Row row(equations, r, order);
      Removal removal{0, r, 0};
      while (row.Remove(removal.cost, removal.unit))
        of_row[static_cast<size_t>(r)].push_back(removal);
    }
  });
  std::vector<Removal> all;
  for (const auto& removals : of_row)
    all.insert(all.end(), removals.begin(), removals.end());
  return all;
}

void FitRow(const NormalEquations& e, int64_t row, std::span<float> weights,
            float* bias) {
  const size_t n = e.columns, first = static_cast<size_t>(row) * n;
  std::vector<size_t> kept;
  for (size_t i = 0; i < n; ++i) {
    if (weights[i] != 0) kept.push_back(i);
  }
  const size_t m = kept.size();
  std::vector<double> a(m * m), x(m);
  for (size_t i = 0; i < m; ++i) {
    x[i] = e.targets[first + kept[i]];
    for (size_t j = 0; j < m; ++j) a[i * m + j] = e.h[kept[i] * n + kept[j]];
  }
  if (!Cholesky(a, m)) return;
  SolveFactored(a, x);
  double mean = e.mean_of_output[static_cast<size_t>(row)];
  for (size_t i = 0; i < m; ++i) {
    weights[kept[i]] = static_cast<float>(x[i]);
    mean -= x[i] * e.mean_now[kept[i]];
  }
  if (bias != nullptr) *bias = static_cast<float>(mean);
}

}  // namespace liteforge
