// SPDX-License-Identifier: Apache-2.0
#include "liteforge/machine.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "base/aligned_vector.h"
#include "base/thread_pool.h"
#include "kernels/micro/peak.h"

namespace liteforge {
namespace {

using Clock = std::chrono::steady_clock;

// The best of a few tries, in 10^9 a second: what disturbs only slows down.
// spend(share) does a thread's share of the work and returns how much it was.
template <class Spend>
double Rate(ThreadPool& threads, const Spend& spend) {
  constexpr int kTries = 6;
  double best = 0;
  for (int i = 0; i < kTries; ++i) {
    std::atomic<int64_t> work{0};
    const Clock::time_point start = Clock::now();
    threads.ParallelFor(threads.threads(), 1, [&](int64_t begin, int64_t end) {
      for (int64_t share = begin; share < end; ++share) work += spend(share);
    });
    const std::chrono::duration<double, std::nano> taken = Clock::now() - start;
    best = std::max(best, static_cast<double>(work.load()) / taken.count());
  }
  return best;
}

}  // namespace

MachinePeak MeasureMachinePeak(int threads) {
  constexpr int64_t kRounds = 300'000;  // about a millisecond
  constexpr int64_t kNumbers = 16 << 20;
  if (threads < 1)
    threads = static_cast<int>(std::thread::hardware_concurrency());
  ThreadPool pool(threads);
  MachinePeak peak;
  peak.float_gflops = Rate(pool, [&](int64_t share) {
    auto sum = static_cast<float>(share);
    return SpendFloatProducts(kRounds, &sum);
  });
  peak.byte_gops = Rate(pool, [&](int64_t share) {
    auto sum = static_cast<int32_t>(share);
    return SpendByteProducts(kRounds, &sum);
  });
  const AlignedVector<float> numbers(static_cast<size_t>(kNumbers), 1.0f);
  const int64_t part = kNumbers / pool.threads();
  std::atomic<float> sum{0};
  peak.read_gb_per_s = Rate(pool, [&](int64_t share) {
    sum.store(SumOfFloats(numbers.data() + share * part, part));
    return part * int64_t{sizeof(float)};
  });
  return peak;
}

}  // namespace liteforge
