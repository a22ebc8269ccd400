// SPDX-License-Identifier: Apache-2.0
// PRELU: x where x is not negative, alpha x elsewhere.
#include <gtest/gtest.h>

#include <vector>

#include "kernels/filter_testing.h"
#include "kernels/index_testing.h"

namespace liteforge::prelu_test {

// Input, and an alpha that broadcasts to it.
const std::pair<Shape, Shape> kShapes[] = {{{4}, {4}},
                                           {{3, 4}, {4}},
                                           {{3, 4}, {1}},
                                           {{3, 4}, {3, 1}},
                                           {{2, 3, 4, 2}, {2}},
                                           {{2, 3, 4, 2}, {1, 1, 2}},
                                           {{2, 3, 4}, {2, 3, 4}},
                                           {{2, 3, 4}, {3, 1}},
                                           {{2, 0}, {1}},
                                           {{}, {}}};

template <class T, class Alpha, class Value>
std::vector<T> Each(const Shape& shape, const std::vector<T>& x,
                    const Shape& of_alpha, const std::vector<Alpha>& alpha,
                    const Value& value) {
  std::vector<T> expected;
  for (int64_t i = 0; i < shape.elements(); ++i) {
    const int64_t a = BroadcastPlace(of_alpha, CoordinatesOf(shape, i));
    expected.push_back(
        value(x[static_cast<size_t>(i)], alpha[static_cast<size_t>(a)]));
  }
  return expected;
}

TEST(Prelu, Floats) {
  for (const auto& [shape, of_alpha] : kShapes) {
    const auto x = RandomEighths(shape, 1), alpha = RandomEighths(of_alpha, 2);
    KernelCase k{Op::kPrelu};
    k.inputs = {KernelTensor::Of<float>(shape, x),
                KernelTensor::Of<float>(of_alpha, alpha)};
    ExpectValues(k,
                 Each(shape, x, of_alpha, alpha,
                      [](float v, float a) { return v < 0 ? a * v : v; }),
                 shape);
  }
}

struct Scales {
  float in, alpha, out;
  int in_zero, alpha_zero, out_zero;
};

template <class T, class Alpha>
void ExpectQuantized(const Scales& s) {
  using Limits = std::numeric_limits<T>;
  for (const auto& [shape, of_alpha] : kShapes) {
    const auto x = RandomIntegers<T>(shape, Limits::min(), Limits::max(), 3);
    const auto alpha =
        RandomIntegers<Alpha>(of_alpha, std::numeric_limits<Alpha>::min(),
                              std::numeric_limits<Alpha>::max(), 4);
    const auto value = [&](T v, Alpha a) {
      const int64_t steps = int64_t{v} - s.in_zero;
      const int64_t scaled =
          steps >= 0 ? Rescaled(steps, static_cast<double>(s.in / s.out),
                                Rounding::kTiesAway)
                     : Rescaled(steps * (a - s.alpha_zero),
                                static_cast<double>(s.in * s.alpha / s.out),
                                Rounding::kTiesAway);
      return static_cast<T>(std::clamp<int64_t>(scaled + s.out_zero,
                                                Limits::min(), Limits::max()));
    };
    KernelCase k{Op::kPrelu};
    k.inputs = {
        KernelTensor::Of<T>(shape, x, Steps(s.in, s.in_zero)),
        KernelTensor::Of<Alpha>(of_alpha, alpha, Steps(s.alpha, s.alpha_zero))};
    k.outputs = {KernelTensor::Output(TypeOf<T>(), Steps(s.out, s.out_zero))};
    ExpectValues(k, Each(shape, x, of_alpha, alpha, value), shape);
  }
}

TEST(Prelu, Quantized) {
  ExpectQuantized<int8_t, int8_t>({0.5f, 0.01f, 0.25f, 3, -7, 10});
  ExpectQuantized<int8_t, int8_t>({0.05f, 0.02f, 0.1f, -128, 0, -128});
  ExpectQuantized<uint8_t, uint8_t>({0.5f, 0.01f, 0.25f, 128, 100, 128});
  ExpectQuantized<uint8_t, uint8_t>({0.03f, 0.5f, 0.07f, 255, 0, 3});
  ExpectQuantized<int16_t, int8_t>({0.001f, 0.01f, 0.002f, 0, 0, 0});
}

TEST(Prelu, RefusesWhatDoesNotGoTogether) {
  KernelCase k{Op::kPrelu};
  k.inputs = {KernelTensor::Of<float>({2}, {1, 2}),
              KernelTensor::Of<float>({3}, {1, 2, 3})};
  ExpectRefused(k, "infer", "");
  k.inputs[1] = KernelTensor::Of<int8_t>({1}, {1});
  ExpectRefused(k, "prepare", "one type");
  k.inputs = {KernelTensor::Of<int32_t>({1}, {1}),
              KernelTensor::Of<int32_t>({1}, {1})};
  ExpectRefused(k, "prepare", "int32 is not supported");
  k.inputs = {KernelTensor::Of<int8_t>({1}, {1}, Steps(1.0f)),
              KernelTensor::Of<int8_t>({1}, {1})};
  k.outputs = {KernelTensor::Output(DataType::kInt8, Steps(1.0f))};
  ExpectRefused(k, "prepare", "without a quantization scale");
}

}  // namespace liteforge::prelu_test
