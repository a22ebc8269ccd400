// SPDX-License-Identifier: Apache-2.0
// Keras' recurrent layers, converted and run, against their definitions
// (keras/src/layers/rnn) computed here in double, one number at a time.
#include <algorithm>
#include <string>
#include <vector>

#include "convert/recurrent_testing.h"

namespace liteforge::recurrent_layers_test {

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
        want.push_back(OutputsOf(kind.step, cell, example, backwards));
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
  ExpectNear(run, Flat({OutputsOf(StepLstm, cell, x[0], false)}, true));
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
      const Matrix a = OutputsOf(StepLstm, ahead, x[0], false);
      Matrix b = OutputsOf(StepLstm, back, x[0], true);
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
  const Matrix middle = OutputsOf(StepGru, low, x[0], false);
  ExpectNear(RunModel(OneLayer(2, "RNN", config, "3,3", weights), x),
             Flat({OutputsOf(StepLstm, high, middle, false)}, true));
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

// Runs the model on one input after the other.
void ExpectAfterRuns(const KerasFile& file, const std::vector<Array>& inputs,
                     const std::vector<Array>& want) {
  const auto function = ImportKeras(file);
  ASSERT_TRUE(function) << function.error().ToString();
  const auto bytes = Compile(*function);
  ASSERT_TRUE(bytes) << bytes.error().ToString();
  auto interpreter = Interpreter::FromBuffer(*bytes);
  ASSERT_TRUE(interpreter) << interpreter.error().ToString();
  ASSERT_TRUE(interpreter->AllocateTensors());
  for (size_t i = 0; i < inputs.size(); ++i) {
    SCOPED_TRACE(i);
    SetInput(*interpreter, interpreter->InputDetails()[0], inputs[i]);
    const auto done = interpreter->Invoke();
    ASSERT_TRUE(done) << done.error().ToString();
    EXPECT_THAT(
        interpreter->Tensor<float>(interpreter->OutputDetails()[0].index),
        testing::Pointwise(testing::FloatNear(2e-5f), FloatsOf(want[i])));
  }
}

TEST(RecurrentLayers, StatefulLayersGoOnWhereTheyEnded) {
  for (const Kind& kind : kKinds) {
    SCOPED_TRACE(kind.name);
    const Cell cell = MakeCell(3, 2, kind.gates, kind.biases, 31);
    std::vector<Array> inputs, want;
    const std::vector<double> zeros(2);
    std::vector<State> states(2, State{zeros, zeros});
    for (uint32_t run = 0; run < 3; ++run) {
      inputs.push_back(Draw({2, 4, 3}, run + 40));
      Array y = Zeros({2, 4, 2});
      for (int n = 0; n < 2; ++n) {
        State& state = states[static_cast<size_t>(n)];
        for (int t = 0; t < 4; ++t) {
          std::vector<double> row;
          for (int d = 0; d < 3; ++d) row.push_back(inputs.back()[{n, t, d}]);
          state = kind.step(cell, row, state);
          for (int j = 0; j < 2; ++j)
            y[{n, t, j}] = state.h[static_cast<size_t>(j)];
        }
      }
      want.push_back(y);
    }
    const std::string model =
        R"({"class_name":"Sequential","config":[{"class_name":")" +
        std::string(kind.name) +
        R"(","config":{"name":"l","batch_input_shape":[2,4,3],"stateful":true,)" +
        Options(2, true, false, false) + kind.more + "}}]}";
    ExpectAfterRuns(TestFile(2, model, {{"l", WeightsOf(cell)}}), inputs, want);
  }
}

// cuDNN's kernels: each gate's memory is [units, in]; recurrent ones are
// transposed; biases come twice.
TEST(RecurrentLayers, CudnnLayers) {
  for (const bool lstm : {true, false}) {
    SCOPED_TRACE(lstm);
    const int gates = lstm ? 4 : 3, in = 3, units = 2;
    const Cell cell = MakeCell(in, units, gates, lstm ? 1 : 2, 51);
    Matrix kernel = cell.w, recurrent = cell.u;
    const auto at = [](int i) { return static_cast<size_t>(i); };
    for (int g = 0; g < gates; ++g) {
      for (int i = 0; i < in; ++i) {
        for (int j = 0; j < units; ++j) {
          const int place = j * in + i;  // in the gate's [in, units]
          kernel[at(place / units)][at(g * units + place % units)] =
              cell.w[at(i)][at(g * units + j)];
        }
      }
      for (int i = 0; i < units; ++i) {
        for (int j = 0; j < units; ++j)
          recurrent[at(j)][at(g * units + i)] =
              cell.u[at(i)][at(g * units + j)];
      }
    }
    Matrix bias = {{}};
    for (size_t part = 0; part < 2; ++part) {
      for (int k = 0; k < gates * units; ++k) {
        const double half = part == 0 ? 0.25 : -0.25;
        bias[0].push_back(lstm ? cell.b[0][at(k)] / 2 + half
                               : cell.b[part][at(k)]);
      }
    }
    const std::vector<Matrix> x = {Draw(4, in, 52)};
    ExpectNear(
        RunModel(OneLayer(2, lstm ? "CuDNNLSTM" : "CuDNNGRU",
                          R"("units":2,"return_sequences":true)", "4,3",
                          {Weight("kernel", kernel),
                           Weight("recurrent_kernel", recurrent),
                           Weight("bias", bias, true)}),
                 x),
        Flat({OutputsOf(lstm ? StepLstm : StepGru, cell, x[0], false)}, true));
  }
}

