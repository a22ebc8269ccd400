// SPDX-License-Identifier: Apache-2.0
// The reductions over every set of axes, against sums made element by element.
#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "kernels/filter_testing.h"
#include "kernels/kernel_tester.h"

namespace liteforge::reduce_test {

const Shape kShape = {2, 3, 1, 4};

KernelCase ReduceCase(Op op, KernelTensor input, std::vector<int32_t> axes,
                      bool keep = false, KernelTensor output = {}) {
  KernelCase k{op, ReducerOptions{.keep_dims = keep}};
  const auto count = static_cast<int32_t>(axes.size());
  k.inputs = {std::move(input), KernelTensor::Of<int32_t>({count}, axes)};
  k.outputs = {std::move(output)};
  return k;
}

// The elements that fall together, in order, for each output.
template <class T>
std::vector<std::vector<T>> Groups(const Shape& shape,
                                   const std::vector<T>& values,
                                   unsigned axes) {
  int64_t outputs = 1;
  for (int axis = 0; axis < shape.rank(); ++axis)
    outputs *= axes >> axis & 1 ? 1 : shape[axis];
  std::vector<std::vector<T>> groups(static_cast<size_t>(outputs));
  for (size_t i = 0; i < values.size(); ++i) {
    int64_t rest = static_cast<int64_t>(i), at = 0, stride = 1;
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
      if (!(axes >> axis & 1)) {
        at += rest % shape[axis] * stride;
        stride *= shape[axis];
      }
      rest /= shape[axis];
    }
    groups[static_cast<size_t>(at)].push_back(values[i]);
  }
  return groups;
}

std::vector<int32_t> AxesOf(unsigned set) {
  std::vector<int32_t> axes;
  for (int axis = 0; axis < kShape.rank(); ++axis) {
    // Some from the back, and one of them twice.
    if (set >> axis & 1) axes.push_back(axis % 2 == 0 ? axis : axis - 4);
  }
  if (!axes.empty()) axes.push_back(axes.front());
  return axes;
}

Shape ReducedShape(unsigned set, bool keep) {
  Shape shape;
  for (int axis = 0; axis < kShape.rank(); ++axis) {
    if (!(set >> axis & 1)) shape.Append(kShape[axis]);
    if (set >> axis & 1 && keep) shape.Append(1);
  }
  return shape;
}

template <class T>
using Reduction = std::function<T(const std::vector<T>&)>;

template <class T>
void ExpectReduced(Op op, const std::vector<T>& values,
                   const Reduction<T>& reduce, const Quantization& from = {},
                   const Quantization& to = {}) {
  for (unsigned set = 0; set < 16; ++set) {
    std::vector<T> expected;
    for (const auto& group : Groups(kShape, values, set))
      expected.push_back(reduce(group));
    for (const bool keep : {false, true}) {
      ExpectValues(
          ReduceCase(op, KernelTensor::Of<T>(kShape, values, from), AxesOf(set),
                     keep, KernelTensor::Output(TypeOf<T>(), to)),
          expected, ReducedShape(set, keep));
    }
  }
}

template <class T>
void ExpectPlain(const std::vector<T>& values) {
  ExpectReduced<T>(Op::kSum, values, [](const std::vector<T>& group) {
    T sum = 0;
    for (const T x : group) sum = static_cast<T>(sum + x);
    return sum;
  });
  ExpectReduced<T>(Op::kMean, values, [](const std::vector<T>& group) {
    T sum = 0;
    for (const T x : group) sum = static_cast<T>(sum + x);
    return static_cast<T>(sum / static_cast<T>(group.size()));
  });
}

template <class T>
void ExpectFolded(const std::vector<T>& values) {
  ExpectReduced<T>(Op::kReduceMax, values, [](const std::vector<T>& group) {
    return *std::max_element(group.begin(), group.end());
  });
  ExpectReduced<T>(Op::kReduceMin, values, [](const std::vector<T>& group) {
    return *std::min_element(group.begin(), group.end());
  });
}

template <class T>
void ExpectProduct(const std::vector<T>& values) {
  ExpectReduced<T>(Op::kReduceProd, values, [](const std::vector<T>& group) {
    unsigned __int128 product = 1;
    for (const T x : group)
      product *= static_cast<unsigned __int128>(static_cast<__int128>(x));
    return static_cast<T>(product);
  });
}

