// SPDX-License-Identifier: Apache-2.0
// Working memory of the threads of one loop: each takes a slot that is free, of
// which there are as many as threads, but at most 64.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>

namespace liteforge {

template <class T>
class ScratchSlots {
 public:
  // `memory` holds a slot of `size` numbers for each thread.
  ScratchSlots(T* memory, int64_t size) : memory_(memory), size_(size) {}

  class Slot {
   public:
    explicit Slot(ScratchSlots& of) : of_(of), index_(of.Take()) {}
    ~Slot() { of_.taken_.fetch_and(~(uint64_t{1} << index_)); }
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;
    T* data() const { return of_.memory_ + index_ * of_.size_; }

   private:
    ScratchSlots& of_;
    int index_;
  };

 private:
  static constexpr int kMost = 64;

  // Waits where there are more threads than slots.
  int Take() {
    uint64_t taken = taken_.load();
    while (true) {
      const int free = std::countr_one(taken);
      if (free == kMost) {
        taken = taken_.load();
      } else if (taken_.compare_exchange_weak(taken,
                                              taken | uint64_t{1} << free)) {
        return free;
      }
    }
  }

  T* memory_;
  int64_t size_;
  std::atomic<uint64_t> taken_{0};
};

}  // namespace liteforge