//----------------------------------------------------------------- ConvLSTM

// x [H, W, C] by kernel [K, K, C, O] with stride 1; `same` keeps the size.
Array Convolved(const Array& x, const Array& kernel, bool same) {
  const int size = kernel.dims[0], before = same ? (size - 1) / 2 : 0;
  const int less = same ? 0 : size - 1;
  return Filled(
      {x.dims[0] - less, x.dims[1] - less, kernel.dims[3]},
      [&](const Indices& at) {
        double sum = 0;
        ForEach({size, size, x.dims[2]}, [&](const Indices& tap) {
          const int row = at[0] + tap[0] - before;
          const int column = at[1] + tap[1] - before;
          if (row >= 0 && row < x.dims[0] && column >= 0 && column < x.dims[1])
            sum += x[{row, column, tap[2]}] *
                   kernel[{tap[0], tap[1], tap[2], at[2]}];
        });
        return sum;
      });
}

TEST(RecurrentLayers, ConvLstm2D) {
  const int time = 3, filters = 2;
  const Array x = Draw({2, time, 5, 4, 3}, 60);
  const Array kernel = Draw({3, 3, 3, 4 * filters}, 61);
  const Array recurrent = Draw({3, 3, filters, 4 * filters}, 62);
  const Array bias = Draw({4 * filters}, 63);
  for (const bool same : {true, false}) {
    const int rows = same ? 5 : 3, columns = same ? 4 : 2;
    Array all = Zeros({2, time, rows, columns, filters});
    for (int n = 0; n < 2; ++n) {
      Array h = Zeros({rows, columns, filters}), c = h;
      for (int t = 0; t < time; ++t) {
        const Array step = Filled({5, 4, 3}, [&](const Indices& at) {
          return x[{n, t, at[0], at[1], at[2]}];
        });
        const Array a = Convolved(step, kernel, same);
        const Array b = Convolved(h, recurrent, true);
        ForEach(h.dims, [&](const Indices& at) {
          const auto gate = [&](int g) {
            const int k = g * filters + at[2];
            return a[{at[0], at[1], k}] + b[{at[0], at[1], k}] + bias[{k}];
          };
          c[at] =
              Sigmoid(gate(1)) * c[at] + Sigmoid(gate(0)) * std::tanh(gate(2));
          h[at] = Sigmoid(gate(3)) * std::tanh(c[at]);
          all[{n, t, at[0], at[1], at[2]}] = h[at];
        });
      }
    }
    const Array last =
        Filled({2, rows, columns, filters}, [&](const Indices& at) {
          return all[{at[0], time - 1, at[1], at[2], at[3]}];
        });
    for (const bool sequences : {true, false}) {
      for (const bool first : {false, true}) {
        SCOPED_TRACE(std::to_string(same) + std::to_string(sequences) +
                     std::to_string(first));
        const std::string config =
            R"("filters":2,"kernel_size":[3,3],"activation":"tanh",
               "recurrent_activation":"sigmoid","padding":")" +
            std::string(same ? "same" : "valid") + R"(","return_sequences":)" +
            (sequences ? "true" : "false") + R"(,"data_format":"channels_)" +
            std::string(first ? "first" : "last") + "\"";
        const Array input = first ? Permuted(x, {0, 1, 4, 2, 3}) : x;
        const Array& y = sequences ? all : last;
        const Array want = !first      ? y
                           : sequences ? Permuted(y, {0, 1, 4, 2, 3})
                                       : ToChannelsFirst(y);
        ExpectRuns(OneLayer(2, "ConvLSTM2D", config, ShapeText(input),
                            {Weight("kernel", kernel),
                             Weight("recurrent_kernel", recurrent),
                             Weight("bias", bias)}),
                   {input}, want, 2e-5);
      }
    }
  }
}

// What a model of one layer gives.
std::vector<float> Values(const KerasFile& file, const Array& input) {
  const auto bytes = Compile(*ImportKeras(file));
  auto interpreter = Interpreter::FromBuffer(*bytes);
  const TensorDetails details = interpreter->InputDetails()[0];
  EXPECT_TRUE(interpreter->ResizeInputTensor(
      details.index, Shape{std::span<const int32_t>(input.dims)}));
  EXPECT_TRUE(interpreter->AllocateTensors());
  SetInput(*interpreter, details, input);
  EXPECT_TRUE(interpreter->Invoke());
  const auto y =
      interpreter->Tensor<float>(interpreter->OutputDetails()[0].index);
  return {y.begin(), y.end()};
}

