// SPDX-License-Identifier: Apache-2.0
// One loop at a time is "open". Its range is cut into about four chunks per
// thread. Each thread has a share of them, side by side and in every loop the
// same part of the range, so that it finds in its cache what it wrote there in
// the loop before. It claims its chunks one by one by an atomic counter and
// then those that are left of the others' shares.
//
// Each thread has a seat: all that it must know of the loop in one line of
// cache, for such a line takes a tenth of a microsecond from one core to
// another. The seat's gate says who is where:
//
//   closed -> open     by the caller, when all seats tell of the loop
//   open -> inside     by the worker, which claims chunks then
//   inside -> closed   by the worker, when there are none
//   open -> closed     by the caller, when there are none: it does not wait for
//                      workers that sleep, only for those inside
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

enum class Gate : uint32_t { kClosed, kOpen, kInside };

struct alignas(64) Seat {
  std::atomic<Gate> gate{Gate::kClosed};
  // The thread's chunks: those from `next` on to `end` are not claimed yet.
  std::atomic<int64_t> next{0};
  int64_t end = 0;
  // The loop.
  int64_t count = 0;
  int64_t chunk = 0;
  void (*function)(void*, int64_t, int64_t) = nullptr;
  void* context = nullptr;
};
static_assert(sizeof(Seat) == 64);

struct ThreadPool::State {
  explicit State(int threads) : seats(static_cast<size_t>(threads)) {}

  std::vector<Seat> seats;  // the caller's first
  alignas(64) std::atomic<bool> busy{false};

  alignas(64) std::atomic<bool> stop{false};
  std::atomic<int> sleepers{0};  // workers
  std::atomic<bool> caller_sleeps{false};

  alignas(64) std::mutex mutex;
  std::condition_variable opened;  // a gate, or `stop` was set
  std::condition_variable left;    // a worker left the loop

  std::vector<std::thread> workers;

  void Work(size_t self) {
    const auto& [gate, next, end, count, chunk, function, context] =
        seats[self];
    for (size_t i = 0; i < seats.size(); ++i) {
      Seat& seat = seats[(self + i) % seats.size()];
      if (seat.next.load(std::memory_order_relaxed) >= seat.end) continue;
      for (int64_t at; (at = seat.next.fetch_add(
                            1, std::memory_order_relaxed)) < seat.end;) {
        const int64_t begin = at * chunk;
        function(context, begin, begin + std::min(chunk, count - begin));
      }
    }
  }

  void Tell(int64_t count, int64_t chunk, RangeFunction function,
            void* context) {
    const int64_t chunks = (count - 1) / chunk + 1;
    const auto threads = static_cast<int64_t>(seats.size());
    for (int64_t i = 0; i < threads; ++i) {
      Seat& seat = seats[static_cast<size_t>(i)];
      seat.next.store(i * chunks / threads, std::memory_order_relaxed);
      seat.end = (i + 1) * chunks / threads;
      seat.count = count;
      seat.chunk = chunk;
      seat.function = function;
      seat.context = context;
    }
  }

  // Those who have a share: the seats' own, looked at by nobody yet.
  void Open() {
    for (size_t i = 1; i < seats.size(); ++i) {
      if (seats[i].next.load(std::memory_order_relaxed) < seats[i].end)
        seats[i].gate.store(Gate::kOpen);
    }
    WakeSleepers();
  }

  void Close() {
    for (size_t i = 1; i < seats.size(); ++i) {
      Gate open = Gate::kOpen;
      seats[i].gate.compare_exchange_strong(open, Gate::kClosed);
    }
    const auto empty = [&] {
      return std::all_of(seats.begin() + 1, seats.end(), [](const Seat& seat) {
        return seat.gate.load() == Gate::kClosed;
      });
    };
    if (LookFor(empty)) return;
    std::unique_lock lock(mutex);
    caller_sleeps.store(true);
    left.wait(lock, empty);
    caller_sleeps.store(false);
  }

  void Leave(Seat& seat) {
    seat.gate.store(Gate::kClosed);
    if (!caller_sleeps.load()) return;
    std::lock_guard lock(mutex);
    left.notify_one();
  }

  void WorkerLoop(size_t self) {
    Seat& seat = seats[self];
    const auto called = [&] {
      return seat.gate.load() == Gate::kOpen || stop.load();
    };
    while (!stop.load()) {
      if (!LookFor(called)) {
        std::unique_lock lock(mutex);
        sleepers.fetch_add(1);
        opened.wait(lock, called);
        sleepers.fetch_sub(1);
      }
      Gate open = Gate::kOpen;
      if (!seat.gate.compare_exchange_strong(open, Gate::kInside)) continue;
      Work(self);
      Leave(seat);
    }
  }

  void WakeSleepers() {
    if (sleepers.load() == 0) return;
    std::lock_guard lock(mutex);
    opened.notify_all();
  }
};

ThreadPool::ThreadPool(int threads)
    : threads_(std::clamp(threads, 1, kMaxThreads)),
      state_(std::make_unique<State>(threads_)) {
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
  s.Tell(count, (count - 1) / pieces + 1, function, context);
  s.Open();
  s.Work(0);
  s.Close();
  s.busy.store(false);
}

}  // namespace liteforge
