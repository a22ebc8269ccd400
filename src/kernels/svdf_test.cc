// SPDX-License-Identifier: Apache-2.0
// SVDF: float and hybrid against the definition in double, int8 against values
// that TensorFlow Lite 2.9 computes for the same numbers and, with int8 state,
// against the definition.
#include <gtest/gtest.h>

#include "kernels/kernel_tester.h"
#include "kernels/lstm_testing.h"

namespace liteforge::svdf_test {

constexpr int kBatch = 2, kInputs = 5, kUnits = 3, kMemory = 4;

struct Float {
  int rank = 1;
  bool bias = true;
  Activation activation = Activation::kNone;
  DataType feature = DataType::kFloat32, time = DataType::kFloat32;
};

// All steps -127..127 of one scale, so that float and int8 weigh the same.
KernelTensor Weights(Numbers& numbers, DataType type, Shape shape,
                     std::vector<float>& values) {
  const auto count = static_cast<int>(shape.elements());
  const auto steps = numbers.Integers<int8_t>(count, -127, 127);
  for (const int8_t step : steps) values.push_back(step / 64.0f);
  if (type == DataType::kFloat32) {
    return KernelTensor::Of<float>(shape, values).Constant();
  }
  return KernelTensor::OfType(type, shape, steps, Steps(1.0f / 64));
}

void ExpectFloat(const Float& f, double tolerance) {
  Numbers numbers(11);
  const int filters = kUnits * f.rank;
  std::vector<float> feature, time;
  KernelCase c{Op::kSvdf};
  c.inputs.push_back(KernelTensor::Of<float>(
      {kBatch, kInputs}, numbers.Floats(kBatch * kInputs, 1)));
  c.inputs.push_back(Weights(numbers, f.feature, {filters, kInputs}, feature));
  c.inputs.push_back(Weights(numbers, f.time, {filters, kMemory}, time));
  const auto bias = numbers.Floats(kUnits, 1);
  c.inputs.push_back(f.bias ? KernelTensor::Of<float>({kUnits}, bias)
                            : KernelTensor::Absent());
  const auto state = numbers.Floats(kBatch * filters * kMemory, 1);
  c.inputs.push_back(
      KernelTensor::Of<float>({kBatch, filters * kMemory}, state).Variable());
  SVDFOptions options;
  options.rank = f.rank;
  options.fused_activation_function = f.activation;
  c.options = options;
  const auto x = c.inputs[0].Values<float>();
  std::vector<float> expected;
  for (int b = 0; b < kBatch; ++b) {
    for (int u = 0; u < kUnits; ++u) {
      double sum = f.bias ? double{bias[static_cast<size_t>(u)]} : 0;
      for (int filter = u * f.rank; filter < (u + 1) * f.rank; ++filter) {
        double latest = 0;
        for (int i = 0; i < kInputs; ++i) {
          latest += double{x[static_cast<size_t>(b * kInputs + i)]} *
                    double{feature[static_cast<size_t>(filter * kInputs + i)]};
        }
        for (int m = 0; m < kMemory; ++m) {
          const int at = (b * filters + filter) * kMemory + m + 1;
          const double memory = m + 1 == kMemory
                                    ? latest
                                    : double{state[static_cast<size_t>(at)]};
          sum +=
              memory * double{time[static_cast<size_t>(filter * kMemory + m)]};
        }
      }
      if (f.activation == Activation::kRelu) sum = std::max(sum, 0.0);
      expected.push_back(static_cast<float>(sum));
    }
  }
  ExpectNear<float>(c, expected, tolerance, {kBatch, kUnits});
}

TEST(Svdf, FloatAgainstTheDefinition) {
  for (const int rank : {1, 2, 3}) {
    for (const bool bias : {false, true}) {
      for (const Activation activation :
           {Activation::kNone, Activation::kRelu}) {
        ExpectFloat({rank, bias, activation}, 1e-5);
      }
    }
  }
}

TEST(Svdf, HybridStaysClose) {
  for (const DataType type : {DataType::kInt8, DataType::kUInt8}) {
    ExpectFloat({2, true, Activation::kNone, type, type}, 3e-2);
    ExpectFloat({1, false, Activation::kRelu, type, type}, 3e-2);
  }
}

struct Integer {
  uint32_t seed;
  int rank;
  bool bias;
  int state_zero, output_zero;
  float state_scale;
  std::vector<int8_t> expected;
};

KernelCase MakeInteger(const Integer& row) {
  Numbers numbers(row.seed);
  const int filters = kUnits * row.rank;
  KernelCase c{Op::kSvdf};
  c.inputs.resize(5);
  c.inputs[1] = KernelTensor::Of<int8_t>(
      {filters, kInputs},
      numbers.Integers<int8_t>(filters * kInputs, -127, 127),
      Steps(1.0f / 128));
  c.inputs[2] = KernelTensor::Of<int16_t>(
      {filters, kMemory},
      numbers.Integers<int16_t>(filters * kMemory, -32767, 32767),
      Steps(1.0f / 32768));
  if (row.bias) {
    c.inputs[3] = KernelTensor::Of<int32_t>(
        {kUnits}, numbers.Integers<int32_t>(kUnits, -100000, 100000),
        Steps(row.state_scale / 32768));
  }
  c.inputs[4] =
      KernelTensor::Of<int16_t>(
          {kBatch, filters * kMemory},
          std::vector<int16_t>(static_cast<size_t>(kBatch * filters * kMemory)),
          Steps(row.state_scale, row.state_zero))
          .Variable();
  c.inputs[0] = KernelTensor::Of<int8_t>(
      {kBatch, kInputs}, numbers.Integers<int8_t>(kBatch * kInputs, -128, 127),
      Steps(1.0f / 64, -3));
  c.outputs = {
      KernelTensor::Output(DataType::kInt8, Steps(1.0f / 32, row.output_zero))};
  SVDFOptions options;
  options.rank = row.rank;
  options.fused_activation_function = Activation::kRelu;
  c.options = options;
  return c;
}

const Integer kIntegers[] = {
    {3, 1, true, 0, -128, 1.0f / 4096, {-124, -128, -89, -128, -118, -128}},
    {4, 2, false, 7, -20, 1.0f / 999, {-58, -39, -77, -1, -19, -2}}};

TEST(Svdf, IntegerMatchesTensorFlowLite) {
  for (const Integer& row : kIntegers) {
    ExpectValues<int8_t>(MakeInteger(row), row.expected, {kBatch, kUnits});
  }
}

// All scales powers of two large enough that nothing but the output rounds.
TEST(Svdf, ByteStateAgainstTheDefinition) {
  Numbers numbers(19);
  constexpr int kZero = -5;
  const auto x = numbers.Integers<int8_t>(kBatch * kInputs, -4, 4);
  const auto feature = numbers.Integers<int8_t>(kUnits * kInputs, -5, 5);
  const auto time = numbers.Integers<int8_t>(kUnits * kMemory, -20, 20);
  const auto state =
      numbers.Integers<int8_t>(kBatch * kUnits * kMemory, -100, 100);
  KernelCase c{Op::kSvdf};
  c.inputs = {KernelTensor::Of<int8_t>({kBatch, kInputs}, x, Steps(1)),
              KernelTensor::Of<int8_t>({kUnits, kInputs}, feature, Steps(1)),
              KernelTensor::Of<int8_t>({kUnits, kMemory}, time, Steps(1)),
              KernelTensor::Absent(),
              KernelTensor::Of<int8_t>({kBatch, kUnits * kMemory}, state,
                                       Steps(1, kZero))
                  .Variable()};
  c.outputs = {KernelTensor::Output(DataType::kInt8, Steps(64, 2))};
  SVDFOptions options;
  options.rank = 1;
  options.fused_activation_function = Activation::kRelu;
  c.options = options;
  std::vector<int8_t> expected;
  for (int row = 0; row < kBatch * kUnits; ++row) {
    const int b = row / kUnits, u = row % kUnits;
    double sum = 0, latest = 0;
    for (int i = 0; i < kInputs; ++i) {
      latest += x[static_cast<size_t>(b * kInputs + i)] *
                feature[static_cast<size_t>(u * kInputs + i)];
    }
    latest = std::clamp(latest + kZero, -128.0, 127.0);
    for (int m = 0; m < kMemory; ++m) {
      const double value =
          m + 1 == kMemory ? latest
                           : state[static_cast<size_t>(row * kMemory + m + 1)];
      sum += time[static_cast<size_t>(u * kMemory + m)] * (value - kZero);
    }
    expected.push_back(static_cast<int8_t>(
        std::clamp(std::round(sum / 64) + 2, -128.0, 127.0)));
  }
  ExpectValues<int8_t>(c, expected);
}

TEST(Svdf, RefusesWhatDoesNotFit) {
  for (size_t i = 0; i < 5; ++i) {
    if (i == 3) continue;  // the bias may be absent
    KernelCase c = MakeInteger(kIntegers[0]);
    c.inputs[i] = KernelTensor::Absent();
    EXPECT_FALSE(RunKernel(c).ok()) << "input " << i << " is absent";
    c = MakeInteger(kIntegers[0]);
    c.inputs[i].quantization.scale = {0};
    EXPECT_FALSE(RunKernel(c).ok()) << "input " << i << " has scale 0";
  }
  KernelCase c = MakeInteger(kIntegers[0]);
  SVDFOptions options;
  options.rank = 4;
  c.options = options;
  EXPECT_FALSE(RunKernel(c).ok());
  c = MakeInteger(kIntegers[0]);
  c.inputs[4].is_variable = false;
  ExpectRefused(c, "prepare", "variable");
}

}  // namespace liteforge::svdf_test