// A volume of one slice, whichever way it lies, is an image.
TEST(RecurrentLayers, ConvLstm3DIsConvLstm2DOfOneSlice) {
  const Array x = Draw({2, 3, 4, 5, 2}, 70);
  const Array kernel = Draw({2, 3, 2, 8}, 71);
  const Array recurrent = Draw({2, 3, 2, 8}, 72);
  const Array bias = Draw({8}, 73);
  const auto with = [](Array a, size_t axis) {
    a.dims.insert(a.dims.begin() + static_cast<ptrdiff_t>(axis), 1);
    return a;
  };
  for (const std::string padding : {"same", "valid"}) {
    const std::string config =
        R"("filters":2,"activation":"tanh","recurrent_activation":"sigmoid",
           "return_sequences":true,"padding":")" +
        padding + R"(","kernel_size":)";
    Array want =
        Zeros({2, 3, padding == "same" ? 4 : 3, padding == "same" ? 5 : 3, 2});
    const auto image = Values(
        OneLayer(2, "ConvLSTM2D", config + "[2,3]", "3,4,5,2",
                 {Weight("kernel", kernel),
                  Weight("recurrent_kernel", recurrent), Weight("bias", bias)}),
        x);
    want.values.assign(image.begin(), image.end());
    for (const size_t slice : {0u, 1u, 2u}) {
      const std::string size = slice == 0   ? "[1,2,3]"
                               : slice == 1 ? "[2,1,3]"
                                            : "[2,3,1]";
      const Array input = with(x, slice + 2);
      const std::vector<KerasWeight> weights = {
          Weight("kernel", with(kernel, slice)),
          Weight("recurrent_kernel", with(recurrent, slice)),
          Weight("bias", bias)};
      ExpectRuns(
          OneLayer(2, "ConvLSTM3D", config + size, ShapeText(input), weights),
          {input}, with(want, slice + 2));
      const Array first = Permuted(input, {0, 1, 5, 2, 3, 4});
      ExpectRuns(OneLayer(2, "ConvLSTM3D",
                          R"("data_format":"channels_first",)" + config + size,
                          ShapeText(first), weights),
                 {first}, Permuted(with(want, slice + 2), {0, 1, 5, 2, 3, 4}));
    }
  }
}

// An image of one row is a sequence.
TEST(RecurrentLayers, ConvLstm1DIsConvLstm2DOfOneRow) {
  const Array x = Draw({2, 3, 1, 6, 2}, 64);
  Array kernel = Zeros({3, 3, 2, 8}), recurrent = Zeros({3, 3, 2, 8});
  const Array k1 = Draw({3, 2, 8}, 65), r1 = Draw({3, 2, 8}, 66);
  ForEach(k1.dims, [&](const Indices& at) {
    kernel[{1, at[0], at[1], at[2]}] = k1[at];
    recurrent[{1, at[0], at[1], at[2]}] = r1[at];
  });
  const std::string config =
      R"("filters":2,"activation":"tanh","recurrent_activation":"sigmoid",
         "padding":"same","use_bias":false,"kernel_size":)";
  const std::vector<float> flat = FloatsOf(x);
  Array row = x;
  row.dims = {2, 3, 6, 2};
  const auto wide = Values(
      OneLayer(2, "ConvLSTM2D", config + "[3,3]", "3,1,6,2",
               {Weight("kernel", kernel), Weight("recurrent", recurrent)}),
      x);
  const auto line =
      Values(OneLayer(2, "ConvLSTM1D", config + "[3]", "3,6,2",
                      {Weight("kernel", k1), Weight("recurrent", r1)}),
             row);
  EXPECT_THAT(line, testing::Pointwise(testing::FloatNear(1e-6f), wide));
}

TEST(RecurrentLayers, TimeDistributedModel) {
  const Array kernel = Draw({3, 2}, 70), bias = Draw({2}, 71);
  const Array x = Draw({2, 4, 3}, 72);
  const std::string model =
      R"({"class_name":"Sequential","config":[{"class_name":"TimeDistributed",
         "config":{"name":"td","batch_input_shape":[null,4,3],
         "layer":{"class_name":"Sequential","config":{"name":"inner","layers":[
         {"class_name":"InputLayer","config":{"name":"i",
          "batch_input_shape":[null,3]}},
         {"class_name":"Dense","config":{"name":"d","units":2,
          "activation":"linear"}}]}}}}]})";
  ExpectRuns(
      TestFile(
          2, model,
          {{"td", {Weight("d/kernel:0", kernel), Weight("d/bias:0", bias)}}}),
      {x}, Filled({2, 4, 2}, [&](const Indices& at) {
        double sum = bias[{at[2]}];
        for (int d = 0; d < 3; ++d)
          sum += x[{at[0], at[1], d}] * kernel[{d, at[2]}];
        return sum;
      }));
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

}  // namespace liteforge::recurrent_layers_test
