// SPDX-License-Identifier: Apache-2.0
// The instructions that multiply 8- and 16-bit numbers and add up the products.
// (An include guard as Highway wants it: it changes with the target.)
#if defined(LITEFORGE_BYTE_PRODUCTS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LITEFORGE_BYTE_PRODUCTS_INL_H
#undef LITEFORGE_BYTE_PRODUCTS_INL_H
#else
#define LITEFORGE_BYTE_PRODUCTS_INL_H
#endif

#include <hwy/highway.h>

#include <cstdint>
#include <cstring>

#include "kernels/micro/requantize-inl.h"

HWY_BEFORE_NAMESPACE();
namespace liteforge {
namespace HWY_NAMESPACE {

// Whether there is an instruction for unsigned bytes by signed ones.
constexpr bool kMultipliesBytes = HWY_TARGET == HWY_AVX3_DL;

#if HWY_TARGET == HWY_AVX3_DL
// sum + the products of four bytes in each lane: those of `at` unsigned, of b
// signed. Highway's attributes for this target leave out VNNI, which it has.
HWY_INLINE IntVec AddByteProducts(IntVec sum, IntVec at, IntVec b) {
  asm("vpdpbusd %2, %1, %0" : "+v"(sum.raw) : "v"(at.raw), "v"(b.raw));
  return sum;
}
#endif

// sum + the products of two words in each lane.
#if HWY_TARGET == HWY_AVX3_DL
template <class V>
HWY_INLINE V AddWordProducts(V sum, V at, V b) {
  asm("vpdpwssd %2, %1, %0" : "+v"(sum.raw) : "v"(at.raw), "v"(b.raw));
  return sum;
}
#elif HWY_ARCH_X86 && HWY_TARGET != HWY_EMU128
HWY_INLINE __m128i PairProducts(__m128i a, __m128i b) {
  return _mm_madd_epi16(a, b);
}
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
HWY_INLINE __m256i PairProducts(__m256i a, __m256i b) {
  return _mm256_madd_epi16(a, b);
}
#endif
#if HWY_TARGET == HWY_AVX3
HWY_INLINE __m512i PairProducts(__m512i a, __m512i b) {
  return _mm512_madd_epi16(a, b);
}
#endif
template <class V>
HWY_INLINE V AddWordProducts(V sum, V at, V b) {
  return hn::Add(sum, V{PairProducts(at.raw, b.raw)});
}
#else
template <class V>
HWY_INLINE V AddWordProducts(V sum, V at, V b) {
  const auto low = hn::Mul(hn::ShiftRight<16>(hn::ShiftLeft<16>(at)),
                           hn::ShiftRight<16>(hn::ShiftLeft<16>(b)));
  const auto high = hn::Mul(hn::ShiftRight<16>(at), hn::ShiftRight<16>(b));
  return hn::Add(sum, hn::Add(low, high));
}
#endif

// The same with a group of numbers of one row, for all columns.
#if HWY_TARGET == HWY_AVX3_DL
HWY_INLINE IntVec AddProducts(IntVec sum, const uint8_t* a, IntVec b) {
  int32_t four;
  std::memcpy(&four, a, sizeof(four));
  return AddByteProducts(sum, hn::Set(Ints(), four), b);
}
#endif
HWY_INLINE IntVec AddProducts(IntVec sum, const int16_t* a, IntVec b) {
  int32_t two;
  std::memcpy(&two, a, sizeof(two));
  return AddWordProducts(sum, hn::Set(Ints(), two), b);
}

}  // namespace HWY_NAMESPACE
}  // namespace liteforge
HWY_AFTER_NAMESPACE();

#endif
