// SPDX-License-Identifier: Apache-2.0
#include "kernels/micro/byte_arithmetic.h"

#include <algorithm>

#include "kernels/micro/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/micro/byte_arithmetic.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/micro/requantize-inl.h"

HWY_BEFORE_NAMESPACE();
namespace liteforge {
namespace HWY_NAMESPACE {
namespace {

constexpr int kSumShift = 20;

HWY_INLINE Rounding RoundingOf(const ByteScale& s) {
  const Ints d;
  return {hn::Set(d, s.multiplier), hn::Set(d, std::max(s.shift, 0)),
          hn::Set(d, std::max(-s.shift, 0))};
}

template <class T>
HWY_INLINE void Compute(const ByteArithmetic& op, const T* a, int64_t a_step,
                        const T* b, int64_t b_step, int64_t count, T* to) {
  using Kind = ByteArithmetic::Kind;
  const Ints d;
  const hn::Rebind<T, Ints> narrow;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const Rounding of_a = RoundingOf(op.a), of_b = RoundingOf(op.b),
                 of_output = RoundingOf(op.output);
  const auto a_offset = hn::Set(d, op.a_offset);
  const auto b_offset = hn::Set(d, op.b_offset);
  const auto offset = hn::Set(d, op.output_offset);
  const auto low = hn::Set(d, op.low - op.output_offset);
  const auto high = hn::Set(d, op.high - op.output_offset);
  const auto compute = [&](IntVec x, IntVec y) HWY_ATTR {
    x = hn::Add(x, a_offset);
    y = hn::Add(y, b_offset);
    IntVec result;
    if (op.kind == Kind::kProduct) {
      result = hn::Mul(x, y);
    } else {
      x = Requantized(hn::ShiftLeft<kSumShift>(x), of_a, false);
      y = Requantized(hn::ShiftLeft<kSumShift>(y), of_b, false);
      result = op.kind == Kind::kSum ? hn::Add(x, y) : hn::Sub(x, y);
    }
    result = Requantized(result, of_output, false);
    return hn::DemoteTo(narrow,
                        hn::Add(hn::Min(hn::Max(result, low), high), offset));
  };
  const auto one_a = hn::Set(d, *a), one_b = hn::Set(d, *b);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto x =
        a_step == 0 ? one_a : hn::PromoteTo(d, hn::LoadU(narrow, a + i));
    const auto y =
        b_step == 0 ? one_b : hn::PromoteTo(d, hn::LoadU(narrow, b + i));
    hn::StoreU(compute(x, y), narrow, to + i);
  }
  if (i == count) return;
  HWY_ALIGN T left[HWY_MAX_BYTES] = {}, right[HWY_MAX_BYTES] = {};
  if (a_step != 0) std::copy_n(a + i, count - i, left);
  if (b_step != 0) std::copy_n(b + i, count - i, right);
  const auto x = a_step == 0 ? one_a : hn::PromoteTo(d, hn::Load(narrow, left));
  const auto y =
      b_step == 0 ? one_b : hn::PromoteTo(d, hn::Load(narrow, right));
  hn::StoreU(compute(x, y), narrow, left);
  std::copy_n(left, count - i, to + i);
}

void ComputeInt8(const ByteArithmetic& op, const int8_t* a, int64_t a_step,
                 const int8_t* b, int64_t b_step, int64_t count, int8_t* to) {
  Compute(op, a, a_step, b, b_step, count, to);
}
void ComputeUInt8(const ByteArithmetic& op, const uint8_t* a, int64_t a_step,
                  const uint8_t* b, int64_t b_step, int64_t count,
                  uint8_t* to) {
  Compute(op, a, a_step, b, b_step, count, to);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace liteforge
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace liteforge {

HWY_EXPORT(ComputeInt8);
HWY_EXPORT(ComputeUInt8);

void ComputeBytes(const ByteArithmetic& op, const int8_t* a, int64_t a_step,
                  const int8_t* b, int64_t b_step, int64_t count, int8_t* to) {
  HWY_DYNAMIC_DISPATCH(ComputeInt8)(op, a, a_step, b, b_step, count, to);
}
void ComputeBytes(const ByteArithmetic& op, const uint8_t* a, int64_t a_step,
                  const uint8_t* b, int64_t b_step, int64_t count,
                  uint8_t* to) {
  HWY_DYNAMIC_DISPATCH(ComputeUInt8)(op, a, a_step, b, b_step, count, to);
}

}  // namespace liteforge
#endif  // HWY_ONCE
