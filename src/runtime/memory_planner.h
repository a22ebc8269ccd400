// SPDX-License-Identifier: Apache-2.0
// Where intermediate tensors lie: one arena, shared over time.
//
// Two tensors may share memory when they are not alive together. Finding the
// smallest arena is NP-hard (it is dynamic storage allocation), so this is a
// greedy plan: block by block, each into the tightest gap between those already
// placed that live at the same time, in the best of several orders.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "liteforge/result.h"

namespace liteforge {

// Every block starts at a multiple of this, a cache line and the widest SIMD
// register; so must the arena.
inline constexpr size_t kArenaAlignment = 64;
inline size_t AlignedBytes(size_t bytes) {
  return (bytes + kArenaAlignment - 1) / kArenaAlignment * kArenaAlignment;
}

// A block wanted from step `first` to step `last`, both included.
struct MemoryRequest {
  size_t bytes = 0;
  int first = 0;
  int last = 0;
};

struct MemoryPlan {
  std::vector<size_t> offsets;  // one a request; 0 for one of no bytes
  size_t arena_bytes = 0;
  // What is alive at the worst step: no plan can need less.
  size_t lower_bound = 0;
};

// Errors: kUnsupported when all requests together exceed 2^60 bytes.
Result<MemoryPlan> PlanMemory(std::span<const MemoryRequest> requests);

}  // namespace liteforge
