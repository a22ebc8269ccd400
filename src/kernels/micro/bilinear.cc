// SPDX-License-Identifier: Apache-2.0
// Of an output pixel's four neighbors, columns l and h of rows l and h:
//
//   integers  (1 - dx) [(1 - dy) ll + dy hl] + dx [(1 - dy) lh + dy hh]
//   floats    (1 - dy) ll (1 - dx) + dy hl (1 - dx) + (1 - dy) lh dx + dy hh dx
//
// The brackets, and the products of rows, are the same for all columns. No two
// operations of floats are contracted.
#include "kernels/micro/bilinear.h"

#include "kernels/micro/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/micro/bilinear.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace liteforge {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

constexpr int32_t kOne = 1 << kBilinearBits;

void Int8Rows(const int8_t* low, const int8_t* high, int32_t weight,
              int64_t count, int32_t* mixed) {
  const hn::ScalableTag<int32_t> d;
  const hn::Rebind<int8_t, decltype(d)> narrow;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto of_low = hn::Set(d, kOne - weight), of_high = hn::Set(d, weight);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto a = hn::PromoteTo(d, hn::LoadU(narrow, low + i));
    const auto b = hn::PromoteTo(d, hn::LoadU(narrow, high + i));
    hn::StoreU(hn::Add(hn::Mul(a, of_low), hn::Mul(b, of_high)), d, mixed + i);
  }
  for (; i < count; ++i) mixed[i] = low[i] * (kOne - weight) + high[i] * weight;
}

// body(d, c) for all vectors of channels, the last of which takes some twice;
// of few channels, in the widest vectors that they fill.
template <class T, size_t kLanes, class Body>
HWY_INLINE void ForEachVector(int64_t channels, const Body& body) {
  const hn::CappedTag<T, kLanes> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  if constexpr (kLanes > 1) {
    if (channels < lanes) return ForEachVector<T, kLanes / 2>(channels, body);
  }
  int64_t c = 0;
  for (; c + lanes <= channels; c += lanes) body(d, c);
  if (c < channels) body(d, channels - lanes);
}

void Int8Columns(const int32_t* mixed, const BilinearPlace<int32_t>* places,
                 int64_t pixels, int64_t channels, int8_t* to) {
  for (int64_t x = 0; x < pixels; ++x, to += channels) {
    const BilinearPlace<int32_t>& at = places[x];
    const int32_t *low = mixed + at.low, *high = mixed + at.high;
    ForEachVector<int32_t, HWY_LANES(int32_t)>(
        channels, [&](auto d, int64_t c) HWY_ATTR {
          const hn::Rebind<int8_t, decltype(d)> narrow;
          const auto sum = hn::Add(
              hn::Mul(hn::LoadU(d, low + c), hn::Set(d, kOne - at.weight)),
              hn::Mul(hn::LoadU(d, high + c), hn::Set(d, at.weight)));
          const auto sign = hn::ShiftRight<31>(sum);
          const auto size = hn::Sub(hn::Xor(sum, sign), sign);
          const auto rounded = hn::ShiftRight<2 * kBilinearBits>(
              hn::Add(size, hn::Set(d, kOne * kOne / 2)));
          hn::StoreU(
              hn::DemoteTo(narrow, hn::Sub(hn::Xor(rounded, sign), sign)),
              narrow, to + c);
        });
  }
}

template <class D>
HWY_INLINE hn::Vec<D> LoadFloats(D d, const float* from) {
  return hn::LoadU(d, from);
}
template <class D>
HWY_INLINE hn::Vec<D> LoadFloats(D d, const uint8_t* from) {
  const hn::Rebind<uint8_t, D> narrow;
  const hn::Rebind<int32_t, D> wide;
  return hn::ConvertTo(d, hn::PromoteTo(wide, hn::LoadU(narrow, from)));
}

template <class D>
HWY_INLINE void StoreFloats(D d, hn::Vec<D> v, float* to) {
  hn::StoreU(v, d, to);
}
template <class D>
HWY_INLINE void StoreFloats(D d, hn::Vec<D> v, uint8_t* to) {
  const hn::Rebind<uint8_t, D> narrow;
  const hn::Rebind<int32_t, D> wide;
  const auto whole = hn::ConvertTo(wide, hn::Add(v, hn::Set(d, 0.5f)));
  hn::StoreU(hn::DemoteTo(narrow, whole), narrow, to);
}

