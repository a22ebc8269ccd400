// SPDX-License-Identifier: Apache-2.0
#include "base/hash.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace liteforge::hash_test {

std::vector<std::byte> Bytes(size_t count) {
  std::vector<std::byte> bytes(count);
  for (size_t i = 0; i < count; ++i) bytes[i] = std::byte(i * 37 + 11);
  return bytes;
}

TEST(Hash, TellsLengthsAndSeedsApart) {
  std::set<uint64_t> seen;
  const std::vector<std::byte> zeros(300);
  for (size_t count = 0; count <= zeros.size(); ++count) {
    for (const uint64_t seed : {0, 1})
      seen.insert(HashBytes(std::span(zeros).first(count), seed));
  }
  EXPECT_EQ(seen.size(), 2 * (zeros.size() + 1));
}

TEST(Hash, SeesEveryBit) {
  std::vector<std::byte> bytes = Bytes(200);
  std::set<uint64_t> seen{HashBytes(bytes)};
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] ^= std::byte(1 << bit % 8);
    seen.insert(HashBytes(bytes));
    bytes[bit / 8] ^= std::byte(1 << bit % 8);
  }
  EXPECT_EQ(seen.size(), bytes.size() * 8 + 1);
}

TEST(Hash, SeesTheOrder) {
  std::vector<std::byte> bytes = Bytes(256);
  const uint64_t before = HashBytes(bytes);
  for (const size_t step : {1, 8, 64}) {
    std::vector<std::byte> swapped = bytes;
    std::swap_ranges(swapped.begin(), swapped.begin() + 1,
                     swapped.begin() + static_cast<ptrdiff_t>(step));
    EXPECT_NE(HashBytes(swapped), before) << step;
  }
}

}  // namespace liteforge::hash_test
