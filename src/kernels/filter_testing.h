// SPDX-License-Identifier: Apache-2.0
// For tests of CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED and their kin: what
// an integer filter operator makes of an accumulator, in 128-bit integers.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "kernels/index_testing.h"
#include "kernels/kernel_tester.h"

namespace liteforge {

// floor(x / y + 1/2), y > 0
inline __int128 DivideTiesUp(__int128 x, __int128 y) {
  const __int128 twice = 2 * x + y, whole = 2 * y;
  const __int128 quotient = twice / whole;
  return twice % whole < 0 ? quotient - 1 : quotient;
}
inline __int128 DivideTiesAway(__int128 x, __int128 y) {
  return x < 0 ? -DivideTiesUp(-x, y) : DivideTiesUp(x, y);
}

enum class Rounding {
  kTiesAway,  // rounded to a whole number twice, the second time ties away
  kTiesUp,    // the same, ties up both times
  kOnce,      // a multiplier of 16 bits, rounded once
};

// acc * real, as TensorFlow Lite rounds it: docs/numerics.md.
inline int64_t Rescaled(int64_t acc, double real, Rounding rounding) {
  int exponent = 0;
  const double fraction = std::frexp(real, &exponent);
  const auto multiplier =
      static_cast<__int128>(std::llround(std::ldexp(fraction, 31)));
  const int right = std::max(0, -exponent), left = std::max(0, exponent);
  if (rounding == Rounding::kOnce) {
    const __int128 reduced =
        std::min<__int128>(DivideTiesUp(multiplier, 1 << 16), 32767);
    return static_cast<int64_t>(
        DivideTiesUp(acc * reduced, __int128{1} << (15 - exponent)));
  }
  const __int128 high =
      DivideTiesUp((__int128{acc} << left) * multiplier, __int128{1} << 31);
  const __int128 unit = __int128{1} << right;
  return static_cast<int64_t>(rounding == Rounding::kTiesUp
                                  ? DivideTiesUp(high, unit)
                                  : DivideTiesAway(high, unit));
}

// The first and last quantized value that `activation` lets through.
template <class T>
std::pair<int64_t, int64_t> Limits(Activation activation, float scale,
                                   int64_t zero_point) {
  int64_t low = std::numeric_limits<T>::min();
  int64_t high = std::numeric_limits<T>::max();
  const auto at = [&](float real) {
    return zero_point + std::lround(real / scale);
  };
  if (activation == Activation::kRelu || activation == Activation::kRelu6)
    low = std::max(low, at(0));
  if (activation == Activation::kReluN1To1) low = std::max(low, at(-1));
  if (activation == Activation::kRelu6) high = std::min(high, at(6));
  if (activation == Activation::kReluN1To1) high = std::min(high, at(1));
  return {low, high};
}

inline double Limited(Activation activation, double x) {
  if (activation == Activation::kRelu) return std::max(x, 0.0);
  if (activation == Activation::kRelu6) return std::clamp(x, 0.0, 6.0);
  if (activation == Activation::kReluN1To1) return std::clamp(x, -1.0, 1.0);
  return x;
}

template <class T>
std::vector<T> RandomIntegers(const Shape& shape, int low, int high,
                              unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<int> values(low, high);
  std::vector<T> list(static_cast<size_t>(shape.elements()));
  for (T& x : list) x = static_cast<T>(values(random));
  return list;
}
// Whole eighths, so that sums of products are exact in float whatever their
// order.
inline std::vector<float> RandomEighths(const Shape& shape, unsigned seed) {
  std::vector<float> list;
  for (const int x : RandomIntegers<int>(shape, -24, 24, seed))
    list.push_back(static_cast<float>(x) / 8);
  return list;
}

// Scales along the output channels; powers of two among them, which make ties.
inline std::vector<float> FilterScales(int count) {
  constexpr float kScales[] = {0.5f, 0.03f, 0.25f, 0.0071f, 1.0f};
  std::vector<float> scales;
  for (int i = 0; i < count; ++i) scales.push_back(kScales[i % 5]);
  return scales;
}

// Weights of 4 and 2 bits give what the same values give in int8, in every
// mode; make(weights) is the case. They must be constants.
template <class Make>
void ExpectNarrowLikeWhole(const Shape& shape, const Quantization& scales,
                           const Make& make) {
  for (const DataType type : {DataType::kInt4, DataType::kInt2}) {
    const int half = type == DataType::kInt4 ? 8 : 2;
    const auto values = RandomIntegers<int8_t>(shape, -half, half - 1, 7);
    const std::vector<uint8_t> bytes(values.begin(), values.end());
    const KernelTensor narrow =
        KernelTensor::OfType(type, shape, PackLowBits(type, bytes), scales);
    for (const KernelMode mode : kKernelModes) {
      const KernelRun whole = RunKernel(
          make(KernelTensor::Of(shape, values, scales).Constant()), mode);
      ASSERT_TRUE(whole.ok()) << whole.error;
      const KernelRun run =
          RunKernel(make(KernelTensor(narrow).Constant()), mode);
      ASSERT_TRUE(run.ok()) << run.error;
      EXPECT_EQ(run.outputs[0].bytes, whole.outputs[0].bytes)
          << Name(type) << ' ' << Name(mode);
    }
    ExpectRefused(make(narrow), "prepare", "filter must be a constant");
  }
}

}  // namespace liteforge
