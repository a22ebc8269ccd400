// SPDX-License-Identifier: Apache-2.0
// A vector of channels at a time. An integer's mean is trunc((sum ± n / 2) / n)
// in float32, which is exact: numerator and n are below 2^24, so a quotient
// that is no whole number is further than its rounding from the next one.
#include "kernels/micro/pool.h"

#include <limits>

#include "kernels/micro/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/micro/pool.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/micro/channel_vectors-inl.h"
#include "kernels/micro/clamp-inl.h"

HWY_BEFORE_NAMESPACE();
namespace liteforge {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <class T, class Take>
HWY_INLINE void ForEachPixel(const PoolWindow<T>& w, int64_t x, int64_t c,
                             const Take& take) {
  const T* first = w.first + x * w.step + c;
  if (w.rows == 2 && w.cols == 2) {  // the usual one
    take(first);
    take(first + w.channels);
    take(first + w.line);
    return take(first + w.line + w.channels);
  }
  for (int i = 0; i < w.rows; ++i) {
    const T* at = first + i * w.line;
    for (int j = 0; j < w.cols; ++j, at += w.channels) take(at);
  }
}

template <class T>
HWY_INLINE void Maximum(const PoolWindow<T>& w, T* to) {
  ForEachVector<T, HWY_LANES(T)>(
      w.count, w.channels, [&](auto d, int64_t x, int64_t c) HWY_ATTR {
        auto most = hn::Set(d, w.low);
        ForEachPixel(w, x, c, [&](const T* at) HWY_ATTR {
          most = hn::Max(hn::LoadU(d, at), most);
        });
        hn::StoreU(hn::Min(most, hn::Set(d, w.high)), d,
                   to + x * w.channels + c);
      });
}

void FloatMaximum(const PoolWindow<float>& w, float* to) { Maximum(w, to); }
void Int8Maximum(const PoolWindow<int8_t>& w, int8_t* to) { Maximum(w, to); }
void UInt8Maximum(const PoolWindow<uint8_t>& w, uint8_t* to) { Maximum(w, to); }

void FloatAverage(const PoolWindow<float>& w, float* to) {
  ForEachVector<float, HWY_LANES(float)>(
      w.count, w.channels, [&](auto d, int64_t x, int64_t c) HWY_ATTR {
        auto sum = hn::Zero(d);
        ForEachPixel(w, x, c, [&](const float* at) HWY_ATTR {
          sum = hn::Add(sum, hn::LoadU(d, at));
        });
        const auto count = hn::Set(d, static_cast<float>(w.rows * w.cols));
        hn::StoreU(ClampFloats(d, hn::Div(sum, count), w.low, w.high), d,
                   to + x * w.channels + c);
      });
}

template <class T>
HWY_INLINE void IntegerAverage(const PoolWindow<T>& w, T* to) {
  const int count = w.rows * w.cols;
  ForEachVector<int32_t, HWY_LANES(int32_t)>(
      w.count, w.channels, [&](auto d, int64_t x, int64_t c) HWY_ATTR {
        const hn::Rebind<T, decltype(d)> narrow;
        const hn::Rebind<float, decltype(d)> f;
        auto sum = hn::Zero(d);
        ForEachPixel(w, x, c, [&](const T* at) HWY_ATTR {
          sum = hn::Add(sum, hn::PromoteTo(d, hn::LoadU(narrow, at)));
        });
        const auto half = hn::Set(d, count / 2);
        sum = hn::IfThenElse(hn::Gt(sum, hn::Zero(d)), hn::Add(sum, half),
                             hn::Sub(sum, half));
        const auto mean =
            hn::ConvertTo(d, hn::Div(hn::ConvertTo(f, sum),
                                     hn::Set(f, static_cast<float>(count))));
        const auto clamped = hn::Min(hn::Max(mean, hn::Set(d, int32_t{w.low})),
                                     hn::Set(d, int32_t{w.high}));
        hn::StoreU(hn::DemoteTo(narrow, clamped), narrow,
                   to + x * w.channels + c);
      });
}

void Int8Average(const PoolWindow<int8_t>& w, int8_t* to) {
  IntegerAverage(w, to);
}
void UInt8Average(const PoolWindow<uint8_t>& w, uint8_t* to) {
  IntegerAverage(w, to);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace liteforge
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace liteforge {

HWY_EXPORT(FloatMaximum);
HWY_EXPORT(Int8Maximum);
HWY_EXPORT(UInt8Maximum);
HWY_EXPORT(FloatAverage);
HWY_EXPORT(Int8Average);
HWY_EXPORT(UInt8Average);

void MaximumOfWindow(const PoolWindow<float>& w, float* to) {
  HWY_DYNAMIC_DISPATCH(FloatMaximum)(w, to);
}
void MaximumOfWindow(const PoolWindow<int8_t>& w, int8_t* to) {
  HWY_DYNAMIC_DISPATCH(Int8Maximum)(w, to);
}
void MaximumOfWindow(const PoolWindow<uint8_t>& w, uint8_t* to) {
  HWY_DYNAMIC_DISPATCH(UInt8Maximum)(w, to);
}
void AverageOfWindow(const PoolWindow<float>& w, float* to) {
  HWY_DYNAMIC_DISPATCH(FloatAverage)(w, to);
}
void AverageOfWindow(const PoolWindow<int8_t>& w, int8_t* to) {
  HWY_DYNAMIC_DISPATCH(Int8Average)(w, to);
}
void AverageOfWindow(const PoolWindow<uint8_t>& w, uint8_t* to) {
  HWY_DYNAMIC_DISPATCH(UInt8Average)(w, to);
}

}  // namespace liteforge
#endif  // HWY_ONCE
