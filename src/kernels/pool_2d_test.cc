// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <vector>

#include "kernels/filter_testing.h"
#include "kernels/kernel_tester.h"

namespace liteforge::pool_2d_test {

struct Case {
  Shape input{2, 5, 6, 3};
  int height = 2, width = 3;
  int stride_h = 1, stride_w = 1;
  Padding padding = Padding::kSame;
  Activation activation = Activation::kNone;
};

std::vector<Case> Grid() {
  std::vector<Case> cases;
  for (const Padding padding : {Padding::kSame, Padding::kValid}) {
    for (const int stride_h : {1, 2, 5}) {
      for (const int stride_w : {1, 3}) {
        for (const auto& [height, width] : {std::pair{1, 1}, std::pair{2, 3},
                                            std::pair{5, 2}, std::pair{3, 6}}) {
          Case c;
          c.height = height;
          c.width = width;
          c.stride_h = stride_h;
          c.stride_w = stride_w;
          c.padding = padding;
          cases.push_back(c);
        }
      }
    }
  }
  Case c;
  c.height = c.width = 9;  // larger than the image
  cases.push_back(c);
  for (const Activation activation :
       {Activation::kRelu, Activation::kRelu6, Activation::kReluN1To1}) {
    c = Case();
    c.activation = activation;
    cases.push_back(c);
  }
  return cases;
}

// Calls place(values) for each output element, with what its window sees.
template <class T, class Place>
Shape Slide(const Case& c, const std::vector<T>& input, const Place& place) {
  std::vector<int> tops, lefts;
  const auto slide = [&](int extent, int size, int stride) {
    std::vector<int> starts;
    const bool same = c.padding == Padding::kSame;
    for (int at = 0; at < extent; at += stride)
      if (same || at + size <= extent) starts.push_back(at);
    if (!same || starts.empty()) return starts;
    const int missing = starts.back() + size - extent;
    for (int& at : starts) at -= std::max(0, missing) / 2;
    return starts;
  };
  tops = slide(c.input[1], c.height, c.stride_h);
  lefts = slide(c.input[2], c.width, c.stride_w);
  for (int n = 0; n < c.input[0]; ++n) {
    for (const int top : tops) {
      for (const int left : lefts) {
        for (int ch = 0; ch < c.input[3]; ++ch) {
          std::vector<T> seen;
          for (int y = std::max(0, top);
               y < std::min(c.input[1], top + c.height); ++y) {
            for (int x = std::max(0, left);
                 x < std::min(c.input[2], left + c.width); ++x) {
              seen.push_back(input[static_cast<size_t>(
                  ((n * c.input[1] + y) * c.input[2] + x) * c.input[3] + ch)]);
            }
          }
          place(seen);
        }
      }
    }
  }
  return {c.input[0], static_cast<int32_t>(tops.size()),
          static_cast<int32_t>(lefts.size()), c.input[3]};
}

KernelCase MakeCase(Op op, const Case& c, KernelTensor input,
                    const Quantization& quantization = {}) {
  Pool2DOptions options;
  options.padding = c.padding;
  options.stride_h = c.stride_h;
  options.stride_w = c.stride_w;
  options.filter_height = c.height;
  options.filter_width = c.width;
  options.fused_activation_function = c.activation;
  KernelCase k{op, options};
  k.outputs = {KernelTensor::Output(input.type, quantization)};
  k.inputs = {std::move(input)};
  return k;
}

double Pooled(Op op, const std::vector<float>& seen) {
  double sum = 0, squares = 0, largest = -HUGE_VAL;
  for (const float x : seen) {
    const auto value = static_cast<double>(x);
    sum += value;
    squares += value * value;
    largest = std::max(largest, value);
  }
  const auto count = static_cast<double>(seen.size());
  if (op == Op::kMaxPool2D) return largest;
  return op == Op::kAveragePool2D ? sum / count : std::sqrt(squares / count);
}

TEST(Pool2D, Float) {
  for (const Op op : {Op::kAveragePool2D, Op::kMaxPool2D, Op::kL2Pool2D}) {
    for (const Case& c : Grid()) {
      const auto input = RandomEighths(c.input, 1);
      std::vector<float> expected;
      const Shape shape = Slide(c, input, [&](const std::vector<float>& seen) {
        expected.push_back(
            static_cast<float>(Limited(c.activation, Pooled(op, seen))));
      });
      ExpectNear(MakeCase(op, c, KernelTensor::Of(c.input, input)), expected,
                 1e-6, shape);
    }
  }
}

template <class T>
void ExpectExact(float scale, int64_t zero_point) {
  for (const Case& c : Grid()) {
    const auto input = RandomIntegers<T>(c.input, std::numeric_limits<T>::min(),
                                         std::numeric_limits<T>::max(), 1);
    const auto limits = Limits<T>(c.activation, scale, zero_point);
    std::vector<T> averages, maxima;
    const auto limited = [limits](int64_t x) {
      return static_cast<T>(std::clamp(x, limits.first, limits.second));
    };
    const Shape shape = Slide(c, input, [&](const std::vector<T>& seen) {
      int64_t sum = 0, largest = INT64_MIN;
      for (const T x : seen) {
        sum += x;
        largest = std::max<int64_t>(largest, x);
      }
      averages.push_back(limited(static_cast<int64_t>(
          DivideTiesAway(sum, static_cast<__int128>(seen.size())))));
      maxima.push_back(limited(largest));
    });
    const KernelTensor tensor =
        KernelTensor::Of(c.input, input, Steps(scale, zero_point));
    ExpectValues(MakeCase(Op::kAveragePool2D, c, tensor, tensor.quantization),
                 averages, shape);
    ExpectValues(MakeCase(Op::kMaxPool2D, c, tensor, tensor.quantization),
                 maxima, shape);
  }
}

TEST(Pool2D, Int8) { ExpectExact<int8_t>(0.5f, -3); }
TEST(Pool2D, UInt8) { ExpectExact<uint8_t>(0.05f, 120); }
TEST(Pool2D, Int16) { ExpectExact<int16_t>(0.001f, 0); }

TEST(Pool2D, EmptyImages) {
  for (const Op op : {Op::kAveragePool2D, Op::kMaxPool2D, Op::kL2Pool2D}) {
    Case c;
    for (const Shape& input : {Shape{0, 5, 6, 3}, Shape{1, 5, 6, 0}}) {
      ExpectValues<float>(MakeCase(op, c, KernelTensor::Of<float>(input, {})),
                          {}, input);
    }
    c.padding = Padding::kValid;
    c.height = 9;
    ExpectValues<float>(
        MakeCase(op, c, KernelTensor::Of(c.input, RandomEighths(c.input, 1))),
        {}, Shape{2, 0, 4, 3});
  }
}

TEST(Pool2D, MaximumOfAnyFloats) {
  Case c;
  c.input = Shape{1, 1, 2, 1};
  c.height = 1;
  c.width = 2;
  c.padding = Padding::kValid;
  const auto lowest = std::numeric_limits<float>::lowest();
  ExpectValues<float>(
      MakeCase(Op::kMaxPool2D, c,
               KernelTensor::Of<float>(c.input, {-1e38f, -HUGE_VALF})),
      {-1e38f});
  ExpectValues<float>(
      MakeCase(Op::kMaxPool2D, c,
               KernelTensor::Of<float>(c.input, {lowest, lowest})),
      {lowest});
}

TEST(Pool2D, RefusesWhatDoesNotGoTogether) {
  const Case c;
  const auto values = RandomIntegers<int8_t>(c.input, -128, 127, 1);
  const KernelTensor input = KernelTensor::Of(c.input, values, Steps(0.5f, 3));
  ExpectRefused(MakeCase(Op::kMaxPool2D, c, input, Steps(0.5f, 4)), "prepare",
                "same quantization");
  ExpectRefused(MakeCase(Op::kAveragePool2D, c, input), "prepare", "");
  ExpectRefused(MakeCase(Op::kL2Pool2D, c, input, Steps(0.5f, 3)), "prepare",
                "int8 is not supported");
  ExpectRefused(
      MakeCase(Op::kMaxPool2D, c,
               KernelTensor::Of<int8_t>({5, 6, 3}, std::vector<int8_t>(90))),
      "infer", "input");
  for (int32_t Pool2DOptions::*option :
       {&Pool2DOptions::stride_h, &Pool2DOptions::stride_w,
        &Pool2DOptions::filter_height, &Pool2DOptions::filter_width}) {
    for (const int32_t value : {INT32_MIN, -1, 0}) {
      KernelCase k = MakeCase(Op::kMaxPool2D, c, input, Steps(0.5f, 3));
      k.options.Edit<Pool2DOptions>().*option = value;
      ExpectRefused(k, "infer", "it must be positive");
    }
    KernelCase k = MakeCase(Op::kAveragePool2D, c, input, Steps(0.5f, 3));
    k.options.Edit<Pool2DOptions>().*option = INT32_MAX;
    for (const KernelMode mode : kKernelModes)
      EXPECT_TRUE(RunKernel(k, mode).ok()) << RunKernel(k, mode).error;
  }
}

}  // namespace liteforge::pool_2d_test
