// SPDX-License-Identifier: Apache-2.0
// The BASIC LSTM cell: float against its definition in double, uint8 against
// values that TensorFlow Lite 2.9 computes for the same numbers.
#include <gtest/gtest.h>

#include "kernels/kernel_tester.h"
#include "kernels/lstm_testing.h"

namespace liteforge::basic_lstm_test {

constexpr int kBatch = 3, kInputs = 7, kOutputs = 4;

LSTMOptions Basic() {
  LSTMOptions options;
  options.kernel_type = LSTMKernelType::kBasic;
  options.fused_activation_function = Activation::kTanh;
  return options;
}

TEST(BasicLstm, FloatAgainstTheDefinition) {
  Numbers numbers(3);
  const auto x = numbers.Floats(kBatch * kInputs, 1);
  const auto hidden = numbers.Floats(kBatch * kOutputs, 1);
  const auto cell = numbers.Floats(kBatch * kOutputs, 2);
  const int width = kInputs + kOutputs;
  const auto weights = numbers.Floats(4 * kOutputs * width, 1);
  const auto bias = numbers.Floats(4 * kOutputs, 1);
  KernelCase c{Op::kLstm, Basic()};
  c.inputs = {KernelTensor::Of<float>({kBatch, kInputs}, x),
              KernelTensor::Of<float>({kBatch, kOutputs}, hidden).Variable(),
              KernelTensor::Of<float>({4 * kOutputs, width}, weights),
              KernelTensor::Of<float>({4 * kOutputs}, bias),
              KernelTensor::Of<float>({kBatch, kOutputs}, cell).Variable()};
  c.outputs.resize(4);
  std::vector<float> new_cell, new_hidden, joined, gates;
  for (size_t b = 0; b < kBatch; ++b) {
    Vector row(x.begin() + b * kInputs, x.begin() + (b + 1) * kInputs);
    row.insert(row.end(), hidden.begin() + b * kOutputs,
               hidden.begin() + (b + 1) * kOutputs);
    Vector sums = MatrixTimes(weights, row);
    for (size_t i = 0; i < sums.size(); ++i) sums[i] += double{bias[i]};
    joined.insert(joined.end(), row.begin(), row.end());
    gates.insert(gates.end(), sums.begin(), sums.end());
    const auto sigmoid = [](double v) { return 1 / (1 + std::exp(-v)); };
    for (size_t o = 0; o < kOutputs; ++o) {
      const double next =
          sigmoid(sums[o]) * std::tanh(sums[kOutputs + o]) +
          sigmoid(sums[2 * kOutputs + o]) * double{cell[b * kOutputs + o]};
      new_cell.push_back(static_cast<float>(next));
      new_hidden.push_back(static_cast<float>(sigmoid(sums[3 * kOutputs + o]) *
                                              std::tanh(next)));
    }
  }
  ExpectNear<float>(c, new_hidden, 1e-5, {kBatch, kOutputs}, 0);
  ExpectNear<float>(c, new_cell, 1e-5, {kBatch, kOutputs}, 1);
  ExpectNear<float>(c, joined, 0, {kBatch, width}, 2);
  ExpectNear<float>(c, gates, 1e-5, {kBatch, 4 * kOutputs}, 3);
  const KernelRun run = RunKernel(c);
  ASSERT_EQ(run.variables.size(), 2u);
  EXPECT_EQ(run.variables[0].bytes, run.outputs[0].bytes);
  EXPECT_EQ(run.variables[1].bytes, run.outputs[1].bytes);
}

KernelCase MakeBytes() {
  Numbers numbers(5);
  const int width = kInputs + kOutputs;
  const auto weights = numbers.Integers<uint8_t>(4 * kOutputs * width, 0, 255);
  const auto bias = numbers.Integers<int32_t>(4 * kOutputs, -20000, 20000);
  const auto x = numbers.Integers<uint8_t>(kBatch * kInputs, 0, 255);
  const auto hidden = numbers.Integers<uint8_t>(kBatch * kOutputs, 0, 255);
  const auto cell = numbers.Integers<int16_t>(kBatch * kOutputs, -32768, 32767);
  const Quantization activation = Steps(1.0f / 128, 128);
  KernelCase c{Op::kLstm, Basic()};
  c.inputs = {
      KernelTensor::Of<uint8_t>({kBatch, kInputs}, x, activation),
      KernelTensor::Of<uint8_t>({kBatch, kOutputs}, hidden, activation),
      KernelTensor::Of<uint8_t>({4 * kOutputs, width}, weights,
                                Steps(1.0f / 64, 100))
          .Constant(),
      KernelTensor::Of<int32_t>({4 * kOutputs}, bias, Steps(1.0f / 8192))
          .Constant(),
      KernelTensor::Of<int16_t>({kBatch, kOutputs}, cell, Steps(1.0f / 2048))};
  c.outputs = {KernelTensor::Output(DataType::kUInt8, activation),
               KernelTensor::Output(DataType::kInt16, Steps(1.0f / 2048)),
               KernelTensor::Output(DataType::kUInt8, activation),
               KernelTensor::Output(DataType::kInt16, Steps(1.0f / 4096))};
  return c;
}

TEST(BasicLstm, BytesMatchTensorFlowLite) {
  const KernelCase c = MakeBytes();
  ExpectValues<uint8_t>(c,
                        {111, 200, 107, 61, 119, 180, 171, 70, 149, 149, 96, 1},
                        {kBatch, kOutputs}, 0);
  ExpectValues<int16_t>(c,
                        {-1652, 27202, -865, -1300, -1640, 1266, 1580, -2285,
                         4031, 374, -1641, -32279},
                        {kBatch, kOutputs}, 1);
  ExpectValues<uint8_t>(c,
                        {242, 185, 253, 214, 35, 142, 236, 22,  166, 183, 67,
                         157, 137, 113, 164, 29, 157, 166, 139, 88,  134, 101,
                         93,  26,  234, 3,   85, 54,  198, 206, 184, 121, 150},
                        {kBatch, kInputs + kOutputs}, 2);
  ExpectValues<int16_t>(
      c, {6337,   7220,   -7354,  767,    -10647, 9148,  12343,  -16875,
          -20304, 13932,  -6230,  -16314, -5844,  1024,  -1600,  11238,
          5779,   -6049,  -11275, -3776,  -10532, 9298,  200,    -4768,
          -13027, -4404,  -10451, -8161,  -8796,  4336,  383,    996,
          2746,   -15586, 5583,   -7613,  -16407, -2068, -14551, -8522,
          2209,   -16939, -22461, 17144,  -6568,  8557,  -2068,  21676},
      {kBatch, 4 * kOutputs}, 3);
}

TEST(BasicLstm, RefusesWhatDoesNotFit) {
  for (size_t i = 0; i < 5; ++i) {
    KernelCase c = MakeBytes();
    c.inputs[i] = KernelTensor::Absent();
    EXPECT_FALSE(RunKernel(c).ok()) << "input " << i << " is absent";
    c = MakeBytes();
    c.inputs[i] = KernelTensor::Of<float>({2, 2}, {1, 2, 3, 4});
    EXPECT_FALSE(RunKernel(c).ok()) << "input " << i << " is float";
  }
  KernelCase c = MakeBytes();
  c.outputs[1].quantization = Steps(1.0f / 4096);
  ExpectRefused(c, "prepare", "2^-11");
  c = MakeBytes();
  c.inputs[2].quantization = Steps(1.0f, 256);
  ExpectRefused(c, "prepare", "zero point");
  c = MakeBytes();
  c.inputs[3].quantization = Steps(1e20f);
  ExpectRefused(c, "prepare", "too large");
}

}  // namespace liteforge::basic_lstm_test
