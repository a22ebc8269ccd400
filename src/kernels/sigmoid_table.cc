// SPDX-License-Identifier: Apache-2.0
// table[i] = s(i) + e(i) / 2, rounded, with s(i) = 2^16 / (1 + exp(-i / 24))
// and e(i) what straight interpolation misses at the middle of segment i. The
// last entry saturates. tanh(x) = 2 s(2x) - 1.
// Source: tflite/kernels/internal/reference/integer_ops/{logistic,tanh}.h;
// the formula reproduces the table of kernels/internal/common.h.
#include "kernels/sigmoid_table.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

namespace liteforge {
namespace {

constexpr int kEntries = 256;

std::array<uint16_t, kEntries> MakeTable() {
  const auto s = [](double i) { return 65536.0 / (1.0 + std::exp(-i / 24.0)); };
  std::array<uint16_t, kEntries> table{};
  for (int i = 0; i < kEntries; ++i) {
    const double missed = s(i + 0.5) - (s(i) + s(i + 1)) / 2;
    table[static_cast<size_t>(i)] =
        static_cast<uint16_t>(std::floor(s(i) + missed / 2 + 0.5));
  }
  table[kEntries - 1] = 65535;
  return table;
}

const std::array<uint16_t, kEntries>& Table() {
  static const std::array<uint16_t, kEntries> table = MakeTable();
  return table;
}

// Far outside the table is as good as farther.
int32_t Rescale(int16_t x, SigmoidInput input) {
  constexpr int64_t kFar = 1 << 30;
  const int64_t round = input.shift > 0 ? int64_t{1} << (input.shift - 1) : 0;
  const int64_t scaled = (int64_t{x} * input.multiplier + round) >> input.shift;
  return static_cast<int32_t>(std::clamp(scaled, -kFar, kFar));
}

// table between entries, with `bits` fractional bits below the index.
uint32_t Interpolate(uint32_t magnitude, int bits, uint32_t saturated) {
  const uint32_t index = magnitude >> bits;
  if (index >= kEntries - 1) return saturated;
  const uint32_t low = Table()[index], high = Table()[index + 1];
  const uint32_t fraction = magnitude & ((1u << bits) - 1);
  return (low << bits) + fraction * (high - low);
}

}  // namespace

SigmoidInput PrepareSigmoidInput(float scale, bool extra_shift_allowed) {
  int exponent = 0;
  const bool power_of_two = PowerOfTwoExponent(scale, exponent);
  const int shift = 12 + exponent;
  if (power_of_two && (shift == 0 || (extra_shift_allowed && shift == 1))) {
    return {3 << shift, 0};
  }
  SigmoidInput input;
  double multiplier = static_cast<double>(scale) * 4096.0 * 3.0;
  while (multiplier <= 32767.0 / 2.0 && input.shift <= 30) {
    ++input.shift;
    multiplier *= 2.0;
  }
  input.multiplier = static_cast<int32_t>(std::min(multiplier, 2147483647.0));
  return input;
}

int16_t LogisticOfInt16(int16_t x, SigmoidInput input) {
  const int32_t scaled = Rescale(x, input);
  constexpr int kBits = 9;
  uint32_t result = Interpolate(static_cast<uint32_t>(std::abs(scaled)), kBits,
                                0x7FFFu << 10);
  result = scaled >= 0 ? result + (1u << 9)
                       : (1u << (16 + kBits)) - result + (1u << 9) - 1;
  return static_cast<int16_t>(result >> 10);
}

int16_t TanhOfInt16(int16_t x, SigmoidInput input) {
  const int32_t scaled = Rescale(x, input);
  constexpr int kBits = 8;
  const auto result = static_cast<int32_t>(Interpolate(
      static_cast<uint32_t>(std::abs(scaled)), kBits, 0xFFFFu << 8));
  const int32_t centred = scaled >= 0 ? result - (1 << 23) + (1 << 7)
                                      : -result + (1 << 23) + (1 << 7) - 1;
  return static_cast<int16_t>(centred >> 8);
}

}  // namespace liteforge
