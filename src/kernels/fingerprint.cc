// SPDX-License-Identifier: Apache-2.0
// Words are 64 bits, little-endian; arithmetic is modulo 2^64. Up to 64 bytes
// are mixed by length class; longer input passes through a state of seven
// words, 64 bytes at a time, the last 64 (overlapping) with another multiplier.
#include "kernels/fingerprint.h"

#include <bit>
#include <cstring>
#include <utility>

namespace liteforge {
namespace {

// Odd numbers between 2^63 and 2^64.
constexpr uint64_t kMul0 = 0xC3A5C85C97CB3127;
constexpr uint64_t kMul1 = 0xB492B66FBE98F273;
constexpr uint64_t kMul2 = 0x9AE16A3B2F90404F;

template <class T>
T Load(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof(value));
  return value;
}

uint64_t Word(const std::byte* at) { return Load<uint64_t>(at); }

uint64_t Fold(uint64_t x) { return x ^ (x >> 47); }

uint64_t Join(uint64_t a, uint64_t b, uint64_t multiplier) {
  const uint64_t first = Fold((a ^ b) * multiplier);
  return Fold((b ^ first) * multiplier) * multiplier;
}

uint64_t UpTo16(const std::byte* s, size_t n) {
  const uint64_t multiplier = kMul2 + n * 2;
  if (n >= 8) {
    const uint64_t a = Word(s) + kMul2, b = Word(s + n - 8);
    return Join(std::rotr(b, 37) * multiplier + a,
                (std::rotr(a, 25) + b) * multiplier, multiplier);
  }
  if (n >= 4) {
    const uint64_t head = Load<uint32_t>(s);
    return Join(n + (head << 3), Load<uint32_t>(s + n - 4), multiplier);
  }
  if (n == 0) return kMul2;
  const auto at = [&](size_t i) { return static_cast<uint32_t>(s[i]); };
  const uint32_t y = at(0) + (at(n / 2) << 8);
  const uint32_t z = static_cast<uint32_t>(n) + (at(n - 1) << 2);
  return Fold(y * kMul2 ^ z * kMul0) * kMul2;
}

// Two words of a block of four, from its ends' sides.
std::pair<uint64_t, uint64_t> Mix4(uint64_t a, uint64_t b, uint64_t c,
                                   uint64_t d) {
  return {std::rotr(a + b, 43) + std::rotr(c, 30) + d,
          a + std::rotr(b + kMul2, 18) + c};
}

uint64_t UpTo32(const std::byte* s, size_t n) {
  const uint64_t multiplier = kMul2 + n * 2;
  const auto [x, y] =
      Mix4(Word(s) * kMul1, Word(s + 8), Word(s + n - 8) * multiplier,
           Word(s + n - 16) * kMul2);
  return Join(x, y, multiplier);
}

uint64_t UpTo64(const std::byte* s, size_t n) {
  const uint64_t multiplier = kMul2 + n * 2;
  const uint64_t a = Word(s) * kMul2;
  const auto [y, w] = Mix4(a, Word(s + 8), Word(s + n - 8) * multiplier,
                           Word(s + n - 16) * kMul2);
  const uint64_t z = Join(y, w, multiplier);
  const uint64_t e = Word(s + 16) * multiplier, f = Word(s + 24);
  const uint64_t g = (y + Word(s + n - 32)) * multiplier;
  const uint64_t h = (z + Word(s + n - 24)) * multiplier;
  return Join(std::rotr(e + f, 43) + std::rotr(g, 30) + h,
              e + std::rotr(f + a, 18) + g, multiplier);
}

struct State {
  uint64_t x, y, z;
  std::pair<uint64_t, uint64_t> v{0, 0}, w{0, 0};

  static std::pair<uint64_t, uint64_t> Absorb32(const std::byte* s, uint64_t a,
                                                uint64_t b) {
    a += Word(s);
    b = std::rotr(b + a + Word(s + 24), 21);
    const uint64_t first = a;
    a += Word(s + 8) + Word(s + 16);
    b += std::rotr(a, 44);
    return {a + Word(s + 24), b + first};
  }

  // `weight` is 1, or 9 for the last block.
  void Absorb64(const std::byte* s, uint64_t multiplier, uint64_t weight) {
    x = std::rotr(x + y + v.first + Word(s + 8), 37) * multiplier;
    y = std::rotr(y + v.second + Word(s + 48), 42) * multiplier;
    x ^= w.second * weight;
    y += v.first * weight + Word(s + 40);
    z = std::rotr(z + w.first, 33) * multiplier;
    v = Absorb32(s, v.second * multiplier, x + w.first);
    w = Absorb32(s + 32, z + w.second, y + Word(s + 16));
    std::swap(z, x);
  }
};

uint64_t Long(const std::byte* s, size_t n) {
  constexpr uint64_t kSeed = 81;
  State state{kSeed, kSeed * kMul1 + 113, 0};
  state.z = Fold(state.y * kMul2 + 113) * kMul2;
  state.x = state.x * kMul2 + Word(s);
  const size_t blocks = (n - 1) / 64;
  for (size_t i = 0; i < blocks; ++i) state.Absorb64(s + 64 * i, kMul1, 1);
  const uint64_t multiplier = kMul1 + ((state.z & 0xFF) << 1);
  state.w.first += (n - 1) & 63;
  state.v.first += state.w.first;
  state.w.first += state.v.first;
  state.Absorb64(s + n - 64, multiplier, 9);
  return Join(Join(state.v.first, state.w.first, multiplier) +
                  Fold(state.y) * kMul0 + state.z,
              Join(state.v.second, state.w.second, multiplier) + state.x,
              multiplier);
}

}  // namespace

uint64_t Fingerprint64(const std::byte* bytes, size_t count) {
  if (count <= 16) return UpTo16(bytes, count);
  if (count <= 32) return UpTo32(bytes, count);
  return count <= 64 ? UpTo64(bytes, count) : Long(bytes, count);
}

}  // namespace liteforge
