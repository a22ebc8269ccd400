// SPDX-License-Identifier: Apache-2.0
// Keras' recurrent layers, converted and run, against their definitions
// (keras/src/layers/rnn) computed here in double, one number at a time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "convert/compile.h"
#include "import/keras/import_keras.h"
#include "import/keras/keras_test_model.h"
#include "liteforge/interpreter.h"

namespace liteforge {
namespace {

using Matrix = std::vector<std::vector<double>>;

// Values between -1 and 1 from a fixed sequence.
Matrix Draw(int rows, int columns, uint32_t seed) {
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

KerasWeight Weight(std::string name, const Matrix& m, bool vector = false) {
  std::vector<float> values;
  for (const auto& row : m) values.insert(values.end(), row.begin(), row.end());
  const auto rows = static_cast<int32_t>(m.size());
  const auto columns = static_cast<int32_t>(m[0].size());
  return {std::move(name), DataType::kFloat32,
          vector ? Shape{columns} : Shape{rows, columns},
          Blob::Own(std::move(values))};
}

double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// One example's weights: x W + h U + b.
struct Cell {
  int in, units;
  Matrix w, u, b;  // b: [1 or 2, gates units]
};

Cell MakeCell(int in, int units, int gates, int biases, uint32_t seed) {
  return {in, units, Draw(in, gates * units, seed),
          Draw(units, gates * units, seed + 1),
          Draw(biases, gates * units, seed + 2)};
}

double Dot(const std::vector<double>& x, const Matrix& m, int column) {
  double sum = 0;
  for (size_t i = 0; i < x.size(); ++i)
    sum += x[i] * m[i][static_cast<size_t>(column)];
  return sum;
}

struct State {
  std::vector<double> h, c;
};

State StepSimple(const Cell& cell, const std::vector<double>& x,
                 const State& s) {
  State next = s;
  for (int j = 0; j < cell.units; ++j) {
    next.h[static_cast<size_t>(j)] =
        std::tanh(Dot(x, cell.w, j) + Dot(s.h, cell.u, j) +
                  cell.b[0][static_cast<size_t>(j)]);
  }
  return next;
}

State StepLstm(const Cell& cell, const std::vector<double>& x, const State& s) {
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

double Part(const Cell& cell, const std::vector<double>& x, const Matrix& m,
            int gate, int j, double bias) {
  return Dot(x, m, gate * cell.units + j) + bias;
}

State StepGru(const Cell& cell, const std::vector<double>& x, const State& s) {
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
Matrix Outputs(Step step, const Cell& cell, Matrix x, bool backwards) {
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

struct Produced {
  Shape shape;
  std::vector<float> values;
};

// The first output for x [batch, time, in].
Produced RunModel(const KerasFile& file, const std::vector<Matrix>& x) {
  const auto function = ImportKeras(file);
  EXPECT_TRUE(function) << function.error().ToString();
  if (!function) return {};
  const auto bytes = Compile(*function);
  EXPECT_TRUE(bytes) << bytes.error().ToString();
  if (!bytes) return {};
  auto interpreter = Interpreter::FromBuffer(*bytes);
  EXPECT_TRUE(interpreter) << interpreter.error().ToString();
  const int input = interpreter->InputDetails()[0].index;
  std::vector<float> values;
  for (const Matrix& example : x) {
    for (const auto& row : example)
      values.insert(values.end(), row.begin(), row.end());
  }
  EXPECT_TRUE(interpreter->ResizeInputTensor(
      input, {static_cast<int32_t>(x.size()), static_cast<int32_t>(x[0].size()),
              static_cast<int32_t>(x[0][0].size())}));
  EXPECT_TRUE(interpreter->AllocateTensors());
  // Twice: states begin anew.
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(interpreter->SetTensor<float>(input, values));
    const auto done = interpreter->Invoke();
    EXPECT_TRUE(done) << done.error().ToString();
  }
  const TensorDetails output = interpreter->OutputDetails()[0];
  const auto result = interpreter->Tensor<float>(output.index);
  return {output.shape, {result.begin(), result.end()}};
}

void ExpectNear(const Produced& run, const std::vector<double>& want) {
  ASSERT_EQ(run.values.size(), want.size());
  for (size_t i = 0; i < want.size(); ++i)
    EXPECT_NEAR(run.values[i], want[i], 2e-5) << i;
}

std::vector<double> Flat(const std::vector<Matrix>& examples, bool sequences) {
  std::vector<double> flat;
  for (const Matrix& example : examples) {
    for (size_t t = sequences ? 0 : example.size() - 1; t < example.size(); ++t)
      flat.insert(flat.end(), example[t].begin(), example[t].end());
  }
  return flat;
}

std::string Options(int units, bool sequences, bool backwards, bool unroll) {
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
constexpr Kind kKinds[] = {
    {"SimpleRNN", StepSimple, 1, 1, ""},
    {"LSTM", StepLstm, 4, 1, ""},
    {"GRU", StepGru, 3, 1, R"(,"reset_after":false)"},
    {"GRU", StepGru, 3, 2, R"(,"reset_after":true)"},
};

std::vector<KerasWeight> WeightsOf(const Cell& cell) {
  return {Weight("kernel", cell.w), Weight("recurrent_kernel", cell.u),
          Weight("bias", cell.b, cell.b.size() == 1)};
}

// Both directions, all outputs or the last, as a loop and written out, of known
// and unknown length.
TEST(RecurrentLayers, AllOptions) {
  constexpr int kTime = 5, kIn = 3, kUnits = 4;
  const std::vector<Matrix> x = {Draw(kTime, kIn, 1), Draw(kTime, kIn, 2)};
  for (const Kind& kind : kKinds) {
    const Cell cell = MakeCell(kIn, kUnits, kind.gates, kind.biases, 7);
    for (int mask = 0; mask < 16; ++mask) {
      const bool sequences = mask & 1, backwards = mask & 2, unroll = mask & 4;
      const std::string shape = mask & 8 ? "null,3" : "5,3";
      SCOPED_TRACE(std::string(kind.name) + kind.more + " " +
                   std::to_string(mask));
      std::vector<Matrix> want;
      for (const Matrix& example : x)
        want.push_back(Outputs(kind.step, cell, example, backwards));
      const Produced run = RunModel(
          OneLayer(2, kind.name,
                   Options(kUnits, sequences, backwards, unroll) + kind.more,
                   shape, WeightsOf(cell)),
          x);
      EXPECT_EQ(run.shape,
                sequences ? (Shape{2, kTime, kUnits}) : (Shape{2, kUnits}));
      ExpectNear(run, Flat(want, sequences));
    }
  }
}

TEST(RecurrentLayers, Keras1StoresAMatrixForEachGate) {
  const Cell cell = MakeCell(2, 3, 4, 1, 11);
  const auto part = [&](const Matrix& m, size_t gate) {
    Matrix own;
    for (const auto& row : m) {
      const auto begin = row.begin() + static_cast<ptrdiff_t>(gate) * 3;
      own.emplace_back(begin, begin + 3);
    }
    return own;
  };
  std::vector<KerasWeight> weights;
  for (const auto& [name, gate] : std::vector<std::pair<const char*, size_t>>{
           {"i", 0}, {"c", 2}, {"f", 1}, {"o", 3}}) {
    weights.push_back(Weight(std::string("W_") + name, part(cell.w, gate)));
    weights.push_back(Weight(std::string("U_") + name, part(cell.u, gate)));
    weights.push_back(
        Weight(std::string("b_") + name, part(cell.b, gate), true));
  }
  const std::vector<Matrix> x = {Draw(4, 2, 3)};
  const Produced run =
      RunModel(OneLayer(1, "LSTM",
                        R"("activation":"tanh","inner_activation":"sigmoid",)"
                        R"("output_dim":3,"return_sequences":true,)"
                        R"("consume_less":"cpu")",
                        "4,2", weights),
               x);
  ExpectNear(run, Flat({Outputs(StepLstm, cell, x[0], false)}, true));
}

double Merged(const std::string& mode, double a, double b) {
  if (mode == "sum") return a + b;
  if (mode == "mul") return a * b;
  return (a + b) / 2;
}

TEST(RecurrentLayers, Bidirectional) {
  const Cell ahead = MakeCell(3, 2, 4, 1, 5), back = MakeCell(3, 2, 4, 1, 6);
  std::vector<KerasWeight> weights = WeightsOf(ahead);
  for (KerasWeight& weight : WeightsOf(back)) weights.push_back(weight);
  const std::vector<Matrix> x = {Draw(4, 3, 8)};
  for (const std::string mode : {"concat", "sum", "mul", "ave"}) {
    for (const bool sequences : {false, true}) {
      SCOPED_TRACE(mode + (sequences ? " all" : " last"));
      const Matrix a = Outputs(StepLstm, ahead, x[0], false);
      Matrix b = Outputs(StepLstm, back, x[0], true);
      if (sequences) std::reverse(b.begin(), b.end());
      std::vector<double> want;
      for (size_t t = sequences ? 0 : a.size() - 1; t < a.size(); ++t) {
        if (mode == "concat") {
          want.insert(want.end(), a[t].begin(), a[t].end());
          want.insert(want.end(), b[t].begin(), b[t].end());
          continue;
        }
        for (size_t j = 0; j < a[t].size(); ++j)
          want.push_back(Merged(mode, a[t][j], b[t][j]));
      }
      const std::string config =
          R"("merge_mode":")" + mode +
          R"(","layer":{"class_name":"LSTM","config":{)" +
          Options(2, sequences, false, false) + "}}";
      ExpectNear(
          RunModel(OneLayer(2, "Bidirectional", config, "null,3", weights), x),
          want);
    }
  }
}

TEST(RecurrentLayers, StackedCells) {
  const Cell low = MakeCell(3, 2, 3, 1, 21), high = MakeCell(2, 4, 4, 1, 22);
  std::vector<KerasWeight> weights = WeightsOf(low);
  for (KerasWeight& weight : WeightsOf(high)) weights.push_back(weight);
  const std::string config =
      R"("return_sequences":true,"cell":{"class_name":"StackedRNNCells",)"
      R"("config":{"cells":[{"class_name":"GRUCell","config":{)" +
      Options(2, false, false, false) +
      R"(}},{"class_name":"LSTMCell","config":{)" +
      Options(4, false, false, false) + "}}]}}";
  const std::vector<Matrix> x = {Draw(3, 3, 9)};
  const Matrix middle = Outputs(StepGru, low, x[0], false);
  ExpectNear(RunModel(OneLayer(2, "RNN", config, "3,3", weights), x),
             Flat({Outputs(StepLstm, high, middle, false)}, true));
}

TEST(RecurrentLayers, TimeDistributedDense) {
  const Matrix kernel = Draw(3, 2, 1), bias = Draw(1, 2, 2);
  const std::string config =
      R"("layer":{"class_name":"Dense","config":{"units":2,)"
      R"("activation":"linear"}})";
  const std::vector<Matrix> x = {Draw(4, 3, 3), Draw(4, 3, 4)};
  std::vector<double> want;
  for (const Matrix& example : x) {
    for (const auto& row : example) {
      for (int j = 0; j < 2; ++j)
        want.push_back(Dot(row, kernel, j) + bias[0][static_cast<size_t>(j)]);
    }
  }
  const Produced run =
      RunModel(OneLayer(2, "TimeDistributed", config, "null,3",
                        {Weight("kernel", kernel), Weight("bias", bias, true)}),
               x);
  EXPECT_EQ(run.shape, (Shape{2, 4, 2}));
  ExpectNear(run, want);
}

TEST(RecurrentLayers, WhatIsNotSupportedIsNamed) {
  const Cell cell = MakeCell(3, 2, 4, 1, 5);
  const auto refused = [&](const std::string& layer, const std::string& config,
                           const std::string& message) {
    const auto function =
        ImportKeras(OneLayer(2, layer, config, "4,3", WeightsOf(cell)));
    ASSERT_FALSE(function);
    EXPECT_THAT(function.error().ToString(), testing::HasSubstr(message));
  };
  refused("LSTM", Options(2, false, false, false) + R"(,"stateful":true)",
          "stateful");
  refused("RNN", R"("cell":{"class_name":"Own","config":{}})", "Own");
  refused("LSTM", Options(5, false, false, false), "kernel");
  refused("Bidirectional", R"("merge_mode":"sum")", "layer");
}

}  // namespace
}  // namespace liteforge
