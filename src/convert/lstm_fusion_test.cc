// SPDX-License-Identifier: Apache-2.0
// Which LSTM layers become UNIDIRECTIONAL_SEQUENCE_LSTM, and that the operator
// gives what the layer is defined to give: in runs one after the other, of any
// number of examples and steps.
#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "convert/recurrent_testing.h"
#include "emit/emit.h"
#include "import/tflite/import_tflite.h"

namespace liteforge::lstm_fusion_test {

constexpr int kIn = 3, kUnits = 4;

// The operators of the main graph that are not only about shapes and states.
std::string OpsOf(const KerasFile& file) {
  const auto function = ImportKeras(file);
  EXPECT_TRUE(function) << function.error().ToString();
  if (!function) return "";
  const auto module = CompileModule(std::span(&*function, 1));
  EXPECT_TRUE(module) << module.error().ToString();
  if (!module) return "";
  std::string ops;
  for (const auto& node : (*module)->graphs[0]->nodes()) {
    switch (node->op()) {
      case Op::kUnidirectionalSequenceLstm:
      case Op::kWhile:
      case Op::kTranspose:
      case Op::kReverseV2:
      case Op::kConcatenation:
        ops += (ops.empty() ? "" : " ") + std::string(Name(node->op()));
        break;
      default:
        break;
    }
  }
  return ops;
}

Array Reversed(const Array& x) {
  return Filled(x.dims, [&](const Indices& at) {
    return x[{at[0], x.dims[1] - 1 - at[1], at[2]}];
  });
}

// All outputs [N, T, units], in the order of the steps.
Array Lstm(const Cell& cell, const Array& x, const Array& h, const Array& c) {
  Array y = Zeros({x.dims[0], x.dims[1], cell.units});
  for (int n = 0; n < x.dims[0]; ++n) {
    State state;
    for (int j = 0; j < cell.units; ++j) {
      state.h.push_back(h[{n, j}]);
      state.c.push_back(c[{n, j}]);
    }
    for (int t = 0; t < x.dims[1]; ++t) {
      std::vector<double> row;
      for (int d = 0; d < x.dims[2]; ++d) row.push_back(x[{n, t, d}]);
      state = StepLstm(cell, row, state);
      for (int j = 0; j < cell.units; ++j)
        y[{n, t, j}] = state.h[static_cast<size_t>(j)];
    }
  }
  return y;
}

Array Lstm(const Cell& cell, const Array& x) {
  const Array zeros = Zeros({x.dims[0], cell.units});
  return Lstm(cell, x, zeros, zeros);
}

Array Last(const Array& y) {
  return Filled({y.dims[0], y.dims[2]}, [&](const Indices& at) {
    return y[{at[0], y.dims[1] - 1, at[1]}];
  });
}

KerasFile OneLstm(const Cell& cell, const std::string& shape, bool sequences,
                  bool backwards, const std::string& more = "") {
  return OneLayer(2, "LSTM",
                  Options(cell.units, sequences, backwards, false) + more,
                  shape, WeightsOf(cell));
}

TEST(LstmFusion, LayersOfEveryLengthAndDirection) {
  const Cell cell = MakeCell(kIn, kUnits, 4, 1, 7);
  for (const bool sequences : {false, true}) {
    for (const bool backwards : {false, true}) {
      for (const std::string shape : {"5,3", "null,3"}) {
        SCOPED_TRACE(shape + (sequences ? " all" : " last") +
                     (backwards ? " backwards" : ""));
        const KerasFile file = OneLstm(cell, shape, sequences, backwards);
        EXPECT_EQ(OpsOf(file), std::string(backwards ? "REVERSE_V2 " : "") +
                                   "UNIDIRECTIONAL_SEQUENCE_LSTM");
        for (const int batch : {1, 3}) {
          const Array x = Draw({batch, 5, kIn}, 1);
          const Array y = Lstm(cell, backwards ? Reversed(x) : x);
          ExpectRuns(file, {x}, sequences ? y : Last(y), 2e-6);
        }
      }
    }
  }
}

// One interpreter, larger and smaller inputs in turn, each twice.
TEST(LstmFusion, EveryRunBeginsAnew) {
  const Cell cell = MakeCell(kIn, kUnits, 4, 1, 8);
  const auto bytes =
      Compile(*ImportKeras(OneLstm(cell, "null,3", true, false)));
  ASSERT_TRUE(bytes) << bytes.error().ToString();
  auto interpreter = Interpreter::FromBuffer(*bytes);
  ASSERT_TRUE(interpreter) << interpreter.error().ToString();
  const TensorDetails input = interpreter->InputDetails()[0];
  const TensorDetails output = interpreter->OutputDetails()[0];
  EXPECT_EQ(input.shape_signature, Shape({-1, -1, kIn}));
  EXPECT_EQ(output.shape_signature, Shape({-1, -1, kUnits}));
  uint32_t seed = 20;
  for (const auto& [batch, time] : std::vector<std::pair<int, int>>{
           {1, 1}, {4, 6}, {2, 9}, {7, 2}, {1, 4}}) {
    ASSERT_TRUE(
        interpreter->ResizeInputTensor(input.index, {batch, time, kIn}));
    ASSERT_TRUE(interpreter->AllocateTensors());
    for (int run = 0; run < 2; ++run) {
      const Array x = Draw({batch, time, kIn}, ++seed);
      SetInput(*interpreter, input, x);
      ASSERT_TRUE(interpreter->Invoke());
      EXPECT_THAT(interpreter->Tensor<float>(output.index),
                  testing::Pointwise(testing::FloatNear(2e-6f),
                                     FloatsOf(Lstm(cell, x))));
    }
  }
}

// A .tflite with the operator is read and written as it is.
TEST(LstmFusion, TheFileReadAndWrittenAgain) {
  const Cell cell = MakeCell(kIn, kUnits, 4, 1, 9);
  const auto bytes =
      Compile(*ImportKeras(OneLstm(cell, "null,3", true, false)));
  ASSERT_TRUE(bytes) << bytes.error().ToString();
  const auto model = TfliteModel::FromBytes(Blob::Copy(*bytes));
  ASSERT_TRUE(model) << model.error().ToString();
  const auto module = ImportTflite(*model);
  ASSERT_TRUE(module) << module.error().ToString();
  EXPECT_EQ((*module)->graphs[0]->inputs().size(), 1u);
  const auto again = Emit(**module);
  ASSERT_TRUE(again) << again.error().ToString();
  EXPECT_EQ(again->size(), bytes->size());
}

TEST(LstmFusion, BothDirections) {
  const Cell ahead = MakeCell(kIn, 2, 4, 1, 5),
             back = MakeCell(kIn, 2, 4, 1, 6);
  std::vector<KerasWeight> weights = WeightsOf(ahead);
  for (KerasWeight& weight : WeightsOf(back)) weights.push_back(weight);
  const KerasFile file = OneLayer(
      2, "Bidirectional",
      R"("merge_mode":"concat","layer":{"class_name":"LSTM","config":{)" +
          Options(2, true, false, false) + "}}",
      "null,3", weights);
  EXPECT_EQ(OpsOf(file),
            "UNIDIRECTIONAL_SEQUENCE_LSTM REVERSE_V2 "
            "UNIDIRECTIONAL_SEQUENCE_LSTM REVERSE_V2 CONCATENATION");
  const Array x = Draw({2, 5, kIn}, 9);
  const Array a = Lstm(ahead, x), b = Reversed(Lstm(back, Reversed(x)));
  ExpectRuns(file, {x},
             Filled({2, 5, 4},
                    [&](const Indices& at) {
                      return at[2] < 2 ? a[at] : b[{at[0], at[1], at[2] - 2}];
                    }),
             2e-6);
}

TEST(LstmFusion, StatesThatAreGiven) {
  const Cell cell = MakeCell(kIn, kUnits, 4, 1, 10);
  const KerasFile file =
      ManyInputs(2, "LSTM", Options(kUnits, true, false, false),
                 {"null,3", "4", "4"}, WeightsOf(cell));
  EXPECT_EQ(OpsOf(file), "UNIDIRECTIONAL_SEQUENCE_LSTM");
  const Array x = Draw({2, 5, kIn}, 11), h = Draw({2, kUnits}, 12),
              c = Draw({2, kUnits}, 13);
  ExpectRuns(file, {x, h, c}, Lstm(cell, x, h, c), 2e-6);
}

TEST(LstmFusion, WithoutBias) {
  Cell cell = MakeCell(kIn, kUnits, 4, 1, 14);
  for (double& bias : cell.b[0]) bias = 0;
  std::vector<KerasWeight> weights = WeightsOf(cell);
  weights.pop_back();
  const KerasFile file = OneLayer(
      2, "LSTM", Options(kUnits, true, false, false) + R"(,"use_bias":false)",
      "5,3", weights);
  EXPECT_EQ(OpsOf(file), "UNIDIRECTIONAL_SEQUENCE_LSTM");
  const Array x = Draw({2, 5, kIn}, 15);
  ExpectRuns(file, {x}, Lstm(cell, x), 2e-6);
}

TEST(LstmFusion, OneAfterTheOther) {
  const Cell low = MakeCell(kIn, 3, 4, 1, 16), high = MakeCell(3, 2, 4, 1, 17);
  const KerasFile file = TestFile(
      2,
      R"({"class_name":"Sequential","config":[{"class_name":"LSTM","config":{
          "name":"low","batch_input_shape":[null,null,3],)" +
          Options(3, true, false, false) +
          R"(}},{"class_name":"LSTM","config":{"name":"high",)" +
          Options(2, false, false, false) + "}}]}",
      {{"low", WeightsOf(low)}, {"high", WeightsOf(high)}});
  EXPECT_EQ(OpsOf(file),
            "UNIDIRECTIONAL_SEQUENCE_LSTM UNIDIRECTIONAL_SEQUENCE_LSTM");
  const Array x = Draw({2, 6, kIn}, 18);
  ExpectRuns(file, {x}, Last(Lstm(high, Lstm(low, x))), 2e-6);
}

