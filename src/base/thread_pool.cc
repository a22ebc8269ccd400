// SPDX-License-Identifier: Apache-2.0
// One loop at a time is "open". Its range is cut into about four chunks per
// thread; every thread that takes part claims the next chunk by an atomic
// counter, so a slow thread simply claims fewer.
//
//   caller:  publish the loop, open the gate, wake those that sleep, claim
//            chunks, close the gate, wait until no worker is inside
//   worker:  look at the gate, then sleep, until a loop it has not seen is
//            open; enter, claim chunks, leave
//
// The gate is one word, so that entering is one exchange that fails once the
// gate is closed, and the caller does not wait for sleepers:
//
//   | number of the loop, 47 bits | open, 1 bit | workers inside, 16 bits |
//
// Who sleeps says so first and looks at the gate again; who changes the gate
// looks afterwards whether anybody sleeps. Both in one total order, so one of
// them sees the other. A call made while a loop is open (from a body, or from
// another thread) runs inline.
#include "base/thread_pool.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace liteforge {
namespace {

constexpr int kMaxThreads = 256;
constexpr int64_t kChunksPerThread = 4;

constexpr uint64_t kInside = 0xFFFF;
constexpr uint64_t kOpen = kInside + 1;
constexpr uint64_t kNextLoop = kOpen * 2;

// About 50 microseconds: longer than between two operators, shorter than
// waking up is worth.
constexpr int kLooks = 2000;

void Pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
  asm volatile("yield");
#endif
}

template <class Condition>
bool LookFor(const Condition& condition) {
  for (int i = 0; i < kLooks; ++i) {
    if (condition()) return true;
    Pause();
  }
  return false;
}

}  // namespace

struct ThreadPool::State {
  std::atomic<uint64_t> gate{0};
  std::atomic<bool> stop{false};
  std::atomic<bool> busy{false};

  // The loop. Written before the gate opens, read by those inside.
  int64_t count = 0;
  int64_t chunk = 0;
  RangeFunction function = nullptr;
  void* context = nullptr;
  alignas(64) std::atomic<int64_t> next{0};

  alignas(64) std::mutex mutex;
  std::condition_variable opened;  // the gate, or `stop` was set
  std::condition_variable left;    // the last worker left the loop
  std::atomic<int> sleepers{0};    // workers
  std::atomic<bool> caller_sleeps{false};

  std::vector<std::thread> workers;

  void Work() {
    const int64_t chunks = (count - 1) / chunk + 1;
    for (int64_t i;
         (i = next.fetch_add(1, std::memory_order_relaxed)) < chunks;) {
      const int64_t begin = i * chunk;
      function(context, begin, begin + std::min(chunk, count - begin));
    }
  }

  // Whether there is something new for a worker that has seen that loop.
  bool Called(uint64_t seen) const {
    const uint64_t now = gate.load();
    return stop.load() || ((now & kOpen) != 0 && now / kNextLoop != seen);
  }

  // Whether the gate was still open; then *seen is its loop.
  bool Enter(uint64_t* seen) {
    uint64_t now = gate.load();
    while ((now & kOpen) != 0 && now / kNextLoop != *seen) {
      if (!gate.compare_exchange_weak(now, now + 1)) continue;
      *seen = now / kNextLoop;
      return true;
    }
    return false;
  }

  void Leave() {
    if (((gate.fetch_sub(1) - 1) & kInside) != 0 || !caller_sleeps.load())
      return;
    std::lock_guard lock(mutex);
    left.notify_one();
  }

  void WorkerLoop() {
    uint64_t seen = 0;
    while (!stop.load()) {
      if (!LookFor([&] { return Called(seen); })) {
        std::unique_lock lock(mutex);
        sleepers.fetch_add(1);
        opened.wait(lock, [&] { return Called(seen); });
        sleepers.fetch_sub(1);
      }
      if (!Enter(&seen)) continue;
      Work();
      Leave();
    }
  }

  void WakeSleepers() {
    if (sleepers.load() == 0) return;
    std::lock_guard lock(mutex);
    opened.notify_all();
  }

  void Open() {
    gate.store((gate.load() / kNextLoop + 1) * kNextLoop | kOpen);
    WakeSleepers();
  }

  void Close() {
    gate.fetch_and(~kOpen);
    const auto empty = [&] { return (gate.load() & kInside) == 0; };
    if (LookFor(empty)) return;
    std::unique_lock lock(mutex);
    caller_sleeps.store(true);
    left.wait(lock, empty);
    caller_sleeps.store(false);
  }
};

ThreadPool::ThreadPool(int threads)
    : threads_(std::clamp(threads, 1, kMaxThreads)),
      state_(std::make_unique<State>()) {
  // A system that is out of threads gives a smaller pool, not a failure.
  try {
    for (int i = 1; i < threads_; ++i)
      state_->workers.emplace_back(
          [state = state_.get()] { state->WorkerLoop(); });
  } catch (const std::system_error&) {
    threads_ = 1 + static_cast<int>(state_->workers.size());
  }
}

ThreadPool::~ThreadPool() {
  state_->stop.store(true);
  state_->WakeSleepers();
  for (std::thread& worker : state_->workers) worker.join();
}

void ThreadPool::Run(int64_t count, int64_t grain, RangeFunction function,
                     void* context) {
  if (count <= 0) return;
  grain = std::max<int64_t>(grain, 1);
  State& s = *state_;
  if (threads_ == 1 || count <= grain || s.busy.exchange(true)) {
    function(context, 0, count);
    return;
  }
  const int64_t pieces = threads_ * kChunksPerThread;
  s.count = count;
  s.chunk = std::max(grain, (count - 1) / pieces + 1);
  s.function = function;
  s.context = context;
  s.next.store(0, std::memory_order_relaxed);
  s.Open();
  s.Work();
  s.Close();
  s.busy.store(false);
}

}  // namespace liteforge
