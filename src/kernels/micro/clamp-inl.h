// SPDX-License-Identifier: Apache-2.0
// min(max(x, low), high) of vectors of float, NaN staying NaN on every target.
// (An include guard as Highway wants it: it changes with the target.)
#if defined(LITEFORGE_CLAMP_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LITEFORGE_CLAMP_INL_H
#undef LITEFORGE_CLAMP_INL_H
#else
#define LITEFORGE_CLAMP_INL_H
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace liteforge {
namespace HWY_NAMESPACE {

template <class D, class V = hwy::HWY_NAMESPACE::Vec<D>>
HWY_INLINE V ClampFloats(D d, V x, float low, float high) {
  namespace hn = hwy::HWY_NAMESPACE;
  const auto lowest = hn::Set(d, low), highest = hn::Set(d, high);
  x = hn::IfThenElse(hn::Lt(x, lowest), lowest, x);
  return hn::IfThenElse(hn::Lt(highest, x), highest, x);
}

}  // namespace HWY_NAMESPACE
}  // namespace liteforge
HWY_AFTER_NAMESPACE();

#endif
