// SPDX-License-Identifier: Apache-2.0
#include "convert/zipped_size.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace liteforge::zipped_size_test {

// Sizes of Python's zlib.compressobj(6, zlib.DEFLATED, -15).
TEST(ZippedSize, AsZlibMakesIt) {
  EXPECT_EQ(ZippedSize({}), 2);
  const std::vector<std::byte> zeros(1000000);
  EXPECT_EQ(ZippedSize(zeros), 985);
  std::vector<std::byte> counting;
  for (int i = 0; i < 100000; ++i)
    counting.push_back(static_cast<std::byte>(i % 251));
  EXPECT_EQ(ZippedSize(counting), 707);
}

// What has no pattern is stored, in blocks with 5 bytes before each.
TEST(ZippedSize, NoiseStaysAsLong) {
  std::mt19937 generator(3);
  std::vector<std::byte> noise(300000);
  for (std::byte& b : noise) b = static_cast<std::byte>(generator());
  const int64_t size = ZippedSize(noise);
  EXPECT_GE(size, 300000);
  EXPECT_LE(size, 300000 + 5 * 20 + 2);
}

}  // namespace liteforge::zipped_size_test
