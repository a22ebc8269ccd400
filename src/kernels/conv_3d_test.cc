// SPDX-License-Identifier: Apache-2.0
// CONV_3D against the definition, tap by tap.
#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "kernels/filter_testing.h"
#include "kernels/index_testing.h"

namespace liteforge::conv_3d_test {

using Triple = std::array<int, 3>;  // depth, height, width

struct Case {
  Shape input, filter;  // [N, D, H, W, C], [KD, KH, KW, C, O]
  Triple stride = {1, 1, 1}, dilation = {1, 1, 1};
  Padding padding = Padding::kSame;
  Activation activation = Activation::kNone;
  bool with_bias = true;
};

std::vector<Case> Grid() {
  std::vector<Case> cases;
  for (const Padding padding : {Padding::kSame, Padding::kValid}) {
    for (const Triple& stride :
         {Triple{1, 1, 1}, Triple{2, 2, 2}, Triple{1, 2, 3}}) {
      for (const Triple& dilation :
           {Triple{1, 1, 1}, Triple{2, 1, 1}, Triple{1, 2, 3}}) {
        for (const Shape& filter : {Shape{1, 1, 1, 2, 3}, Shape{2, 3, 2, 2, 1},
                                    Shape{3, 2, 3, 2, 4}}) {
          Case c{{2, 5, 6, 7, 2}, filter, stride, dilation, padding};
          cases.push_back(c);
          c.with_bias = false;
          cases.push_back(c);
        }
      }
    }
  }
  for (const Activation activation :
       {Activation::kRelu, Activation::kRelu6, Activation::kReluN1To1}) {
    Case c{{1, 2, 3, 2, 1}, {2, 2, 2, 1, 2}};
    c.activation = activation;
    cases.push_back(c);
  }
  cases.push_back({{1, 1, 1, 1, 1}, {3, 3, 3, 1, 1}});
  cases.push_back({{0, 2, 2, 2, 1}, {1, 1, 1, 1, 1}});
  return cases;
}

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

KernelCase MakeCase(const Case& c, KernelTensor input, KernelTensor filter,
                    KernelTensor bias) {
  Conv3DOptions o;
  o.padding = c.padding;
  o.stride_d = c.stride[0];
  o.stride_h = c.stride[1];
  o.stride_w = c.stride[2];
  o.dilation_d_factor = c.dilation[0];
  o.dilation_h_factor = c.dilation[1];
  o.dilation_w_factor = c.dilation[2];
  o.fused_activation_function = c.activation;
  KernelCase k{Op::kConv3D, o};
  k.inputs = {std::move(input), std::move(filter)};
  if (c.with_bias) k.inputs.push_back(std::move(bias));
  return k;
}

TEST(Conv3D, Floats) {
  for (const Case& c : Grid()) {
    const auto input = RandomEighths(c.input, 1);
    const auto filter = RandomEighths(c.filter, 2);
    const auto bias = RandomEighths({c.filter[4]}, 3);
    Shape output{c.input[0]};
    Coordinates before;
    for (int a = 0; a < 3; ++a) {
      const auto at = static_cast<size_t>(a);
      const Axis axis(c.padding, c.input[a + 1], c.filter[a], c.stride[at],
                      c.dilation[at]);
      output.Append(axis.count);
      before.push_back(axis.before);
    }
    output.Append(c.filter[4]);
    std::vector<float> expected;
    for (int64_t i = 0; i < output.elements(); ++i) {
      const auto at = CoordinatesOf(output, i);
      double sum = c.with_bias
                       ? static_cast<double>(bias[static_cast<size_t>(at[4])])
                       : 0;
      for (size_t tap = 0; tap < filter.size(); ++tap) {
        const auto w = CoordinatesOf(c.filter, static_cast<int64_t>(tap));
        if (w[4] != at[4]) continue;
        Coordinates from = {at[0], 0, 0, 0, w[3]};
        for (size_t a = 0; a < 3; ++a)
          from[a + 1] =
              at[a + 1] * c.stride[a] + w[a] * c.dilation[a] - before[a];
        const int64_t place = PlaceOf(c.input, from);
        if (place < 0) continue;
        sum += static_cast<double>(input[static_cast<size_t>(place)]) *
               static_cast<double>(filter[tap]);
      }
      expected.push_back(static_cast<float>(Limited(c.activation, sum)));
    }
    const KernelCase k = MakeCase(c, KernelTensor::Of(c.input, input),
                                  KernelTensor::Of(c.filter, filter),
                                  KernelTensor::Of({c.filter[4]}, bias));
    ExpectValues(k, expected, output);
    ExpectValues(WithConstants(k), expected, output);
  }
}

TEST(Conv3D, RefusesWhatDoesNotGoTogether) {
  const Case plain{{1, 1, 1, 1, 2}, {1, 1, 1, 2, 1}};
  const auto input = KernelTensor::Of<float>(plain.input, {1, 2});
  const auto filter = KernelTensor::Of<float>(plain.filter, {1, 2});
  const auto bias = KernelTensor::Of<float>({1}, {1});
  Case c = plain;
  c.stride = {1, 0, 1};
  ExpectRefused(MakeCase(c, input, filter, bias), "infer", "stride is 0");
  c = plain;
  c.dilation = {1, 1, -1};
  ExpectRefused(MakeCase(c, input, filter, bias), "infer", "dilation is -1");
  ExpectRefused(
      MakeCase(plain, input, filter, KernelTensor::Of<float>({2}, {1, 2})),
      "infer", "bias has 2 values");
  ExpectRefused(
      MakeCase(plain, input,
               KernelTensor::Of<float>({1, 1, 1, 3, 1}, {1, 2, 3}), bias),
      "infer", "the channels of input and filter");
  // Fewer would be groups, which TFLite's operator does not have.
  ExpectRefused(MakeCase(plain, input,
                         KernelTensor::Of<float>({1, 1, 1, 1, 1}, {1}), bias),
                "infer", "the channels of input and filter");
  ExpectRefused(
      MakeCase(plain, KernelTensor::Of<int8_t>(plain.input, {1, 2}, Steps(1)),
               KernelTensor::Of<int8_t>(plain.filter, {1, 2}, Steps(1)),
               KernelTensor::Of<int32_t>({1}, {1})),
      "prepare", "only float32");
}

}  // namespace liteforge::conv_3d_test
