// SPDX-License-Identifier: Apache-2.0
// sum * multiplier * 2^(left - right - 31) for vectors of int32, rounded as
// kernels/numerics.h does: the product to nearest with ties up, the right
// shift with ties up or away from zero. Included once for each target.
// (An include guard as Highway wants it: it changes with the target.)
#if defined(LITEFORGE_REQUANTIZE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LITEFORGE_REQUANTIZE_INL_H
#undef LITEFORGE_REQUANTIZE_INL_H
#else
#define LITEFORGE_REQUANTIZE_INL_H
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace liteforge {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Ints = hn::ScalableTag<int32_t>;
using IntVec = hn::Vec<Ints>;
using Longs = hn::RepartitionToWide<Ints>;
using LongVec = hn::Vec<Longs>;
using Words = hn::ScalableTag<int16_t>;
using WordVec = hn::Vec<Words>;

// Lane 2i + 1 in the place of lane 2i, where MulEven takes it from.
HWY_INLINE IntVec OddLanes(IntVec x) {
  const hn::RebindToUnsigned<Longs> u64;
  return hn::BitCast(Ints(), hn::ShiftRight<32>(hn::BitCast(u64, x)));
}

//-------------------------------------------------------------- any shifts

struct Rounding {
  IntVec multiplier, odd_multiplier, left, right;
  IntVec right_less_one;
  IntVec one;   // 0 where there is no right shift
  IntVec away;  // -1 where ties go away from zero
};

HWY_INLINE Rounding RoundingOf(IntVec multiplier, IntVec left, IntVec right,
                               bool ties_up) {
  const Ints d;
  const auto one =
      hn::IfThenElseZero(hn::Gt(right, hn::Zero(d)), hn::Set(d, 1));
  return {multiplier,
          OddLanes(multiplier),
          left,
          right,
          hn::Max(hn::Sub(right, hn::Set(d, 1)), hn::Zero(d)),
          one,
          ties_up ? hn::Zero(d) : hn::Neg(one)};
}

// (x * multiplier + 2^30) >> 31 for each lane.
HWY_INLINE IntVec DoublingHighMultiply(IntVec x, const Rounding& r) {
  const Ints d;
  const Longs d64;
  const hn::RebindToUnsigned<Longs> u64;
  const auto half = hn::Set(d64, int64_t{1} << 30);
  const auto even =
      hn::BitCast(u64, hn::Add(hn::MulEven(x, r.multiplier), half));
  const auto odd = hn::BitCast(
      u64, hn::Add(hn::MulEven(OddLanes(x), r.odd_multiplier), half));
  return hn::OddEven(hn::BitCast(d, hn::ShiftLeft<1>(odd)),
                     hn::BitCast(d, hn::ShiftRight<31>(even)));
}

// Half a step more before the shift is the highest bit that it drops. Away
// from zero, negative ties stay below it.
HWY_INLINE IntVec Requantized(IntVec sum, const Rounding& r) {
  auto high = DoublingHighMultiply(hn::Shl(sum, r.left), r);
  high = hn::Add(high, hn::And(hn::ShiftRight<31>(high), r.away));
  return hn::Add(hn::Shr(high, r.right),
                 hn::And(hn::Shr(high, r.right_less_one), r.one));
}

//------------------------------------------- ties up, shifts to the right only

// Both roundings up are one, floor((sum * multiplier + half) / 2^(31 + right))
// with half = 2^30 + 2^(30 + right); for right > 0 the upper 32 bits are all
// that counts.
struct UpwardRounding {
  IntVec multiplier, odd_multiplier, right_less_one;
  LongVec half, odd_half;
};

HWY_INLINE UpwardRounding UpwardRoundingOf(IntVec multiplier, IntVec right) {
  const Ints d;
  const Longs d64;
  const auto first = hn::Set(d64, int64_t{1} << 30);
  const auto even_right =
      hn::And(hn::BitCast(d64, right), hn::Set(d64, int64_t{0xFFFFFFFF}));
  const auto odd_right = hn::BitCast(d64, OddLanes(right));
  return {multiplier, OddLanes(multiplier), hn::Sub(right, hn::Set(d, 1)),
          hn::Add(first, hn::Shl(first, even_right)),
          hn::Add(first, hn::Shl(first, odd_right))};
}

HWY_INLINE IntVec Requantized(IntVec sum, const UpwardRounding& r) {
  const Ints d;
  const hn::RebindToUnsigned<Longs> u64;
  const auto even =
      hn::BitCast(u64, hn::Add(hn::MulEven(sum, r.multiplier), r.half));
  const auto odd =
      hn::Add(hn::MulEven(OddLanes(sum), r.odd_multiplier), r.odd_half);
  const auto high = hn::OddEven(hn::BitCast(d, odd),
                                hn::BitCast(d, hn::ShiftRight<32>(even)));
  return hn::Shr(high, r.right_less_one);
}

//----------------------------------------------------------------- narrowing

// Values of two vectors plus an offset, clamped, as 16-bit numbers in the order
// of ReorderDemote2To. What 16 bits do not hold is beyond the clamp anyway.
struct Narrowing {
  WordVec offset, low, high;
};

HWY_INLINE Narrowing NarrowingOf(int32_t offset, int32_t low, int32_t high) {
  const Words d;
  return {hn::Set(d, static_cast<int16_t>(offset)),
          hn::Set(d, static_cast<int16_t>(low)),
          hn::Set(d, static_cast<int16_t>(high))};
}

HWY_INLINE WordVec Narrowed(IntVec lower, IntVec upper, const Narrowing& n) {
  const auto words =
      hn::SaturatedAdd(hn::ReorderDemote2To(Words(), lower, upper), n.offset);
  return hn::Min(hn::Max(words, n.low), n.high);
}

}  // namespace HWY_NAMESPACE
}  // namespace liteforge
HWY_AFTER_NAMESPACE();

#endif