TEST(LstmFusion, TimeFirst) {
  const Cell cell = MakeCell(kIn, kUnits, 4, 1, 23);
  const KerasFile file =
      OneLstm(cell, "null,3", true, false, R"(,"time_major":true)");
  EXPECT_EQ(OpsOf(file), "UNIDIRECTIONAL_SEQUENCE_LSTM");
  const Array x = Draw({2, 5, kIn}, 24);
  ExpectRuns(file, {Permuted(x, {1, 0, 2})}, Permuted(Lstm(cell, x), {1, 0, 2}),
             2e-6);
}

// What the operator cannot say stays a loop: other gates, masked steps, the
// last cell state, and other cells.
TEST(LstmFusion, WhatStaysALoop) {
  const Cell cell = MakeCell(kIn, kUnits, 4, 1, 19);
  const auto loops = [](const KerasFile& file) {
    const std::string ops = OpsOf(file);
    return ops.find("WHILE") != std::string::npos &&
           ops.find("LSTM") == std::string::npos;
  };
  EXPECT_TRUE(loops(OneLayer(
      2, "LSTM",
      R"("activation":"tanh","recurrent_activation":"hard_sigmoid","units":4)",
      "5,3", WeightsOf(cell))));
  EXPECT_TRUE(loops(OneLayer(
      2, "LSTM",
      R"("activation":"softsign","recurrent_activation":"sigmoid","units":4)",
      "5,3", WeightsOf(cell))));
  EXPECT_TRUE(loops(OneLayer(
      2, "GRU", Options(kUnits, true, false, false) + R"(,"reset_after":false)",
      "5,3", WeightsOf(MakeCell(kIn, 4, 3, 1, 7)))));
  const std::string masked =
      R"({"class_name":"Sequential","config":[{"class_name":"Masking",
          "config":{"name":"m","batch_input_shape":[null,5,3]}},
          {"class_name":"LSTM","config":{"name":"l",)" +
      Options(kUnits, true, false, false) + "}}]}";
  EXPECT_TRUE(loops(TestFile(2, masked, {{"l", WeightsOf(cell)}})));
}

