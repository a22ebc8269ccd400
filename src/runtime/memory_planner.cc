// SPDX-License-Identifier: Apache-2.0
// Greedy, after Pisarchyk and Lee, "Efficient Memory Management for Deep Neural
// Net Inference", 2020, section 5:
//
//   * round every size up to the alignment
//   * for each block in some order: look at the placed blocks alive at the same
//     time, in order of offset, and take the smallest gap between them that
//     fits; the first of equal gaps; behind all of them when none fits
//
// with three orders, and each of them again with the block that lies topmost
// placed first, some times over, until one reaches the lower bound; otherwise
// the smallest arena counts:
//
//   by size      the largest first
//   by breadth   those first that live when most is alive; of these the
//   largest,
//                of equal ones the earliest
//   by lifetime  the longest-lived first, of these the largest
//
// Quadratic in the number of requests.
#include "runtime/memory_planner.h"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <tuple>
#include <utility>

#include "base/try.h"

namespace liteforge {
namespace {

constexpr size_t kMaxTotalBytes = size_t{1} << 60;

Result<std::vector<size_t>> RoundedSizes(
    std::span<const MemoryRequest> requests) {
  std::vector<size_t> sizes;
  size_t total = 0;
  for (const MemoryRequest& request : requests) {
    if (request.bytes > kMaxTotalBytes ||
        (total += AlignedBytes(request.bytes)) > kMaxTotalBytes)
      return Unsupported("the tensors need more than 2^60 bytes");
    sizes.push_back(AlignedBytes(request.bytes));
  }
  return sizes;
}

// How much is alive from each step on at which that changes: sizes come at
// `first` and go after `last`.
std::map<int64_t, int64_t> AliveFromStep(
    std::span<const MemoryRequest> requests, const std::vector<size_t>& sizes) {
  std::map<int64_t, int64_t> steps;
  for (size_t i = 0; i < requests.size(); ++i) {
    steps[requests[i].first] += static_cast<int64_t>(sizes[i]);
    steps[int64_t{requests[i].last} + 1] -= static_cast<int64_t>(sizes[i]);
  }
  int64_t alive = 0;
  for (auto& [step, bytes] : steps) bytes = alive += bytes;
  return steps;
}

size_t LowerBound(std::span<const MemoryRequest> requests,
                  const std::vector<size_t>& sizes) {
  int64_t most = 0;
  for (const auto& [step, bytes] : AliveFromStep(requests, sizes))
    most = std::max(most, bytes);
  return static_cast<size_t>(most);
}

class Placer {
 public:
  Placer(std::span<const MemoryRequest> requests,
         const std::vector<size_t>& sizes)
      : requests_(requests), sizes_(sizes), offsets_(requests.size(), 0) {}

  void Place(size_t block) {
    const size_t offset = FindGap(block);
    const MemoryRequest& request = requests_[block];
    offsets_[block] = offset;
    // by_offset_ stays sorted, so that FindGap meets blocks in order.
    const auto at = std::upper_bound(
        by_offset_.begin(), by_offset_.end(), offset,
        [](size_t value, const Placed& other) { return value < other.begin; });
    by_offset_.insert(
        at, {offset, offset + sizes_[block], request.first, request.last});
    arena_bytes_ = std::max(arena_bytes_, offset + sizes_[block]);
  }

  // The first block of `order` that reaches the arena's end; where that is the
  // very first, the last such one. Everything is placed.
  size_t Topmost(const std::vector<size_t>& order) const {
    const auto at_end = [&](size_t block) {
      return offsets_[block] + sizes_[block] == arena_bytes_;
    };
    const auto first = std::find_if(order.begin(), order.end(), at_end);
    if (first != order.begin()) return *first;
    return *std::find_if(order.rbegin(), order.rend(), at_end);
  }

  const std::vector<size_t>& offsets() const { return offsets_; }
  size_t arena_bytes() const { return arena_bytes_; }

 private:
  // By itself, for it is looked at most.
  struct Placed {
    size_t begin, end;  // in the arena
    int first, last;    // steps
  };

