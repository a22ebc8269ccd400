// SPDX-License-Identifier: Apache-2.0
#include "runtime/memory_planner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace liteforge::memory_planner_test {

using testing::ElementsAre;

MemoryPlan Plan(const std::vector<MemoryRequest>& requests) {
  auto plan = PlanMemory(requests);
  EXPECT_TRUE(plan);
  return *std::move(plan);
}

TEST(MemoryPlanner, NothingNeedsNothing) {
  EXPECT_EQ(Plan({}).arena_bytes, 0u);
  const MemoryPlan plan = Plan({{0, 0, 5}, {0, 2, 3}});
  EXPECT_EQ(plan.arena_bytes, 0u);
  EXPECT_THAT(plan.offsets, ElementsAre(0, 0));
}

TEST(MemoryPlanner, AChainNeedsItsLargestNeighbours) {
  // a -> b -> c -> d: a and c, b and d may share.
  const MemoryPlan plan =
      Plan({{100, 0, 1}, {200, 1, 2}, {100, 2, 3}, {200, 3, 4}});
  EXPECT_EQ(plan.arena_bytes, 128u + 256u);
  EXPECT_EQ(plan.lower_bound, 128u + 256u);
  EXPECT_EQ(plan.offsets[0], plan.offsets[2]);
  EXPECT_EQ(plan.offsets[1], plan.offsets[3]);
}

TEST(MemoryPlanner, TakesTheTightestGap) {
  // Two pillars that live always, with gaps of 128 and 64 bytes left behind
  // by short-lived blocks; the 64-byte newcomer belongs into the second.
  const std::vector<MemoryRequest> requests = {{512, 0, 9}, {128, 0, 1},
                                               {448, 0, 9}, {64, 0, 1},
                                               {384, 0, 9}, {64, 5, 6}};
  const MemoryPlan plan = Plan(requests);
  EXPECT_EQ(plan.arena_bytes, plan.lower_bound);
  EXPECT_EQ(plan.lower_bound, 512u + 128 + 448 + 64 + 384);
}

// Tensors of real models, on which one order alone leaves holes.
TEST(MemoryPlanner, TakesTheOrderThatLeavesNoHoles) {
  const std::vector<MemoryRequest> by_breadth = {
      {64, 3, 4}, {64, 0, 1}, {64, 1, 2}, {64, 2, 3}, {64, 0, 5}, {64, 4, 5}};
  const MemoryPlan first = Plan(by_breadth);
  EXPECT_EQ(first.arena_bytes, 192u);
  EXPECT_EQ(first.lower_bound, 192u);
  const std::vector<MemoryRequest> by_lifetime = {
      {64, 0, 10}, {128, 2, 3}, {128, 3, 8}, {128, 4, 5},
      {128, 5, 6}, {64, 6, 10}, {64, 7, 10}, {128, 8, 9}};
  const MemoryPlan second = Plan(by_lifetime);
  EXPECT_EQ(second.arena_bytes, 448u);
  EXPECT_EQ(second.lower_bound, 448u);
}

TEST(MemoryPlanner, AbsurdSizesAreRefused) {
  constexpr size_t kHuge = ~size_t{0};
  EXPECT_FALSE(PlanMemory(std::vector<MemoryRequest>{{kHuge, 0, 0}}));
  EXPECT_FALSE(
      PlanMemory(std::vector<MemoryRequest>(3, {size_t{1} << 59, 0, 0})));
}

// By every order the short-lived giant ends up on top of what could lie beside
// it.
TEST(MemoryPlanner, PlacesAgainWhatEndsUpOnTop) {
  // An image kept to the end, a network that halves, and working memory.
  const std::vector<MemoryRequest> requests = {
      {150528, 0, 9}, {100352, 0, 1}, {301120, 0, 0}, {100352, 1, 2},
      {401408, 1, 1}, {200704, 2, 3}, {200768, 2, 2}, {50176, 3, 4},
      {408576, 3, 3}, {100352, 4, 5}, {100416, 4, 4}, {1024, 9, 9}};
  const MemoryPlan plan = Plan(requests);
  EXPECT_EQ(plan.lower_bound, 150528u + 200704 + 50176 + 408576);
  EXPECT_EQ(plan.arena_bytes, plan.lower_bound);
}

// Checks the promise itself, block by block and pair by pair.
void ExpectValid(const std::vector<MemoryRequest>& requests,
                 const MemoryPlan& plan) {
  for (size_t i = 0; i < requests.size(); ++i) {
    if (requests[i].bytes == 0) continue;
    ASSERT_EQ(plan.offsets[i] % kArenaAlignment, 0u);
    ASSERT_LE(plan.offsets[i] + requests[i].bytes, plan.arena_bytes);
    for (size_t j = 0; j < i; ++j) {
      bool together = false;
      for (int step = requests[i].first; step <= requests[i].last; ++step)
        together |= requests[j].first <= step && step <= requests[j].last;
      const bool overlap =
          plan.offsets[i] < plan.offsets[j] + requests[j].bytes &&
          plan.offsets[j] < plan.offsets[i] + requests[i].bytes;
      ASSERT_FALSE(together && overlap) << "blocks " << j << " and " << i;
    }
  }
}

size_t MostAlive(const std::vector<MemoryRequest>& requests, int steps) {
  size_t most = 0;
  for (int step = 0; step < steps; ++step) {
    size_t alive = 0;
    for (const MemoryRequest& r : requests) {
      if (r.first <= step && step <= r.last) alive += (r.bytes + 63) / 64 * 64;
    }
    most = std::max(most, alive);
  }
  return most;
}

TEST(MemoryPlanner, RandomGraphsNeverOverlap) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto draw = [&](int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random);
  };
  for (int graph = 0; graph < 200; ++graph) {
    const int steps = draw(1, 40);
    std::vector<MemoryRequest> requests;
    for (int i = draw(0, 60); i > 0; --i) {
      const int first = draw(0, steps - 1);
      const int last = std::min(steps - 1, first + draw(0, graph % 10));
      requests.push_back({static_cast<size_t>(draw(0, 5000)), first, last});
    }
    const MemoryPlan plan = Plan(requests);
    ExpectValid(requests, plan);
    EXPECT_EQ(plan.lower_bound, MostAlive(requests, steps));
    EXPECT_GE(plan.arena_bytes, plan.lower_bound);
    EXPECT_LE(plan.arena_bytes, 3 * plan.lower_bound);
  }
}

}  // namespace liteforge::memory_planner_test
