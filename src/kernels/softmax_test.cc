// SPDX-License-Identifier: Apache-2.0
// Against e^x / sum e^x in double: floats to float's accuracy, quantized values
// to within a step.
#include <gtest/gtest.h>

#include <vector>

#include "kernels/filter_testing.h"
#include "kernels/half_testing.h"
#include "kernels/kernel_tester.h"

namespace liteforge::softmax_test {

template <class T>
std::vector<double> Expected(const std::vector<T>& x, int64_t depth,
                             double beta, double scale) {
  std::vector<double> y;
  for (size_t row = 0; row < x.size(); row += static_cast<size_t>(depth)) {
    const auto first = x.begin() + static_cast<int64_t>(row);
    const auto largest =
        static_cast<double>(*std::max_element(first, first + depth));
    double sum = 0;
    for (int64_t i = 0; i < depth; ++i) {
      sum += std::exp(beta * scale * (static_cast<double>(first[i]) - largest));
    }
    for (int64_t i = 0; i < depth; ++i) {
      y.push_back(
          std::exp(beta * scale * (static_cast<double>(first[i]) - largest)) /
          sum);
    }
  }
  return y;
}

KernelCase MakeCase(float beta, KernelTensor input, KernelTensor output = {}) {
  KernelCase k{Op::kSoftmax, SoftmaxOptions{.beta = beta}};
  k.inputs = {std::move(input)};
  k.outputs = {std::move(output)};
  return k;
}

const Shape kShapes[] = {{1}, {7}, {3, 5}, {2, 1, 4}, {2, 3, 1, 9}, {2, 100}};

TEST(Softmax, Float) {
  for (const Shape& shape : kShapes) {
    for (const float beta : {1.0f, 0.25f, 3.0f}) {
      const auto x = RandomEighths(shape, 1);
      std::vector<float> expected;
      for (const double y :
           Expected(x, shape[shape.rank() - 1], static_cast<double>(beta), 1))
        expected.push_back(static_cast<float>(y));
      ExpectNear(MakeCase(beta, KernelTensor::Of(shape, x)), expected, 1e-6,
                 shape);
    }
  }
}

TEST(Softmax, HalvesAreNearTheirNeighbours) {
  for (const HalfFormat& format : kHalfFormats) {
    for (const Shape& shape : kShapes) {
      std::vector<double> x;
      const KernelTensor input =
          Halves(format, shape, RandomEighths(shape, 1), &x);
      const auto expected = Expected(x, shape[shape.rank() - 1], 0.5, 1);
      for (const KernelMode mode : kKernelModes) {
        const KernelRun run = RunKernel(MakeCase(0.5f, input), mode);
        ASSERT_TRUE(run.ok()) << run.error;
        EXPECT_EQ(run.outputs[0].type, format.type);
        const auto values = run.Values<uint16_t>();
        ASSERT_EQ(values.size(), expected.size());
        // One rounding, of numbers that float32 holds to 1e-6.
        for (size_t i = 0; i < values.size(); ++i) {
          EXPECT_NEAR(ValueOf(format, values[i]), expected[i],
                      std::ldexp(expected[i], -1 - format.fraction_bits) + 2e-6)
              << Name(mode) << " " << shape.ToString();
        }
      }
    }
  }
}

TEST(Softmax, LargeFloatsDoNotOverflow) {
  ExpectNear<float>(
      MakeCase(1, KernelTensor::Of<float>({3}, {3e38f, 3e38f, -3e38f})),
      {0.5f, 0.5f, 0.0f});
  ExpectNear<float>(MakeCase(1, KernelTensor::Of<float>({2}, {-HUGE_VALF, 0})),
                    {0, 1});
}

template <class In, class Out>
void ExpectWithinAStep(float scale, int64_t zero_point, float beta,
                       float out_scale, int out_zero, double steps) {
  for (const Shape& shape : kShapes) {
    const bool words = sizeof(In) == 2;
    const auto x = RandomIntegers<In>(
        shape, words ? -20000 : std::numeric_limits<In>::min(),
        words ? 20000 : std::numeric_limits<In>::max(), 1);
    const auto expected =
        Expected(x, shape[shape.rank() - 1], static_cast<double>(beta),
                 static_cast<double>(scale));
    const KernelCase k = MakeCase(
        beta, KernelTensor::Of(shape, x, Steps(scale, zero_point)),
        KernelTensor::Output(TypeOf<Out>(), Steps(out_scale, out_zero)));
    // Each addend of the sum may be off by a step or two of int16.
    const double slack = steps + (words ? 2 * shape[shape.rank() - 1] : 0);
    for (const KernelMode mode : kKernelModes) {
      const KernelRun run = RunKernel(k, mode);
      ASSERT_TRUE(run.ok()) << run.error;
      const auto values = run.Values<Out>();
      ASSERT_EQ(values.size(), expected.size());
      for (size_t i = 0; i < values.size(); ++i) {
        const double held =
            (values[i] - out_zero) * static_cast<double>(out_scale);
        // 1 itself is past the last step.
        ASSERT_NEAR(held,
                    std::min(expected[i], 1 - static_cast<double>(out_scale)),
                    slack * static_cast<double>(out_scale))
            << Name(mode) << " " << shape.ToString();
      }
    }
  }
}

TEST(Softmax, Quantized) {
  for (const float beta : {1.0f, 0.5f}) {
    for (const float scale : {0.01f, 0.1f, 1.0f}) {
      ExpectWithinAStep<int8_t, int8_t>(scale, 5, beta, 1.0f / 256, -128, 1.01);
      ExpectWithinAStep<uint8_t, uint8_t>(scale, 100, beta, 1.0f / 256, 0,
                                          1.01);
      ExpectWithinAStep<int8_t, int16_t>(scale, 5, beta, 1.0f / 65536, -32768,
                                         4);
      // A table of 512 segments over 10 units.
      ExpectWithinAStep<int16_t, int16_t>(scale / 128, 0, beta, 1.0f / 32768, 0,
                                          24);
    }
  }
}

TEST(Softmax, EmptyTensors) {
  for (const Shape& shape : {Shape{0, 3}, Shape{2, 0}}) {
    ExpectValues<float>(MakeCase(1, KernelTensor::Of<float>(shape, {})), {},
                        shape);
    ExpectValues<int8_t>(
        MakeCase(
            1, KernelTensor::Of<int8_t>(shape, {}, Steps(0.1f)),
            KernelTensor::Output(DataType::kInt8, Steps(1.0f / 256, -128))),
        {}, shape);
  }
}

TEST(Softmax, RefusesWhatDoesNotGoTogether) {
  ExpectRefused(MakeCase(1, KernelTensor::Of<float>({}, {1})), "", "");
  ExpectRefused(MakeCase(1, KernelTensor::Of<int32_t>({2}, {1, 2})), "prepare",
                "int32 to int32 is not supported");
  ExpectRefused(MakeCase(1, KernelTensor::Of<int8_t>({2}, {1, 2})), "prepare",
                "without a quantization scale");
  ExpectRefused(
      MakeCase(1, KernelTensor::Of<int16_t>({2}, {1, 2}, Steps(0.1f, 3)),
               KernelTensor::Output(DataType::kInt16, Steps(1.0f / 32768))),
      "prepare", "zero_point 0");
}

// Steep and flat exponents, rows so long that the sum fills up.
TEST(Softmax, SurvivesEnormousNumbers) {
  const auto out8 =
      KernelTensor::Output(DataType::kInt8, Steps(1.0f / 256, -128));
  const auto out16 =
      KernelTensor::Output(DataType::kInt16, Steps(1.0f / 32768));
  for (const float beta :
       {-1.0f, 0.0f, 1e-30f, 1e30f, HUGE_VALF, -HUGE_VALF, std::nanf("")}) {
    for (const float scale : {1e-45f, 1.0f, 3e38f}) {
      for (const KernelMode mode : kKernelModes) {
        RunKernel(MakeCase(beta,
                           KernelTensor::Of<int8_t>({3}, {-128, 3, 127},
                                                    Steps(scale)),
                           out8),
                  mode);
        RunKernel(MakeCase(beta,
                           KernelTensor::Of<int16_t>({3}, {-32768, 3, 32767},
                                                     Steps(scale)),
                           out16),
                  mode);
      }
    }
  }
  const int32_t depth = 300000;
  RunKernel(MakeCase(1,
                     KernelTensor::Of<int8_t>(
                         {depth}, std::vector<int8_t>(depth, 5), Steps(1)),
                     out8));
  RunKernel(MakeCase(1,
                     KernelTensor::Of<int16_t>(
                         {depth}, std::vector<int16_t>(depth, 5), Steps(1)),
                     out16));
}

}  // namespace liteforge::softmax_test
