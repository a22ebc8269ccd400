// SPDX-License-Identifier: Apache-2.0
// Floating-point numbers of 16 bits, for storage: arithmetic happens in float.
//
//   Float16    IEEE 754 binary16: sign 1, exponent 5 (bias 15), fraction 10
//   BFloat16   the upper half of a binary32
//
// Both convert from float by rounding to nearest, ties to even, as IEEE 754
// does by default; NaN stays NaN, too large becomes infinity.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

namespace liteforge {

struct Float16 {
  uint16_t bits = 0;

  Float16() = default;
  explicit Float16(float value) : bits(Round(value)) {}

  // Scaling by 2^112 moves the exponent's bias, and normalizes subnormals.
  operator float() const {
    const uint32_t magnitude = uint32_t{bits & 0x7FFFu} << 13;
    const uint32_t widened =
        (bits & 0x7C00) == 0x7C00
            ? magnitude | 0x7F800000u
            : std::bit_cast<uint32_t>(
                  std::bit_cast<float>(magnitude) *
                  std::bit_cast<float>(uint32_t{239} << 23));
    return std::bit_cast<float>(widened | uint32_t{bits & 0x8000u} << 16);
  }

 private:
  static uint16_t Round(float value) {
    const auto whole = std::bit_cast<uint32_t>(value);
    const auto sign = static_cast<uint16_t>(whole >> 16 & 0x8000u);
    const uint32_t magnitude = whole & 0x7FFFFFFFu;
    if (magnitude > 0x7F800000u) return sign | 0x7E00;
    if (magnitude >= 0x477FF000u) return sign | 0x7C00;  // 65520 rounds up
    if (magnitude < 0x38800000u) {
      // Below 2^-14 the last place is 2^-24: adding 1/2, whose last place it
      // is too, leaves the rounded fraction in the low bits.
      const float sum = std::bit_cast<float>(magnitude) + 0.5f;
      return static_cast<uint16_t>(
          sign | (std::bit_cast<uint32_t>(sum) - 0x3F000000u));
    }
    const uint32_t rounded = magnitude + 0xFFFu + (magnitude >> 13 & 1u);
    return static_cast<uint16_t>(sign | ((rounded - 0x38000000u) >> 13));
  }
};

struct BFloat16 {
  uint16_t bits = 0;

  BFloat16() = default;
  explicit BFloat16(float value) : bits(Round(value)) {}
  operator float() const { return std::bit_cast<float>(uint32_t{bits} << 16); }

 private:
  static uint16_t Round(float value) {
    const auto whole = std::bit_cast<uint32_t>(value);
    if ((whole & 0x7FFFFFFFu) > 0x7F800000u)
      return static_cast<uint16_t>(whole >> 16 | 0x40u);
    return static_cast<uint16_t>((whole + 0x7FFFu + (whole >> 16 & 1u)) >> 16);
  }
};

template <class T>
inline constexpr bool kIsHalf =
    std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>;

// What values of T are computed in: a kernel that converts its operands to
// this and its result back has the 16-bit types as it has the others.
template <class T>
using Arithmetic = std::conditional_t<kIsHalf<T>, float, T>;

}  // namespace liteforge
