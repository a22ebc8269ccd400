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

#include "kernels/micro/channel_vectors-inl.h"

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

void Int8Columns(const int32_t* mixed, const BilinearPlace<int32_t>* places,
                 int64_t pixels, int64_t channels, int8_t* to) {
  ForEachVector<int32_t, HWY_LANES(int32_t)>(
      pixels, channels, [&](auto d, int64_t x, int64_t c) HWY_ATTR {
        const hn::Rebind<int8_t, decltype(d)> narrow;
        const auto& [low, high, weight] = places[x];
        const auto sum = hn::Add(
            hn::Mul(hn::LoadU(d, mixed + low + c), hn::Set(d, kOne - weight)),
            hn::Mul(hn::LoadU(d, mixed + high + c), hn::Set(d, weight)));
        const auto sign = hn::ShiftRight<31>(sum);
        const auto size = hn::Sub(hn::Xor(sum, sign), sign);
        const auto rounded = hn::ShiftRight<2 * kBilinearBits>(
            hn::Add(size, hn::Set(d, kOne * kOne / 2)));
        hn::StoreU(hn::DemoteTo(narrow, hn::Sub(hn::Xor(rounded, sign), sign)),
                   narrow, to + x * channels + c);
      });
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
  ForEachVector<float, HWY_LANES(float)>(
      pixels, channels, [&](auto d, int64_t x, int64_t c) HWY_ATTR {
        const auto& [low, high, weight] = places[x];
        const auto of_low = hn::Set(d, 1 - weight);
        const auto of_high = hn::Set(d, weight);
        const auto at = [&](int64_t from)
                            HWY_ATTR { return hn::LoadU(d, mixed + from + c); };
        auto sum = hn::Mul(at(low), of_low);
        sum = hn::Add(sum, hn::Mul(at(low + count), of_low));
        sum = hn::Add(sum, hn::Mul(at(high), of_high));
        sum = hn::Add(sum, hn::Mul(at(high + count), of_high));
        StoreFloats(d, sum, to + x * channels + c);
      });
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
