// SPDX-License-Identifier: Apache-2.0
#include "kernels/micro/byte_functions.h"

#include <algorithm>
#include <limits>

#include "kernels/micro/targets_with_vnni.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/micro/byte_functions.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace liteforge {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// A quarter of the table fills a register; one instruction looks up in two by
// seven bits of a number, and the eighth chooses between two such results.
void LookUp(const uint8_t* table, const uint8_t* from, int64_t count,
            uint8_t* to) {
  int64_t i = 0;
#if HWY_TARGET == HWY_AVX3_DL
  const __m512i quarter0 = _mm512_loadu_si512(table);
  const __m512i quarter1 = _mm512_loadu_si512(table + 64);
  const __m512i quarter2 = _mm512_loadu_si512(table + 128);
  const __m512i quarter3 = _mm512_loadu_si512(table + 192);
  for (; i + 64 <= count; i += 64) {
    const __m512i x = _mm512_loadu_si512(from + i);
    const __m512i low = _mm512_permutex2var_epi8(quarter0, x, quarter1);
    const __m512i high = _mm512_permutex2var_epi8(quarter2, x, quarter3);
    _mm512_storeu_si512(
        to + i, _mm512_mask_blend_epi8(_mm512_movepi8_mask(x), low, high));
  }
#endif
  for (; i < count; ++i) to[i] = table[from[i]];
}

template <class T>
HWY_INLINE void Dequantize(const T* from, int64_t count, float scale,
                           int32_t zero_point, float* to) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> d32;
  const hn::Rebind<T, decltype(d)> narrow;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto by = hn::Set(d, scale);
  const auto zero = hn::Set(d32, zero_point);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto steps =
        hn::Sub(hn::PromoteTo(d32, hn::LoadU(narrow, from + i)), zero);
    hn::StoreU(hn::Mul(by, hn::ConvertTo(d, steps)), d, to + i);
  }
  for (; i < count; ++i)
    to[i] = scale * static_cast<float>(from[i] - zero_point);
}
void DequantizeInt8(const int8_t* from, int64_t count, float scale,
                    int32_t zero_point, float* to) {
  Dequantize(from, count, scale, zero_point, to);
}
void DequantizeUInt8(const uint8_t* from, int64_t count, float scale,
                     int32_t zero_point, float* to) {
  Dequantize(from, count, scale, zero_point, to);
}

template <class Out>
HWY_INLINE void Quantize(const float* from, int64_t count, float scale,
                         int32_t zero_point, Out* to) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> d32;
  const hn::Rebind<Out, decltype(d)> narrow;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto by = hn::Set(d, scale), zero = hn::Zero(d);
  const auto half = hn::Set(d, 0.5f), one = hn::Set(d, 1.0f);
  // Clamped first: what follows then fits.
  const auto low = hn::Set(
      d, static_cast<float>(std::numeric_limits<Out>::min() - zero_point));
  const auto high = hn::Set(
      d, static_cast<float>(std::numeric_limits<Out>::max() - zero_point));
  const auto offset = hn::Set(d32, zero_point);
  const auto convert = [&](hn::Vec<decltype(d)> x) HWY_ATTR {
    const auto steps = hn::Div(x, by);
    const auto whole = hn::Trunc(steps);
    const auto rest = hn::Sub(steps, whole);  // exact
    const auto up = hn::IfThenElseZero(hn::Ge(hn::Abs(rest), half),
                                       hn::CopySign(one, steps));
    auto value = hn::Add(whole, up);
    value = hn::IfThenElse(hn::IsNaN(steps), zero, value);
    value = hn::Min(hn::Max(value, low), high);
    return hn::DemoteTo(narrow, hn::Add(hn::ConvertTo(d32, value), offset));
  };
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes)
    hn::StoreU(convert(hn::LoadU(d, from + i)), narrow, to + i);
  if (i == count) return;
  HWY_ALIGN float rest[HWY_MAX_BYTES / sizeof(float)] = {};
  HWY_ALIGN Out bytes[HWY_MAX_BYTES];
  std::copy_n(from + i, count - i, rest);
  hn::StoreU(convert(hn::Load(d, rest)), narrow, bytes);
  std::copy_n(bytes, count - i, to + i);
}

void QuantizeToInt8(const float* from, int64_t count, float scale,
                    int32_t zero_point, int8_t* to) {
  Quantize(from, count, scale, zero_point, to);
}
void QuantizeToUInt8(const float* from, int64_t count, float scale,
                     int32_t zero_point, uint8_t* to) {
  Quantize(from, count, scale, zero_point, to);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace liteforge
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace liteforge {

HWY_EXPORT(LookUp);
HWY_EXPORT(DequantizeInt8);
HWY_EXPORT(DequantizeUInt8);
HWY_EXPORT(QuantizeToInt8);
HWY_EXPORT(QuantizeToUInt8);

void LookUpBytes(const uint8_t* table, const uint8_t* from, int64_t count,
                 uint8_t* to) {
  HWY_DYNAMIC_DISPATCH(LookUp)(table, from, count, to);
}

void DequantizeBytes(const int8_t* from, int64_t count, float scale,
                     int32_t zero_point, float* to) {
  HWY_DYNAMIC_DISPATCH(DequantizeInt8)(from, count, scale, zero_point, to);
}
void DequantizeBytes(const uint8_t* from, int64_t count, float scale,
                     int32_t zero_point, float* to) {
  HWY_DYNAMIC_DISPATCH(DequantizeUInt8)(from, count, scale, zero_point, to);
}

void QuantizeFloats(const float* from, int64_t count, float scale,
                    int32_t zero_point, int8_t* to) {
  HWY_DYNAMIC_DISPATCH(QuantizeToInt8)(from, count, scale, zero_point, to);
}
void QuantizeFloats(const float* from, int64_t count, float scale,
                    int32_t zero_point, uint8_t* to) {
  HWY_DYNAMIC_DISPATCH(QuantizeToUInt8)(from, count, scale, zero_point, to);
}

}  // namespace liteforge
#endif  // HWY_ONCE
