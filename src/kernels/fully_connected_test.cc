// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <vector>

#include "kernels/filter_testing.h"
#include "kernels/kernel_tester.h"

namespace liteforge::fully_connected_test {

struct Case {
  Shape input{3, 10};
  int outputs = 4;
  Activation activation = Activation::kNone;
  bool with_bias = true;
  bool keep_num_dims = false;

  int depth() const { return input[input.rank() - 1]; }
  Shape weights() const { return Shape{outputs, depth()}; }
  Shape output() const {
    if (!keep_num_dims)
      return Shape{static_cast<int32_t>(input.elements() / depth()), outputs};
    Shape shape = input;
    shape.set_dim(input.rank() - 1, outputs);
    return shape;
  }
};

std::vector<Case> Grid() {
  std::vector<Case> cases;
  const Shape inputs[] = {{1, 1}, {5}, {3, 10}, {2, 3, 17}, {1, 2, 2, 33}};
  for (const Shape& input : inputs) {
    for (const int outputs : {1, 4, 19}) {
      for (const bool with_bias : {true, false}) {
        Case c;
        c.input = input;
        c.outputs = outputs;
        c.with_bias = with_bias;
        cases.push_back(c);
        c.keep_num_dims = input.rank() > 1;
        cases.push_back(c);
      }
    }
  }
  for (const Activation activation :
       {Activation::kRelu, Activation::kRelu6, Activation::kReluN1To1}) {
    Case c;
    c.activation = activation;
    cases.push_back(c);
  }
  return cases;
}

template <class In, class Weight>
std::vector<double> Sums(const Case& c, const std::vector<In>& input,
                         const std::vector<Weight>& weights, int input_zero,
                         int weight_zero) {
  const auto depth = static_cast<size_t>(c.depth());
  std::vector<double> sums;
  for (size_t b = 0; b < input.size() / depth; ++b) {
    for (size_t o = 0; o < static_cast<size_t>(c.outputs); ++o) {
      double sum = 0;
      for (size_t i = 0; i < depth; ++i) {
        sum += (static_cast<double>(input[b * depth + i]) - input_zero) *
               (static_cast<double>(weights[o * depth + i]) - weight_zero);
      }
      sums.push_back(sum);
    }
  }
  return sums;
}

KernelCase MakeCase(const Case& c, KernelTensor input, KernelTensor weights,
                    KernelTensor bias, KernelTensor output) {
  FullyConnectedOptions options;
  options.fused_activation_function = c.activation;
  options.keep_num_dims = c.keep_num_dims;
  KernelCase k{Op::kFullyConnected, options};
  k.inputs = {std::move(input), std::move(weights)};
  if (c.with_bias) k.inputs.push_back(std::move(bias));
  k.outputs = {std::move(output)};
  return k;
}

TEST(FullyConnected, Float) {
  for (const Case& c : Grid()) {
    const auto input = RandomEighths(c.input, 1);
    const auto weights = RandomEighths(c.weights(), 2);
    const auto bias = RandomEighths(Shape{c.outputs}, 3);
    const std::vector<double> sums = Sums(c, input, weights, 0, 0);
    std::vector<float> expected;
    for (size_t i = 0; i < sums.size(); ++i) {
      const double offset =
          c.with_bias ? static_cast<double>(bias[i % bias.size()]) : 0;
      expected.push_back(
          static_cast<float>(Limited(c.activation, sums[i] + offset)));
    }
    ExpectValues(
        MakeCase(c, KernelTensor::Of(c.input, input),
                 KernelTensor::Of(c.weights(), weights),
                 KernelTensor::Of(Shape{c.outputs}, bias), KernelTensor()),
        expected, c.output());
  }
}

// `narrow_product`: with one scale, input and weight scale multiply in float.
template <class In, class Weight, class Bias, class Out = In>
void ExpectExact(const Case& c, float input_scale, int input_zero,
                 const Quantization& weight_quantization, int weight_low,
                 int weight_high, float output_scale, int output_zero) {
  const bool words = sizeof(In) == 2;
  const auto input = RandomIntegers<In>(
      c.input, words ? -3000 : std::numeric_limits<In>::min(),
      words ? 3000 : std::numeric_limits<In>::max(), 1);
  const auto weights =
      RandomIntegers<Weight>(c.weights(), weight_low, weight_high, 2);
  const auto bias = RandomIntegers<Bias>(Shape{c.outputs}, -900, 900, 3);
  const auto& scales = weight_quantization.scale;
  const std::vector<double> sums =
      Sums(c, input, weights, input_zero,
           static_cast<int>(weight_quantization.zero_point[0]));
  const auto [low, high] = Limits<Out>(c.activation, output_scale, output_zero);
  const KernelCase k = MakeCase(
      c, KernelTensor::Of(c.input, input, Steps(input_scale, input_zero)),
      KernelTensor::Of(c.weights(), weights, weight_quantization).Constant(),
      KernelTensor::Of(Shape{c.outputs}, bias, Steps(input_scale * scales[0])),
      KernelTensor::Output(TypeOf<Out>(), Steps(output_scale, output_zero)));
  for (const KernelMode mode : kKernelModes) {
    const bool once = words && (sizeof(Bias) == 8 || !c.with_bias);
    const Rounding rounding =
        once ? Rounding::kOnce
             : (words || mode == KernelMode::kReference ? Rounding::kTiesAway
                                                        : Rounding::kTiesUp);
    std::vector<Out> expected;
    for (size_t i = 0; i < sums.size(); ++i) {
      const size_t o = i % bias.size();
      const double product = scales.size() > 1
                                 ? static_cast<double>(input_scale) *
                                       static_cast<double>(scales[o])
                                 : static_cast<double>(input_scale * scales[0]);
      const int64_t acc =
          static_cast<int64_t>(sums[i]) + (c.with_bias ? int64_t{bias[o]} : 0);
      const int64_t scaled =
          Rescaled(acc, product / static_cast<double>(output_scale), rounding);
      expected.push_back(
          static_cast<Out>(std::clamp(scaled + output_zero, low, high)));
    }
    const KernelRun run = RunKernel(k, mode);
    ASSERT_TRUE(run.ok()) << run.stage << ": " << run.error;
    EXPECT_EQ(run.shape(), c.output());
    ASSERT_EQ(run.Values<Out>(), expected) << Name(mode);
  }
}

TEST(FullyConnected, Int8) {
  for (const Case& c : Grid()) {
    ExpectExact<int8_t, int8_t, int32_t>(c, 0.5f, 3, Steps(0.25f), -127, 127,
                                         16.0f, -7);
    ExpectExact<int8_t, int8_t, int32_t>(
        c, 0.5f, -128, ChannelSteps(FilterScales(c.outputs), 0), -127, 127,
        16.0f, 7);
  }
}

TEST(FullyConnected, UInt8) {
  for (const Case& c : Grid()) {
    ExpectExact<uint8_t, uint8_t, int32_t>(c, 0.5f, 128, Steps(0.25f, 120), 0,
                                           255, 16.0f, 100);
    ExpectExact<uint8_t, uint8_t, int32_t>(c, 0.017f, 1, Steps(0.0031f, 255), 0,
                                           255, 0.09f, 0);
    ExpectExact<uint8_t, uint8_t, int32_t, int16_t>(
        c, 0.5f, 128, Steps(0.25f, 120), 0, 255, 1.0f, 0);
  }
}

TEST(FullyConnected, Int16) {
  for (const Case& c : Grid()) {
    for (const Quantization& weights :
         {Steps(0.03f), ChannelSteps(FilterScales(c.outputs), 0)}) {
      ExpectExact<int16_t, int8_t, int64_t>(c, 0.5f, 0, weights, -127, 127,
                                            16.0f, 0);
      ExpectExact<int16_t, int8_t, int32_t>(c, 0.5f, 0, weights, -127, 127,
                                            16.0f, 0);
    }
  }
}

// Each product is off by half an input step at most.
TEST(FullyConnected, HybridIsCloseToFloat) {
  const Case c;
  const auto input = RandomEighths(c.input, 1);
  const auto weights = RandomIntegers<int8_t>(c.weights(), -127, 127, 2);
  const auto bias = RandomEighths(Shape{c.outputs}, 3);
  const std::vector<double> sums = Sums(c, input, weights, 0, 0);
  for (const bool asymmetric : {false, true}) {
    KernelCase k = MakeCase(
        c, KernelTensor::Of(c.input, input),
        KernelTensor::Of(c.weights(), weights, Steps(0.01f)).Constant(),
        KernelTensor::Of(Shape{c.outputs}, bias), KernelTensor());
    k.options.Edit<FullyConnectedOptions>().asymmetric_quantize_inputs =
        asymmetric;
    for (const KernelMode mode : kKernelModes) {
      const KernelRun run = RunKernel(k, mode);
      ASSERT_TRUE(run.ok()) << run.error;
      const auto values = run.Values<float>();
      ASSERT_EQ(values.size(), sums.size());
      for (size_t i = 0; i < values.size(); ++i) {
        EXPECT_NEAR(static_cast<double>(values[i]),
                    sums[i] * 0.01 + static_cast<double>(bias[i % 4]),
                    10 * 1.27 * (3.0 / 127));
      }
    }
  }
}

TEST(FullyConnected, NarrowWeights) {
  const Case c;
  const auto bias = RandomIntegers<int32_t>(Shape{4}, -50, 50, 3);
  for (const int count : {1, 4}) {
    const Quantization scales = ChannelSteps(FilterScales(count), 0);
    ExpectNarrowLikeWhole(c.weights(), scales, [&](KernelTensor weights) {
      return MakeCase(
          c,
          KernelTensor::Of(c.input,
                           RandomIntegers<int8_t>(c.input, -128, 127, 1),
                           Steps(0.5f, 3)),
          std::move(weights), KernelTensor::Of(Shape{4}, bias),
          KernelTensor::Output(DataType::kInt8, Steps(0.5f, -3)));
    });
    ExpectNarrowLikeWhole(c.weights(), scales, [&](KernelTensor weights) {
      return MakeCase(
          c,
          KernelTensor::Of(c.input,
                           RandomIntegers<int16_t>(c.input, -3000, 3000, 1),
                           Steps(0.5f)),
          std::move(weights), KernelTensor::Of(Shape{4}, bias),
          KernelTensor::Output(DataType::kInt16, Steps(0.5f)));
    });
    ExpectNarrowLikeWhole(c.weights(), scales, [&](KernelTensor weights) {
      return MakeCase(c, KernelTensor::Of(c.input, RandomEighths(c.input, 1)),
                      std::move(weights),
                      KernelTensor::Of(Shape{4}, RandomEighths(Shape{4}, 2)),
                      KernelTensor());
    });
  }
}

TEST(FullyConnected, EmptyBatch) {
  Case c;
  c.input = Shape{0, 10};
  c.with_bias = false;
  ExpectValues<float>(
      MakeCase(c, KernelTensor::Of<float>(c.input, {}),
               KernelTensor::Of(c.weights(), RandomEighths(c.weights(), 2)),
               KernelTensor(), KernelTensor()),
      {}, Shape{0, 4});
}

KernelCase Int8Case() {
  const Case c;
  return MakeCase(
      c,
      KernelTensor::Of(c.input, RandomIntegers<int8_t>(c.input, -128, 127, 1),
                       Steps(0.5f, 3)),
      KernelTensor::Of(c.weights(),
                       RandomIntegers<int8_t>(c.weights(), -127, 127, 2),
                       Steps(0.25f)),
      KernelTensor::Of<int32_t>({4}, {1, 2, 3, 4}),
      KernelTensor::Output(DataType::kInt8, Steps(4.0f)));
}

TEST(FullyConnected, RefusesWhatDoesNotGoTogether) {
  KernelCase k = Int8Case();
  ASSERT_TRUE(RunKernel(k).ok());
  k.inputs[0].quantization = {};
  ExpectRefused(k, "prepare", "without a quantization scale");
  k = Int8Case();
  k.inputs[1].quantization = Steps(0.25f, 500);
  ExpectRefused(k, "prepare", "zero point 500");
  k = Int8Case();
  k.inputs[1] = KernelTensor::Of<int8_t>({4, 0}, {}, Steps(0.5f));
  ExpectRefused(k, "infer", "");
  k = Int8Case();
  k.inputs[1] =
      KernelTensor::Of<int8_t>({4, 7}, std::vector<int8_t>(28), Steps(0.5f));
  ExpectRefused(k, "infer", "");
  k = Int8Case();
  k.inputs[1].shape = Shape{2, 2, 10};
  ExpectRefused(k, "infer", "");
  k = Int8Case();
  k.inputs[2] = KernelTensor::Of<int32_t>({3}, {1, 2, 3});
  ExpectRefused(k, "infer", "bias");
  k = Int8Case();
  k.inputs[2] = KernelTensor::Of<float>({4}, {1, 2, 3, 4});
  ExpectRefused(k, "prepare", "bias is float32");
  k = Int8Case();
  k.outputs[0].type = DataType::kUInt8;
  ExpectRefused(k, "", "");
}

}  // namespace liteforge::fully_connected_test