TEST(Reduce, Floats) {
  const auto values = RandomEighths(kShape, 1);
  ExpectPlain(values);
  ExpectFolded(values);
  ExpectReduced<float>(Op::kReduceProd, std::vector<float>(24, -0.5f),
                       [](const std::vector<float>& group) {
                         const auto n = static_cast<int>(group.size());
                         return std::ldexp(n % 2 == 0 ? 1.0f : -1.0f, -n);
                       });
}

TEST(Reduce, Integers) {
  const auto words = RandomIntegers<int32_t>(kShape, -1000, 1000, 2);
  const auto longs = RandomIntegers<int64_t>(kShape, -1000, 1000, 3);
  ExpectPlain(words);
  ExpectPlain(longs);
  ExpectFolded(words);
  ExpectFolded(longs);
  ExpectProduct(words);
  ExpectProduct(longs);
}

TEST(Reduce, BytesAndShorts) {
  ExpectFolded(RandomIntegers<int8_t>(kShape, -128, 127, 4));
  ExpectFolded(RandomIntegers<uint8_t>(kShape, 0, 255, 5));
  ExpectFolded(RandomIntegers<int16_t>(kShape, -32768, 32767, 6));
  ExpectProduct(RandomIntegers<int8_t>(kShape, -128, 127, 7));
  ExpectProduct(RandomIntegers<int16_t>(kShape, -32768, 32767, 8));
}

TEST(Reduce, SumsWrap) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  ExpectValues<int64_t>(
      ReduceCase(Op::kSum, KernelTensor::Of<int64_t>({3}, {kMost, 1, 5}), {0}),
      {-kMost + 4});
}

