// SPDX-License-Identifier: Apache-2.0
// UNIDIRECTIONAL_SEQUENCE_LSTM and LSTM in 8 bits, and 16, against float32.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "convert/example_testing.h"
#include "emit/emit.h"
#include "formats/tflite/model_reader.h"
#include "quantize/quantize.h"

namespace liteforge::lstm_quantization_test {

using testing::HasSubstr;

constexpr int kInputs = 6, kCells = 8;

// What a cell may have beyond the four gates.
struct LstmCase {
  const char* name;
  bool coupled = false, peephole = false, projection = false, norm = false;
  bool time_major = false;
  bool step = false;  // LSTM, one step an invocation
};

class Network {
 public:
  explicit Network(const LstmCase& c) {
    const int outputs = c.projection ? 5 : kCells;
    const Shape input = c.step         ? Shape{2, kInputs}
                        : c.time_major ? Shape{7, 2, kInputs}
                                       : Shape{2, 7, kInputs};
    module_.graphs.push_back(std::make_unique<ir::Graph>());
    ir::Graph& graph = *module_.graphs[0];
    std::vector<ir::Value*> operands(24);
    operands[0] = graph.AddInput("x", DataType::kFloat32, input);
    for (int g = 0; g < 4; ++g) {
      if (c.coupled && g == 0) continue;
      operands[Place(1 + g)] = Constant({kCells, kInputs}, 0.6f);
      operands[Place(5 + g)] = Constant({kCells, outputs}, 0.5f);
      operands[Place(12 + g)] = Constant({kCells}, 0.3f);
      if (c.norm) operands[Place(20 + g)] = Constant({kCells}, 0.8f);
      if (c.peephole && g != 2)
        operands[Place(9 + (g == 3 ? 2 : g))] = Constant({kCells}, 0.2f);
    }
    if (c.projection) operands[16] = Constant({outputs, kCells}, 0.7f);
    for (const int state : {18, 19}) {
      ir::Value* value =
          graph.AddInput(state == 18 ? "h" : "c", DataType::kFloat32,
                         Shape{2, state == 18 ? outputs : kCells});
      value->is_variable = true;
      operands[Place(state)] = value;
    }
    graph.AddOutput(
        (*graph.AddNode(c.step ? Op::kLstm : Op::kUnidirectionalSequenceLstm,
                        OptionsOf(c), operands, 1, "lstm"))
            ->output());
    graph.outputs()[0]->name = "y";
    NameUniquely(module_);
  }

  ir::Module& module() { return module_; }
  const ir::Node* Find(Op op) const {
    for (const auto& node : module_.graphs[0]->nodes()) {
      if (node->op() == op) return node.get();
    }
    return nullptr;
  }

  std::vector<float> Outputs() const {
    return FirstOutput(module_, DrawExamples(module_, 10, 2, 1.5f));
  }

  QuantizeReport Quantize(QuantizeMode mode) {
    QuantizeSettings settings;
    settings.mode = mode;
    Calibration calibration;
    if (QuantizesActivations(mode)) {
      auto seen = Calibrate(module_, DrawExamples(module_, 40, 1, 1.5f));
      EXPECT_TRUE(seen) << seen.error().ToString();
      if (seen) calibration = *std::move(seen);
    }
    auto report = liteforge::Quantize(module_, calibration, settings);
    EXPECT_TRUE(report) << report.error().ToString();
    return report ? *report : QuantizeReport();
  }

 private:
  static size_t Place(int i) { return static_cast<size_t>(i); }
  static OpOptions OptionsOf(const LstmCase& c) {
    if (c.step) {
      LSTMOptions options;
      options.fused_activation_function = Activation::kTanh;
      return options;
    }
    UnidirectionalSequenceLSTMOptions options;
    options.fused_activation_function = Activation::kTanh;
    options.time_major = c.time_major;
    return options;
  }
  ir::Value* Constant(const Shape& shape, float largest) {
    std::uniform_real_distribution<float> real(-largest, largest);
    std::vector<float> values(static_cast<size_t>(shape.elements()));
    for (float& v : values) v = real(generator_);
    return module_.graphs[0]->AddConstant("k", DataType::kFloat32, shape,
                                          Blob::Own(std::move(values)));
  }

