// SPDX-License-Identifier: Apache-2.0
// Against the definition of a convolution, summed tap by tap in 64 bits.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kernels/filter_testing.h"
#include "kernels/kernel_tester.h"

namespace liteforge::conv_2d_test {

struct Case {
  Shape input{1, 5, 6, 2};
  Shape filter{3, 3, 2, 2};  // [O, KH, KW, C / groups]
  int stride_h = 1, stride_w = 1;
  int dilation_h = 1, dilation_w = 1;
  Padding padding = Padding::kSame;
  Activation activation = Activation::kNone;
  bool with_bias = true;
};

// Every stride x dilation x padding over images and windows of several sizes,
// and each activation.
std::vector<Case> Grid() {
  std::vector<Case> cases;
  for (const Padding padding : {Padding::kSame, Padding::kValid}) {
    for (const int stride_h : {1, 2, 3}) {
      for (const int stride_w : {1, 2}) {
        for (const int dilation_h : {1, 2}) {
          for (const int dilation_w : {1, 3}) {
            Case c;
            c.input = Shape{2, 7, 8, 2};
            c.stride_h = stride_h;
            c.stride_w = stride_w;
            c.dilation_h = dilation_h;
            c.dilation_w = dilation_w;
            c.padding = padding;
            cases.push_back(c);
          }
        }
      }
    }
    const Shape inputs[] = {{1, 1, 1, 1}, {1, 2, 3, 4}, {3, 4, 5, 4}};
    const Shape filters[] = {{1, 1, 1, 1}, {5, 1, 1, 4}, {4, 2, 3, 4},
                             {4, 2, 2, 2}, {8, 1, 3, 1}, {4, 5, 5, 4}};
    for (const Shape& input : inputs) {
      for (const Shape& filter : filters) {
        if (input[3] % filter[3] != 0) continue;
        if (filter[0] % (input[3] / filter[3]) != 0) continue;
        Case c;
        c.input = input;
        c.filter = filter;
        c.padding = padding;
        cases.push_back(c);
        c.with_bias = false;
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
  // Few lines, long enough that several threads share each.
  for (const Padding padding : {Padding::kSame, Padding::kValid}) {
    for (const auto& [input, filter] :
         {std::pair{Shape{1, 131, 1, 20}, Shape{36, 3, 1, 20}},
          std::pair{Shape{1, 2, 90, 12}, Shape{36, 2, 5, 12}},
          std::pair{Shape{1, 131, 1, 40}, Shape{70, 1, 1, 40}}}) {
      for (const int step : {1, 2}) {
        Case c;
        c.input = input;
        c.filter = filter;
        c.stride_h = c.stride_w = step;
        c.dilation_h = 3 - step;
        c.padding = padding;
        cases.push_back(c);
      }
    }
  }
  return cases;
}

// Where a window's first tap lies over the first element, and how often it is
// placed, along one axis.
struct Axis {
  int count = 0, before = 0;

  Axis(Padding padding, int extent, int size, int stride, int dilation) {
    const int reach = (size - 1) * dilation + 1;
    for (int at = 0; at < extent; at += stride) {
      if (padding == Padding::kSame || at + reach <= extent) ++count;
    }
    const int missing = (count - 1) * stride + reach - extent;
    if (padding == Padding::kSame && missing > 0) before = missing / 2;
  }
};

struct Sums {
  Shape shape;
  std::vector<double> values;  // exact: integers or eighths below 2^53
};

// The sums without bias. `zero` is what the inputs count from.
template <class In, class Filter>
Sums Convolve(const Case& c, const std::vector<In>& input,
              const std::vector<Filter>& filter, int input_zero,
              int filter_zero) {
  const Axis rows(c.padding, c.input[1], c.filter[1], c.stride_h, c.dilation_h);
  const Axis cols(c.padding, c.input[2], c.filter[2], c.stride_w, c.dilation_w);
  const int outputs = c.filter[0], depth = c.filter[3];
  const int per_group = outputs / (c.input[3] / depth);
  const auto in = [&](int n, int y, int x, int ch) {
    const bool inside = y >= 0 && y < c.input[1] && x >= 0 && x < c.input[2];
    const int at = ((n * c.input[1] + y) * c.input[2] + x) * c.input[3] + ch;
    return inside ? static_cast<double>(input[static_cast<size_t>(at)]) -
                        input_zero
                  : 0.0;
  };
  Sums sums{{c.input[0], rows.count, cols.count, outputs}, {}};
  for (int n = 0; n < c.input[0]; ++n) {
    for (int y = 0; y < rows.count; ++y) {
      for (int x = 0; x < cols.count; ++x) {
        for (int o = 0; o < outputs; ++o) {
          double sum = 0;
          for (int tap = 0; tap < c.filter[1] * c.filter[2] * depth; ++tap) {
            const int ch = tap % depth, j = tap / depth % c.filter[2];
            const int i = tap / depth / c.filter[2];
            const auto at = static_cast<size_t>(
                ((o * c.filter[1] + i) * c.filter[2] + j) * depth + ch);
            sum += in(n, y * c.stride_h - rows.before + i * c.dilation_h,
                      x * c.stride_w - cols.before + j * c.dilation_w,
                      o / per_group * depth + ch) *
                   (static_cast<double>(filter[at]) - filter_zero);
          }
          sums.values.push_back(sum);
        }
      }
    }
  }
  return sums;
}

KernelCase MakeCase(const Case& c, KernelTensor input, KernelTensor filter,
                    KernelTensor bias, KernelTensor output) {
  Conv2DOptions options;
  options.padding = c.padding;
  options.stride_h = c.stride_h;
  options.stride_w = c.stride_w;
  options.dilation_h_factor = c.dilation_h;
  options.dilation_w_factor = c.dilation_w;
  options.fused_activation_function = c.activation;
  KernelCase k{Op::kConv2D, options};
  k.inputs = {std::move(input), std::move(filter)};
  if (c.with_bias) k.inputs.push_back(std::move(bias));
  k.outputs = {std::move(output)};
  return k;
}

TEST(Conv2D, Float) {
  for (const Case& c : Grid()) {
    const auto input = RandomEighths(c.input, 1);
    const auto filter = RandomEighths(c.filter, 2);
    const auto bias = RandomEighths(Shape{c.filter[0]}, 3);
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
        KernelTensor::Of(Shape{c.filter[0]}, bias), KernelTensor());
    ExpectValues(k, expected, sums.shape);
    k.inputs[1] = std::move(k.inputs[1]).Constant();
    ExpectValues(k, expected, sums.shape);
  }
}

// Images of many channels go by Winograd's F(4x4, 3x3) where enough of the
// tiles lies inside: within the bound of docs/numerics.md, and what adding one
// number after the other rounds.
TEST(Conv2D, ManyChannelsAreNearTheSums) {
  const auto magnitudes = [](std::vector<float> values) {
    for (float& x : values) x = std::abs(x);
    return values;
  };
  for (const Padding padding : {Padding::kSame, Padding::kValid}) {
    for (const Shape& input : {Shape{1, 15, 15, 16}, Shape{2, 14, 19, 20},
                               Shape{1, 41, 38, 17}, Shape{1, 9, 10, 33}}) {
      Case c;
      c.input = input;
      c.filter = Shape{21, 3, 3, input[3]};
      c.padding = padding;
      const auto image = RandomEighths(c.input, 1);
      const auto filter = RandomEighths(c.filter, 2);
      const auto bias = RandomEighths(Shape{21}, 3);
      const Sums sums = Convolve(c, image, filter, 0, 0);
      const Sums bounds =
          Convolve(c, magnitudes(image), magnitudes(filter), 0, 0);
      const KernelCase k =
          MakeCase(c, KernelTensor::Of(c.input, image),
                   KernelTensor::Of(c.filter, filter).Constant(),
                   KernelTensor::Of(Shape{21}, bias), KernelTensor());
      for (const KernelMode mode : kKernelModes) {
        const KernelRun run = RunKernel(k, mode);
        ASSERT_TRUE(run.ok()) << run.error;
        ASSERT_EQ(run.shape(), sums.shape);
        const auto values = run.Values<float>();
        const double roundings = 20 + input[3];
        for (size_t i = 0; i < values.size(); ++i) {
          ASSERT_NEAR(static_cast<double>(values[i]),
                      sums.values[i] + static_cast<double>(bias[i % 21]),
                      roundings * std::ldexp(bounds.values[i], -24))
              << Name(mode) << ", " << i;
        }
      }
    }
  }
}

// How one of the integer arithmetics is set up.
struct Integers {
  float input_scale = 0.5f;
  std::vector<float> filter_scales;
  float output_scale = 2.0f;
  int input_zero = 0, filter_zero = 0, output_zero = 0;
  int filter_low = -127, filter_high = 127;
  DataType filter_type = DataType::kInt8;
};

Rounding RoundingOf(KernelMode mode, bool words, bool wide) {
  if (words && wide) return Rounding::kOnce;
  return mode == KernelMode::kReference || words ? Rounding::kTiesAway
                                                 : Rounding::kTiesUp;
}

template <class In, class Filter, class Bias>
void ExpectExact(const Case& c, const Integers& q) {
  const bool words = sizeof(In) == 2, wide = sizeof(Bias) == 8;
  const auto input = RandomIntegers<In>(
      c.input, words ? -3000 : std::numeric_limits<In>::min(),
      words ? 3000 : std::numeric_limits<In>::max(), 1);
  const auto filter =
      RandomIntegers<Filter>(c.filter, q.filter_low, q.filter_high, 2);
  const auto bias = RandomIntegers<Bias>(Shape{c.filter[0]}, -900, 900, 3);
  const Sums sums = Convolve(c, input, filter, q.input_zero, q.filter_zero);
  const auto [low, high] =
      Limits<In>(c.activation, q.output_scale, q.output_zero);
  const float bias_scale = q.input_scale * q.filter_scales[0];
  const KernelCase k = MakeCase(
      c, KernelTensor::Of(c.input, input, Steps(q.input_scale, q.input_zero)),
      KernelTensor::Of(c.filter, filter,
                       q.filter_scales.size() == 1
                           ? Steps(q.filter_scales[0], q.filter_zero)
                           : ChannelSteps(q.filter_scales, 0))
          .Constant(),
      KernelTensor::Of(Shape{c.filter[0]}, bias, Steps(bias_scale)),
      KernelTensor::Output(TypeOf<In>(), Steps(q.output_scale, q.output_zero)));
  for (const KernelMode mode : kKernelModes) {
    const Rounding rounding =
        RoundingOf(mode, words, wide || (words && !c.with_bias));
    std::vector<In> expected;
    for (size_t i = 0; i < sums.values.size(); ++i) {
      const size_t o = i % bias.size();
      const float own = q.filter_scales[q.filter_scales.size() > 1 ? o : 0];
      const double real = static_cast<double>(q.input_scale) *
                          static_cast<double>(own) /
                          static_cast<double>(q.output_scale);
      const int64_t acc = static_cast<int64_t>(sums.values[i]) +
                          (c.with_bias ? int64_t{bias[o]} : 0);
      expected.push_back(static_cast<In>(std::clamp(
          Rescaled(acc, real, rounding) + q.output_zero, low, high)));
    }
    const KernelRun run = RunKernel(k, mode);
    ASSERT_TRUE(run.ok()) << run.stage << ": " << run.error;
    ASSERT_EQ(run.shape(), sums.shape);
    ASSERT_EQ(run.Values<In>(), expected) << Name(mode);
  }
}

TEST(Conv2D, Int8PerChannel) {
  for (const Case& c : Grid()) {
    Integers q;
    q.filter_scales = FilterScales(c.filter[0]);
    q.input_zero = -5;
    q.output_zero = 7;
    q.output_scale = 64.0f;
    ExpectExact<int8_t, int8_t, int32_t>(c, q);
  }
}

TEST(Conv2D, Int8PerTensor) {
  for (const Case& c : Grid()) {
    Integers q;
    q.filter_scales = {0.25f};
    q.input_zero = 127;
    q.output_zero = -128;
    q.output_scale = 32.0f;
    ExpectExact<int8_t, int8_t, int32_t>(c, q);
  }
}

TEST(Conv2D, UInt8) {
  for (const Case& c : Grid()) {
    Integers q;
    q.filter_scales = {0.25f};
    q.filter_low = 0;
    q.filter_high = 255;
    q.input_zero = 128;
    q.filter_zero = 120;
    q.output_zero = 100;
    q.output_scale = 64.0f;
    ExpectExact<uint8_t, uint8_t, int32_t>(c, q);
  }
}

TEST(Conv2D, Int16) {
  for (const Case& c : Grid()) {
    Integers q;
    q.filter_scales = FilterScales(c.filter[0]);
    q.output_scale = 16.0f;
    ExpectExact<int16_t, int8_t, int64_t>(c, q);
    ExpectExact<int16_t, int8_t, int32_t>(c, q);
  }
}

TEST(Conv2D, NarrowFilter) {
  const Case c;
  ExpectNarrowLikeWhole(
      c.filter, ChannelSteps({0.5f, 0.25f, 0.1f}, 0), [&](KernelTensor filter) {
        return MakeCase(
            c,
            KernelTensor::Of(c.input,
                             RandomIntegers<int8_t>(c.input, -128, 127, 1),
                             Steps(0.5f, 3)),
            std::move(filter),
            KernelTensor::Of<int32_t>({3}, {5, -6, 7}, Steps(0.25f)),
            KernelTensor::Output(DataType::kInt8, Steps(4.0f, 3)));
      });
}

// A float image with an int8 filter comes within the steps of both.
TEST(Conv2D, HybridIsCloseToFloat) {
  for (const bool per_channel : {false, true}) {
    Case c;
    c.input = Shape{2, 6, 5, 4};
    c.filter = Shape{3, 2, 3, 4};
    const auto input = RandomEighths(c.input, 1);
    const auto filter = RandomIntegers<int8_t>(c.filter, -127, 127, 2);
    const auto bias = RandomEighths(Shape{3}, 3);
    const std::vector<float> scales =
        per_channel ? std::vector<float>{0.01f, 0.02f, 0.005f}
                    : std::vector<float>{0.01f};
    const KernelCase k = MakeCase(
        c, KernelTensor::Of(c.input, input),
        KernelTensor::Of(c.filter, filter,
                         per_channel ? ChannelSteps(scales, 0) : Steps(0.01f))
            .Constant(),
        KernelTensor::Of(Shape{3}, bias), KernelTensor());
    const Sums sums = Convolve(c, input, filter, 0, 0);
    for (const KernelMode mode : kKernelModes) {
      const KernelRun run = RunKernel(k, mode);
      ASSERT_TRUE(run.ok()) << run.error;
      const auto values = run.Values<float>();
      ASSERT_EQ(values.size(), sums.values.size());
      for (size_t i = 0; i < values.size(); ++i) {
        const auto own = static_cast<double>(scales[per_channel ? i % 3 : 0]);
        // 24 taps, each off by at most half a step of 6 / 255 times 1.27.
        const double bound = 24 * (3.0 / 127) / 2 * 127 * own;
        EXPECT_NEAR(static_cast<double>(values[i]),
                    sums.values[i] * own + static_cast<double>(bias[i % 3]),
                    bound);
      }
    }
  }
}

TEST(Conv2D, EmptyImages) {
  Case c;
  c.input = Shape{0, 5, 6, 2};
  const KernelTensor filter =
      KernelTensor::Of(c.filter, RandomEighths(c.filter, 1));
  const KernelTensor bias = KernelTensor::Of<float>({3}, {1, 2, 3});
  ExpectValues<float>(MakeCase(c, KernelTensor::Of<float>(c.input, {}), filter,
                               bias, KernelTensor()),
                      {}, Shape{0, 5, 6, 3});
  c.padding = Padding::kValid;
  c.input = Shape{1, 2, 6, 2};
  ExpectValues<float>(
      MakeCase(c, KernelTensor::Of(c.input, RandomEighths(c.input, 2)), filter,
               bias, KernelTensor()),
      {}, Shape{1, 0, 5, 3});
}

//--------------------------------------------------------------- damaged files

KernelCase Int8Case() {
  const Case c;
  return MakeCase(
      c,
      KernelTensor::Of(c.input, RandomIntegers<int8_t>(c.input, -128, 127, 1),
                       Steps(0.5f, 3)),
      KernelTensor::Of(c.filter, RandomIntegers<int8_t>(c.filter, -127, 127, 2),
                       ChannelSteps({0.5f, 0.25f, 0.1f}, 0)),
      KernelTensor::Of<int32_t>({3}, {1, 2, 3}),
      KernelTensor::Output(DataType::kInt8, Steps(4.0f)));
}

TEST(Conv2D, RefusesWhatDoesNotGoTogether) {
  KernelCase k = Int8Case();
  ASSERT_TRUE(RunKernel(k).ok());
  k.inputs[0].quantization = {};
  ExpectRefused(k, "prepare", "without a quantization scale");
  k = Int8Case();
  k.inputs[0].quantization = Steps(0.5f, 200);
  ExpectRefused(k, "prepare", "zero point 200");
  k = Int8Case();
  k.outputs[0].quantization = Steps(0.5f, INT32_MIN);
  ExpectRefused(k, "prepare", "zero point");
  k = Int8Case();
  k.inputs[1].quantization = ChannelSteps({0.5f, 0.5f}, 0);
  ExpectRefused(k, "prepare", "filter has 2 scales");
  k = Int8Case();
  k.inputs[1].quantization = ChannelSteps({0.5f, 0.5f, 0.5f}, 3);
  ExpectRefused(k, "prepare", "along axis 3");
  k = Int8Case();
  k.inputs[1].quantization = ChannelSteps({0.5f, HUGE_VALF, 0.5f}, 0);
  ExpectRefused(k, "prepare", "scale");
  k = Int8Case();
  k.inputs[2] = KernelTensor::Of<float>({3}, {1, 2, 3});
  ExpectRefused(k, "prepare", "bias is float32");
  k = Int8Case();
  k.inputs[2] = KernelTensor::Of<int32_t>({2}, {1, 2});
  ExpectRefused(k, "infer", "bias has 2 values for 3 output channels");
  k = Int8Case();
  k.inputs[1] = KernelTensor::Absent();
  ExpectRefused(k, "infer", "filter");
  k = Int8Case();
  k.outputs[0].type = DataType::kInt16;
  ExpectRefused(k, "", "");
  k = Int8Case();
  k.inputs[1] = KernelTensor::Of<float>({3, 3, 2, 2}, std::vector<float>(36));
  ExpectRefused(k, "prepare", "an input of int8 with a filter of float32");
}

TEST(Conv2D, RefusesOptionsThatMeanNothing) {
  for (int32_t Conv2DOptions::*option :
       {&Conv2DOptions::stride_h, &Conv2DOptions::stride_w,
        &Conv2DOptions::dilation_h_factor, &Conv2DOptions::dilation_w_factor}) {
    for (const int32_t value : {0, -1, INT32_MIN}) {
      KernelCase k = Int8Case();
      k.options.Edit<Conv2DOptions>().*option = value;
      ExpectRefused(k, "infer", "it must be positive");
    }
  }
}

// Enormous steps, scales and accumulators are computed somehow, in bounds.
TEST(Conv2D, SurvivesEnormousNumbers) {
  for (int32_t Conv2DOptions::*option :
       {&Conv2DOptions::stride_h, &Conv2DOptions::stride_w,
        &Conv2DOptions::dilation_h_factor, &Conv2DOptions::dilation_w_factor}) {
    for (const int32_t value : {1 << 20, INT32_MAX / 2, INT32_MAX}) {
      for (const Padding padding : {Padding::kSame, Padding::kValid}) {
        KernelCase k = Int8Case();
        k.options.Edit<Conv2DOptions>().*option = value;
        k.options.Edit<Conv2DOptions>().padding = padding;
        for (const KernelMode mode : kKernelModes) RunKernel(k, mode);
      }
    }
  }
  for (const float scale : {1e-45f, 1e-38f, 1e38f}) {
    for (const size_t tensor : {0u, 1u, 2u}) {
      for (const int32_t bias : {INT32_MIN, INT32_MAX}) {
        KernelCase k = Int8Case();
        k.inputs[2] = KernelTensor::Of<int32_t>({3}, {bias, bias, bias});
        Quantization& q = tensor == 2 ? k.outputs[0].quantization
                                      : k.inputs[tensor].quantization;
        std::ranges::fill(q.scale, scale);
        for (const KernelMode mode : kKernelModes) RunKernel(k, mode);
      }
    }
  }
}

}  // namespace liteforge::conv_2d_test
