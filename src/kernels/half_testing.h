// SPDX-License-Identifier: Apache-2.0
// For tests: 16-bit floats by their definition, in double.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "kernels/kernel_tester.h"

namespace liteforge {

// sign | exponent | fraction, with the exponent's bias.
struct HalfFormat {
  DataType type;
  int fraction_bits;
  int bias;
};
inline constexpr HalfFormat kHalfFormats[] = {{DataType::kFloat16, 10, 15},
                                              {DataType::kBFloat16, 7, 127}};

inline double LargestOf(const HalfFormat& format) {
  return std::ldexp(2 - std::ldexp(1, -format.fraction_bits), format.bias);
}

// The nearest number's bits, ties to even.
inline uint16_t BitsOf(const HalfFormat& format, double x) {
  const auto sign = static_cast<uint16_t>(std::signbit(x) ? 0x8000 : 0);
  const int infinity = (2 * format.bias + 1) << format.fraction_bits;
  const double magnitude = std::abs(x);
  if (std::isnan(x)) {
    const int quiet = 1 << (format.fraction_bits - 1);
    return static_cast<uint16_t>(sign | infinity | quiet);
  }
  if (std::isinf(x)) return static_cast<uint16_t>(sign | infinity);
  const int lowest = 1 - format.bias;
  const int exponent =
      magnitude == 0 ? lowest : std::max(lowest, std::ilogb(magnitude));
  const auto steps = static_cast<int>(
      std::nearbyint(std::ldexp(magnitude, format.fraction_bits - exponent)));
  // Counting on from the first number of this exponent.
  const int bits = ((exponent - lowest) << format.fraction_bits) + steps;
  return static_cast<uint16_t>(sign | std::min(bits, infinity));
}

inline double ValueOf(const HalfFormat& format, uint16_t bits) {
  const int exponent = (bits & 0x7FFF) >> format.fraction_bits;
  const int fraction = bits & ((1 << format.fraction_bits) - 1);
  const double sign = bits & 0x8000 ? -1 : 1;
  if (exponent == 2 * format.bias + 1) {
    return fraction != 0 ? std::numeric_limits<double>::quiet_NaN()
                         : sign * std::numeric_limits<double>::infinity();
  }
  const int implied = exponent == 0 ? 0 : 1 << format.fraction_bits;
  return sign *
         std::ldexp(implied + fraction,
                    std::max(exponent, 1) - format.bias - format.fraction_bits);
}

// A tensor of the numbers nearest to these.
template <class Number>
KernelTensor Halves(const HalfFormat& format, const Shape& shape,
                    const std::vector<Number>& values,
                    std::vector<double>* rounded = nullptr) {
  std::vector<uint16_t> bits;
  for (const Number value : values) {
    bits.push_back(BitsOf(format, static_cast<double>(value)));
    if (rounded != nullptr) rounded->push_back(ValueOf(format, bits.back()));
  }
  return KernelTensor::OfType(format.type, shape, bits);
}

// Every mode gives the numbers nearest to these, but for `slack` and what
// rounding to float first can do to a tie.
inline void ExpectHalvesNear(const KernelCase& c, const HalfFormat& format,
                             const std::vector<double>& expected,
                             const Shape& shape, double slack = 0) {
  for (const KernelMode mode : kKernelModes) {
    const KernelRun run = RunKernel(c, mode);
    ASSERT_TRUE(run.ok()) << run.stage << ": " << run.error;
    ASSERT_EQ(run.shape().ToString(), shape.ToString());
    const auto bits = run.Values<uint16_t>();
    ASSERT_EQ(bits.size(), expected.size());
    for (size_t i = 0; i < bits.size(); ++i) {
      const double got = ValueOf(format, bits[i]), want = expected[i];
      if (got == want || (got != got && want != want)) continue;
      if (std::isinf(got) && std::abs(want) > LargestOf(format)) continue;
      const int exponent = want == 0
                               ? 1 - format.bias
                               : std::max(1 - format.bias, std::ilogb(want));
      const double step = std::ldexp(1.0, exponent - format.fraction_bits);
      ASSERT_LE(std::abs(got - want), 0.51 * step + slack)
          << Name(mode) << ", element " << i << ": " << got << " for " << want;
    }
  }
}

}  // namespace liteforge
