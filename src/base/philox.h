// SPDX-License-Identifier: Apache-2.0
// The counter-based generator Philox 4x32-10: four 32-bit words for each value
// of a 128-bit counter.
// Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (2011).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace liteforge {

class Philox {
 public:
  using Words = std::array<uint32_t, 4>;

  // TensorFlow's use of it: `high` is the upper half of the counter.
  Philox(uint64_t key, uint64_t high)
      : key_{Low(key), High(key)}, counter_{0, 0, Low(high), High(high)} {}
  Philox(std::array<uint32_t, 2> key, Words counter)
      : key_(key), counter_(counter) {}

  const std::array<uint32_t, 2>& key() const { return key_; }
  const Words& counter() const { return counter_; }

  // As if Next() had been called so often.
  void Skip(uint64_t count) {
    uint64_t carry = count;
    for (size_t i = 0; i < 4 && carry > 0; i += 2) {
      const uint64_t word =
          counter_[i] | (static_cast<uint64_t>(counter_[i + 1]) << 32);
      const uint64_t sum = word + carry;
      counter_[i] = Low(sum);
      counter_[i + 1] = High(sum);
      carry = sum < word ? 1 : 0;
    }
  }

  Words Next() {
    Words words = counter_;
    std::array<uint32_t, 2> key = key_;
    for (int round = 0; round < 10; ++round) {
      words = Round(words, key);
      key[0] += 0x9E3779B9;
      key[1] += 0xBB67AE85;
    }
    for (uint32_t& word : counter_) {
      if (++word != 0) break;
    }
    return words;
  }

 private:
  static uint32_t Low(uint64_t x) { return static_cast<uint32_t>(x); }
  static uint32_t High(uint64_t x) { return static_cast<uint32_t>(x >> 32); }

  static Words Round(const Words& c, const std::array<uint32_t, 2>& key) {
    const uint64_t a = uint64_t{0xD2511F53} * c[0];
    const uint64_t b = uint64_t{0xCD9E8D57} * c[2];
    return {High(b) ^ c[1] ^ key[0], Low(b), High(a) ^ c[3] ^ key[1], Low(a)};
  }

  std::array<uint32_t, 2> key_;
  Words counter_;
};

}  // namespace liteforge
