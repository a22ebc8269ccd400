// SPDX-License-Identifier: Apache-2.0
// RNN and its sequences against the definition in double.
#include <gtest/gtest.h>

#include "kernels/kernel_tester.h"
#include "kernels/lstm_testing.h"

namespace liteforge::rnn_test {

constexpr int kBatch = 2, kTime = 3, kInputs = 5, kAux = 4, kUnits = 6;

struct Cell {
  std::vector<float> input, recurrent, bias, aux;
};

// Steps of 1/64, so that float and int8 hold the same weights.
std::vector<float> DrawWeights(Numbers& numbers, int count) {
  std::vector<float> values;
  for (int i = 0; i < count; ++i) {
    values.push_back(static_cast<float>(numbers.Next(-60, 60)) / 64);
  }
  return values;
}

Cell DrawCell(Numbers& numbers, int inputs) {
  return {DrawWeights(numbers, kUnits * inputs),
          DrawWeights(numbers, kUnits * kUnits), numbers.Floats(kUnits, 0.5),
          DrawWeights(numbers, kUnits * kAux)};
}

KernelTensor Weights(DataType type, Shape shape,
                     const std::vector<float>& values) {
  if (type == DataType::kFloat32) {
    return KernelTensor::Of<float>(shape, values).Constant();
  }
  std::vector<int8_t> steps;
  for (const float v : values) steps.push_back(static_cast<int8_t>(v * 64));
  return KernelTensor::OfType(type, shape, steps, Steps(1.0f / 64));
}

void AppendCell(KernelCase& c, const Cell& cell, int inputs, DataType type) {
  c.inputs.push_back(Weights(type, {kUnits, inputs}, cell.input));
  c.inputs.push_back(Weights(type, {kUnits, kUnits}, cell.recurrent));
  c.inputs.push_back(KernelTensor::Of<float>({kUnits}, cell.bias));
  c.inputs.push_back(KernelTensor::Of<float>(
                         {kBatch, kUnits}, std::vector<float>(kBatch * kUnits))
                         .Variable());
}

Vector RowOf(const std::vector<float>& values, int row, int width) {
  const auto begin = values.begin() + row * width;
  return Vector(begin, begin + width);
}

struct Run {
  bool time_major = false, backwards = false;
  int passes = 1;
};

std::vector<float> RunDouble(const Cell& cell, const Run& run, int inputs,
                             const std::vector<float>& x,
                             const std::vector<float>& aux, int width,
                             int offset, std::vector<float> output) {
  output.resize(static_cast<size_t>(kBatch * kTime * width));
  for (int b = 0; b < kBatch; ++b) {
    Vector hidden(kUnits);
    for (int step = 0; step < run.passes * kTime; ++step) {
      const int t = run.backwards ? kTime - 1 - step % kTime : step % kTime;
      const int row = run.time_major ? t * kBatch + b : b * kTime + t;
      Vector sum(cell.bias.begin(), cell.bias.end());
      Add(sum, MatrixTimes(cell.input, RowOf(x, row, inputs)));
      if (!aux.empty()) Add(sum, MatrixTimes(cell.aux, RowOf(aux, row, kAux)));
      Add(sum, MatrixTimes(cell.recurrent, hidden));
      for (double& v : sum) v = std::tanh(v);
      hidden = sum;
      for (int u = 0; u < kUnits; ++u) {
        output[static_cast<size_t>(row * width + offset + u)] =
            static_cast<float>(hidden[static_cast<size_t>(u)]);
      }
    }
  }
  return output;
}

Shape SequenceShape(bool time_major, int width) {
  return time_major ? Shape{kTime, kBatch, width} : Shape{kBatch, kTime, width};
}

double Tolerance(DataType type) {
  return type == DataType::kFloat32 ? 1e-5 : 5e-2;
}

constexpr DataType kWeightTypes[] = {DataType::kFloat32, DataType::kInt8,
                                     DataType::kUInt8};

TEST(Rnn, Sequences) {
  for (const DataType type : kWeightTypes) {
    for (const bool asymmetric : {false, true}) {
      for (const bool time_major : {false, true}) {
        Numbers numbers(41);
        const Cell cell = DrawCell(numbers, kInputs);
        const auto x = numbers.Floats(kBatch * kTime * kInputs, 1);
        SequenceRNNOptions options;
        options.time_major = time_major;
        options.asymmetric_quantize_inputs = asymmetric;
        options.fused_activation_function = Activation::kTanh;
        KernelCase c{Op::kUnidirectionalSequenceRnn, options};
        c.inputs = {
            KernelTensor::Of<float>(SequenceShape(time_major, kInputs), x)};
        AppendCell(c, cell, kInputs, type);
        ExpectNear<float>(
            c, RunDouble(cell, {time_major}, kInputs, x, {}, kUnits, 0, {}),
            Tolerance(type), SequenceShape(time_major, kUnits));
      }
    }
  }
}

TEST(Rnn, OneStep) {
  Numbers numbers(43);
  const Cell cell = DrawCell(numbers, kInputs);
  auto x = numbers.Floats(kBatch * kTime * kInputs, 1);
  auto expected = RunDouble(cell, {true}, kInputs, x, {}, kUnits, 0, {});
  expected.resize(kBatch * kUnits);
  x.resize(kBatch * kInputs);
  RNNOptions options;
  options.fused_activation_function = Activation::kTanh;
  for (const DataType type : kWeightTypes) {
    KernelCase c{Op::kRnn, options};
    c.inputs = {KernelTensor::Of<float>({kBatch, kInputs}, x)};
    AppendCell(c, cell, kInputs, type);
    ExpectNear<float>(c, expected, Tolerance(type), {kBatch, kUnits});
    const KernelRun run = RunKernel(c);
    EXPECT_EQ(run.variables[0].bytes, run.outputs[0].bytes);
  }
}

// aux: 0 none, 1 the backward cell's input, 2 an input with weights.
void ExpectBoth(DataType type, bool time_major, bool merge, int aux) {
  Numbers numbers(47);
  const int backward_inputs = aux == 1 ? kAux : kInputs;
  const Cell forward = DrawCell(numbers, kInputs);
  const Cell backward = DrawCell(numbers, backward_inputs);
  const auto x = numbers.Floats(kBatch * kTime * kInputs, 1);
  const auto second = numbers.Floats(kBatch * kTime * kAux, 1);
  BidirectionalSequenceRNNOptions options;
  options.time_major = time_major;
  options.merge_outputs = merge;
  options.fused_activation_function = Activation::kTanh;
  KernelCase c{Op::kBidirectionalSequenceRnn, options};
  c.inputs = {KernelTensor::Of<float>(SequenceShape(time_major, kInputs), x)};
  AppendCell(c, forward, kInputs, type);
  AppendCell(c, backward, backward_inputs, type);
  if (aux > 0) {
    c.inputs.push_back(
        KernelTensor::Of<float>(SequenceShape(time_major, kAux), second));
  }
  if (aux == 2) {
    c.inputs.push_back(Weights(type, {kUnits, kAux}, forward.aux));
    c.inputs.push_back(Weights(type, {kUnits, kAux}, backward.aux));
  }
  c.outputs.resize(merge ? 1 : 2);
  const bool repeats = type != DataType::kFloat32 && time_major;
  const Run there{time_major, false, repeats ? kTime : 1};
  const Run back{time_major, true, repeats ? kTime : 1};
  const std::vector<float> fed = aux == 2 ? second : std::vector<float>();
  const int width = merge ? 2 * kUnits : kUnits;
  auto first = RunDouble(forward, there, kInputs, x, fed, width, 0, {});
  const auto other = RunDouble(
      backward, back, backward_inputs, aux == 1 ? second : x, fed, width,
      merge ? kUnits : 0, merge ? first : std::vector<float>());
  const Shape shape = SequenceShape(time_major, width);
  ExpectNear<float>(c, merge ? other : first, Tolerance(type), shape, 0);
  if (!merge) ExpectNear<float>(c, other, Tolerance(type), shape, 1);
}

TEST(Rnn, BothDirections) {
  for (const DataType type : kWeightTypes) {
    for (const bool time_major : {false, true}) {
      for (const bool merge : {false, true}) {
        for (const int aux : {0, 1, 2}) {
          ExpectBoth(type, time_major, merge, aux);
        }
      }
    }
  }
}

TEST(Rnn, RefusesWhatDoesNotFit) {
  Numbers numbers(53);
  const Cell cell = DrawCell(numbers, kInputs);
  KernelCase good{Op::kRnn, RNNOptions()};
  good.inputs = {KernelTensor::Of<float>({kBatch, kInputs},
                                         numbers.Floats(kBatch * kInputs, 1))};
  AppendCell(good, cell, kInputs, DataType::kFloat32);
  ASSERT_TRUE(RunKernel(good).ok());
  for (size_t i = 0; i < good.inputs.size(); ++i) {
    KernelCase c = good;
    c.inputs[i] = KernelTensor::Absent();
    EXPECT_FALSE(RunKernel(c).ok()) << "input " << i << " is absent";
    c.inputs[i] = KernelTensor::Of<float>({1}, {1});
    EXPECT_FALSE(RunKernel(c).ok()) << "input " << i << " is too small";
    c = good;
    c.inputs[i].type = DataType::kInt32;
    EXPECT_FALSE(RunKernel(c).ok()) << "input " << i << " is int32";
  }
}

}  // namespace liteforge::rnn_test
