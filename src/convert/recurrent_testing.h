// SPDX-License-Identifier: Apache-2.0
// For tests of recurrent layers: their definitions (keras/src/layers/rnn) in
// double, one number at a time.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "convert/layer_testing.h"

namespace liteforge {

using Matrix = std::vector<std::vector<double>>;

// Values between -1 and 1 from a fixed sequence.
inline Matrix Draw(int rows, int columns, uint32_t seed) {
  Matrix m(static_cast<size_t>(rows),
           std::vector<double>(static_cast<size_t>(columns)));
  uint32_t state = seed * 2654435761u + 1;
  for (auto& row : m) {
    for (double& value : row) {
      state = state * 1664525u + 1013904223u;
      value = static_cast<float>((state >> 8) / 8388608.0 - 1.0);
    }
  }
  return m;
}

inline KerasWeight Weight(std::string name, const Matrix& m,
                          bool vector = false) {
  std::vector<float> values;
  for (const auto& row : m) values.insert(values.end(), row.begin(), row.end());
  const auto rows = static_cast<int32_t>(m.size());
  const auto columns = static_cast<int32_t>(m[0].size());
  return {std::move(name), DataType::kFloat32,
          vector ? Shape{columns} : Shape{rows, columns},
          Blob::Own(std::move(values))};
}

inline double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// One example's weights: x W + h U + b.
struct Cell {
  int in, units;
  Matrix w, u, b;  // b: [1 or 2, gates units]
};

inline Cell MakeCell(int in, int units, int gates, int biases, uint32_t seed) {
  return {in, units, Draw(in, gates * units, seed),
          Draw(units, gates * units, seed + 1),
          Draw(biases, gates * units, seed + 2)};
}

inline double Dot(const std::vector<double>& x, const Matrix& m, int column) {
  double sum = 0;
  for (size_t i = 0; i < x.size(); ++i)
    sum += x[i] * m[i][static_cast<size_t>(column)];
  return sum;
}

struct State {
  std::vector<double> h, c;
};

inline State StepSimple(const Cell& cell, const std::vector<double>& x,
                        const State& s) {
  State next = s;
  for (int j = 0; j < cell.units; ++j) {
    next.h[static_cast<size_t>(j)] =
        std::tanh(Dot(x, cell.w, j) + Dot(s.h, cell.u, j) +
                  cell.b[0][static_cast<size_t>(j)]);
  }
  return next;
}

inline State StepLstm(const Cell& cell, const std::vector<double>& x,
                      const State& s) {
  State next = s;
  for (int j = 0; j < cell.units; ++j) {
    const auto gate = [&](int g) {
      const int column = g * cell.units + j;
      return Dot(x, cell.w, column) + Dot(s.h, cell.u, column) +
             cell.b[0][static_cast<size_t>(column)];
    };
    const auto at = static_cast<size_t>(j);
    next.c[at] =
        Sigmoid(gate(1)) * s.c[at] + Sigmoid(gate(0)) * std::tanh(gate(2));
    next.h[at] = Sigmoid(gate(3)) * std::tanh(next.c[at]);
  }
  return next;
}

inline double Part(const Cell& cell, const std::vector<double>& x,
                   const Matrix& m, int gate, int j, double bias) {
  return Dot(x, m, gate * cell.units + j) + bias;
}

inline State StepGru(const Cell& cell, const std::vector<double>& x,
                     const State& s) {
  const bool reset_after = cell.b.size() == 2;
  const auto bias = [&](size_t row, int gate, int j) {
    return row < cell.b.size()
               ? cell.b[row][static_cast<size_t>(gate * cell.units + j)]
               : 0.0;
  };
  std::vector<double> z, r, reset;
  for (int j = 0; j < cell.units; ++j) {
    const auto gate = [&](int g) {
      return Sigmoid(Part(cell, x, cell.w, g, j, bias(0, g, j)) +
                     Part(cell, s.h, cell.u, g, j, bias(1, g, j)));
    };
    z.push_back(gate(0));
    r.push_back(gate(1));
    reset.push_back(r.back() * s.h[static_cast<size_t>(j)]);
  }
  State next = s;
  for (int j = 0; j < cell.units; ++j) {
    const auto at = static_cast<size_t>(j);
    const double of_h =
        reset_after ? r[at] * Part(cell, s.h, cell.u, 2, j, bias(1, 2, j))
                    : Part(cell, reset, cell.u, 2, j, 0);
    const double candidate =
        std::tanh(Part(cell, x, cell.w, 2, j, bias(0, 2, j)) + of_h);
    next.h[at] = z[at] * s.h[at] + (1 - z[at]) * candidate;
  }
  return next;
}

using Step = State (*)(const Cell&, const std::vector<double>&, const State&);

// Of one example [time, in]: all outputs, in the order they come.
inline Matrix OutputsOf(Step step, const Cell& cell, Matrix x, bool backwards) {
  if (backwards) std::reverse(x.begin(), x.end());
  const std::vector<double> zeros(static_cast<size_t>(cell.units));
  State state{zeros, zeros};
  Matrix all;
  for (const auto& row : x) {
    state = step(cell, row, state);
    all.push_back(state.h);
  }
  return all;
}

inline std::string Options(int units, bool sequences, bool backwards,
                           bool unroll) {
  const auto flag = [](bool on) { return on ? "true" : "false"; };
  return R"("activation":"tanh","recurrent_activation":"sigmoid","units":)" +
         std::to_string(units) + R"(,"return_sequences":)" + flag(sequences) +
         R"(,"go_backwards":)" + flag(backwards) + R"(,"unroll":)" +
         flag(unroll);
}

struct Kind {
  const char* name;
  Step step;
  int gates;
  int biases;
  const char* more;
};
inline constexpr Kind kKinds[] = {
    {"SimpleRNN", StepSimple, 1, 1, ""},
    {"LSTM", StepLstm, 4, 1, ""},
    {"GRU", StepGru, 3, 1, R"(,"reset_after":false)"},
    {"GRU", StepGru, 3, 2, R"(,"reset_after":true)"},
};

inline std::vector<KerasWeight> WeightsOf(const Cell& cell) {
  return {Weight("kernel", cell.w), Weight("recurrent_kernel", cell.u),
          Weight("bias", cell.b, cell.b.size() == 1)};
}

}  // namespace liteforge
