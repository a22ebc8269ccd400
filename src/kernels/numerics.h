// SPDX-License-Identifier: Apache-2.0
// TensorFlow Lite's arithmetic on quantized numbers, bit for bit.
//
// A real multiplier m is held as multiplier * 2^(shift - 31) with multiplier
// in [2^30, 2^31). Multiplying rounds twice to nearest: once in the doubling
// high half of the 64-bit product, ties up; once in the right shift, ties away
// from zero.
// Source: tflite/kernels/internal/{common.cc,quantization_util.cc} (double
// rounding) and gemmlowp's fixedpoint.h.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "kernels/kernel.h"

namespace liteforge {

// A real multiplier >= 0 in fixed point.
struct FixedScale {
  int32_t multiplier = 0;
  int shift = 0;  // positive: to the left
};

// The nearest fixed-point number, of a shift in [-31, 31]; 0 below 2^-32, the
// largest there is from 2^31 on.
FixedScale ToFixedScale(double real);

// Half-away-from-zero rounding division by 2^exponent, 0 <= exponent <= 31.
inline int32_t RoundingDivideByPowerOfTwo(int32_t x, int exponent) {
  const auto mask = static_cast<int32_t>((int64_t{1} << exponent) - 1);
  const int32_t remainder = x & mask;
  const int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return (x >> exponent) + (remainder > threshold ? 1 : 0);
}

// (a * b * 2) / 2^32, rounded to nearest, ties up; INT32_MIN * INT32_MIN
// saturates.
inline int32_t DoublingHighMultiply(int32_t a, int32_t b) {
  if (a == b && a == std::numeric_limits<int32_t>::min()) {
    return std::numeric_limits<int32_t>::max();
  }
  const int64_t product = int64_t{a} * b;
  const int64_t nudge = product >= 0 ? (1 << 30) : (1 - (1 << 30));
  return static_cast<int32_t>((product + nudge) / (int64_t{1} << 31));
}

// x * scale. A left shift wraps like the hardware's.
inline int32_t Multiply(int32_t x, FixedScale scale) {
  const int left = scale.shift > 0 ? scale.shift : 0;
  const int right = scale.shift > 0 ? 0 : -scale.shift;
  const auto shifted = static_cast<int32_t>(static_cast<uint32_t>(x) << left);
  return RoundingDivideByPowerOfTwo(
      DoublingHighMultiply(shifted, scale.multiplier), right);
}

// x * scale with ties up in the right shift too: what TensorFlow Lite's matrix
// multiplication (ruy) computes on x86. Differs from Multiply() by one step on
// negative ties only.
inline int32_t MultiplyTiesUp(int32_t x, FixedScale scale) {
  const int left = scale.shift > 0 ? scale.shift : 0;
  const int right = scale.shift > 0 ? 0 : -scale.shift;
  const auto shifted = static_cast<int32_t>(static_cast<uint32_t>(x) << left);
  const int64_t high =
      (int64_t{shifted} * scale.multiplier + (int64_t{1} << 30)) >> 31;
  const int64_t half = right > 0 ? int64_t{1} << (right - 1) : 0;
  return static_cast<int32_t>((high + half) >> right);
}

// For 48-bit accumulators of 16-bit activations: the multiplier is reduced to
// 16 bits and the sum rounded once, ties up. Scales of 2^14 and more, which no
// such accumulator has, count as just below; what overflows wraps.
inline int32_t Multiply(int64_t x, FixedScale scale) {
  const int32_t reduced = scale.multiplier < 0x7FFF0000
                              ? (scale.multiplier + (1 << 15)) >> 16
                              : 0x7FFF;
  const int shift = std::max(15 - scale.shift, 1);
  const uint64_t half = uint64_t{1} << (shift - 1);
  const uint64_t rounded =
      static_cast<uint64_t>(x) * static_cast<uint64_t>(reduced) + half;
  return static_cast<int32_t>(static_cast<int64_t>(rounded) >> shift);
}

// Exponent of an exact power of two; false when `x` is none (to 1e-3 of the
// logarithm, as TFLite asks).
bool PowerOfTwoExponent(float x, int& exponent);

//------------------------------------------------------------- activations

template <class T>
struct Range {
  T min;
  T max;
};

// What a fused activation clamps to. SIGN_BIT and TANH are not fused anywhere.
// Without one infinities stay what they are, as in TensorFlow.
Range<float> FloatActivationRange(Activation activation);
template <class T>
Range<T> IntegerActivationRange(Activation activation);
// In the quantized steps of `output` (uint8, int8 or int16).
Result<Range<int32_t>> QuantizedActivationRange(Activation activation,
                                                const RuntimeTensor& output);

template <class T>
inline T Clamp(T x, Range<T> range) {
  return std::min(std::max(x, range.min), range.max);
}

//------------------------------------------------------------------ checks

// Whether the tensor's first scale is > 0 and its zero point a value of its
// type.
Result<void> CheckQuantized(const RuntimeTensor& tensor, const char* role);

// Smallest and largest value of a quantized type.
Range<int32_t> RangeOf(DataType type);

//------------------------------------------------------- fixed-point e^x, 1/x
// Numbers are raw Q-format int32: Qm.n has n fractional bits, m + n = 31.

// e^x of x <= 0 in Q5.26; the result in Q0.31.
int32_t ExpOfNegativeQ5(int32_t x);

// 1 / x of x > 0 with `integer_bits` integer bits, as a Q0.31 number in
// [0.5, 1] times 2^-bits_over_unit.
int32_t ReciprocalQ0(int32_t x, int integer_bits, int& bits_over_unit);

// Clamps instead of overflowing.
int32_t SaturatingShiftLeft(int32_t x, int shift);

//---------------------------------------------------------- quantizing floats

// round(x / scale) + zero_point, clamped to the type.
template <class T>
inline T QuantizeValue(float x, float scale, int32_t zero_point) {
  const float steps = std::round(x / scale);
  constexpr float kLow = std::numeric_limits<int32_t>::min();
  constexpr float kHigh = 2147483520.0f;  // the largest float below 2^31
  const auto q =
      static_cast<int64_t>(std::isnan(steps) ? 0.0f
                                             : std::clamp(steps, kLow, kHigh)) +
      zero_point;
  return static_cast<T>(std::clamp<int64_t>(q, std::numeric_limits<T>::min(),
                                            std::numeric_limits<T>::max()));
}

// int8 values with a scale such that values[i] ~ scale * (q[i] - offset):
// symmetric (offset 0, [-127, 127]) or asymmetric ([-128, 127]).
struct FloatQuantization {
  float scale = 1;
  int32_t offset = 0;
};
FloatQuantization QuantizeSymmetric(const float* values, int64_t count,
                                    int8_t* quantized);
FloatQuantization QuantizeAsymmetric(const float* values, int64_t count,
                                     int8_t* quantized);

// Signed 4-bit (or 2-bit) values, the first in the low bits, one a byte.
std::vector<int8_t> UnpackNarrow(const RuntimeTensor& tensor);

}  // namespace liteforge
