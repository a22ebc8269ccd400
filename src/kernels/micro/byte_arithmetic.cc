// SPDX-License-Identifier: Apache-2.0
#include "kernels/micro/byte_arithmetic.h"

#include <algorithm>

#include "kernels/micro/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/micro/byte_arithmetic.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/micro/clamp-inl.h"
#include "kernels/micro/requantize-inl.h"

HWY_BEFORE_NAMESPACE();
namespace liteforge {
namespace HWY_NAMESPACE {
namespace {

constexpr int kSumShift = 20;

HWY_INLINE Rounding RoundingOfScale(const ByteScale& s) {
  const Ints d;
  return RoundingOf(hn::Set(d, s.multiplier), hn::Set(d, std::max(s.shift, 0)),
                    hn::Set(d, std::max(-s.shift, 0)), /*ties_up=*/false);
}

struct Operands {
  Rounding a, b, output;
  IntVec a_offset, b_offset;
};

template <ByteArithmetic::Kind kKind>
HWY_INLINE IntVec Computed(IntVec x, IntVec y, const Operands& o) {
  using Kind = ByteArithmetic::Kind;
  x = hn::Add(x, o.a_offset);
  y = hn::Add(y, o.b_offset);
  if (kKind == Kind::kProduct) return Requantized(hn::Mul(x, y), o.output);
  x = Requantized(hn::ShiftLeft<kSumShift>(x), o.a);
  y = Requantized(hn::ShiftLeft<kSumShift>(y), o.b);
  return Requantized(kKind == Kind::kSum ? hn::Add(x, y) : hn::Sub(x, y),
                     o.output);
}

// The halves are interleaved within blocks of 128 bits, which narrowing them
// undoes.
template <ByteArithmetic::Kind kKind, class T>
HWY_INLINE void Compute(const ByteArithmetic& op, const T* a, int64_t a_step,
                        const T* b, int64_t b_step, int64_t count, T* to) {
  const Ints d;
  const Words d16;
  const hn::Rebind<T, Words> narrow;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d16));
  const Operands o{RoundingOfScale(op.a), RoundingOfScale(op.b),
                   RoundingOfScale(op.output), hn::Set(d, op.a_offset),
                   hn::Set(d, op.b_offset)};
  const Narrowing narrowing = NarrowingOf(op.output_offset, op.low, op.high);
  const auto compute = [&](WordVec x, WordVec y) HWY_ATTR {
    const auto x_sign = hn::BroadcastSignBit(x);
    const auto y_sign = hn::BroadcastSignBit(y);
    const auto lower =
        Computed<kKind>(hn::BitCast(d, hn::InterleaveLower(d16, x, x_sign)),
                        hn::BitCast(d, hn::InterleaveLower(d16, y, y_sign)), o);
    const auto upper =
        Computed<kKind>(hn::BitCast(d, hn::InterleaveUpper(d16, x, x_sign)),
                        hn::BitCast(d, hn::InterleaveUpper(d16, y, y_sign)), o);
    return hn::DemoteTo(narrow, Narrowed(lower, upper, narrowing));
  };
  const auto load = [&](const T* from) HWY_ATTR {
    return hn::PromoteTo(d16, hn::LoadU(narrow, from));
  };
  const auto one_a = hn::Set(d16, *a), one_b = hn::Set(d16, *b);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    hn::StoreU(compute(a_step == 0 ? one_a : load(a + i),
                       b_step == 0 ? one_b : load(b + i)),
               narrow, to + i);
  }
  if (i == count) return;
  HWY_ALIGN T left[HWY_MAX_BYTES] = {}, right[HWY_MAX_BYTES] = {};
  if (a_step != 0) CopyFew(a + i, count - i, left);
  if (b_step != 0) CopyFew(b + i, count - i, right);
  hn::StoreU(compute(a_step == 0 ? one_a : load(left),
                     b_step == 0 ? one_b : load(right)),
             narrow, left);
  CopyFew(left, count - i, to + i);
}

template <class T>
HWY_INLINE void ComputeKind(const ByteArithmetic& op, const T* a,
                            int64_t a_step, const T* b, int64_t b_step,
                            int64_t count, T* to) {
  using Kind = ByteArithmetic::Kind;
  switch (op.kind) {
    case Kind::kSum:
      return Compute<Kind::kSum>(op, a, a_step, b, b_step, count, to);
    case Kind::kDifference:
      return Compute<Kind::kDifference>(op, a, a_step, b, b_step, count, to);
    case Kind::kProduct:
      return Compute<Kind::kProduct>(op, a, a_step, b, b_step, count, to);
  }
}

void ComputeInt8(const ByteArithmetic& op, const int8_t* a, int64_t a_step,
                 const int8_t* b, int64_t b_step, int64_t count, int8_t* to) {
  ComputeKind(op, a, a_step, b, b_step, count, to);
}
void ComputeUInt8(const ByteArithmetic& op, const uint8_t* a, int64_t a_step,
                  const uint8_t* b, int64_t b_step, int64_t count,
                  uint8_t* to) {
  ComputeKind(op, a, a_step, b, b_step, count, to);
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
