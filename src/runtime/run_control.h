// SPDX-License-Identifier: Apache-2.0
// What reaches into a run from outside: cancellation, the profile and the
// limit of memory. One per interpreter, shared by its subgraphs.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "liteforge/interpreter.h"
#include "liteforge/result.h"
#include "runtime/aligned_buffer.h"
#include "runtime/load_model.h"

namespace liteforge {

class RunControl {
 public:
  // Profiles the nodes of `model`, which must outlive it, if options say so.
  RunControl(const ModelSpec& model, const InterpreterOptions& options);

  // From any thread. Begin forgets it: a run is cancelled while it runs.
  void Cancel() { cancelled_.store(true, std::memory_order_relaxed); }
  void Begin() { cancelled_.store(false, std::memory_order_relaxed); }
  bool cancelled() const { return cancelled_.load(std::memory_order_relaxed); }

  MemoryBudget& memory() { return memory_; }

  std::vector<ProfileEntry> Profile() const;
  void ResetProfile();

  struct Times {
    int64_t calls = 0;
    int64_t nanoseconds = 0;
  };

  // Around one node. Times it when there is a profile; `control` may be null.
  class Step {
   public:
    Step(RunControl* control, int graph, size_t node);
    ~Step();
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;
    bool cancelled() const {
      return control_ != nullptr && control_->cancelled();
    }

   private:
    RunControl* control_;
    Times* times_ = nullptr;
    std::chrono::steady_clock::time_point start_;
  };

 private:
  friend class Step;

  const ModelSpec& model_;
  const bool profile_;
  std::atomic<bool> cancelled_ = false;
  MemoryBudget memory_;
  std::vector<std::vector<Times>> times_;  // per graph and node
};

inline bool IsCancelled(const RunControl* control) {
  return control != nullptr && control->cancelled();
}

// The error of a run that was stopped.
tl::unexpected<Error> Cancelled();

}  // namespace liteforge
