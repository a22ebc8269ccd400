// SPDX-License-Identifier: Apache-2.0
// The integer LSTMs: int8 against values that TensorFlow Lite 2.9 computes for
// the same numbers, int16 against the definition in double.
#include <gtest/gtest.h>

#include "kernels/kernel_tester.h"
#include "kernels/lstm_testing.h"

namespace liteforge::lstm_integer_test {

constexpr int kBatch = 2, kTime = 3, kInputs = 5, kCells = 6;

struct Row {
  bool one_step, coupled, peephole, projection, layer_norm, time_major;
  int cell_exponent;
  float cell_clip, projection_clip;
  std::vector<int8_t> expected;

  int outputs() const { return projection ? 4 : kCells; }
};

KernelTensor Weights(Numbers& numbers, Shape shape) {
  const auto count = static_cast<int>(shape.elements());
  return KernelTensor::Of<int8_t>(shape,
                                  numbers.Integers<int8_t>(count, -127, 127),
                                  Steps(1.0f / 128))
      .Constant();
}

KernelTensor Bias(Numbers& numbers, int count, int largest, float scale) {
  return KernelTensor::Of<int32_t>(
             {count}, numbers.Integers<int32_t>(count, -largest, largest),
             Steps(scale))
      .Constant();
}

KernelTensor Words(Numbers& numbers, int low, int high, float scale) {
  return KernelTensor::Of<int16_t>({kCells},
                                   numbers.Integers<int16_t>(kCells, low, high),
                                   Steps(scale))
      .Constant();
}

template <class T>
KernelTensor Filled(Shape shape, T value, Quantization quantization) {
  return KernelTensor::Of<T>(
             shape,
             std::vector<T>(static_cast<size_t>(shape.elements()), value),
             std::move(quantization))
      .Variable();
}

// Draws in a fixed order: weights, recurrent weights, peepholes, biases,
// projection, layer norm, input.
void DrawCell(KernelCase& c, Numbers& numbers, bool coupled, bool peephole,
              bool layer_norm, int outputs) {
  const bool projection = outputs != kCells;
  const int first = coupled ? 1 : 0;
  c.inputs.assign(24, KernelTensor::Absent());
  for (int g = first; g < 4; ++g) {
    c.inputs[1 + g] = Weights(numbers, {kCells, kInputs});
  }
  for (int g = first; g < 4; ++g) {
    c.inputs[5 + g] = Weights(numbers, {kCells, outputs});
  }
  for (int i = first; peephole && i < 3; ++i) {
    c.inputs[9 + i] = Words(numbers, -32767, 32767, 1.0f / 16384);
  }
  for (int g = first; g < 4; ++g) {
    c.inputs[12 + g] = Bias(numbers, kCells, 2000, 1.0f / 4096);
  }
  if (projection) {
    c.inputs[16] = Weights(numbers, {outputs, kCells});
    c.inputs[17] = Bias(numbers, outputs, 500, 1.0f / 16384);
  }
  for (int g = first; layer_norm && g < 4; ++g) {
    c.inputs[20 + g] = Words(numbers, 8000, 32767, 1.0f / 20000);
  }
}

KernelCase MakeCase(const Row& row, uint32_t seed) {
  Numbers numbers(seed);
  KernelCase c{row.one_step ? Op::kLstm : Op::kUnidirectionalSequenceLstm};
  DrawCell(c, numbers, row.coupled, row.peephole, row.layer_norm,
           row.outputs());
  const Shape shape = row.one_step     ? Shape{kBatch, kInputs}
                      : row.time_major ? Shape{kTime, kBatch, kInputs}
                                       : Shape{kBatch, kTime, kInputs};
  const auto count = static_cast<int>(shape.elements());
  c.inputs[0] = KernelTensor::Of<int8_t>(
      shape, numbers.Integers<int8_t>(count, -128, 127), Steps(1.0f / 32, 3));
  const int8_t zero = row.projection ? 5 : 0;
  c.inputs[18] =
      Filled<int8_t>({kBatch, row.outputs()}, zero, Steps(1.0f / 100, zero));
  c.inputs[19] = Filled<int16_t>({kBatch, kCells}, 0,
                                 Steps(std::ldexp(1.0f, row.cell_exponent)));
  c.outputs = {KernelTensor::Output(DataType::kInt8, Steps(1.0f / 100, zero))};
  c.intermediates.assign(
      4, KernelTensor::Output(DataType::kInt16, Steps(1.0f / 2048)));
  c.intermediates.push_back(
      KernelTensor::Output(DataType::kInt8, Steps(1.0f / 120, zero)));
  if (row.one_step) {
    LSTMOptions options;
    options.cell_clip = row.cell_clip;
    options.proj_clip = row.projection_clip;
    c.options = options;
  } else {
    UnidirectionalSequenceLSTMOptions options;
    options.cell_clip = row.cell_clip;
    options.proj_clip = row.projection_clip;
    options.time_major = row.time_major;
    c.options = options;
  }
  return c;
}

// clang-format off
const std::vector<Row>& Rows() {
  static const std::vector<Row> rows = {
      {false, false, false, false, false, false, -11, 0.0f, 0.0f,
       {-70, 9, 4, 2, 41, 63, 14, 52, -69, -14, 11, 4, 21, 10, 7, -39, 18, 78,
        0, -1, -80, 1, -3, 0, -1, -1, -12, -1, -22, -21, 27, 32, -5, 24, 5, -1}},
      {false, true, false, false, false, true, -12, 0.0f, 0.0f,
       {0, -46, -8, -19, 0, -1, 34, -2, 7, -5, -5, -4, 5, -57, 0, -19, 1, 0,
        35, 71, 12, 80, -16, 31, 48, -37, 0, 36, 3, 2, 21, 50, -38, -6, -28,
        44}},
      {false, false, true, true, false, false, -9, 0.0f, 0.0f,
       {48, 4, -53, -6, 34, -21, -74, -26, -40, -1, -4, -32, 47, 35, 14, 60,
        8, -1, -13, -7, 14, 36, 65, 33}},
      {false, false, true, true, false, true, -15, 0.0f, 0.0f,
       {34, 2, -18, 30, -7, -2, 18, 46, 25, -35, -48, 77, -26, 38, 29, -33,
        113, 43, -117, 42, -1, -7, -7, 0}},
      {false, false, false, false, true, false, -11, 0.5f, 0.0f,
       {16, 9, 15, -25, -2, -15, -22, -5, 25, -30, -3, -28, -31, 23, 6, 11,
        -37, -2, -6, 27, -13, 11, -29, 2, 27, 20, -6, -25, -10, -7, -16, -3,
        8, 3, 5, 3}},
      {false, true, true, true, true, true, -10, 0.5f, 0.3f,
       {-23, -30, 13, -11, 24, 30, 13, 26, -30, -30, 21, 4, 14, 1, 20, 13,
        -23, -16, -12, 1, 0, -30, 25, 0}},
      {true, false, true, true, true, false, -13, 0.0f, 0.3f,
       {30, -10, 14, -5, 15, -18, 18, 3}},
      {true, true, false, false, false, false, -14, 0.5f, 0.0f,
       {-7, -47, 5, -24, 3, 0, 0, 26, 0, 0, 6, 0}},
  };
  return rows;
}
// clang-format on

TEST(IntegerLstm, MatchesTensorFlowLite) {
  uint32_t seed = 100;
  for (const Row& row : Rows()) {
    SCOPED_TRACE(seed);
    ExpectValues<int8_t>(MakeCase(row, seed++), row.expected);
  }
}

// States may be declared int16, of which 8-bit values take half the bytes.
TEST(IntegerLstm, StateDeclaredInt16) {
  KernelCase c = MakeCase(Rows()[0], 100);
  c.inputs[18] = Filled<int16_t>({kBatch, kCells}, 0, Steps(1.0f / 100));
  ExpectValues<int8_t>(c, Rows()[0].expected);
}

KernelCase MakeByteGates() {
  Numbers numbers(7);
  constexpr int kOutputs = 4;
  KernelCase c{Op::kLstm};
  DrawCell(c, numbers, true, false, true, kOutputs);
  c.inputs[0] = KernelTensor::Of<int8_t>(
      {kBatch, kInputs}, numbers.Integers<int8_t>(kBatch * kInputs, -128, 127),
      Steps(1.0f / 32, 3));
  c.inputs[18] = Filled<int8_t>({kBatch, kOutputs}, 5, Steps(1.0f / 100, 5));
  c.inputs[19] =
      Filled<int16_t>({kBatch, kCells}, 0, Steps(std::ldexp(1.0f, -15)));
  c.outputs = {KernelTensor::Output(DataType::kInt8, Steps(1.0f / 100, 5))};
  for (int g = 0; g < 4; ++g) {
    c.intermediates.push_back(
        KernelTensor::Output(DataType::kInt16, Steps(1.0f / 4096)));
    c.intermediates.push_back(
        KernelTensor::Output(DataType::kInt8, Steps(1.0f / 16, 2 + g)));
    c.intermediates.push_back(
        KernelTensor::Output(DataType::kInt8, Steps(1.0f / 20, -3 - g)));
  }
  LSTMOptions options;
  options.cell_clip = 0.5f;
  options.proj_clip = 0.6f;
  c.options = options;
  return c;
}

TEST(IntegerLstm, ByteGatesMatchTensorFlowLite) {
  ExpectValues<int8_t>(MakeByteGates(), {44, -60, -45, 23, 19, -26, -24, 4});
}

TEST(IntegerLstm, ByteGatesNeedTheOneKindOfCell) {
  for (const int i : {16, 21}) {
    KernelCase c = MakeByteGates();
    c.inputs[static_cast<size_t>(i)] = KernelTensor::Absent();
    EXPECT_FALSE(RunKernel(c).ok()) << i;
  }
  KernelCase c = MakeByteGates();
  c.intermediates[4].quantization = Quantization();
  ExpectRefused(c, "prepare", "without a quantization scale");
  c = MakeByteGates();
  c.intermediates[5].quantization.zero_point = {128};
  ExpectRefused(c, "prepare", "zero point");
  c = MakeByteGates();
  c.inputs[19].quantization.scale = {1.0f / 4096};
  ExpectRefused(c, "prepare", "2^-15");
}

TEST(IntegerLstm, RefusesBadQuantization) {
  const Row& row = Rows()[5];  // a cell with all parts but the input gate
  for (size_t i = 0; i < 24; ++i) {
    // Biases have the scale of their product.
    if (i == 17 || (i >= 12 && i < 16)) continue;
    KernelCase c = MakeCase(row, 105);
    if (!c.inputs[i].present()) continue;
    c.inputs[i].quantization.scale = {-1};
    EXPECT_FALSE(RunKernel(c).ok()) << "input " << i;
    c.inputs[i].quantization = Steps(0.001f, int64_t{1} << 31);
    EXPECT_FALSE(RunKernel(c).ok()) << "input " << i;
  }
  KernelCase c = MakeCase(row, 105);
  c.intermediates.clear();
  ExpectRefused(c, "prepare", "intermediate");
  c = MakeCase(row, 105);
  c.inputs[19].quantization.scale = {0.01f};
  ExpectRefused(c, "prepare", "cell state's scale");
  c = MakeCase(row, 105);
  c.inputs[2].quantization.scale = {1e30f};
  ExpectRefused(c, "prepare", "scales");
}

// Values at the ends of their types must not overflow.
TEST(IntegerLstm, ExtremeValues) {
  for (const Row& row : Rows()) {
    KernelCase c = MakeCase(row, 1);
    for (size_t i = 0; i < c.inputs.size(); ++i) {
      const bool bias = i == 17 || (i >= 12 && i < 16);
      for (size_t at = 0; at < c.inputs[i].bytes.size(); ++at) {
        const size_t width = bias                                   ? 4
                             : c.inputs[i].type == DataType::kInt16 ? 2
                                                                    : 1;
        c.inputs[i].bytes[at] = std::byte(at % width + 1 == width ? 0x80 : 0);
      }
    }
    EXPECT_TRUE(RunKernel(c).ok());
  }
}

std::vector<float> Real(const std::vector<int8_t>& steps) {
  std::vector<float> values;
  for (const int8_t step : steps) values.push_back(step / 128.0f);
  return values;
}

struct WordCase {
  KernelCase c{Op::kUnidirectionalSequenceLstm};
  CellWeights w;
  std::vector<int16_t> x;
};

WordCase MakeWords(DataType bias_type, bool time_major) {
  Numbers numbers(31);
  WordCase words;
  KernelCase& c = words.c;
  c.inputs.assign(24, KernelTensor::Absent());
  for (int g = 0; g < 4; ++g) {
    const size_t at = static_cast<size_t>(g);
    c.inputs[1 + at] = Weights(numbers, {kCells, kInputs});
    c.inputs[5 + at] = Weights(numbers, {kCells, kCells});
    words.w.input[g] = Real(c.inputs[1 + at].Values<int8_t>());
    words.w.recurrent[g] = Real(c.inputs[5 + at].Values<int8_t>());
    const auto bias = numbers.Integers<int64_t>(kCells, -30000, 30000);
    const float scale = 1.0f / 128 / 16384;
    for (const int64_t b : bias) {
      words.w.bias[g].push_back(static_cast<float>(b) * scale);
    }
    c.inputs[12 + at] =
        bias_type == DataType::kInt64
            ? KernelTensor::Of<int64_t>({kCells}, bias, Steps(scale))
            : KernelTensor::Of<int32_t>(
                  {kCells}, std::vector<int32_t>(bias.begin(), bias.end()),
                  Steps(scale));
  }
  words.x = numbers.Integers<int16_t>(kBatch * kTime * kInputs, -32768, 32767);
  c.inputs[0] =
      KernelTensor::Of<int16_t>(time_major ? Shape{kTime, kBatch, kInputs}
                                           : Shape{kBatch, kTime, kInputs},
                                words.x, Steps(1.0f / 16384));
  c.inputs[18] = Filled<int16_t>({kBatch, kCells}, 0, Steps(1.0f / 32768));
  c.inputs[19] = Filled<int16_t>({kBatch, kCells}, 0, Steps(1.0f / 4096));
  c.outputs = {KernelTensor::Output(DataType::kInt16, Steps(1.0f / 32768))};
  UnidirectionalSequenceLSTMOptions options;
  options.time_major = time_major;
  options.cell_clip = 0.9f;
  words.w.cell_clip = 0.9;
  c.options = options;
  return words;
}

TEST(IntegerLstm, WordInputsAgainstTheDefinition) {
  for (const DataType bias : {DataType::kInt64, DataType::kInt32}) {
    for (const bool time_major : {false, true}) {
      const WordCase words = MakeWords(bias, time_major);
      const KernelRun run = RunKernel(words.c);
      ASSERT_TRUE(run.ok()) << run.error;
      const std::vector<int16_t> output = run.Values<int16_t>();
      for (int b = 0; b < kBatch; ++b) {
        CellState s{Vector(kCells), Vector(kCells)};
        for (int t = 0; t < kTime; ++t) {
          const int row = time_major ? t * kBatch + b : b * kTime + t;
          Vector x;
          for (int i = 0; i < kInputs; ++i) {
            x.push_back(words.x[static_cast<size_t>(row * kInputs + i)] /
                        16384.0);
          }
          DoubleStep(words.w, x, {}, s);
          for (int c = 0; c < kCells; ++c) {
            const size_t at = static_cast<size_t>(row * kCells + c);
            // Cell and gates are kept to 2^-12.
            EXPECT_NEAR(output[at] / 32768.0, s.hidden[static_cast<size_t>(c)],
                        1.5e-3)
                << b << " " << t << " " << c;
          }
        }
      }
    }
  }
}

TEST(IntegerLstm, WordInputsTakeThePlainCellOnly) {
  KernelCase c = MakeWords(DataType::kInt64, false).c;
  for (const int i : {1, 5, 12}) c.inputs[i] = KernelTensor::Absent();
  ExpectRefused(c, "prepare", "CIFG");
  c = MakeWords(DataType::kInt64, false).c;
  c.inputs[0].type = DataType::kInt32;
  EXPECT_FALSE(RunKernel(c).ok());
}

TEST(IntegerLstm, WordInputsWithHugeBias) {
  KernelCase c = MakeWords(DataType::kInt64, false).c;
  for (size_t g = 12; g < 16; ++g) {
    c.inputs[g] = KernelTensor::Of<int64_t>(
        {kCells},
        std::vector<int64_t>(kCells, g % 2 == 0 ? INT64_MIN : INT64_MAX),
        Steps(1e-6f));
  }
  EXPECT_TRUE(RunKernel(c).ok());
}

}  // namespace liteforge::lstm_integer_test
