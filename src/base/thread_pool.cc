// SPDX-License-Identifier: Apache-2.0
// One loop at a time is "open". Its range is cut into about four chunks per
// thread; every thread that takes part claims the next chunk by an atomic
// counter, so a slow thread simply claims fewer.
//
//   caller:  publish the loop, wake the workers, claim chunks, close the loop,
//            wait until no worker is inside it
//   worker:  sleep until a loop it has not seen is open, enter, claim chunks,
//            leave
//
// A worker that wakes up after the loop was closed never enters it, so the
// caller does not wait for sleepers. A call made while a loop is open (from a
// body, or from another thread) runs inline.
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

}  // namespace

struct ThreadPool::State {
  std::mutex mutex;
  std::condition_variable opened;  // a loop was opened, or `stop` was set
  std::condition_variable left;    // the last worker left the loop
  bool stop = false;
  bool open = false;
  uint64_t generation = 0;  // counts loops; a worker enters each at most once
  int inside = 0;           // workers in the open loop
  std::atomic<bool> busy{false};

  // The loop. Written before `open` is set, read by those inside.
  int64_t count = 0;
  int64_t chunk = 0;
  RangeFunction function = nullptr;
  void* context = nullptr;
  std::atomic<int64_t> next{0};

  std::vector<std::thread> workers;

  void Work() {
    const int64_t chunks = (count - 1) / chunk + 1;
    for (int64_t i;
         (i = next.fetch_add(1, std::memory_order_relaxed)) < chunks;) {
      const int64_t begin = i * chunk;
      function(context, begin, begin + std::min(chunk, count - begin));
    }
  }

  void WorkerLoop() {
    uint64_t seen = 0;
    std::unique_lock lock(mutex);
    for (;;) {
      opened.wait(lock, [&] { return stop || (open && generation != seen); });
      if (stop) return;
      seen = generation;
      ++inside;
      lock.unlock();
      Work();
      lock.lock();
      if (--inside == 0) left.notify_one();
    }
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
  {
    std::lock_guard lock(state_->mutex);
    state_->stop = true;
  }
  state_->opened.notify_all();
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
  {
    std::lock_guard lock(s.mutex);
    const int64_t pieces = threads_ * kChunksPerThread;
    s.count = count;
    s.chunk = std::max(grain, (count - 1) / pieces + 1);
    s.function = function;
    s.context = context;
    s.next.store(0, std::memory_order_relaxed);
    ++s.generation;
    s.open = true;
  }
  s.opened.notify_all();
  s.Work();
  {
    std::unique_lock lock(s.mutex);
    s.open = false;
    s.left.wait(lock, [&] { return s.inside == 0; });
  }
  s.busy.store(false);
}

}  // namespace liteforge
