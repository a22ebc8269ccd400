// SPDX-License-Identifier: Apache-2.0
// TRANSPOSE_CONV and CONV_3D_TRANSPOSE: every input position adds its window
// to the output. A plane is a volume of depth 1.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

#include "kernels/filter_testing.h"
#include "kernels/index_testing.h"

namespace liteforge::transpose_conv_test {

using Triple = std::array<int, 3>;  // depth, height, width

struct Case {
  Triple input, filter, stride, output;
  Triple dilation = {1, 1, 1};
  int batches = 1, in_channels = 2, out_channels = 3;
  Padding padding = Padding::kSame;
  Activation activation = Activation::kNone;
  bool with_bias = true;
};

// Elements a window reaches along one axis, and those cut off in front: the
// padding of the convolution that goes the other way.
int Before(Padding padding, int output, int filter, int stride, int dilation) {
  if (padding == Padding::kValid) return 0;
  const int places = (output + stride - 1) / stride;
  const int reach = (filter - 1) * dilation + 1;
  return std::max(0, (places - 1) * stride + reach - output) / 2;
}

// The output of each axis as frameworks choose it.
void ChooseOutput(Case& c) {
  for (size_t i = 0; i < 3; ++i) {
    const int reach = (c.filter[i] - 1) * c.dilation[i] + 1;
    c.output[i] = c.padding == Padding::kSame
                      ? c.input[i] * c.stride[i]
                      : (c.input[i] - 1) * c.stride[i] + reach;
  }
}

std::vector<Case> PlaneGrid() {
  std::vector<Case> cases;
  for (const Padding padding : {Padding::kSame, Padding::kValid}) {
    for (const int stride_h : {1, 2, 3}) {
      for (const int stride_w : {1, 2}) {
        for (const auto& [h, w] : {std::pair{1, 1}, {2, 3}, {3, 2}, {4, 5}}) {
          Case c{{1, 3, 4}, {1, h, w}, {1, stride_h, stride_w}, {}};
          c.padding = padding;
          c.batches = 2;
          ChooseOutput(c);
          cases.push_back(c);
          c.with_bias = false;
          cases.push_back(c);
        }
      }
    }
  }
  // An output smaller than the windows reach: a stride does not divide it.
  Case odd{{1, 3, 3}, {1, 3, 3}, {1, 2, 2}, {1, 5, 5}};
  cases.push_back(odd);
  odd.padding = Padding::kValid;
  odd.output = {1, 8, 8};
  cases.push_back(odd);
  for (const Activation activation :
       {Activation::kRelu, Activation::kRelu6, Activation::kReluN1To1}) {
    Case c{{1, 3, 4}, {1, 3, 3}, {1, 2, 2}, {1, 6, 8}};
    c.activation = activation;
    cases.push_back(c);
  }
  Case empty{{1, 3, 4}, {1, 3, 3}, {1, 2, 2}, {1, 6, 8}};
  empty.batches = 0;
  cases.push_back(empty);
  return cases;
}

// The sums without bias [N, D, H, W, O]. weight(o, z, y, x, c) is the filter.
template <class In, class Weight>
std::vector<double> Spread(const Case& c, const std::vector<In>& input,
                           int input_zero, const Weight& weight) {
  const Shape in{c.batches, c.input[0], c.input[1], c.input[2], c.in_channels};
  const Shape out{c.batches, c.output[0], c.output[1], c.output[2],
                  c.out_channels};
  const Shape taps{c.filter[0], c.filter[1], c.filter[2]};
  std::vector<double> sums(static_cast<size_t>(out.elements()));
  for (int64_t i = 0; i < in.elements(); ++i) {
    const auto at = CoordinatesOf(in, i);
    const double value =
        static_cast<double>(input[static_cast<size_t>(i)]) - input_zero;
    for (int64_t t = 0; t < taps.elements(); ++t) {
      const auto tap = CoordinatesOf(taps, t);
      Coordinates to = at;
      for (size_t a = 0; a < 3; ++a) {
        to[a + 1] = at[a + 1] * c.stride[a] + tap[a] * c.dilation[a] -
                    Before(c.padding, c.output[a], c.filter[a], c.stride[a],
                           c.dilation[a]);
      }
      for (int o = 0; o < c.out_channels; ++o) {
        to[4] = o;
        const int64_t place = PlaceOf(out, to);
        if (place >= 0)
          sums[static_cast<size_t>(place)] +=
              value * weight(o, tap[0], tap[1], tap[2], at[4]);
      }
    }
  }
  return sums;
}

//----------------------------------------------------------- TRANSPOSE_CONV

Shape PlaneInput(const Case& c) {
  return {c.batches, c.input[1], c.input[2], c.in_channels};
}
Shape PlaneFilter(const Case& c) {
  return {c.out_channels, c.filter[1], c.filter[2], c.in_channels};
}
Shape PlaneOutput(const Case& c) {
  return {c.batches, c.output[1], c.output[2], c.out_channels};
}

template <class In, class Filter>
std::vector<double> PlaneSums(const Case& c, const std::vector<In>& input,
                              const std::vector<Filter>& filter,
                              int input_zero = 0, int filter_zero = 0) {
  return Spread(c, input, input_zero,
                [&](int64_t o, int64_t, int64_t y, int64_t x, int64_t ch) {
                  const int64_t at = PlaceOf(PlaneFilter(c), {o, y, x, ch});
                  return static_cast<double>(filter[static_cast<size_t>(at)]) -
                         filter_zero;
                });
}

KernelCase PlaneCase(const Case& c, KernelTensor input, KernelTensor filter,
                     KernelTensor bias, KernelTensor output) {
  TransposeConvOptions o;
  o.padding = c.padding;
  o.stride_h = c.stride[1];
  o.stride_w = c.stride[2];
  o.fused_activation_function = c.activation;
  KernelCase k{Op::kTransposeConv, o};
  k.inputs = {KernelTensor::Of<int32_t>(
                  {4}, {c.batches, c.output[1], c.output[2], c.out_channels}),
              std::move(filter), std::move(input)};
  if (c.with_bias) k.inputs.push_back(std::move(bias));
  k.outputs = {std::move(output)};
  return k;
}

TEST(TransposeConv, Floats) {
  for (const Case& c : PlaneGrid()) {
    const auto input = RandomEighths(PlaneInput(c), 1);
    const auto filter = RandomEighths(PlaneFilter(c), 2);
    const auto bias = RandomEighths({c.out_channels}, 3);
    std::vector<float> expected;
    for (const double sum : PlaneSums(c, input, filter)) {
      const size_t o = expected.size() % bias.size();
      const double offset = c.with_bias ? static_cast<double>(bias[o]) : 0;
      expected.push_back(
          static_cast<float>(Limited(c.activation, sum + offset)));
    }
    KernelCase k = PlaneCase(c, KernelTensor::Of(PlaneInput(c), input),
                             KernelTensor::Of(PlaneFilter(c), filter),
                             KernelTensor::Of({c.out_channels}, bias), {});
    ExpectValues(k, expected, PlaneOutput(c));
    k.inputs[0].is_constant = true;
    ExpectValues(k, expected, PlaneOutput(c));
  }
}

struct Integers {
  float input_scale = 0.5f;
  std::vector<float> filter_scales;
  float output_scale = 16.0f;
  int input_zero = 0, filter_zero = 0, output_zero = 0;
  int filter_low = -127, filter_high = 127;
};

Quantization FilterQuantizationOf(const Integers& q) {
  return q.filter_scales.size() == 1 ? Steps(q.filter_scales[0], q.filter_zero)
                                     : ChannelSteps(q.filter_scales, 0);
}

template <class In, class Filter, class Bias>
void ExpectExact(const Case& c, const Integers& q) {
  const bool words = sizeof(In) == 2;
  const auto input = RandomIntegers<In>(
      PlaneInput(c), words ? -3000 : std::numeric_limits<In>::min(),
      words ? 3000 : std::numeric_limits<In>::max(), 4);
  const auto filter =
      RandomIntegers<Filter>(PlaneFilter(c), q.filter_low, q.filter_high, 5);
  const auto bias = RandomIntegers<Bias>({c.out_channels}, -900, 900, 6);
  const auto [low, high] =
      Limits<In>(c.activation, q.output_scale, q.output_zero);
  // Without a bias the sums of int16 have 64 bits.
  const Rounding rounding = words && (sizeof(Bias) == 8 || !c.with_bias)
                                ? Rounding::kOnce
                                : Rounding::kTiesAway;
  std::vector<In> expected;
  for (const double sum :
       PlaneSums(c, input, filter, q.input_zero, q.filter_zero)) {
    const size_t o = expected.size() % bias.size();
    const float own = q.filter_scales[q.filter_scales.size() > 1 ? o : 0];
    const double real = static_cast<double>(q.input_scale) *
                        static_cast<double>(own) /
                        static_cast<double>(q.output_scale);
    const int64_t acc =
        static_cast<int64_t>(sum) + (c.with_bias ? int64_t{bias[o]} : 0);
    expected.push_back(static_cast<In>(
        std::clamp(Rescaled(acc, real, rounding) + q.output_zero, low, high)));
  }
  ExpectValues(
      PlaneCase(
          c,
          KernelTensor::Of(PlaneInput(c), input,
                           Steps(q.input_scale, q.input_zero)),
          KernelTensor::Of(PlaneFilter(c), filter, FilterQuantizationOf(q))
              .Constant(),
          KernelTensor::Of({c.out_channels}, bias,
                           Steps(q.input_scale * q.filter_scales[0])),
          KernelTensor::Output(TypeOf<In>(),
                               Steps(q.output_scale, q.output_zero))),
      expected, PlaneOutput(c));
}

TEST(TransposeConv, Int8) {
  for (const Case& c : PlaneGrid()) {
    Integers q;
    q.input_zero = -5;
    q.output_zero = 7;
    q.filter_scales = FilterScales(c.out_channels);
    ExpectExact<int8_t, int8_t, int32_t>(c, q);
    q.filter_scales = {0.25f};
    q.output_scale = 32.0f;
    q.output_zero = -128;
    ExpectExact<int8_t, int8_t, int32_t>(c, q);
  }
}

TEST(TransposeConv, UInt8) {
  for (const Case& c : PlaneGrid()) {
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

TEST(TransposeConv, Int16) {
  for (const Case& c : PlaneGrid()) {
    Integers q;
    q.filter_scales = FilterScales(c.out_channels);
    ExpectExact<int16_t, int8_t, int64_t>(c, q);
    ExpectExact<int16_t, int8_t, int32_t>(c, q);
  }
}

// The same as int8, two weights a byte.
TEST(TransposeConv, NarrowFilter) {
  const Case c{{1, 3, 4}, {1, 3, 3}, {1, 2, 2}, {1, 6, 8}};
  ExpectNarrowLikeWhole(
      PlaneFilter(c), ChannelSteps({0.5f, 0.25f, 0.1f}, 0),
      [&](KernelTensor filter) {
        return PlaneCase(
            c,
            KernelTensor::Of(
                PlaneInput(c),
                RandomIntegers<int8_t>(PlaneInput(c), -128, 127, 8),
                Steps(0.5f, 3)),
            std::move(filter), KernelTensor::Of<int32_t>({3}, {5, -6, 7}),
            KernelTensor::Output(DataType::kInt8, Steps(4.0f, 3)));
      });
}

// Half a step of the input for each product: its range is 6, in 255 steps.
TEST(TransposeConv, HybridIsCloseToFloat) {
  for (const Case& c : PlaneGrid()) {
    for (const int count : {1, c.out_channels}) {
      Integers q;
      q.filter_scales = FilterScales(count);
      const auto input = RandomEighths(PlaneInput(c), 9);
      const auto filter = RandomIntegers<int8_t>(PlaneFilter(c), -127, 127, 10);
      const auto bias = RandomEighths({c.out_channels}, 11);
      const auto sums = PlaneSums(c, input, filter);
      const KernelCase k = PlaneCase(
          c, KernelTensor::Of(PlaneInput(c), input),
          KernelTensor::Of(PlaneFilter(c), filter, FilterQuantizationOf(q))
              .Constant(),
          KernelTensor::Of({c.out_channels}, bias), {});
      const double products =
          static_cast<double>(c.filter[1] * c.filter[2] * c.in_channels);
      for (const KernelMode mode : kKernelModes) {
        const KernelRun run = RunKernel(k, mode);
        ASSERT_TRUE(run.ok()) << run.stage << ": " << run.error;
        const auto got = run.Values<float>();
        ASSERT_EQ(got.size(), sums.size());
        for (size_t i = 0; i < sums.size(); ++i) {
          const size_t o = i % bias.size();
          const auto scale =
              static_cast<double>(q.filter_scales[count > 1 ? o : 0]);
          const double offset = c.with_bias ? static_cast<double>(bias[o]) : 0;
          ASSERT_NEAR(got[i], Limited(c.activation, sums[i] * scale + offset),
                      0.012 * 127 * scale * products)
              << Name(mode);
        }
      }
    }
  }
}

TEST(TransposeConv, RefusesWhatDoesNotGoTogether) {
  const Case plain{{1, 2, 2}, {1, 2, 2}, {1, 2, 2}, {1, 4, 4}};
  const auto input =
      KernelTensor::Of(PlaneInput(plain), RandomEighths(PlaneInput(plain), 1));
  const auto filter = KernelTensor::Of(PlaneFilter(plain),
                                       RandomEighths(PlaneFilter(plain), 2));
  const auto bias = KernelTensor::Of<float>({3}, {1, 2, 3});
  const auto make = [&](const Case& c) {
    return PlaneCase(c, input, filter, bias, {});
  };
  Case c = plain;
  c.stride = {1, 0, 1};
  ExpectRefused(make(c), "infer", "stride is 0");
  c = plain;
  c.out_channels = 2;
  ExpectRefused(make(c), "", "asks for 2 channels, filter has 3");
  c = plain;
  c.batches = 2;
  ExpectRefused(make(c), "prepare", "another batch");
  c = plain;
  c.output[1] = -1;
  ExpectRefused(make(c), "", "output_shape holds -1");
  KernelCase k = make(plain);
  k.inputs[3] = KernelTensor::Of<float>({2}, {1, 2});
  ExpectRefused(k, "infer", "bias has 2 values");
  k = make(plain);
  k.inputs[1] =
      KernelTensor::Of(Shape{3, 2, 2, 1}, RandomEighths({3, 2, 2, 1}, 3));
  ExpectRefused(k, "infer", "filter takes 1 channels, input has 2");
  k = make(plain);
  k.inputs[0] = KernelTensor::Of<int32_t>({3}, {1, 4, 4});
  ExpectRefused(k, "", "must have 4 values");
}

//-------------------------------------------------------- CONV_3D_TRANSPOSE

std::vector<Case> VolumeGrid() {
  std::vector<Case> cases;
  for (const Padding padding : {Padding::kSame, Padding::kValid}) {
    for (const Triple& stride :
         {Triple{1, 1, 1}, Triple{2, 2, 2}, Triple{1, 2, 3}}) {
      for (const Triple& dilation :
           {Triple{1, 1, 1}, Triple{2, 1, 1}, Triple{1, 2, 3}}) {
        for (const Triple& filter :
             {Triple{1, 1, 1}, Triple{2, 3, 2}, Triple{3, 2, 4}}) {
          Case c{{2, 3, 2}, filter, stride, {}, dilation};
          c.batches = 2;
          c.padding = padding;
          ChooseOutput(c);
          cases.push_back(c);
        }
      }
    }
  }
  for (const Activation activation :
       {Activation::kNone, Activation::kRelu, Activation::kRelu6}) {
    Case c{{2, 3, 2}, {2, 2, 2}, {2, 2, 2}, {4, 6, 4}};
    c.activation = activation;
    c.with_bias = activation != Activation::kNone;
    cases.push_back(c);
  }
  return cases;
}

KernelCase VolumeCase(const Case& c, const std::vector<float>& input,
                      const std::vector<float>& filter,
                      const std::vector<float>& bias) {
  Conv3DOptions o;
  o.padding = c.padding;
  o.stride_d = c.stride[0];
  o.stride_h = c.stride[1];
  o.stride_w = c.stride[2];
  o.dilation_d_factor = c.dilation[0];
  o.dilation_h_factor = c.dilation[1];
  o.dilation_w_factor = c.dilation[2];
  o.fused_activation_function = c.activation;
  KernelCase k{Op::kConv3DTranspose, o};
  k.inputs = {
      KernelTensor::Of<int32_t>({5}, {c.batches, c.output[0], c.output[1],
                                      c.output[2], c.out_channels}),
      KernelTensor::Of(Shape{c.filter[0], c.filter[1], c.filter[2],
                             c.out_channels, c.in_channels},
                       filter),
      KernelTensor::Of(
          Shape{c.batches, c.input[0], c.input[1], c.input[2], c.in_channels},
          input)};
  if (c.with_bias)
    k.inputs.push_back(KernelTensor::Of(Shape{c.out_channels}, bias));
  return k;
}

TEST(Conv3DTranspose, Floats) {
  for (const Case& c : VolumeGrid()) {
    const Shape of_filter{c.filter[0], c.filter[1], c.filter[2], c.out_channels,
                          c.in_channels};
    const auto input = RandomEighths(
        {c.batches, c.input[0], c.input[1], c.input[2], c.in_channels}, 12);
    const auto filter = RandomEighths(of_filter, 13);
    const auto bias = RandomEighths({c.out_channels}, 14);
    std::vector<float> expected;
    for (const double sum :
         Spread(c, input, 0,
                [&](int64_t o, int64_t z, int64_t y, int64_t x, int64_t ch) {
                  const int64_t at = PlaceOf(of_filter, {z, y, x, o, ch});
                  return static_cast<double>(filter[static_cast<size_t>(at)]);
                })) {
      const size_t o = expected.size() % bias.size();
      const double offset = c.with_bias ? static_cast<double>(bias[o]) : 0;
      expected.push_back(
          static_cast<float>(Limited(c.activation, sum + offset)));
    }
    ExpectValues(
        VolumeCase(c, input, filter, bias), expected,
        {c.batches, c.output[0], c.output[1], c.output[2], c.out_channels});
  }
}

TEST(Conv3DTranspose, RefusesWhatDoesNotGoTogether) {
  Case c{{1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}};
  const std::vector<float> input(2), filter(6), bias(3);
  c.stride = {0, 1, 1};
  ExpectRefused(VolumeCase(c, input, filter, bias), "infer", "stride is 0");
  c.stride = {1, 1, 1};
  KernelCase k = VolumeCase(c, input, filter, bias);
  k.inputs[2] = KernelTensor::Of<int8_t>({1, 1, 1, 1, 2}, {1, 2}, Steps(1));
  ExpectRefused(k, "prepare", "");
  c.dilation = {0, 1, 1};
  ExpectRefused(VolumeCase(c, input, filter, bias), "", "dilation is 0");
}

}  // namespace liteforge::transpose_conv_test