template <class T>
HWY_INLINE void Rows(const T* low, const T* high, float weight, int64_t count,
                     float* mixed) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto scale = [&](const T* from, float by, float* to) HWY_ATTR {
    const auto factor = hn::Set(d, by);
    int64_t i = 0;
    for (; i + lanes <= count; i += lanes)
      hn::StoreU(hn::Mul(LoadFloats(d, from + i), factor), d, to + i);
    for (; i < count; ++i) to[i] = static_cast<float>(from[i]) * by;
  };
  scale(low, 1 - weight, mixed);
  scale(high, weight, mixed + count);
}

template <class T>
HWY_INLINE void Columns(const float* mixed, int64_t count,
                        const BilinearPlace<float>* places, int64_t pixels,
                        int64_t channels, T* to) {
  for (int64_t x = 0; x < pixels; ++x, to += channels) {
    const BilinearPlace<float>& at = places[x];
    const float *low = mixed + at.low, *high = mixed + at.high;
    ForEachVector<float, HWY_LANES(float)>(
        channels, [&](auto d, int64_t c) HWY_ATTR {
          const auto of_low = hn::Set(d, 1 - at.weight);
          const auto of_high = hn::Set(d, at.weight);
          auto sum = hn::Mul(hn::LoadU(d, low + c), of_low);
          sum = hn::Add(sum, hn::Mul(hn::LoadU(d, low + count + c), of_low));
          sum = hn::Add(sum, hn::Mul(hn::LoadU(d, high + c), of_high));
          sum = hn::Add(sum, hn::Mul(hn::LoadU(d, high + count + c), of_high));
          StoreFloats(d, sum, to + c);
        });
  }
}

void FloatRows(const float* low, const float* high, float weight, int64_t count,
               float* mixed) {
  Rows(low, high, weight, count, mixed);
}
void UInt8Rows(const uint8_t* low, const uint8_t* high, float weight,
               int64_t count, float* mixed) {
  Rows(low, high, weight, count, mixed);
}
void FloatColumns(const float* mixed, int64_t count,
                  const BilinearPlace<float>* places, int64_t pixels,
                  int64_t channels, float* to) {
  Columns(mixed, count, places, pixels, channels, to);
}
void UInt8Columns(const float* mixed, int64_t count,
                  const BilinearPlace<float>* places, int64_t pixels,
                  int64_t channels, uint8_t* to) {
  Columns(mixed, count, places, pixels, channels, to);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace liteforge
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace liteforge {

HWY_EXPORT(Int8Rows);
HWY_EXPORT(Int8Columns);
HWY_EXPORT(FloatRows);
HWY_EXPORT(UInt8Rows);
HWY_EXPORT(FloatColumns);
HWY_EXPORT(UInt8Columns);

void MixRows(const int8_t* low, const int8_t* high, int32_t weight,
             int64_t count, int32_t* mixed) {
  HWY_DYNAMIC_DISPATCH(Int8Rows)(low, high, weight, count, mixed);
}
void MixColumns(const int32_t* mixed, const BilinearPlace<int32_t>* places,
                int64_t pixels, int64_t channels, int8_t* to) {
  HWY_DYNAMIC_DISPATCH(Int8Columns)(mixed, places, pixels, channels, to);
}
void MixRows(const float* low, const float* high, float weight, int64_t count,
             float* mixed) {
  HWY_DYNAMIC_DISPATCH(FloatRows)(low, high, weight, count, mixed);
}
void MixRows(const uint8_t* low, const uint8_t* high, float weight,
             int64_t count, float* mixed) {
  HWY_DYNAMIC_DISPATCH(UInt8Rows)(low, high, weight, count, mixed);
}
void MixColumns(const float* mixed, int64_t count,
                const BilinearPlace<float>* places, int64_t pixels,
                int64_t channels, float* to) {
  HWY_DYNAMIC_DISPATCH(FloatColumns)
  (mixed, count, places, pixels, channels, to);
}
void MixColumns(const float* mixed, int64_t count,
                const BilinearPlace<float>* places, int64_t pixels,
                int64_t channels, uint8_t* to) {
  HWY_DYNAMIC_DISPATCH(UInt8Columns)
  (mixed, count, places, pixels, channels, to);
}

}  // namespace liteforge
#endif
