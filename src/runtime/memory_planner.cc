// SPDX-License-Identifier: Apache-2.0
// Greedy by size, after Pisarchyk and Lee, "Efficient Memory Management for
// Deep Neural Net Inference", 2020, section 5.2:
//
//   * round every size up to the alignment
//   * sort by size, largest first; of equal ones the earlier request first
//   * for each: look at the placed blocks alive at the same time, in order of
//     offset, and take the smallest gap between them that fits; the first of
//     equal gaps; behind all of them when none fits
//
// Quadratic in the number of requests.
#include "runtime/memory_planner.h"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>

#include "base/try.h"

namespace liteforge {
namespace {

constexpr size_t kMaxTotalBytes = size_t{1} << 60;

size_t RoundUp(size_t bytes) {
  return (bytes + kArenaAlignment - 1) / kArenaAlignment * kArenaAlignment;
}

bool AliveTogether(const MemoryRequest& a, const MemoryRequest& b) {
  return a.first <= b.last && b.first <= a.last;
}

Result<std::vector<size_t>> RoundedSizes(
    std::span<const MemoryRequest> requests) {
  std::vector<size_t> sizes;
  size_t total = 0;
  for (const MemoryRequest& request : requests) {
    if (request.bytes > kMaxTotalBytes ||
        (total += RoundUp(request.bytes)) > kMaxTotalBytes)
      return Unsupported("the tensors need more than 2^60 bytes");
    sizes.push_back(RoundUp(request.bytes));
  }
  return sizes;
}

// The most that is alive at any step: sizes come at `first`, go after `last`.
size_t LowerBound(std::span<const MemoryRequest> requests,
                  const std::vector<size_t>& sizes) {
  std::map<int64_t, int64_t> change;
  for (size_t i = 0; i < requests.size(); ++i) {
    change[requests[i].first] += static_cast<int64_t>(sizes[i]);
    change[int64_t{requests[i].last} + 1] -= static_cast<int64_t>(sizes[i]);
  }
  int64_t alive = 0;
  int64_t most = 0;
  for (const auto& [step, difference] : change)
    most = std::max(most, alive += difference);
  return static_cast<size_t>(most);
}

class Placer {
 public:
  Placer(std::span<const MemoryRequest> requests,
         const std::vector<size_t>& sizes)
      : requests_(requests), sizes_(sizes), offsets_(requests.size(), 0) {}

  void Place(size_t block) {
    const size_t offset = FindGap(block);
    offsets_[block] = offset;
    // by_offset_ stays sorted, so that FindGap meets blocks in order.
    const auto at = std::upper_bound(
        by_offset_.begin(), by_offset_.end(), offset,
        [&](size_t value, size_t other) { return value < offsets_[other]; });
    by_offset_.insert(at, block);
    arena_bytes_ = std::max(arena_bytes_, offset + sizes_[block]);
  }

  std::vector<size_t> TakeOffsets() { return std::move(offsets_); }
  size_t arena_bytes() const { return arena_bytes_; }

 private:
  size_t FindGap(size_t block) const {
    size_t end = 0;  // of the blocks met so far
    size_t best_offset = 0;
    size_t best_gap = std::numeric_limits<size_t>::max();
    for (const size_t other : by_offset_) {
      if (!AliveTogether(requests_[block], requests_[other])) continue;
      const size_t gap = offsets_[other] > end ? offsets_[other] - end : 0;
      if (gap >= sizes_[block] && gap < best_gap) {
        best_gap = gap;
        best_offset = end;
      }
      end = std::max(end, offsets_[other] + sizes_[other]);
    }
    return best_gap == std::numeric_limits<size_t>::max() ? end : best_offset;
  }

  std::span<const MemoryRequest> requests_;
  const std::vector<size_t>& sizes_;
  std::vector<size_t> offsets_;
  std::vector<size_t> by_offset_;  // the placed blocks
  size_t arena_bytes_ = 0;
};

}  // namespace

Result<MemoryPlan> PlanMemory(std::span<const MemoryRequest> requests) {
  TRY_ASSIGN(const std::vector<size_t> sizes, RoundedSizes(requests));
  std::vector<size_t> order(requests.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return sizes[a] > sizes[b]; });
  Placer placer(requests, sizes);
  for (const size_t block : order) {
    if (sizes[block] > 0) placer.Place(block);
  }
  return MemoryPlan{placer.TakeOffsets(), placer.arena_bytes(),
                    LowerBound(requests, sizes)};
}

}  // namespace liteforge
