// SPDX-License-Identifier: Apache-2.0
#include "kernels/micro/byte_activations.h"

#include <cstring>

#include "kernels/micro/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/micro/byte_activations.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace liteforge {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <class In>
HWY_INLINE void Widen(const In* from, int64_t count, int offset, int16_t* to) {
  const hn::ScalableTag<int16_t> d;
  const hn::Rebind<In, decltype(d)> narrow;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto add = hn::Set(d, static_cast<int16_t>(offset));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    hn::StoreU(hn::Add(hn::PromoteTo(d, hn::LoadU(narrow, from + i)), add), d,
               to + i);
  }
  for (; i < count; ++i) to[i] = static_cast<int16_t>(from[i] + offset);
}

// Highway's tables hold plain functions.
void WidenInt8(const int8_t* from, int64_t count, int offset, int16_t* to) {
  Widen(from, count, offset, to);
}
void WidenUInt8(const uint8_t* from, int64_t count, int offset, int16_t* to) {
  Widen(from, count, offset, to);
}

// The numbers of a row, whose run r is run(r), added up.
template <class Run>
HWY_INLINE int64_t SumOfRow(int64_t runs, int64_t length, const Run& run) {
  const hn::CappedTag<uint8_t, 16> d;  // runs are short
  const hn::CappedTag<uint8_t, 8> half;
  const hn::Repartition<uint64_t, decltype(d)> d64;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  auto vectors = hn::Zero(d64);
  int64_t sum = 0;
  for (int64_t r = 0; r < runs; ++r) {
    const uint8_t* at = run(r);
    int64_t i = 0;
    for (; i + lanes <= length; i += lanes)
      vectors = hn::Add(vectors, hn::SumsOf8(hn::LoadU(d, at + i)));
    if (i + 8 <= length) {
      sum += static_cast<int64_t>(
          hn::GetLane(hn::SumsOf8(hn::LoadU(half, at + i))));
      i += 8;
    }
    for (; i < length; ++i) sum += at[i];
  }
  return sum + static_cast<int64_t>(hn::GetLane(hn::SumOfLanes(d64, vectors)));
}

void SumRows(const uint8_t* const* rows, int64_t count, int64_t runs,
             int64_t length, int64_t* sums) {
  for (int64_t m = 0; m < count; ++m) {
    sums[m] = SumOfRow(runs, length,
                       [&](int64_t r) HWY_ATTR { return rows[m * runs + r]; });
  }
}

void SumRuns(const ByteRun<uint8_t>* runs, int64_t count, int64_t run_count,
             int64_t length, int64_t* sums) {
  for (int64_t m = 0; m < count; ++m) {
    sums[m] = SumOfRow(run_count, length, [&](int64_t r) HWY_ATTR {
      return runs[r].first + m * runs[r].step;
    });
  }
}

// int8 and 128 together are unsigned: the same bits but the highest.
void FlipSigns(const int8_t* from, int64_t count, uint8_t* to) {
  const hn::ScalableTag<uint8_t> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto sign = hn::Set(d, uint8_t{0x80});
  const auto* bytes = reinterpret_cast<const uint8_t*>(from);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes)
    hn::StoreU(hn::Xor(hn::LoadU(d, bytes + i), sign), d, to + i);
  for (; i < count; ++i) to[i] = bytes[i] ^ 0x80;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace liteforge
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace liteforge {

HWY_EXPORT(WidenInt8);
HWY_EXPORT(WidenUInt8);
HWY_EXPORT(FlipSigns);
HWY_EXPORT(SumRows);
HWY_EXPORT(SumRuns);

void ConvertBytes(const int8_t* from, int64_t count, uint8_t* to) {
  HWY_DYNAMIC_DISPATCH(FlipSigns)(from, count, to);
}
void ConvertBytes(const uint8_t* from, int64_t count, uint8_t* to) {
  std::memcpy(to, from, static_cast<size_t>(count));
}

void WidenBytes(const int8_t* from, int64_t count, int offset, int16_t* to) {
  HWY_DYNAMIC_DISPATCH(WidenInt8)(from, count, offset, to);
}
void WidenBytes(const uint8_t* from, int64_t count, int offset, int16_t* to) {
  HWY_DYNAMIC_DISPATCH(WidenUInt8)(from, count, offset, to);
}

void AddUpRows(const uint8_t* const* rows, int64_t count, int64_t run_count,
               int64_t length, int64_t* sums) {
  HWY_DYNAMIC_DISPATCH(SumRows)(rows, count, run_count, length, sums);
}
void AddUpRows(const ByteRun<uint8_t>* runs, int64_t count, int64_t run_count,
               int64_t length, int64_t* sums) {
  HWY_DYNAMIC_DISPATCH(SumRuns)(runs, count, run_count, length, sums);
}

}  // namespace liteforge
#endif  // HWY_ONCE
