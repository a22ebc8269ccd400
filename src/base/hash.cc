// SPDX-License-Identifier: Apache-2.0
// Eight sums that do not wait for one another take a word of each 64 bytes:
//   sum = (sum ^ word) * odd number, its upper half added to the lower one
// so that no change of a single word is lost, and are mixed in the end.
#include "base/hash.h"

#include <algorithm>
#include <cstring>

namespace liteforge {
namespace {

constexpr size_t kSums = 8;
constexpr uint64_t kOdd = 0x9E3779B97F4A7C15;  // 2^64 / the golden ratio

uint64_t Step(uint64_t sum, uint64_t word) {
  const uint64_t product = (sum ^ word) * kOdd;
  return product ^ (product >> 32);
}

// Every bit of x moves about half of all bits.
uint64_t Mix(uint64_t x) {
  x = (x ^ (x >> 32)) * kOdd;
  x = (x ^ (x >> 29)) * kOdd;
  return x ^ (x >> 32);
}

}  // namespace

uint64_t HashBytes(std::span<const std::byte> bytes, uint64_t seed) {
  uint64_t sums[kSums];
  for (size_t i = 0; i < kSums; ++i) sums[i] = Mix(seed + (i + 1) * kOdd);
  const std::byte* from = bytes.data();
  const auto take = [&sums](const std::byte* block) {
    uint64_t words[kSums];
    std::memcpy(words, block, sizeof(words));
    for (size_t i = 0; i < kSums; ++i) sums[i] = Step(sums[i], words[i]);
  };
  size_t left = bytes.size();
  for (; left >= sizeof(sums); left -= sizeof(sums), from += sizeof(sums))
    take(from);
  if (left > 0) {
    std::byte block[sizeof(sums)] = {};
    std::copy_n(from, left, block);
    take(block);
  }
  uint64_t hash = Mix(seed ^ bytes.size());
  for (const uint64_t sum : sums) hash = Mix(Step(hash, sum));
  return hash;
}

}  // namespace liteforge
