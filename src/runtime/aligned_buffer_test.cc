// SPDX-License-Identifier: Apache-2.0
#include "runtime/aligned_buffer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>

namespace liteforge::aligned_buffer_test {

TEST(AlignedBuffer, GrowsAndStaysAligned) {
  AlignedBuffer buffer;
  EXPECT_EQ(buffer.data(), nullptr);
  for (size_t bytes : {1u, 63u, 64u, 1000u, 5u}) {
    ASSERT_TRUE(buffer.Reserve(bytes));
    EXPECT_GE(buffer.capacity(), bytes);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer.data()) % 64, 0u);
    std::memset(buffer.data(), 1, bytes);
  }
  const std::byte* before = buffer.data();
  ASSERT_TRUE(buffer.Reserve(999));
  EXPECT_EQ(buffer.data(), before) << "what fits is not moved";
  buffer.Free();
  EXPECT_EQ(buffer.capacity(), 0u);
}

TEST(AlignedBuffer, CreepingSizesAllocateRarely) {
  AlignedBuffer buffer;
  int moves = 0;
  for (size_t bytes = 64; bytes < 100000; bytes += 64) {
    const size_t before = buffer.capacity();
    ASSERT_TRUE(buffer.ReserveGrowing(bytes));
    moves += buffer.capacity() != before;
  }
  EXPECT_LT(moves, 25);  // log(100000 / 64) / log(1.5) = 18
}

TEST(AlignedBuffer, RefusesWhatTheMachineDoesNotHave) {
  AlignedBuffer buffer;
  ASSERT_TRUE(buffer.Reserve(100));
  const auto result = buffer.Reserve(size_t{1} << 60);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message,
              testing::HasSubstr("needs 1152921504606846976 bytes"));
  EXPECT_EQ(buffer.capacity(), 100u);
  EXPECT_FALSE(buffer.ReserveGrowing(~size_t{0}));
}

TEST(AlignedBuffer, KeepsToItsBudget) {
  MemoryBudget budget(1000);
  AlignedBuffer first;
  first.ChargeTo(budget);
  ASSERT_TRUE(first.Reserve(600));
  EXPECT_EQ(budget.used(), 600u);
  ASSERT_TRUE(first.Reserve(900)) << "the old 600 are given back";
  EXPECT_EQ(budget.used(), 900u);
  {
    AlignedBuffer second;
    second.ChargeTo(budget);
    const auto result = second.Reserve(101);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().message,
              "needs 101 bytes of memory where 900 of 1000 are taken; raise "
              "max_memory_bytes or use smaller input shapes");
    ASSERT_TRUE(second.Reserve(100));
    EXPECT_EQ(budget.used(), 1000u);
    EXPECT_FALSE(second.ReserveGrowing(~size_t{0}));
  }
  EXPECT_EQ(budget.used(), 900u);
  first.Free();
  EXPECT_EQ(budget.used(), 0u);
}

TEST(AlignedBuffer, GrowsExactlyWhereRoomToSpareWouldNotFit) {
  MemoryBudget budget(110);
  AlignedBuffer buffer;
  buffer.ChargeTo(budget);
  ASSERT_TRUE(buffer.ReserveGrowing(100));
  ASSERT_TRUE(buffer.ReserveGrowing(110));
  EXPECT_EQ(budget.used(), 110u);
}

}  // namespace liteforge::aligned_buffer_test
