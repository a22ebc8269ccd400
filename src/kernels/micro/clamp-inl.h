// SPDX-License-Identifier: Apache-2.0
// min(max(x, low), high) of vectors of float, NaN staying NaN on every target:
// x86's minimum and maximum answer their second operand where one is NaN,
// Highway's on others the one that is a number. Storing the first few of a
// vector or two. (An include guard as Highway wants it: it changes with the
// target.)
#if defined(LITEFORGE_CLAMP_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LITEFORGE_CLAMP_INL_H
#undef LITEFORGE_CLAMP_INL_H
#else
#define LITEFORGE_CLAMP_INL_H
#endif

#include <hwy/highway.h>

#include <cstdint>
#include <cstring>

HWY_BEFORE_NAMESPACE();
namespace liteforge {
namespace HWY_NAMESPACE {

template <class D, class V = hwy::HWY_NAMESPACE::Vec<D>>
HWY_INLINE V ClampFloats([[maybe_unused]] D d, V x, V low, V high) {
  namespace hn = hwy::HWY_NAMESPACE;
#if !HWY_ARCH_X86 || HWY_TARGET == HWY_EMU128
  x = hn::IfThenElse(hn::Lt(x, low), low, x);
  return hn::IfThenElse(hn::Lt(high, x), high, x);
#else
  return hn::Min(high, hn::Max(low, x));
#endif
}
template <class D, class V = hwy::HWY_NAMESPACE::Vec<D>>
HWY_INLINE V ClampFloats(D d, V x, float low, float high) {
  namespace hn = hwy::HWY_NAMESPACE;
  return ClampFloats(d, x, hn::Set(d, low), hn::Set(d, high));
}

template <int64_t kPart>
HWY_INLINE void CopyEnds(const char* from, int64_t bytes, char* to) {
  std::memcpy(to, from, kPart);
  std::memcpy(to + bytes - kPart, from + bytes - kPart, kPart);
}

// Copies fewer than a vector's elements: the first and the last half of them,
// which may overlap. A call of memcpy takes longer.
template <class T>
HWY_INLINE void CopyFew(const T* HWY_RESTRICT from, int64_t count,
                        T* HWY_RESTRICT to) {
  const auto* source = reinterpret_cast<const char*>(from);
  auto* target = reinterpret_cast<char*>(to);
  int64_t bytes = count * static_cast<int64_t>(sizeof(T));
  for (; bytes > 32; bytes -= 32, source += 32, target += 32)
    std::memcpy(target, source, 32);
  if (bytes >= 16) return CopyEnds<16>(source, bytes, target);
  if (bytes >= 8) return CopyEnds<8>(source, bytes, target);
  if (bytes >= 4) return CopyEnds<4>(source, bytes, target);
  if constexpr (sizeof(T) < 4) {
    if (bytes >= 2) return CopyEnds<2>(source, bytes, target);
    if (bytes == 1) *target = *source;
  }
}

// The first `columns` of two vectors, of both where there are more.
template <class V>
HWY_INLINE void StoreFloats(V v0, V v1, float* to, int64_t columns) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  if (columns >= 2 * lanes) {
    hn::StoreU(v0, d, to);
    hn::StoreU(v1, d, to + lanes);
    return;
  }
  HWY_ALIGN float rest[HWY_MAX_BYTES / sizeof(float)];
  if (columns >= lanes) {
    hn::StoreU(v0, d, to);
    hn::Store(v1, d, rest);
    return CopyFew(rest, columns - lanes, to + lanes);
  }
  hn::Store(v0, d, rest);
  CopyFew(rest, columns, to);
}

}  // namespace HWY_NAMESPACE
}  // namespace liteforge
HWY_AFTER_NAMESPACE();

#endif