  ir::Module module_;
  std::mt19937 generator_{3};
};

constexpr LstmCase kCases[] = {
    {"plain"},
    {"coupled", true},
    {"peephole", false, true},
    {"projection", false, false, true},
    {"layer norm", false, false, false, true},
    {"time-major", false, false, false, false, true},
    {"one step", false, false, false, false, false, true},
};

// How far from float32, of the outputs' root mean square.
double ErrorOf(const LstmCase& c, QuantizeMode mode) {
  Network network(c);
  const std::vector<float> exact = network.Outputs();
  const QuantizeReport report = network.Quantize(mode);
  EXPECT_TRUE(report.left_float.empty());
  const std::vector<float> got = network.Outputs();
  EXPECT_EQ(got.size(), exact.size());
  double squares = 0, signal = 0;
  for (size_t i = 0; i < std::min(got.size(), exact.size()); ++i) {
    const double d =
        static_cast<double>(got[i]) - static_cast<double>(exact[i]);
    squares += d * d;
    signal += static_cast<double>(exact[i]) * static_cast<double>(exact[i]);
  }
  return std::sqrt(squares / signal);
}

// Evenly spread numbers in 8 bits err by 1 / 127 / sqrt(12) of the largest,
// which is sqrt(3) times their root mean square. The gates' functions do not
// widen that; every step may add as much to the state.
constexpr double kByteError = 1.0 / 127 / 2;
constexpr double kSteps = 7;

// Inputs, weights and states err independently.
TEST(LstmQuantization, Int8IsNearFloat) {
  for (const LstmCase& c : kCases) {
    SCOPED_TRACE(c.name);
    EXPECT_LT(ErrorOf(c, QuantizeMode::kInt8),
              std::sqrt(3.0) * kByteError * kSteps);
  }
}

// Weights alone do.
TEST(LstmQuantization, Int16x8IsNearFloat) {
  for (const LstmCase& c : {kCases[0], kCases[5]}) {
    SCOPED_TRACE(c.name);
    EXPECT_LT(ErrorOf(c, QuantizeMode::kInt16x8), kByteError * kSteps);
  }
}

// Source: unidirectional_sequence_lstm_test.cc of lite/micro.
TEST(LstmQuantization, WordsBesideBytes) {
  Network network({"plain"});
  network.Quantize(QuantizeMode::kInt16x8);
  const ir::Node* node = network.Find(Op::kUnidirectionalSequenceLstm);
  ASSERT_NE(node, nullptr);
  for (const int i : {0, 18, 19})
    EXPECT_EQ(node->input(i)->type, DataType::kInt16) << i;
  for (const int i : {1, 8}) EXPECT_EQ(node->input(i)->type, DataType::kInt8);
  EXPECT_EQ(node->input(12)->type, DataType::kInt64);
  EXPECT_EQ(node->inputs().size(), 24u);
  Network peepholes({"peephole", false, true});
  const QuantizeReport report = peepholes.Quantize(QuantizeMode::kInt16x8);
  ASSERT_EQ(report.left_float.size(), 1u);
  EXPECT_THAT(report.left_float[0].reason, HasSubstr("16x8 cells have no"));
}

// Source: operator_property.cc of lite/tools/optimize.
TEST(LstmQuantization, OperandsAreStoredAsTheKernelWants) {
  Network network({"all", false, true, true, true});
  network.Quantize(QuantizeMode::kInt8);
  const ir::Node* node = network.Find(Op::kUnidirectionalSequenceLstm);
  ASSERT_NE(node, nullptr);
  for (const int i : {0, 1, 8, 16, 18})
    EXPECT_EQ(node->input(i)->type, DataType::kInt8) << i;
  for (const int i : {9, 11, 19, 20, 23})
    EXPECT_EQ(node->input(i)->type, DataType::kInt16) << i;
  for (const int i : {12, 15})
    EXPECT_EQ(node->input(i)->type, DataType::kInt32) << i;
  EXPECT_EQ(node->input(18)->quantization, node->output()->quantization);
  int exponent = 0;
  EXPECT_EQ(std::frexp(node->input(19)->quantization.scale[0], &exponent),
            0.5f);
  EXPECT_FLOAT_EQ(node->input(12)->quantization.scale[0],
                  std::ldexp(node->input(20)->quantization.scale[0], -10));
  const auto bytes = Emit(network.module());
  ASSERT_TRUE(bytes) << bytes.error().ToString();
  const auto file = TfliteModel::FromBytes(Blob::View(*bytes, nullptr));
  ASSERT_TRUE(file);
  for (const auto* op : *(*file)->subgraphs()->Get(0)->operators()) {
    if (Count(op->intermediates()) == 0) continue;
    EXPECT_EQ(Count(op->intermediates()), 5u);
    EXPECT_EQ(Count(op->inputs()), 24u);
    return;
  }
  ADD_FAILURE() << "no operator has intermediate tensors";
}

TEST(LstmQuantization, WhatCannotBeSaysWhy) {
  Network network({"relu"});
  auto& options =
      const_cast<ir::Node*>(network.Find(Op::kUnidirectionalSequenceLstm))
          ->options.Edit<UnidirectionalSequenceLSTMOptions>();
  options.fused_activation_function = Activation::kRelu;
  const QuantizeReport report = network.Quantize(QuantizeMode::kInt8);
  ASSERT_EQ(report.left_float.size(), 1u);
  EXPECT_THAT(report.left_float[0].reason, HasSubstr("not tanh"));
}

}  // namespace liteforge::lstm_quantization_test
