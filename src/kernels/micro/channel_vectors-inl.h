// SPDX-License-Identifier: Apache-2.0
// The vectors of pixels' channels. (An include guard as Highway wants it: it
// changes with the target.)
#if defined(LITEFORGE_CHANNEL_VECTORS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LITEFORGE_CHANNEL_VECTORS_INL_H
#undef LITEFORGE_CHANNEL_VECTORS_INL_H
#else
#define LITEFORGE_CHANNEL_VECTORS_INL_H
#endif

#include <hwy/highway.h>

#include <cstddef>
#include <cstdint>

HWY_BEFORE_NAMESPACE();
namespace liteforge {
namespace HWY_NAMESPACE {

// body(d, x, c) for all pixels x and vectors of their channels from c on, the
// last of which takes some twice; of few channels, in the widest vectors that
// they fill.
template <class T, size_t kLanes, class Body>
HWY_INLINE void ForEachVector(int64_t count, int64_t channels,
                              const Body& body) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::CappedTag<T, kLanes> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  if constexpr (kLanes > 1) {
    if (channels < lanes)
      return ForEachVector<T, kLanes / 2>(count, channels, body);
  }
  for (int64_t x = 0; x < count; ++x) {
    int64_t c = 0;
    for (; c + lanes <= channels; c += lanes) body(d, x, c);
    if (c < channels) body(d, x, channels - lanes);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace liteforge
HWY_AFTER_NAMESPACE();

#endif
