// SPDX-License-Identifier: Apache-2.0
// logistic(x) = 1 / (1 + e^-x) and tanh(x) = (1 - e^-2x) / (1 + e^-2x) for
// x > 0, mirrored for x < 0. e^x is a Taylor series around -1/8 times one
// constant for each bit of x above 1/4; the quotients are three Newton steps.
// 1/sqrt(x) is five Newton steps y <- 3/2 y - x/2 y^3 from y = 1.
// Source: gemmlowp fixedpoint/fixedpoint.h; tflite/kernels/internal/common.h,
// GetInvSqrtQuantizedMultiplierExp.
#include "kernels/fixed_point.h"

#include <bit>

namespace liteforge {
namespace {

constexpr int16_t kOneQ0 = 32767;

// The low half of a sum, as 16-bit hardware leaves it.
int16_t Wrap(int32_t x) { return static_cast<int16_t>(x); }

// e^x for x in [-1/4, 0), both Q0.15.
int16_t ExpNearZero(int16_t x) {
  constexpr int16_t kExpOfMinusEighth = 28918, kOneThird = 10923;
  const int16_t y = Wrap(x + (1 << 12));
  const int16_t y2 = DoublingHighMultiply16(y, y);
  const int16_t y3 = DoublingHighMultiply16(y2, y);
  const int16_t y4 = DoublingHighMultiply16(y2, y2);
  const int16_t cubic = Wrap(RoundingDivideByPowerOfTwo(y4, 2) + y3);
  const int16_t tail = Wrap(RoundingDivideByPowerOfTwo(
      Wrap(DoublingHighMultiply16(cubic, kOneThird) + y2), 1));
  return SaturatingAdd16(
      kExpOfMinusEighth,
      DoublingHighMultiply16(kExpOfMinusEighth, Wrap(y + tail)));
}

// e^x for x <= 0, in Q0.15. 1 <= integer_bits <= 7.
int16_t ExpOfNegative(int16_t x, int integer_bits) {
  if (x == 0) return kOneQ0;
  const int fractional_bits = 15 - integer_bits;
  if (integer_bits > 5 && x < -(1 << (20 - integer_bits))) return 0;
  const int32_t quarter = 1 << (fractional_bits - 2);
  const int32_t near_zero = (x & (quarter - 1)) - quarter;
  int16_t result = ExpNearZero(SaturatingShiftLeft16(near_zero, integer_bits));
  const int32_t remainder = near_zero - x;
  // e^-(2^k), k = -2..4.
  constexpr int16_t kExpOfMinusPower[] = {25520, 19875, 12055, 4435,
                                          600,   11,    0};
  for (int i = 0; i < 7 && i - 2 < integer_bits; ++i) {
    if (remainder & (1 << (fractional_bits - 2 + i))) {
      result = DoublingHighMultiply16(result, kExpOfMinusPower[i]);
    }
  }
  return result;
}

// 2 / (1 + x) for x in [0, 1] as Q2.13, x in Q0.15.
int16_t TwoOverOnePlus(int16_t x) {
  constexpr int16_t k48Over17 = 23130, kMinus32Over17 = -15420;
  const auto half_denominator =
      static_cast<int16_t>((int32_t{x} + kOneQ0 + 1) / 2);
  int16_t y = Wrap(k48Over17 +
                   DoublingHighMultiply16(half_denominator, kMinus32Over17));
  for (int step = 0; step < 3; ++step) {
    const int16_t product = DoublingHighMultiply16(half_denominator, y);
    const int16_t error = Wrap((1 << 13) - product);
    y = Wrap(y + SaturatingShiftLeft16(DoublingHighMultiply16(y, error), 2));
  }
  return y;
}

}  // namespace

int16_t DoublingHighMultiply16(int16_t a, int16_t b) {
  if (a == b && a == std::numeric_limits<int16_t>::min()) return kOneQ0;
  const int32_t product = int32_t{a} * b;
  const int32_t nudge = product >= 0 ? (1 << 14) : (1 - (1 << 14));
  return static_cast<int16_t>((product + nudge) / (1 << 15));
}

int16_t SaturatingAdd16(int32_t a, int32_t b) {
  return static_cast<int16_t>(std::clamp(a + b, -32768, 32767));
}

int16_t SaturatingShiftLeft16(int32_t x, int shift) {
  const int64_t shifted = int64_t{x} * (int64_t{1} << shift);
  return static_cast<int16_t>(std::clamp<int64_t>(shifted, -32768, 32767));
}

int16_t LogisticOfQ3(int16_t x) {
  if (x == 0) return 1 << 14;
  const int16_t negative = x > 0 ? Wrap(-x) : x;
  // Half of a Q2.13 is a Q1.14; one bit more makes it Q0.15.
  const int16_t positive_result =
      SaturatingShiftLeft16(TwoOverOnePlus(ExpOfNegative(negative, 3)), 1);
  return x > 0 ? positive_result : Wrap(kOneQ0 - positive_result);
}

int16_t TanhOfFixed(int16_t x, int integer_bits) {
  if (x == 0) return 0;
  const int16_t negative = x > 0 ? Wrap(-x) : x;
  // The bits of x are those of 2x with one integer bit more.
  const int16_t quotient =
      TwoOverOnePlus(ExpOfNegative(negative, integer_bits + 1));
  const int16_t magnitude = SaturatingShiftLeft16(quotient - (1 << 13), 2);
  return x > 0 ? magnitude : Wrap(-magnitude);
}

FixedScale InverseSquareRoot(int32_t x) {
  if (x <= 1) return {std::numeric_limits<int32_t>::max(), 0};
  int shift = 11;
  while (x >= (1 << 29)) {
    x /= 4;
    ++shift;
  }
  // Normalized to [2^27, 2^29) by whole factors of 4.
  const int pairs = (std::countl_zero(static_cast<uint32_t>(x)) - 1) / 2 - 1;
  shift -= pairs;
  x <<= 2 * pairs;
  constexpr int32_t kThreeHalves = (1 << 28) + (1 << 27);
  constexpr int32_t kHalfSquareRootOf2 = 1518500250;
  const int32_t half = RoundingDivideByPowerOfTwo(x >> 1, 1);
  int32_t y = 1 << 28;
  for (int step = 0; step < 5; ++step) {
    const int32_t cube = SaturatingShiftLeft(
        DoublingHighMultiply(DoublingHighMultiply(y, y), y), 6);
    const int32_t difference = DoublingHighMultiply(kThreeHalves, y) -
                               DoublingHighMultiply(half, cube);
    y = SaturatingShiftLeft(difference, 3);
  }
  y = DoublingHighMultiply(y, kHalfSquareRootOf2);
  if (shift < 0) {
    y = static_cast<int32_t>(static_cast<uint32_t>(y) << -shift);
    shift = 0;
  }
  return {y, -shift};
}

}  // namespace liteforge
