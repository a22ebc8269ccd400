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

const hn::ScalableTag<float> kD;
using Floats = hn::Vec<decltype(kD)>;

// The first `count` numbers, zeros behind them.
HWY_INLINE Floats LoadFew(const float* from, int64_t count) {
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || \
    HWY_TARGET == HWY_AVX3_DL
  return hn::MaskedLoad(hn::FirstN(kD, static_cast<size_t>(count)), kD, from);
#else
  HWY_ALIGN float few[HWY_MAX_BYTES / sizeof(float)] = {};
  CopyFew(from, count, few);
  return hn::Load(kD, few);
#endif
}

HWY_INLINE void StoreFew(Floats v, int64_t count, float* to) {
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || \
    HWY_TARGET == HWY_AVX3_DL
  hn::BlendedStore(v, hn::FirstN(kD, static_cast<size_t>(count)), kD, to);
#else
  HWY_ALIGN float few[HWY_MAX_BYTES / sizeof(float)];
  hn::Store(v, kD, few);
  for (int64_t i = 0; i < count; ++i) to[i] = few[i];
#endif
}

HWY_INLINE Floats LoadUpTo(const float* from, int64_t count) {
  return count >= static_cast<int64_t>(hn::Lanes(kD)) ? hn::LoadU(kD, from)
                                                      : LoadFew(from, count);
}

template <bool kAdds, bool kSlopes>
void FinishRow(const FloatAfter& after, const float* addend, int64_t columns,
               float* x) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(kD));
  for (int64_t c = 0; c < columns; c += lanes) {
    auto v = LoadUpTo(x + c, columns - c);
    if (kAdds) {
      const int64_t added = HWY_MIN(after.addend_columns, columns) - c;
      v = hn::Add(v, added > 0 ? LoadUpTo(addend + c, added) : hn::Zero(kD));
    }
    v = ClampFloats(kD, v, after.low, after.high);
    if (kSlopes) {
      const auto slope = LoadUpTo(after.slope + c, columns - c);
      v = hn::IfThenElse(hn::Ge(v, hn::Zero(kD)), v, hn::Mul(v, slope));
    }
    if (c + lanes <= columns) {
      hn::StoreU(v, kD, x + c);
    } else {
      StoreFew(v, columns - c, x + c);
    }
  }
}

template <bool kAdds, bool kSlopes>
void FinishRows(const FloatAfter& given, int64_t rows, int64_t columns,
                int64_t stride, float* x) {
  const FloatAfter after = given;  // which no store changes
  for (int64_t r = 0; r < rows; ++r) {
    FinishRow<kAdds, kSlopes>(
        after, kAdds ? after.addend + r * after.addend_stride : nullptr,
        columns, x + r * stride);
  }
}

// Rows that lie one behind the other are one row, unless the columns count.
void Finish(const FloatAfter& given, int64_t rows, int64_t columns,
            int64_t stride, float* x) {
  FloatAfter after = given;
  const bool adds_row_by_row =
      after.addend != nullptr &&
      (after.addend_stride != stride || after.addend_columns < columns);
  if (after.slope == nullptr && stride == columns && !adds_row_by_row) {
    columns *= rows;
    rows = 1;
    after.addend_columns = columns;
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
