// SPDX-License-Identifier: Apache-2.0
#include "base/thread_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <vector>

namespace liteforge::thread_pool_test {

TEST(ThreadPool, EveryIndexOnce) {
  for (int threads : {1, 2, 3, 8}) {
    ThreadPool pool(threads);
    for (int64_t count : {0, 1, 2, 7, 64, 1000, 4099}) {
      for (int64_t grain : {0, 1, 5, 64, 5000}) {
        std::vector<std::atomic<int>> visits(static_cast<size_t>(count));
        pool.ParallelFor(count, grain, [&](int64_t begin, int64_t end) {
          for (int64_t i = begin; i < end; ++i)
            visits[static_cast<size_t>(i)].fetch_add(1);
        });
        for (const auto& v : visits) ASSERT_EQ(v.load(), 1);
      }
    }
  }
}

TEST(ThreadPool, RangesAreAtLeastGrainButTheLast) {
  ThreadPool pool(4);
  std::mutex mutex;
  std::vector<std::pair<int64_t, int64_t>> ranges;
  pool.ParallelFor(103, 10, [&](int64_t begin, int64_t end) {
    std::lock_guard lock(mutex);
    ranges.emplace_back(begin, end);
  });
  std::sort(ranges.begin(), ranges.end());
  int64_t at = 0;
  for (const auto& [begin, end] : ranges) {
    EXPECT_EQ(begin, at);
    if (end != 103) {
      EXPECT_GE(end - begin, 10);
    }
    at = end;
  }
  EXPECT_EQ(at, 103);
}

TEST(ThreadPool, WritesAreSeenAfterTheLoop) {
  ThreadPool pool(4);
  std::vector<int64_t> squares(10000);
  for (int round = 0; round < 50; ++round) {
    pool.ParallelFor(10000, 16, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i)
        squares[static_cast<size_t>(i)] = i * i + round;
    });
    for (int64_t i = 0; i < 10000; i += 997)
      ASSERT_EQ(squares[static_cast<size_t>(i)], i * i + round);
  }
}

TEST(ThreadPool, NestedLoopsRunOnTheirOwnThread) {
  ThreadPool pool(3);
  std::atomic<int64_t> sum{0};
  pool.ParallelFor(20, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const auto self = std::this_thread::get_id();
      pool.ParallelFor(100, 1, [&](int64_t b, int64_t e) {
        EXPECT_EQ(std::this_thread::get_id(), self);
        sum += e - b;
      });
    }
  });
  EXPECT_EQ(sum.load(), 2000);
}

TEST(ThreadPool, CallersOnSeveralThreads) {
  ThreadPool pool(3);
  std::atomic<int64_t> sum{0};
  std::vector<std::thread> callers;
  for (int t = 0; t < 4; ++t) {
    callers.emplace_back([&] {
      for (int round = 0; round < 100; ++round)
        pool.ParallelFor(50, 1, [&](int64_t b, int64_t e) { sum += e - b; });
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(sum.load(), 4 * 100 * 50);
}

TEST(ThreadPool, HelpersTakePart) {
  ThreadPool pool(2);
  std::set<std::thread::id> seen;
  std::mutex mutex;
  // Two bodies that wait for each other can only finish on two threads.
  std::atomic<int> arrived{0};
  pool.ParallelFor(2, 1, [&](int64_t, int64_t) {
    arrived.fetch_add(1);
    while (arrived.load() < 2) std::this_thread::yield();
    std::lock_guard lock(mutex);
    seen.insert(std::this_thread::get_id());
  });
  EXPECT_EQ(seen.size(), 2u);
}

// Long enough between loops for all to fall asleep, and not.
TEST(ThreadPool, SleepersWakeUp) {
  ThreadPool pool(3);
  std::atomic<int64_t> sum{0};
  for (const int pause_us : {0, 1000, 10, 3000, 100, 0, 5000}) {
    std::this_thread::sleep_for(std::chrono::microseconds(pause_us));
    pool.ParallelFor(30, 1, [&](int64_t b, int64_t e) { sum += e - b; });
  }
  EXPECT_EQ(sum.load(), 7 * 30);
}

TEST(ThreadPool, AbsurdThreadCountsAreClamped) {
  EXPECT_EQ(ThreadPool(0).threads(), 1);
  EXPECT_EQ(ThreadPool(-5).threads(), 1);
  EXPECT_EQ(ThreadPool(1).threads(), 1);
}

}  // namespace liteforge::thread_pool_test
