// SPDX-License-Identifier: Apache-2.0
#include "kernels/micro/byte_panels.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <type_traits>

#include "kernels/micro/packed_layout.h"
#include "kernels/micro/targets_with_vnni.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/micro/byte_panels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/micro/byte_products-inl.h"

HWY_BEFORE_NAMESPACE();
namespace liteforge {
namespace HWY_NAMESPACE {
namespace {

int64_t Width() { return 2 * static_cast<int64_t>(hn::Lanes(Ints())); }
GemmElement Element() {
  return kMultipliesBytes ? GemmElement::kByte : GemmElement::kWord;
}

// Of bytes with those bits turned.
int64_t Sum(const uint8_t* bytes, int64_t count, uint8_t turned) {
  const hn::ScalableTag<uint8_t> d;
  const hn::Repartition<uint64_t, decltype(d)> d64;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto bits = hn::Set(d, turned);
  auto sums = hn::Zero(d64);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto values = hn::Xor(hn::LoadU(d, bytes + i), bits);
    sums = hn::Add(sums, hn::SumsOf8(values));
  }
  auto sum = static_cast<int64_t>(hn::GetLane(hn::SumOfLanes(d64, sums)));
  for (; i < count; ++i) sum += bytes[i] ^ turned;
  return sum;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace liteforge
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace liteforge {

HWY_EXPORT(Width);
HWY_EXPORT(Element);
HWY_EXPORT(Sum);

namespace {

constexpr int64_t GroupOf(GemmElement element) {
  return element == GemmElement::kByte ? 4 : 2;
}

// A group of stored numbers from as many weights. Taking 128 from an unsigned
// byte turns its highest bit.
template <class Weight>
inline void StoreGroup(const Weight* from, int32_t taken, int8_t* to) {
  uint32_t four;
  std::memcpy(&four, from, sizeof(four));
  four ^= taken == 128 ? 0x80808080u : 0;
  std::memcpy(to, &four, sizeof(four));
}
template <class Weight>
inline void StoreGroup(const Weight* from, int32_t taken, int16_t* to) {
  to[0] = static_cast<int16_t>(from[0] - taken);
  to[1] = static_cast<int16_t>(from[1] - taken);
}

// Weights less `taken` into panels. A few groups of each column at a time, so
// that the lines of cache that they go to are still there for the next one.
template <class Stored, class Weight>
void FillPanels(const Weight* weights, int32_t taken, const BytePanels& p,
                Stored* to) {
  constexpr int64_t kGroup = 4 / sizeof(Stored), kBlock = 16;
  const int64_t width = p.panel_width, length = p.run_length;
  const int64_t whole = length / kGroup, groups = p.groups();
  for (int64_t first = 0; first < p.columns; first += width) {
    const int64_t count = std::min(width, p.columns - first);
    for (int64_t r = 0; r < p.runs; ++r, to += groups * width * kGroup) {
      const Weight* run = weights + (first * p.runs + r) * length;
      if (count < width) std::fill_n(to, groups * width * kGroup, Stored{0});
      for (int64_t begin = 0; begin < whole; begin += kBlock) {
        const int64_t end = std::min(whole, begin + kBlock);
        for (int64_t n = 0; n < count; ++n) {
          const Weight* from = run + n * p.runs * length;
          for (int64_t g = begin; g < end; ++g)
            StoreGroup(from + g * kGroup, taken, to + (g * width + n) * kGroup);
        }
      }
      if (whole == groups) continue;
      std::fill_n(to + whole * width * kGroup, width * kGroup, Stored{0});
      for (int64_t n = 0; n < count; ++n) {
        const Weight* from = run + n * p.runs * length;
        for (int64_t i = whole * kGroup; i < length; ++i)
          to[(whole * width + n) * kGroup + i % kGroup] =
              static_cast<Stored>(from[i] - taken);
      }
    }
  }
}

template <class Weight>
void FillSums(const Weight* weights, int32_t taken, const BytePanels& p,
              int32_t* sums) {
  const int64_t depth = p.runs * p.run_length;
  // As unsigned ones, which there is a fast sum of.
  const int64_t more = std::is_signed_v<Weight> ? 128 : 0;
  for (int64_t n = 0; n < p.columns; ++n) {
    const auto* column = reinterpret_cast<const uint8_t*>(weights + n * depth);
    const int64_t sum =
        HWY_DYNAMIC_DISPATCH(Sum)(column, depth, static_cast<uint8_t>(more));
    sums[n] = static_cast<int32_t>(sum - (taken + more) * depth);
  }
  std::fill(sums + p.columns, sums + p.padded_columns(), 0);
}

template <class Weight>
BytePanels Pack(ArrayCache& arrays, const Weight* weights, int32_t taken,
                int64_t columns, int64_t runs, int64_t run_length) {
  BytePanels p;
  p.element = GemmElementOfThisMachine();
  p.columns = columns;
  p.runs = runs;
  p.run_length = run_length;
  p.panel_width = BytePanelWidth();
  const bool bytes = p.element == GemmElement::kByte;
  const auto kind = std::is_signed_v<Weight> ? PackedKind::kSignedBytePanels
                                             : PackedKind::kUnsignedBytePanels;
  const auto count = static_cast<size_t>(columns * runs * run_length);
  p.stored = arrays.Find(
      {static_cast<uint32_t>(kind),
       {columns, runs, run_length, 2 * p.panel_width + bytes, taken},
       std::as_bytes(std::span(weights, count))},
      p.weight_bytes() + p.padded_columns() * sizeof(int32_t),
      [&](std::byte* to) {
        bytes ? FillPanels(weights, taken, p, reinterpret_cast<int8_t*>(to))
              : FillPanels(weights, taken, p, reinterpret_cast<int16_t*>(to));
        FillSums(weights, taken, p,
                 reinterpret_cast<int32_t*>(to + p.weight_bytes()));
      });
  p.weights = p.stored.data();
  return p;
}

}  // namespace

int64_t BytePanels::groups() const {
  const int64_t group = GroupOf(element);
  return (run_length + group - 1) / group;
}

GemmElement GemmElementOfThisMachine() {
  return HWY_DYNAMIC_DISPATCH(Element)();
}
int64_t BytePanelWidth() { return HWY_DYNAMIC_DISPATCH(Width)(); }

BytePanels PackBytePanels(ArrayCache& arrays, const int8_t* weights,
                          int64_t columns, int64_t runs, int64_t run_length) {
  return Pack(arrays, weights, 0, columns, runs, run_length);
}

BytePanels PackBytePanels(ArrayCache& arrays, const uint8_t* weights,
                          int32_t weight_zero, int64_t columns, int64_t runs,
                          int64_t run_length) {
  const bool bytes = GemmElementOfThisMachine() == GemmElement::kByte;
  const int32_t taken = bytes ? 128 : weight_zero;
  BytePanels p = Pack(arrays, weights, taken, columns, runs, run_length);
  p.weight_offset = taken - weight_zero;
  return p;
}

}  // namespace liteforge
#endif  // HWY_ONCE
