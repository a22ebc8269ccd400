// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <type_traits>

namespace liteforge {

// A fixed set of threads for data-parallel loops. The calling thread works
// too, so ThreadPool(1) starts none.
class ThreadPool {
 public:
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return threads_; }

  // Calls body(begin, end) over disjoint ranges that cover [0, count), each
  // at least `grain` long but the last; returns when all are done. Allocates
  // nothing. `body` must not throw; a nested call runs on its own thread.
  template <class Body>
  void ParallelFor(int64_t count, int64_t grain, Body&& body) {
    auto call = [](void* context, int64_t begin, int64_t end) {
      (*static_cast<std::remove_reference_t<Body>*>(context))(begin, end);
    };
    Run(count, grain, call, const_cast<void*>(static_cast<const void*>(&body)));
  }

 private:
  using RangeFunction = void (*)(void* context, int64_t begin, int64_t end);
  void Run(int64_t count, int64_t grain, RangeFunction function, void* context);

  struct State;
  int threads_;
  std::unique_ptr<State> state_;
};

}  // namespace liteforge
