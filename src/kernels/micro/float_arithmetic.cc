// SPDX-License-Identifier: Apache-2.0
#include "kernels/micro/float_arithmetic.h"

#include "kernels/micro/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/micro/float_arithmetic.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/micro/clamp-inl.h"

HWY_BEFORE_NAMESPACE();
namespace liteforge {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

struct Operands {
  const float* a;
  int64_t a_step;
  const float* b;
  int64_t b_step;
  int64_t count;
  float low, high;
  float* to;
};

// From element i on, as many as fill the vectors.
template <FloatArithmetic kF, class D>
HWY_INLINE int64_t ComputeFrom(D d, int64_t i, const Operands& o) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto one_a = hn::Set(d, *o.a), one_b = hn::Set(d, *o.b);
  const auto low = hn::Set(d, o.low), high = hn::Set(d, o.high);
  for (; i + lanes <= o.count; i += lanes) {
    const auto a = o.a_step == 0 ? one_a : hn::LoadU(d, o.a + i);
    const auto b = o.b_step == 0 ? one_b : hn::LoadU(d, o.b + i);
    auto value = a;
    switch (kF) {
      case FloatArithmetic::kSum:
        value = hn::Add(a, b);
        break;
      case FloatArithmetic::kDifference:
        value = hn::Sub(a, b);
        break;
      case FloatArithmetic::kProduct:
        value = hn::Mul(a, b);
        break;
      case FloatArithmetic::kQuotient:
        value = hn::Div(a, b);
        break;
      case FloatArithmetic::kMaximum:
        value = hn::IfThenElse(hn::Gt(a, b), a, b);
        break;
      case FloatArithmetic::kMinimum:
        value = hn::IfThenElse(hn::Lt(a, b), a, b);
        break;
      case FloatArithmetic::kSquaredDifference:
        value = hn::Mul(hn::Sub(a, b), hn::Sub(a, b));
        break;
      case FloatArithmetic::kSlope:
        value = hn::IfThenElse(hn::Ge(a, hn::Zero(d)), a, hn::Mul(a, b));
        break;
    }
    hn::StoreU(ClampFloats(d, value, low, high), d, o.to + i);
  }
  return i;
}

template <FloatArithmetic kF>
void ComputeAll(const Operands& given) {
  if (given.count == 0) return;
  const Operands o = given;  // which no store changes
  const int64_t done = ComputeFrom<kF>(hn::ScalableTag<float>(), 0, o);
  ComputeFrom<kF>(hn::CappedTag<float, 1>(), done, o);
}

void Compute(FloatArithmetic f, const float* a, int64_t a_step, const float* b,
             int64_t b_step, int64_t count, float low, float high, float* to) {
  using F = FloatArithmetic;
  static constexpr void (*kFunctions[])(const Operands&) = {
      ComputeAll<F::kSum>,
      ComputeAll<F::kDifference>,
      ComputeAll<F::kProduct>,
      ComputeAll<F::kQuotient>,
      ComputeAll<F::kMaximum>,
      ComputeAll<F::kMinimum>,
      ComputeAll<F::kSquaredDifference>,
      ComputeAll<F::kSlope>};
  kFunctions[static_cast<int>(f)]({a, a_step, b, b_step, count, low, high, to});
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace liteforge
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace liteforge {

HWY_EXPORT(Compute);

void ComputeFloats(FloatArithmetic f, const float* a, int64_t a_step,
                   const float* b, int64_t b_step, int64_t count, float low,
                   float high, float* to) {
  HWY_DYNAMIC_DISPATCH(Compute)
  (f, a, a_step, b, b_step, count, low, high, to);
}

}  // namespace liteforge
#endif  // HWY_ONCE
