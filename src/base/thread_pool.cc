// SPDX-License-Identifier: Apache-2.0
// One loop at a time is "open". Its range is cut into about four chunks per
// thread. Each thread has a share of them, side by side and in every loop the
// same part of the range, so that it finds in its cache what it wrote there in
// the loop before. It claims its chunks one by one by an atomic counter and
// then those that are left of the others' shares.
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
#include <chrono>
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

// Longer than what one thread does alone between two loops, for waking another
// one takes up to a tenth of a millisecond where its core has gone idle.
constexpr std::chrono::microseconds kLook{500};

void Pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
  asm volatile("yield");
#endif
}

// Whether it became true within that time.
template <class Condition>
bool LookFor(const Condition& condition) {
  using Clock = std::chrono::steady_clock;
  constexpr int kLooksBetweenTimes = 64;
  if (condition()) return true;
  const Clock::time_point end = Clock::now() + kLook;
  do {
    for (int i = 0; i < kLooksBetweenTimes; ++i) {
      if (condition()) return true;
      Pause();
    }
  } while (Clock::now() < end);
  return false;
}

}  // namespace

// A thread's chunks: those from `next` on to `end` are not claimed yet.
struct alignas(64) Share {
  std::atomic<int64_t> next{0};
  int64_t end = 0;
};

struct ThreadPool::State {
  std::atomic<uint64_t> gate{0};
  std::atomic<bool> stop{false};
  std::atomic<bool> busy{false};

  // The loop. Written before the gate opens, read by those inside.
  int64_t count = 0;
  int64_t chunk = 0;
  RangeFunction function = nullptr;
  void* context = nullptr;
  std::vector<Share> shares;  // the caller's first

  alignas(64) std::mutex mutex;
  std::condition_variable opened;  // the gate, or `stop` was set
  std::condition_variable left;    // the last worker left the loop
  std::atomic<int> sleepers{0};    // workers
  std::atomic<bool> caller_sleeps{false};

  std::vector<std::thread> workers;

  void Work(size_t self) {
    for (size_t i = 0; i < shares.size(); ++i) {
      Share& share = shares[(self + i) % shares.size()];
      for (int64_t at; (at = share.next.fetch_add(
                            1, std::memory_order_relaxed)) < share.end;) {
        const int64_t begin = at * chunk;
        function(context, begin, begin + std::min(chunk, count - begin));
      }
    }
  }

  void Divide() {
    const int64_t chunks = (count - 1) / chunk + 1;
    const auto threads = static_cast<int64_t>(shares.size());
    for (int64_t i = 0; i < threads; ++i) {
      Share& share = shares[static_cast<size_t>(i)];
      share.next.store(i * chunks / threads, std::memory_order_relaxed);
      share.end = (i + 1) * chunks / threads;
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

  void WorkerLoop(size_t self) {
    uint64_t seen = 0;
    while (!stop.load()) {
      if (!LookFor([&] { return Called(seen); })) {
        std::unique_lock lock(mutex);
        sleepers.fetch_add(1);
        opened.wait(lock, [&] { return Called(seen); });
        sleepers.fetch_sub(1);
      }
      if (!Enter(&seen)) continue;
      Work(self);
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
  state_->shares = std::vector<Share>(static_cast<size_t>(threads_));
  // A system that is out of threads gives a smaller pool, not a failure.
  try {
    for (int i = 1; i < threads_; ++i)
      state_->workers.emplace_back([state = state_.get(), i] {
        state->WorkerLoop(static_cast<size_t>(i));
      });
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
  // As many chunks for each thread where there are enough, so that all have the
  // same part of every loop.
  int64_t pieces = count / std::max<int64_t>(grain, 1);
  if (pieces >= threads_)
    pieces = std::min(pieces / threads_, kChunksPerThread) * threads_;
  State& s = *state_;
  if (threads_ == 1 || pieces <= 1 || s.busy.exchange(true)) {
    function(context, 0, count);
    return;
  }
  s.count = count;
  s.chunk = (count - 1) / pieces + 1;
  s.function = function;
  s.context = context;
  s.Divide();
  s.Open();
  s.Work(0);
  s.Close();
  s.busy.store(false);
}

}  // namespace liteforge
