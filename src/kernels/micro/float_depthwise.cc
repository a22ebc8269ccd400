// SPDX-License-Identifier: Apache-2.0
// Eight outputs at a time, a vector of channels each: enough independent sums
// to keep the multipliers busy. A vector of weights is loaded once for all of
// them, and where windows overlap, one of inputs for all that see it.
#include "kernels/micro/float_depthwise.h"

#include <type_traits>

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

// A window of kWidth positions, kStride from one output to the next; both 0
// for any.
template <int kWidth, int kStride>
struct Shape {
  // Adds the products of row i of the window.
  template <int kCount, class D>
  static HWY_INLINE void Add(D d, const FloatDepthwiseRow& row, int i,
                             int64_t at, int64_t c, hn::Vec<D>* sum) {
    constexpr int kInputs = (kCount - 1) * kStride + kWidth;
    const float* from = row.rows[i] + at;
    const float* weights = row.weights[i] + c;
    hn::Vec<D> w[kWidth];
    for (int j = 0; j < kWidth; ++j)
      w[j] = hn::LoadU(d, weights + j * row.channels);
#pragma GCC unroll 32
    for (int m = 0; m < kInputs; ++m) {
      const auto x = hn::LoadU(d, from + m * row.tap_step);
#pragma GCC unroll 8
      for (int j = 0; j < kWidth; ++j) {
        const int output = (m - j) / kStride;
        if (m < j || (m - j) % kStride != 0 || output >= kCount) continue;
        sum[output] = hn::MulAdd(x, w[j], sum[output]);
      }
    }
  }
};

template <>
struct Shape<0, 0> {
  template <int kCount, class D>
  static HWY_INLINE void Add(D d, const FloatDepthwiseRow& row, int i,
                             int64_t at, int64_t c, hn::Vec<D>* sum) {
    for (int j = 0; j < row.width; ++j) {
      const auto w = hn::LoadU(d, row.weights[i] + j * row.channels + c);
      const float* from = row.rows[i] + at + j * row.tap_step;
      for (int k = 0; k < kCount; ++k)
        sum[k] = hn::MulAdd(hn::LoadU(d, from + k * row.step), w, sum[k]);
    }
  }
};

// kCount outputs from x on, channels [c, c + lanes of D).
template <class Shape, int kCount, class D>
HWY_INLINE void Outputs(D d, const FloatDepthwiseRow& row, int64_t x, int64_t c,
                        float* output) {
  hn::Vec<D> sum[kCount];
  const auto bias =
      row.bias != nullptr ? hn::LoadU(d, row.bias + c) : hn::Zero(d);
  for (int k = 0; k < kCount; ++k) sum[k] = bias;
  for (int i = 0; i < row.row_count; ++i)
    Shape::template Add<kCount>(d, row, i, x * row.step + c, c, sum);
  const auto low = hn::Set(d, row.low), high = hn::Set(d, row.high);
  float* to = output + x * row.channels + c;
  for (int k = 0; k < kCount; ++k, to += row.channels)
    hn::StoreU(ClampFloats(d, sum[k], low, high), d, to);
}

template <class Shape, class D>
HWY_INLINE void Channels(D d, const FloatDepthwiseRow& row, int64_t c,
                         float* output) {
  int64_t x = 0;
  for (; x + 8 <= row.count; x += 8) Outputs<Shape, 8>(d, row, x, c, output);
  for (; x + 4 <= row.count; x += 4) Outputs<Shape, 4>(d, row, x, c, output);
  for (; x < row.count; ++x) Outputs<Shape, 1>(d, row, x, c, output);
}

// In vectors of kLanes channels, the last of which takes some twice; of fewer
// channels, in narrower ones. With a copy of the call of its own, for all that
// the compiler knows what is stored could change another's.
template <class Shape, int64_t kLanes>
void RowOf(const FloatDepthwiseRow& given, float* output) {
  if constexpr (kLanes > 1) {
    // Narrow ones are rare: one function does for all shapes.
    constexpr int64_t kHalf = kLanes > 4 ? kLanes / 2 : 1;
    using Narrower =
        std::conditional_t<(kHalf < 8), HWY_NAMESPACE::Shape<0, 0>, Shape>;
    if (given.channels < kLanes) return RowOf<Narrower, kHalf>(given, output);
  }
  const FloatDepthwiseRow row = given;
  const hn::CappedTag<float, kLanes> d;
  int64_t c = 0;
  for (; c + kLanes <= row.channels; c += kLanes)
    Channels<Shape>(d, row, c, output);
  if (c < row.channels) Channels<Shape>(d, row, row.channels - kLanes, output);
}

void Row(const FloatDepthwiseRow& row, float* output) {
  constexpr int64_t kLanes = HWY_LANES(float);
#if HWY_TARGET != HWY_EMU128  // which need not hurry
  const bool by_one = row.step == row.tap_step;
  const bool by_two = row.step == 2 * row.tap_step;
  if (row.width == 3 && by_one) return RowOf<Shape<3, 1>, kLanes>(row, output);
  if (row.width == 3 && by_two) return RowOf<Shape<3, 2>, kLanes>(row, output);
  if (row.width == 5 && by_one) return RowOf<Shape<5, 1>, kLanes>(row, output);
  if (row.width == 5 && by_two) return RowOf<Shape<5, 2>, kLanes>(row, output);
#endif
  RowOf<Shape<0, 0>, kLanes>(row, output);
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
