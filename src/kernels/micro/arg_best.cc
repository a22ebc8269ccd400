// SPDX-License-Identifier: Apache-2.0
// First what the best number is, then where it is first. The last vector of a
// row takes some of its numbers twice.
#include "kernels/micro/arg_best.h"

#include <type_traits>

#include "kernels/micro/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/micro/arg_best.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace liteforge {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// Rows are short as a rule: classes, a few tens of them.
template <class T>
using Numbers = hn::CappedTag<T, 16 / sizeof(T)>;

template <bool kLargest, class V>
HWY_INLINE V Better(V a, V b) {
  return kLargest ? hn::Max(a, b) : hn::Min(a, b);
}

// Of all lanes; what is shifted in does not reach the first one.
template <bool kLargest, class D>
HWY_INLINE hn::TFromD<D> BestLane(D d, hn::Vec<D> v) {
  if constexpr (sizeof(hn::TFromD<D>) == 1) {
    if (hn::Lanes(d) > 8) v = Better<kLargest>(v, hn::ShiftRightBytes<8>(d, v));
    if (hn::Lanes(d) > 4) v = Better<kLargest>(v, hn::ShiftRightBytes<4>(d, v));
    if (hn::Lanes(d) > 2) v = Better<kLargest>(v, hn::ShiftRightBytes<2>(d, v));
    if (hn::Lanes(d) > 1) v = Better<kLargest>(v, hn::ShiftRightBytes<1>(d, v));
  } else {
    v = kLargest ? hn::MaxOfLanes(d, v) : hn::MinOfLanes(d, v);
  }
  return hn::GetLane(v);
}

template <bool kLargest, class T>
int64_t ArgBestPlainly(const T* values, int64_t size) {
  int64_t best = 0;
  for (int64_t i = 1; i < size; ++i) {
    const T a = values[i], b = values[best];
    const bool is_better = kLargest ? a > b : a < b;
    if (is_better || (b != b && a == a)) best = i;
  }
  return best;
}

// body(vector, where it begins) until it is true.
template <class T, class Body>
HWY_INLINE void ForEachVector(const T* values, int64_t size, const Body& body) {
  const Numbers<T> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= size; i += lanes) {
    if (body(hn::LoadU(d, values + i), i)) return;
  }
  if (i < size) body(hn::LoadU(d, values + size - lanes), size - lanes);
}

template <bool kLargest, class T>
HWY_INLINE int64_t ArgBest(const T* values, int64_t size) {
  const Numbers<T> d;
  if (size < static_cast<int64_t>(hn::Lanes(d)))
    return ArgBestPlainly<kLargest>(values, size);
  auto best = hn::LoadU(d, values);
  bool has_nan = false;
  ForEachVector(values, size, [&](auto v, int64_t) HWY_ATTR {
    best = Better<kLargest>(best, v);
    if constexpr (std::is_same_v<T, float>)
      has_nan = has_nan || !hn::AllFalse(d, hn::IsNaN(v));
    return has_nan;
  });
  if (has_nan) return ArgBestPlainly<kLargest>(values, size);
  const auto wanted = hn::Set(d, BestLane<kLargest>(d, best));
  int64_t place = 0;
  ForEachVector(values, size, [&](auto v, int64_t at) HWY_ATTR {
    const intptr_t lane = hn::FindFirstTrue(d, hn::Eq(v, wanted));
    place = at + lane;
    return lane >= 0;
  });
  return place;
}

template <class T>
HWY_INLINE void OfRows(const T* values, int64_t rows, int64_t stride,
                       int64_t size, bool largest, int32_t* places) {
  for (int64_t r = 0; r < rows; ++r, values += stride)
    places[r] = static_cast<int32_t>(largest ? ArgBest<true>(values, size)
                                             : ArgBest<false>(values, size));
}

void FloatRows(const float* values, int64_t rows, int64_t stride, int64_t size,
               bool largest, int32_t* places) {
  OfRows(values, rows, stride, size, largest, places);
}
void Int8Rows(const int8_t* values, int64_t rows, int64_t stride, int64_t size,
              bool largest, int32_t* places) {
  OfRows(values, rows, stride, size, largest, places);
}
void UInt8Rows(const uint8_t* values, int64_t rows, int64_t stride,
               int64_t size, bool largest, int32_t* places) {
  OfRows(values, rows, stride, size, largest, places);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace liteforge
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace liteforge {

HWY_EXPORT(FloatRows);
HWY_EXPORT(Int8Rows);
HWY_EXPORT(UInt8Rows);

void ArgBestOfRows(const float* values, int64_t rows, int64_t stride,
                   int64_t size, bool largest, int32_t* places) {
  HWY_DYNAMIC_DISPATCH(FloatRows)(values, rows, stride, size, largest, places);
}
void ArgBestOfRows(const int8_t* values, int64_t rows, int64_t stride,
                   int64_t size, bool largest, int32_t* places) {
  HWY_DYNAMIC_DISPATCH(Int8Rows)(values, rows, stride, size, largest, places);
}
void ArgBestOfRows(const uint8_t* values, int64_t rows, int64_t stride,
                   int64_t size, bool largest, int32_t* places) {
  HWY_DYNAMIC_DISPATCH(UInt8Rows)(values, rows, stride, size, largest, places);
}

}  // namespace liteforge
#endif
