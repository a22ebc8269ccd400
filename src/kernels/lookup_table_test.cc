// SPDX-License-Identifier: Apache-2.0
#include "kernels/lookup_table.h"

#include <gtest/gtest.h>

#include "kernels/kernel_tester.h"
#include "kernels/sigmoid_table.h"

namespace liteforge::lookup_table_test {

template <class T>
void ExpectEveryByte(double (*f)(double)) {
  const Quantization in = Steps(0.0625f, 3), out = Steps(0.03125f, -7);
  RuntimeTensor input, output;
  input.type = output.type = TypeOf<T>();
  input.quantization = &in;
  output.quantization = &out;
  const ByteTable table = MakeByteTable<T>(input, output, [f](float x) {
    return static_cast<float>(f(static_cast<double>(x)));
  });
  for (int q = std::numeric_limits<T>::min();
       q <= std::numeric_limits<T>::max(); ++q) {
    const double real = f(0.0625 * (q - 3));
    const double steps = std::clamp(
        real / 0.03125 - 7, static_cast<double>(std::numeric_limits<T>::min()),
        static_cast<double>(std::numeric_limits<T>::max()));
    const auto held =
        static_cast<T>(table[static_cast<uint8_t>(static_cast<T>(q))]);
    ASSERT_NEAR(held, steps, 0.50001) << q;
  }
}

TEST(LookupTable, EveryByte) {
  for (double (*f)(double) : {+[](double x) { return std::tanh(x); },
                              +[](double x) { return std::exp(x); },
                              +[](double x) { return x * x - 3; }}) {
    ExpectEveryByte<int8_t>(f);
    ExpectEveryByte<uint8_t>(f);
  }
}

TEST(LookupTable, FunctionsThatAreNotFinite) {
  const Quantization steps = Steps(0.5f);
  RuntimeTensor tensor;
  tensor.type = DataType::kInt8;
  tensor.quantization = &steps;
  const ByteTable log = MakeByteTable<int8_t>(
      tensor, tensor, [](float x) { return std::log(x); });
  EXPECT_EQ(static_cast<int8_t>(log[0]), -128);  // log 0
  EXPECT_EQ(static_cast<int8_t>(log[0xFF]), 0);  // of a negative: not a number
}

// Straight lines come out exactly; curves to within what a segment bends.
TEST(LookupTable, EveryWord) {
  const WordTable line = MakeWordTable<double>(1.0 / 32768, 0, 1.0 / 32768, 0,
                                               [](double x) { return x / 2; });
  const WordTable curve = MakeWordTable<double>(
      4.0 / 32768, 0, 1.0 / 32768, 0, [](double x) { return std::tanh(x); });
  for (int x = -32768; x <= 32767; ++x) {
    ASSERT_NEAR(LookUp(line, static_cast<int16_t>(x)), x / 2.0, 1.5) << x;
    // TensorFlow Lite's segments are 127.998 inputs long and looked up as 128:
    // half an input off in the middle, where the slope is 4. Then roundings.
    ASSERT_NEAR(LookUp(curve, static_cast<int16_t>(x)),
                32768 * std::tanh(x * 4.0 / 32768), 4.0)
        << x;
  }
}

//------------------------------------------------------------- sigmoid_table.h

class SigmoidScale : public testing::TestWithParam<float> {};

TEST_P(SigmoidScale, LogisticOfEveryWord) {
  const SigmoidInput input = PrepareSigmoidInput(GetParam(), false);
  for (int x = -32768; x <= 32767; ++x) {
    const double real = x * static_cast<double>(GetParam());
    ASSERT_NEAR(LogisticOfInt16(static_cast<int16_t>(x), input),
                32768 / (1 + std::exp(-real)), 4.0)
        << x;
  }
}

TEST_P(SigmoidScale, TanhOfEveryWord) {
  const SigmoidInput input = PrepareSigmoidInput(GetParam(), true);
  for (int x = -32768; x <= 32767; ++x) {
    const double real = x * static_cast<double>(GetParam());
    ASSERT_NEAR(TanhOfInt16(static_cast<int16_t>(x), input),
                32768 * std::tanh(real), 8.0)
        << x;
  }
}

INSTANTIATE_TEST_SUITE_P(All, SigmoidScale,
                         testing::Values(1.0f / 4096, 1.0f / 2048, 0.0001f,
                                         0.00037f, 1.0f / 32768));

TEST(SigmoidTable, SurvivesEnormousScales) {
  for (const float scale : {1e-45f, 1e-10f, 1.0f, 1e10f, 3e38f}) {
    for (const bool extra : {false, true}) {
      const SigmoidInput input = PrepareSigmoidInput(scale, extra);
      for (const int x : {-32768, -1, 0, 1, 32767}) {
        const auto word = static_cast<int16_t>(x);
        EXPECT_GE(LogisticOfInt16(word, input), 0);
        TanhOfInt16(word, input);
      }
    }
  }
}

}  // namespace liteforge::lookup_table_test
