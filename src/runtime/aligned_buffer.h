// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>

#include "liteforge/result.h"

namespace liteforge {

// The machine's memory.
size_t MachineBytes();

// What a set of buffers may take together. Not thread-safe.
class MemoryBudget {
 public:
  explicit MemoryBudget(size_t limit_bytes) : limit_(limit_bytes) {}
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  size_t limit() const { return limit_; }
  size_t used() const { return used_; }

  // Whether `bytes` fit when `instead_of` bytes are about to be given back.
  bool Fits(size_t bytes, size_t instead_of) const {
    return bytes <= limit_ && used_ - instead_of <= limit_ - bytes;
  }
  void Take(size_t bytes) { used_ += bytes; }
  void GiveBack(size_t bytes) { used_ -= bytes; }

 private:
  const size_t limit_;
  size_t used_ = 0;
};

// Memory for tensors: 64-byte aligned, uninitialised, growing only. The one
// place where the runtime allocates by a size that a model dictates.
class AlignedBuffer {
 public:
  // Counts what it takes from now on against `budget`, which must outlive it.
  void ChargeTo(MemoryBudget& budget) { budget_ = &budget; }

  // Makes at least `bytes` available; the contents are lost when it has to
  // grow. Errors: kUnsupported when the budget or the machine has not that
  // much, or the machine refuses it now. The old memory is kept then.
  Result<void> Reserve(size_t bytes);
  // The same with room to spare, for sizes that creep up.
  Result<void> ReserveGrowing(size_t bytes);
  void Free();

  std::byte* data() const { return data_.get(); }
  size_t capacity() const { return capacity_; }

 private:
  struct Deleter {
    Deleter() : Deleter(nullptr, 0) {}
    Deleter(MemoryBudget* from, size_t taken) : budget(from), bytes(taken) {}
    void operator()(std::byte* data) const;
    MemoryBudget* budget;
    size_t bytes;
  };
  std::unique_ptr<std::byte, Deleter> data_;
  size_t capacity_ = 0;
  MemoryBudget* budget_ = nullptr;
};

}  // namespace liteforge