  size_t FindGap(size_t block) const {
    const MemoryRequest& request = requests_[block];
    const size_t size = sizes_[block];
    size_t end = 0;  // of the blocks met so far
    size_t best_offset = 0;
    size_t best_gap = std::numeric_limits<size_t>::max();
    for (const Placed& other : by_offset_) {
      if (request.first > other.last || other.first > request.last) continue;
      const size_t gap = other.begin > end ? other.begin - end : 0;
      if (gap >= size && gap < best_gap) {
        best_gap = gap;
        best_offset = end;
      }
      end = std::max(end, other.end);
    }
    return best_gap == std::numeric_limits<size_t>::max() ? end : best_offset;
  }

  std::span<const MemoryRequest> requests_;
  const std::vector<size_t>& sizes_;
  std::vector<size_t> offsets_;
  std::vector<Placed> by_offset_;
  size_t arena_bytes_ = 0;
};

using Order = std::vector<size_t>;

// All requests, those first that `before` puts first; equal ones as they come.
template <class Before>
Order Sorted(size_t count, const Before& before) {
  Order order(count);
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), before);
  return order;
}

Order BySize(std::span<const MemoryRequest> requests,
             const std::vector<size_t>& sizes) {
  return Sorted(requests.size(),
                [&](size_t a, size_t b) { return sizes[a] > sizes[b]; });
}

Order ByLifetime(std::span<const MemoryRequest> requests,
                 const std::vector<size_t>& sizes) {
  const auto key = [&](size_t i) {
    return std::pair(int64_t{requests[i].last} - requests[i].first, sizes[i]);
  };
  return Sorted(requests.size(),
                [&](size_t a, size_t b) { return key(a) > key(b); });
}

Order ByBreadth(std::span<const MemoryRequest> requests,
                const std::vector<size_t>& sizes) {
  // The most that is alive while each request is.
  const std::map<int64_t, int64_t> alive = AliveFromStep(requests, sizes);
  std::vector<int64_t> most(requests.size());
  for (size_t i = 0; i < requests.size(); ++i) {
    for (auto step = alive.find(requests[i].first);
         step != alive.end() && step->first <= requests[i].last; ++step)
      most[i] = std::max(most[i], step->second);
  }
  const auto key = [&](size_t i) {
    return std::tuple(most[i], sizes[i], -int64_t{requests[i].first});
  };
  return Sorted(requests.size(),
                [&](size_t a, size_t b) { return key(a) > key(b); });
}

// Placing is quadratic, so large graphs get fewer tries: about a millisecond
// of them an order.
size_t MostRepairs(size_t blocks) {
  constexpr size_t kMost = 64, kSteps = 4'000'000;
  return std::min(kMost, kSteps / std::max<size_t>(1, blocks * blocks));
}

void PlaceEarlier(Order& order, size_t block) {
  const auto at = std::find(order.begin(), order.end(), block);
  std::rotate(order.begin(), at, at + 1);
}

}  // namespace

Result<MemoryPlan> PlanMemory(std::span<const MemoryRequest> requests) {
  TRY_ASSIGN(const std::vector<size_t> sizes, RoundedSizes(requests));
  MemoryPlan plan;
  plan.lower_bound = LowerBound(requests, sizes);
  plan.offsets.assign(requests.size(), 0);
  if (plan.lower_bound == 0) return plan;
  plan.arena_bytes = std::numeric_limits<size_t>::max();
  for (const auto make_order : {BySize, ByBreadth, ByLifetime}) {
    Order order = make_order(requests, sizes);
    std::erase_if(order, [&](size_t block) { return sizes[block] == 0; });
    for (size_t repairs = MostRepairs(order.size());; --repairs) {
      Placer placer(requests, sizes);
      for (const size_t block : order) placer.Place(block);
      if (placer.arena_bytes() < plan.arena_bytes) {
        plan.arena_bytes = placer.arena_bytes();
        plan.offsets = placer.offsets();
      }
      if (plan.arena_bytes == plan.lower_bound) return plan;
      if (repairs == 0) break;
      PlaceEarlier(order, placer.Topmost(order));
    }
  }
  return plan;
}

}  // namespace liteforge
