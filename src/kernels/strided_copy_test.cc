// SPDX-License-Identifier: Apache-2.0
#include "kernels/strided_copy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace liteforge::strided_copy_test {

std::vector<int32_t> Count(int n) {
  std::vector<int32_t> values(static_cast<size_t>(n));
  std::iota(values.begin(), values.end(), 0);
  return values;
}

void Copy(const StridedBox& box, const int32_t* from, int32_t* to) {
  CopyBox(box, sizeof(int32_t), reinterpret_cast<const std::byte*>(from),
          reinterpret_cast<std::byte*>(to));
}

TEST(StridedCopy, TransposesAMatrix) {
  const auto from = Count(6);  // [2,3]
  std::vector<int32_t> to(6);
  StridedBox box;
  box.AddAxis(3, 1, 2);
  box.AddAxis(2, 3, 1);
  Copy(box, from.data(), to.data());
  EXPECT_THAT(to, testing::ElementsAre(0, 3, 1, 4, 2, 5));
}

TEST(StridedCopy, RepeatsAndWalksBackwards) {
  const auto from = Count(3);
  std::vector<int32_t> to(6);
  StridedBox box;
  box.AddAxis(2, 0, 3);
  box.AddAxis(3, -1, 1);
  Copy(box, from.data() + 2, to.data());
  EXPECT_THAT(to, testing::ElementsAre(2, 1, 0, 2, 1, 0));
}

TEST(StridedCopy, ScalarBoxCopiesOneElement) {
  const auto from = Count(2);
  int32_t to = -1;
  Copy(StridedBox(), from.data() + 1, &to);
  EXPECT_EQ(to, 1);
}

TEST(StridedCopy, EmptyBoxCopiesNothing) {
  int32_t to = -1;
  StridedBox box;
  box.AddAxis(1, 1, 1);
  box.AddAxis(0, 1, 1);
  Copy(box, &to, nullptr);
  EXPECT_EQ(to, -1);
}

TEST(StridedCopy, SimplifyMergesContiguousAxes) {
  StridedBox box;
  box.AddAxis(2, 12, 12);
  box.AddAxis(1, 99, 77);
  box.AddAxis(3, 4, 4);
  box.AddAxis(4, 1, 1);
  const StridedBox merged = Simplify(box);
  EXPECT_EQ(merged.rank, 1);
  EXPECT_EQ(merged.extent[0], 24);
}

TEST(StridedCopy, EveryElementSize) {
  for (size_t bytes : {1u, 2u, 4u, 8u, 16u}) {
    std::vector<std::byte> from(bytes * 4), to(bytes * 4);
    for (size_t i = 0; i < from.size(); ++i) from[i] = std::byte(i + 1);
    StridedBox box;
    box.AddAxis(2, 1, 2);
    box.AddAxis(2, 2, 1);
    CopyBox(box, bytes, from.data(), to.data());
    for (size_t i = 0; i < bytes; ++i) {
      EXPECT_EQ(to[bytes + i], from[2 * bytes + i]);
      EXPECT_EQ(to[2 * bytes + i], from[bytes + i]);
    }
  }
}

}  // namespace liteforge::strided_copy_test