// Before each factor the product is scaled, and once more at the end.
template <class T>
void ExpectQuantizedProduct(float in, int in_zero, float out, int out_zero,
                            int low, int high) {
  const auto values = RandomIntegers<T>(kShape, low, high, 9);
  const auto product = [&](const std::vector<T>& group) {
    const double step = static_cast<double>(in) /
                        std::pow(static_cast<double>(out),
                                 1.0 / static_cast<double>(group.size()));
    int64_t product = group[0] - in_zero;
    for (size_t i = 1; i < group.size(); ++i)
      product = Rescaled(product * (group[i] - in_zero), step, Rounding::kOnce);
    product = Rescaled(product, step, Rounding::kOnce) + out_zero;
    return static_cast<T>(std::clamp<int64_t>(
        product, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
  };
  ExpectReduced<T>(Op::kReduceProd, values, product, Steps(in, in_zero),
                   Steps(out, out_zero));
}

TEST(Reduce, QuantizedProducts) {
  ExpectQuantizedProduct<int8_t>(0.02f, 5, 0.01f, -3, -128, 127);
  ExpectQuantizedProduct<int8_t>(0.5f, -128, 0.25f, 0, -125, -120);
  ExpectQuantizedProduct<int16_t>(0.0003f, 0, 0.0002f, 0, -5000, 5000);
}

template <class T>
void ExpectQuantizedSums(float in, int in_zero, float out, int out_zero) {
  constexpr int64_t kLow = std::numeric_limits<T>::min();
  constexpr int64_t kHigh = std::numeric_limits<T>::max();
  const auto values = RandomIntegers<T>(kShape, kLow, kHigh, 10);
  const double scale = static_cast<double>(in) / static_cast<double>(out);
  const auto sum = [&](const std::vector<T>& group) {
    int64_t steps = 0;
    for (const T x : group) steps += x - in_zero;
    return steps;
  };
  ExpectReduced<T>(
      Op::kSum, values,
      [&](const std::vector<T>& group) {
        return static_cast<T>(std::clamp(
            Rescaled(sum(group), scale, Rounding::kTiesAway) + out_zero, kLow,
            kHigh));
      },
      Steps(in, in_zero), Steps(out, out_zero));
  // Rounding twice is off by up to 3/4.
  for (unsigned set = 0; set < 16; ++set) {
    const KernelRun run = RunKernel(ReduceCase(
        Op::kMean, KernelTensor::Of<T>(kShape, values, Steps(in, in_zero)),
        AxesOf(set), false,
        KernelTensor::Output(TypeOf<T>(), Steps(out, out_zero))));
    ASSERT_TRUE(run.ok()) << run.error;
    size_t at = 0;
    for (const auto& group : Groups(kShape, values, set)) {
      const double mean = static_cast<double>(sum(group)) /
                          static_cast<double>(group.size()) * scale;
      EXPECT_NEAR(run.Values<T>()[at++],
                  std::clamp<double>(mean + out_zero, kLow, kHigh), 0.76);
    }
  }
}

TEST(Reduce, QuantizedSumsAndMeans) {
  ExpectQuantizedSums<int8_t>(0.5f, 3, 1.25f, -7);
  ExpectQuantizedSums<uint8_t>(0.5f, 128, 1.25f, 100);
  ExpectQuantizedSums<int16_t>(0.001f, 0, 0.003f, 0);
}

TEST(Reduce, Bools) {
  const std::vector<uint8_t> values = {0, 0, 1, 1, 0, 1};
  const KernelTensor input =
      KernelTensor::OfType(DataType::kBool, {3, 2}, values);
  ExpectValues<uint8_t>(ReduceCase(Op::kReduceAny, input, {1}), {0, 1, 1});
  ExpectValues<uint8_t>(ReduceCase(Op::kReduceAll, input, {1}), {0, 1, 0});
  ExpectValues<uint8_t>(ReduceCase(Op::kReduceAny, input, {0, 1}), {1});
}

// What nothing adds up to.
TEST(Reduce, EmptyInput) {
  const auto none = KernelTensor::Of<float>({2, 0}, {});
  const float nan = std::numeric_limits<float>::quiet_NaN();
  ExpectNear<float>(ReduceCase(Op::kMean, none, {1}), {nan, nan});
  ExpectValues<float>(ReduceCase(Op::kSum, none, {1}), {0, 0});
  ExpectValues<float>(ReduceCase(Op::kReduceProd, none, {1}), {1, 1});
  ExpectValues<float>(ReduceCase(Op::kMean, none, {0}), {}, Shape{0});
  const auto integers = KernelTensor::Of<int32_t>({0}, {});
  ExpectValues<int32_t>(ReduceCase(Op::kMean, integers, {0}), {0});
  const auto bytes = KernelTensor::Of<int8_t>({0}, {}, Steps(0.5f, 3));
  const auto out = KernelTensor::Output(DataType::kInt8, Steps(0.25f, 3));
  ExpectValues<int8_t>(ReduceCase(Op::kMean, bytes, {0}, false, out), {0});
  ExpectValues<int8_t>(ReduceCase(Op::kReduceProd, bytes, {0}, false, out),
                       {7});
}

TEST(Reduce, Scalar) {
  ExpectValues<float>(
      ReduceCase(Op::kMean, KernelTensor::Of<float>({}, {3}), {0}), {3},
      Shape{});
  ExpectValues<float>(
      ReduceCase(Op::kReduceMax, KernelTensor::Of<float>({}, {3}), {}), {3},
      Shape{});
}

TEST(Reduce, RefusesWhatDoesNotGoTogether) {
  const auto input = KernelTensor::Of<float>({2}, {1, 2});
  ExpectRefused(ReduceCase(Op::kSum, input, {1}), "", "axis");
  ExpectRefused(ReduceCase(Op::kReduceAny, input, {0}), "", "");
  ExpectRefused(
      ReduceCase(Op::kReduceProd, KernelTensor::Of<uint8_t>({1}, {1}), {0}),
      "prepare", "uint8 is not supported");
  const auto bytes = KernelTensor::Of<int8_t>({1}, {1}, Steps(1.0f));
  ExpectRefused(ReduceCase(Op::kReduceProd, bytes, {0}, false,
                           KernelTensor::Output(DataType::kInt8)),
                "prepare", "without a quantization scale");
  ExpectRefused(ReduceCase(Op::kReduceMax, bytes, {0}, false,
                           KernelTensor::Output(DataType::kInt8, Steps(2.0f))),
                "prepare", "same quantization");
}

TEST(Reduce, SurvivesEnormousScales) {
  for (const float in : {1e-45f, 1.0f, 3e38f}) {
    for (const float out : {1e-45f, 1.0f, 3e38f}) {
      for (const Op op : {Op::kSum, Op::kMean, Op::kReduceProd}) {
        EXPECT_TRUE(
            RunKernel(
                ReduceCase(op,
                           KernelTensor::Of<int16_t>(
                               {4}, {-32768, 32767, 1, -1}, Steps(in)),
                           {0}, false,
                           KernelTensor::Output(DataType::kInt16, Steps(out))))
                .ok());
      }
    }
  }
}

}  // namespace liteforge::reduce_test
