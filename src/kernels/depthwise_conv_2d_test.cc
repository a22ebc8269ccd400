// SPDX-License-Identifier: Apache-2.0
// Against the definition, summed tap by tap.
#include <gtest/gtest.h>

#include <vector>

#include "kernels/filter_testing.h"
#include "kernels/kernel_tester.h"

namespace liteforge::depthwise_conv_2d_test {

struct Case {
  Shape input{2, 5, 6, 3};
  Shape filter{1, 3, 2, 6};  // [1, KH, KW, C * multiplier]
  int stride_h = 1, stride_w = 1;
  int dilation_h = 1, dilation_w = 1;
  Padding padding = Padding::kSame;
  Activation activation = Activation::kNone;
  bool with_bias = true;
};

std::vector<Case> Grid() {
  std::vector<Case> cases;
  for (const Padding padding : {Padding::kSame, Padding::kValid}) {
    for (const auto& [stride_h, stride_w] :
         {std::pair{1, 1}, std::pair{2, 1}, std::pair{2, 3}}) {
      for (const auto& [dilation_h, dilation_w] :
           {std::pair{1, 1}, std::pair{2, 1}, std::pair{2, 3}}) {
        Case c;
        c.input = Shape{1, 7, 8, 3};
        c.stride_h = stride_h;
        c.stride_w = stride_w;
        c.dilation_h = dilation_h;
        c.dilation_w = dilation_w;
        c.padding = padding;
        cases.push_back(c);
      }
    }
    const Shape inputs[] = {{1, 1, 1, 1}, {1, 4, 3, 2}, {3, 4, 5, 8}};
    for (const Shape& input : inputs) {
      for (const int multiplier : {1, 2, 5}) {
        for (const auto& [height, width] :
             {std::pair{1, 1}, std::pair{3, 3}, std::pair{2, 5}}) {
          Case c;
          c.input = input;
          c.filter = Shape{1, height, width, input[3] * multiplier};
          c.padding = padding;
          c.with_bias = multiplier != 2;
          cases.push_back(c);
        }
      }
    }
  }
  for (const Activation activation :
       {Activation::kRelu, Activation::kRelu6, Activation::kReluN1To1}) {
    Case c;
    c.activation = activation;
    cases.push_back(c);
  }
  // Few lines, long enough that several threads share each.
  for (const Padding padding : {Padding::kSame, Padding::kValid}) {
    for (const int step : {1, 2}) {
      Case c;
      c.input = Shape{1, 309, 1, 24};
      c.filter = Shape{1, 9, 1, 24};
      c.stride_h = step;
      c.dilation_h = 3 - step;
      c.padding = padding;
      cases.push_back(c);
      c.input = Shape{1, 3, 150, 24};
      c.filter = Shape{1, 3, 5, 24};
      c.stride_w = step;
      cases.push_back(c);
    }
  }
  return cases;
}

struct Sums {
  Shape shape;
  std::vector<double> values;
};

int Placed(const Case& c, int extent, int size, int stride, int dilation) {
  const int reach = c.padding == Padding::kSame ? 1 : (size - 1) * dilation + 1;
  int count = 0;
  for (int at = 0; at + reach <= extent; at += stride) ++count;
  return count;
}

int Before(const Case& c, int extent, int count, int size, int stride,
           int dilation) {
  const int missing = (count - 1) * stride + (size - 1) * dilation + 1 - extent;
  return c.padding == Padding::kSame ? std::max(0, missing) / 2 : 0;
}

template <class In, class Filter>
Sums Convolve(const Case& c, const std::vector<In>& input,
              const std::vector<Filter>& filter, int input_zero,
              int filter_zero) {
  const int height = c.filter[1], width = c.filter[2], outputs = c.filter[3];
  const int rows = Placed(c, c.input[1], height, c.stride_h, c.dilation_h);
  const int cols = Placed(c, c.input[2], width, c.stride_w, c.dilation_w);
  const int top = Before(c, c.input[1], rows, height, c.stride_h, c.dilation_h);
  const int left = Before(c, c.input[2], cols, width, c.stride_w, c.dilation_w);
  const int multiplier = outputs / c.input[3];
  Sums sums{{c.input[0], rows, cols, outputs}, {}};
  for (int64_t at = 0; at < sums.shape.elements(); ++at) {
    const int o = static_cast<int>(at) % outputs;
    const int x = static_cast<int>(at) / outputs % cols;
    const int y = static_cast<int>(at) / outputs / cols % rows;
    const int n = static_cast<int>(at) / outputs / cols / rows;
    double sum = 0;
    for (int i = 0; i < height; ++i) {
      for (int j = 0; j < width; ++j) {
        const int in_y = y * c.stride_h - top + i * c.dilation_h;
        const int in_x = x * c.stride_w - left + j * c.dilation_w;
        if (in_y < 0 || in_y >= c.input[1] || in_x < 0 || in_x >= c.input[2])
          continue;
        const int from =
            ((n * c.input[1] + in_y) * c.input[2] + in_x) * c.input[3] +
            o / multiplier;
        const int weight = (i * width + j) * outputs + o;
        sum += (static_cast<double>(input[static_cast<size_t>(from)]) -
                input_zero) *
               (static_cast<double>(filter[static_cast<size_t>(weight)]) -
                filter_zero);
      }
    }
    sums.values.push_back(sum);
  }
  return sums;
}

KernelCase MakeCase(const Case& c, KernelTensor input, KernelTensor filter,
                    KernelTensor bias, KernelTensor output) {
  DepthwiseConv2DOptions options;
  options.padding = c.padding;
  options.stride_h = c.stride_h;
  options.stride_w = c.stride_w;
  options.dilation_h_factor = c.dilation_h;
  options.dilation_w_factor = c.dilation_w;
  options.fused_activation_function = c.activation;
  options.depth_multiplier = 99;  // not to be trusted
  KernelCase k{Op::kDepthwiseConv2D, options};
  k.inputs = {std::move(input), std::move(filter)};
  if (c.with_bias) k.inputs.push_back(std::move(bias));
  k.outputs = {std::move(output)};
  return k;
}

TEST(DepthwiseConv2D, Float) {
  for (const Case& c : Grid()) {
    const auto input = RandomEighths(c.input, 1);
    const auto filter = RandomEighths(c.filter, 2);
    const auto bias = RandomEighths(Shape{c.filter[3]}, 3);
    const Sums sums = Convolve(c, input, filter, 0, 0);
    std::vector<float> expected;
    for (size_t i = 0; i < sums.values.size(); ++i) {
      const double offset =
          c.with_bias ? static_cast<double>(bias[i % bias.size()]) : 0;
      expected.push_back(
          static_cast<float>(Limited(c.activation, sums.values[i] + offset)));
    }
    KernelCase k = MakeCase(
        c, KernelTensor::Of(c.input, input), KernelTensor::Of(c.filter, filter),
        KernelTensor::Of(Shape{c.filter[3]}, bias), KernelTensor());
    ExpectValues(k, expected, sums.shape);
    k.inputs[1] = std::move(k.inputs[1]).Constant();
    ExpectValues(k, expected, sums.shape);
  }
}

// Ties go away from zero in every mode.
template <class In, class Filter, class Bias>
void ExpectExact(const Case& c, float input_scale, int input_zero,
                 const Quantization& filter_quantization, int filter_low,
                 int filter_high, float output_scale, int output_zero) {
  const bool words = sizeof(In) == 2;
  const auto input = RandomIntegers<In>(
      c.input, words ? -3000 : std::numeric_limits<In>::min(),
      words ? 3000 : std::numeric_limits<In>::max(), 1);
  const auto filter =
      RandomIntegers<Filter>(c.filter, filter_low, filter_high, 2);
  const auto bias = RandomIntegers<Bias>(Shape{c.filter[3]}, -900, 900, 3);
  const auto& scales = filter_quantization.scale;
  const Sums sums =
      Convolve(c, input, filter, input_zero,
               static_cast<int>(filter_quantization.zero_point[0]));
  const auto [low, high] = Limits<In>(c.activation, output_scale, output_zero);
  const bool once = words && (sizeof(Bias) == 8 || !c.with_bias);
  std::vector<In> expected;
  for (size_t i = 0; i < sums.values.size(); ++i) {
    const size_t o = i % bias.size();
    const double real = static_cast<double>(input_scale) *
                        static_cast<double>(scales[scales.size() > 1 ? o : 0]) /
                        static_cast<double>(output_scale);
    const int64_t acc = static_cast<int64_t>(sums.values[i]) +
                        (c.with_bias ? int64_t{bias[o]} : 0);
    const Rounding rounding = once ? Rounding::kOnce : Rounding::kTiesAway;
    expected.push_back(static_cast<In>(
        std::clamp(Rescaled(acc, real, rounding) + output_zero, low, high)));
  }
  ExpectValues(
      MakeCase(
          c, KernelTensor::Of(c.input, input, Steps(input_scale, input_zero)),
          KernelTensor::Of(c.filter, filter, filter_quantization).Constant(),
          KernelTensor::Of(Shape{c.filter[3]}, bias,
                           Steps(input_scale * scales[0])),
          KernelTensor::Output(TypeOf<In>(), Steps(output_scale, output_zero))),
      expected, sums.shape);
}

TEST(DepthwiseConv2D, Int8PerChannel) {
  for (const Case& c : Grid()) {
    ExpectExact<int8_t, int8_t, int32_t>(
        c, 0.5f, -5, ChannelSteps(FilterScales(c.filter[3]), 3), -127, 127,
        32.0f, 7);
  }
}

TEST(DepthwiseConv2D, Int8PerTensor) {
  for (const Case& c : Grid()) {
    ExpectExact<int8_t, int8_t, int32_t>(c, 0.5f, 127, Steps(0.25f), -127, 127,
                                         16.0f, -128);
  }
}

TEST(DepthwiseConv2D, UInt8) {
  for (const Case& c : Grid()) {
    ExpectExact<uint8_t, uint8_t, int32_t>(c, 0.5f, 128, Steps(0.25f, 120), 0,
                                           255, 32.0f, 100);
  }
}

TEST(DepthwiseConv2D, Int16) {
  for (const Case& c : Grid()) {
    const auto scales = ChannelSteps(FilterScales(c.filter[3]), 3);
    ExpectExact<int16_t, int8_t, int64_t>(c, 0.5f, 0, scales, -127, 127, 16.0f,
                                          0);
    ExpectExact<int16_t, int8_t, int32_t>(c, 0.5f, 0, scales, -127, 127, 16.0f,
                                          0);
  }
}

TEST(DepthwiseConv2D, NarrowFilter) {
  const Case c;
  const Shape channels{c.filter[3]};
  const Quantization scales = ChannelSteps(FilterScales(c.filter[3]), 3);
  ExpectNarrowLikeWhole(c.filter, scales, [&](KernelTensor filter) {
    return MakeCase(
        c,
        KernelTensor::Of(c.input, RandomIntegers<int8_t>(c.input, -128, 127, 1),
                         Steps(0.5f, 3)),
        std::move(filter),
        KernelTensor::Of(channels, RandomIntegers<int32_t>(channels, -9, 9, 2)),
        KernelTensor::Output(DataType::kInt8, Steps(0.5f, -3)));
  });
  ExpectNarrowLikeWhole(c.filter, scales, [&](KernelTensor filter) {
    return MakeCase(c, KernelTensor::Of(c.input, RandomEighths(c.input, 1)),
                    std::move(filter),
                    KernelTensor::Of(channels, RandomEighths(channels, 2)),
                    KernelTensor());
  });
}

// The input, of at most 3, is off by one of 127 steps at most, and so is each
// product by that many times its weight.
TEST(DepthwiseConv2D, HybridIsCloseToFloat) {
  for (Case c : Grid()) {
    c.activation = Activation::kNone;
    const auto input = RandomEighths(c.input, 1);
    const auto filter = RandomIntegers<int8_t>(c.filter, -127, 127, 2);
    const auto bias = RandomEighths(Shape{c.filter[3]}, 3);
    const Sums sums = Convolve(c, input, filter, 0, 0);
    for (const int count : {1, c.filter[3]}) {
      const std::vector<float> scales = FilterScales(count);
      KernelCase k =
          MakeCase(c, KernelTensor::Of(c.input, input),
                   KernelTensor::Of(c.filter, filter, ChannelSteps(scales, 3))
                       .Constant(),
                   KernelTensor::Of(Shape{c.filter[3]}, bias), KernelTensor());
      const double taps = c.filter[1] * c.filter[2];
      for (const KernelMode mode : kKernelModes) {
        const KernelRun run = RunKernel(k, mode);
        ASSERT_TRUE(run.ok()) << run.error;
        const auto values = run.Values<float>();
        ASSERT_EQ(values.size(), sums.values.size());
        for (size_t i = 0; i < values.size(); ++i) {
          const size_t o = i % bias.size();
          const auto scale = static_cast<double>(scales[count > 1 ? o : 0]);
          const double offset = c.with_bias ? static_cast<double>(bias[o]) : 0;
          ASSERT_NEAR(static_cast<double>(values[i]),
                      sums.values[i] * scale + offset, taps * 3 * scale)
              << Name(mode);
        }
      }
    }
  }
}

TEST(DepthwiseConv2D, EmptyImages) {
  Case c;
  c.input = Shape{0, 5, 6, 3};
  c.with_bias = false;
  ExpectValues<float>(
      MakeCase(c, KernelTensor::Of<float>(c.input, {}),
               KernelTensor::Of(c.filter, RandomEighths(c.filter, 1)),
               KernelTensor(), KernelTensor()),
      {}, Shape{0, 5, 6, 6});
}

KernelCase Int8Case() {
  const Case c;
  return MakeCase(
      c,
      KernelTensor::Of(c.input, RandomIntegers<int8_t>(c.input, -128, 127, 1),
                       Steps(0.5f, 3)),
      KernelTensor::Of(c.filter, RandomIntegers<int8_t>(c.filter, -127, 127, 2),
                       ChannelSteps(FilterScales(6), 3)),
      KernelTensor::Of<int32_t>({6}, {1, 2, 3, 4, 5, 6}),
      KernelTensor::Output(DataType::kInt8, Steps(4.0f)));
}

TEST(DepthwiseConv2D, RefusesWhatDoesNotGoTogether) {
  KernelCase k = Int8Case();
  ASSERT_TRUE(RunKernel(k).ok());
  k.inputs[1].quantization.axis = 0;
  ExpectRefused(k, "prepare", "scales along axis 0");
  k = Int8Case();
  k.inputs[0].quantization = {};
  ExpectRefused(k, "prepare", "without a quantization scale");
  k = Int8Case();
  k.inputs[0].quantization = Steps(0.5f, -129);
  ExpectRefused(k, "prepare", "zero point -129");
  k = Int8Case();
  k.inputs[1].shape = Shape{1, 3, 3, 4};
  ExpectRefused(k, "infer", "filter has 4 channels");
  k = Int8Case();
  k.inputs[2] = KernelTensor::Of<int64_t>({6}, {1, 2, 3, 4, 5, 6});
  ExpectRefused(k, "prepare", "bias is int64");
}

TEST(DepthwiseConv2D, SurvivesEnormousNumbers) {
  using Options = DepthwiseConv2DOptions;
  for (int32_t Options::*option :
       {&Options::stride_h, &Options::stride_w, &Options::dilation_h_factor,
        &Options::dilation_w_factor}) {
    for (const int32_t value : {INT32_MIN, 0, 1 << 20, INT32_MAX}) {
      for (const Padding padding : {Padding::kSame, Padding::kValid}) {
        KernelCase k = Int8Case();
        k.options.Edit<Options>().*option = value;
        k.options.Edit<Options>().padding = padding;
        // A window that reaches over 2^31 elements is refused.
        const bool dilation = option == &Options::dilation_h_factor ||
                              option == &Options::dilation_w_factor;
        const bool refused = value <= 0 || (dilation && value == INT32_MAX);
        for (const KernelMode mode : kKernelModes)
          EXPECT_EQ(RunKernel(k, mode).stage, refused ? "infer" : "");
      }
    }
  }
  for (const int32_t bias : {INT32_MIN, INT32_MAX}) {
    KernelCase k = Int8Case();
    k.inputs[2] = KernelTensor::Of<int32_t>({6}, std::vector<int32_t>(6, bias));
    for (const KernelMode mode : kKernelModes)
      EXPECT_TRUE(RunKernel(k, mode).ok());
  }
}

}  // namespace liteforge::depthwise_conv_2d_test
