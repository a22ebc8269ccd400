// SPDX-License-Identifier: Apache-2.0
// Four outputs at a time, a vector of channels each, so that a vector of
// weights is loaded once for four products.
#include "kernels/micro/float_depthwise.h"

#include <algorithm>

#include "kernels/micro/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/micro/float_depthwise.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/micro/clamp-inl.h"

HWY_BEFORE_NAMESPACE();
namespace liteforge {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// kCount outputs from x on, channels [c, c + lanes of D).
template <int kCount, class D>
HWY_INLINE void Outputs(D d, const FloatDepthwiseRow& row, int64_t x, int64_t c,
                        float* output) {
  hn::Vec<D> sum[kCount];
  const auto bias =
      row.bias != nullptr ? hn::LoadU(d, row.bias + c) : hn::Zero(d);
  for (int i = 0; i < kCount; ++i) sum[i] = bias;
  const int64_t at = x * row.step + c;
  for (int t = 0; t < row.tap_count; ++t) {
    const auto w = hn::LoadU(d, row.weights[t] + c);
    const float* from = row.taps[t] + at;
    for (int i = 0; i < kCount; ++i)
      sum[i] = hn::MulAdd(hn::LoadU(d, from + i * row.step), w, sum[i]);
  }
  for (int i = 0; i < kCount; ++i) {
    hn::StoreU(ClampFloats(d, sum[i], row.low, row.high), d,
               output + (x + i) * row.channels + c);
  }
}

template <class D>
HWY_INLINE void Channels(D d, const FloatDepthwiseRow& row, int64_t c,
                         float* output) {
  int64_t x = 0;
  for (; x + 4 <= row.count; x += 4) Outputs<4>(d, row, x, c, output);
  for (; x < row.count; ++x) Outputs<1>(d, row, x, c, output);
}

void Row(const FloatDepthwiseRow& row, float* output) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t c = 0;
  for (; c + lanes <= row.channels; c += lanes) Channels(d, row, c, output);
  if (c == row.channels) return;
  if (row.channels >= lanes) {  // some are computed twice
    Channels(d, row, row.channels - lanes, output);
    return;
  }
  const hn::CappedTag<float, 4> d4;
  if (hn::Lanes(d4) == 4) {
    for (; c + 4 <= row.channels; c += 4) Channels(d4, row, c, output);
  }
  const hn::CappedTag<float, 1> d1;
  for (; c < row.channels; ++c) Channels(d1, row, c, output);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace liteforge
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace liteforge {

HWY_EXPORT(Row);

void ConvolveFloatDepthwiseRow(const FloatDepthwiseRow& row, float* output) {
  HWY_DYNAMIC_DISPATCH(Row)(row, output);
}

}  // namespace liteforge
#endif  // HWY_ONCE