std::string WithState(int output) {
  return R"({"class_name":"Functional","config":{"name":"m","layers":[)" +
         InputLayer("a", "5,3") +
         R"(,{"class_name":"LSTM","name":"l","config":{"name":"l",
             "return_state":true,)" +
         Options(kUnits, false, false, false) +
         R"(},"inbound_nodes":[[["a",0,0,{}]]]}],"input_layers":[["a",0,0]],
             "output_layers":[["l",0,)" +
         std::to_string(output) + "]]}}";
}

// The last output is a state too; only the cell's is out of reach.
TEST(LstmFusion, TheLastStates) {
  const Cell cell = MakeCell(kIn, kUnits, 4, 1, 21);
  const auto ops = [&](int output) {
    return OpsOf(TestFile(2, WithState(output), {{"l", WeightsOf(cell)}}));
  };
  EXPECT_EQ(ops(0), "UNIDIRECTIONAL_SEQUENCE_LSTM");
  EXPECT_EQ(ops(1), "UNIDIRECTIONAL_SEQUENCE_LSTM");
  EXPECT_NE(ops(2).find("WHILE"), std::string::npos);
  const Array x = Draw({2, 5, kIn}, 22);
  ExpectRuns(TestFile(2, WithState(1), {{"l", WeightsOf(cell)}}), {x},
             Last(Lstm(cell, x)), 2e-6);
}

}  // namespace liteforge::lstm_fusion_test
