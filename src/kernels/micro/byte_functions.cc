// SPDX-License-Identifier: Apache-2.0
#include "kernels/micro/byte_functions.h"

#include "kernels/micro/targets.h"

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

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace liteforge
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace liteforge {

HWY_EXPORT(LookUp);
HWY_EXPORT(DequantizeInt8);
HWY_EXPORT(DequantizeUInt8);

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

}  // namespace liteforge
#endif  // HWY_ONCE
