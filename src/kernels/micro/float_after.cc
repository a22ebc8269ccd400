// SPDX-License-Identifier: Apache-2.0
#include "kernels/micro/float_after.h"

#include "kernels/micro/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/micro/float_after.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/micro/clamp-inl.h"

HWY_BEFORE_NAMESPACE();
namespace liteforge {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <bool kAdds, bool kSlopes, class D>
HWY_INLINE void FinishVector(D d, const FloatAfter& after, int64_t at,
                             int64_t column, float* x) {
  auto v = hn::LoadU(d, x + at);
  if (kAdds) v = hn::Add(v, hn::LoadU(d, after.addend + at));
  v = ClampFloats(d, v, after.low, after.high);
  if (kSlopes) {
    const auto scaled = hn::Mul(v, hn::LoadU(d, after.slope + column));
    v = hn::IfThenElse(hn::Ge(v, hn::Zero(d)), v, scaled);
  }
  hn::StoreU(v, d, x + at);
}

template <bool kAdds, bool kSlopes>
void FinishRows(const FloatAfter& given, int64_t rows, int64_t columns,
                int64_t stride, float* x) {
  const FloatAfter after = given;  // which no store changes
  const hn::ScalableTag<float> d;
  const hn::CappedTag<float, 1> one;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t r = 0; r < rows; ++r) {
    int64_t c = 0;
    for (; c + lanes <= columns; c += lanes)
      FinishVector<kAdds, kSlopes>(d, after, r * stride + c, c, x);
    for (; c < columns; ++c)
      FinishVector<kAdds, kSlopes>(one, after, r * stride + c, c, x);
  }
}

// Rows that lie one behind the other are one row, unless the columns count.
void Finish(const FloatAfter& after, int64_t rows, int64_t columns,
            int64_t stride, float* x) {
  if (after.slope == nullptr && stride == columns) {
    columns *= rows;
    rows = 1;
  }
  if (after.addend == nullptr) {
    after.slope == nullptr
        ? FinishRows<false, false>(after, rows, columns, stride, x)
        : FinishRows<false, true>(after, rows, columns, stride, x);
  } else {
    after.slope == nullptr
        ? FinishRows<true, false>(after, rows, columns, stride, x)
        : FinishRows<true, true>(after, rows, columns, stride, x);
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace liteforge
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace liteforge {

HWY_EXPORT(Finish);

void FinishFloats(const FloatAfter& after, int64_t rows, int64_t columns,
                  int64_t stride, float* x) {
  HWY_DYNAMIC_DISPATCH(Finish)(after, rows, columns, stride, x);
}

}  // namespace liteforge
#endif  // HWY_ONCE
