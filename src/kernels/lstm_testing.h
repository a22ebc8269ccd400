// SPDX-License-Identifier: Apache-2.0
// For tests of the recurrent operators: numbers that look random but are the
// same everywhere, so that expectations computed elsewhere hold; and the
// definition of an LSTM cell in double, without any of the kernels' code.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <vector>

namespace liteforge {

// x <- 1664525 x + 1013904223 modulo 2^32; the upper 16 bits are the number.
class Numbers {
 public:
  explicit Numbers(uint32_t seed) : state_(seed) {}

  int Next(int low, int high) {
    state_ = state_ * 1664525u + 1013904223u;
    return low + static_cast<int>((state_ >> 16) %
                                  static_cast<uint32_t>(high - low + 1));
  }
  template <class T>
  std::vector<T> Integers(int count, int low, int high) {
    std::vector<T> values(static_cast<size_t>(count));
    for (T& value : values) value = static_cast<T>(Next(low, high));
    return values;
  }
  // In [-size, size], steps of size / 1000.
  std::vector<float> Floats(int count, double size) {
    std::vector<float> values(static_cast<size_t>(count));
    for (float& value : values) {
      value = static_cast<float>(size * Next(-1000, 1000) / 1000);
    }
    return values;
  }

 private:
  uint32_t state_;
};

using Vector = std::vector<double>;

// Rows of `weights` times x.
inline Vector MatrixTimes(const std::vector<float>& weights, const Vector& x) {
  Vector y(x.empty() ? 0 : weights.size() / x.size());
  for (size_t r = 0; r < y.size(); ++r) {
    for (size_t c = 0; c < x.size(); ++c) {
      y[r] += double{weights[r * x.size() + c]} * x[c];
    }
  }
  return y;
}

// Gates in the order input, forget, cell, output. What a cell lacks is empty.
struct CellWeights {
  std::vector<float> input[4], aux[4], recurrent[4], peephole[4], bias[4],
      layer_norm[4];
  std::vector<float> projection, projection_bias;
  bool diagonal = false;
  double cell_clip = 0, projection_clip = 0;
  std::function<double(double)> activation = [](double v) {
    return std::tanh(v);
  };
  // How a matrix multiplies a vector.
  std::function<Vector(const std::vector<float>&, const Vector&)> times =
      MatrixTimes;

  bool coupled() const { return input[0].empty(); }
};

struct CellState {
  Vector hidden, cell;
};

inline void Add(Vector& to, const Vector& from) {
  for (size_t i = 0; i < to.size(); ++i) to[i] += from[i];
}

inline Vector DoubleGate(const CellWeights& w, int gate, const Vector& x,
                         const Vector& aux, const CellState& s) {
  Vector sum(s.cell.size());
  Add(sum, w.times(w.input[gate], x));
  if (!w.aux[gate].empty()) Add(sum, w.times(w.aux[gate], aux));
  if (!w.diagonal) Add(sum, w.times(w.recurrent[gate], s.hidden));
  for (size_t i = 0; i < sum.size(); ++i) {
    if (w.diagonal) sum[i] += double{w.recurrent[gate][i]} * s.hidden[i];
    if (!w.peephole[gate].empty()) {
      sum[i] += double{w.peephole[gate][i]} * s.cell[i];
    }
  }
  if (!w.layer_norm[gate].empty()) {
    double mean = 0, variance = 0;
    const auto n = static_cast<double>(sum.size());
    for (const double v : sum) mean += v / n;
    for (const double v : sum) variance += (v - mean) * (v - mean) / n;
    for (size_t i = 0; i < sum.size(); ++i) {
      sum[i] = (sum[i] - mean) / std::sqrt(variance + 1e-8) *
               double{w.layer_norm[gate][i]};
    }
  }
  for (size_t i = 0; i < sum.size(); ++i) {
    const double v = sum[i] + double{w.bias[gate][i]};
    sum[i] = gate == 2 ? w.activation(v) : 1 / (1 + std::exp(-v));
  }
  return sum;
}

inline double Clipped(double v, double limit) {
  return limit > 0 ? std::min(std::max(v, -limit), limit) : v;
}

// One step; the state becomes the new one.
inline void DoubleStep(const CellWeights& w, const Vector& x, const Vector& aux,
                       CellState& s) {
  const Vector forget = DoubleGate(w, 1, x, aux, s);
  const Vector update = DoubleGate(w, 2, x, aux, s);
  Vector input(forget.size());
  if (!w.coupled()) input = DoubleGate(w, 0, x, aux, s);
  for (size_t i = 0; i < forget.size(); ++i) {
    const double share = w.coupled() ? 1 - forget[i] : input[i];
    s.cell[i] = Clipped(forget[i] * s.cell[i] + share * update[i], w.cell_clip);
  }
  Vector hidden = DoubleGate(w, 3, x, aux, s);
  for (size_t i = 0; i < hidden.size(); ++i) {
    hidden[i] *= w.activation(s.cell[i]);
  }
  if (!w.projection.empty()) {
    hidden = w.times(w.projection, hidden);
    if (!w.projection_bias.empty()) {
      for (size_t i = 0; i < hidden.size(); ++i) {
        hidden[i] += double{w.projection_bias[i]};
      }
    }
    for (double& v : hidden) v = Clipped(v, w.projection_clip);
  }
  s.hidden = hidden;
}

}  // namespace liteforge
