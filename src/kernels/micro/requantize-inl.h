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
using Words = hn::ScalableTag<int16_t>;
using WordVec = hn::Vec<Words>;

// Of vectors of int32, V: their 64-bit products.
template <class V>
using LongTag = hn::RepartitionToWide<hn::DFromV<V>>;
template <class V>
using LongVec = hn::Vec<LongTag<V>>;

// Lane 2i + 1 in the place of lane 2i, where MulEven takes it from.
template <class V>
HWY_INLINE V OddLanes(V x) {
  const hn::RebindToUnsigned<LongTag<V>> u64;
  return hn::BitCast(hn::DFromV<V>(), hn::ShiftRight<32>(hn::BitCast(u64, x)));
}

//-------------------------------------------------------------- any shifts

template <class V>
struct Rounding {
  V multiplier, odd_multiplier, left, right;
  V right_less_one;
  V one;   // 0 where there is no right shift
  V away;  // -1 where ties go away from zero
};

template <class V>
HWY_INLINE Rounding<V> RoundingOf(V multiplier, V left, V right, bool ties_up) {
  const hn::DFromV<V> d;
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
template <class V>
HWY_INLINE V DoublingHighMultiply(V x, const Rounding<V>& r) {
  const hn::DFromV<V> d;
  const LongTag<V> d64;
  const hn::RebindToUnsigned<LongTag<V>> u64;
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
template <class V>
HWY_INLINE V Requantized(V sum, const Rounding<V>& r) {
  auto high = DoublingHighMultiply(hn::Shl(sum, r.left), r);
  high = hn::Add(high, hn::And(hn::ShiftRight<31>(high), r.away));
  return hn::Add(hn::Shr(high, r.right),
                 hn::And(hn::Shr(high, r.right_less_one), r.one));
}

//--------------------------------------------------- shifts to the right only

// Both roundings up are one, floor((sum * multiplier + half) / 2^(31 + right))
// with half = 2^30 + 2^(30 + right); for right > 0 the upper 32 bits are all
// that counts.
template <class V>
struct UpwardRounding {
  V multiplier, odd_multiplier, right_less_one;
  LongVec<V> half, odd_half;
};

template <class V>
HWY_INLINE UpwardRounding<V> UpwardRoundingOf(V multiplier, V right) {
  const hn::DFromV<V> d;
  const LongTag<V> d64;
  const auto first = hn::Set(d64, int64_t{1} << 30);
  const auto even_right =
      hn::And(hn::BitCast(d64, right), hn::Set(d64, int64_t{0xFFFFFFFF}));
  const auto odd_right = hn::BitCast(d64, OddLanes(right));
  return {multiplier, OddLanes(multiplier), hn::Sub(right, hn::Set(d, 1)),
          hn::Add(first, hn::Shl(first, even_right)),
          hn::Add(first, hn::Shl(first, odd_right))};
}

// The upper halves of the products, which have had their half added.
template <class V>
HWY_INLINE V Shifted(LongVec<V> even, LongVec<V> odd, V right_less_one) {
  const hn::DFromV<V> d;
  const hn::RebindToUnsigned<LongTag<V>> u64;
  const auto high =
      hn::OddEven(hn::BitCast(d, odd),
                  hn::BitCast(d, hn::ShiftRight<32>(hn::BitCast(u64, even))));
  return hn::Shr(high, right_less_one);
}

template <class V>
HWY_INLINE V Requantized(V sum, const UpwardRounding<V>& r) {
  return Shifted<V>(
      hn::Add(hn::MulEven(sum, r.multiplier), r.half),
      hn::Add(hn::MulEven(OddLanes(sum), r.odd_multiplier), r.odd_half),
      r.right_less_one);
}

// With ties away from zero, half is 2^31 less where the rounded product is
// negative. That is where the sum is, but for -1 * 2^30, which rounds to 0
// either way.
template <class V>
struct AwayRounding {
  UpwardRounding<V> up;
  LongVec<V> negative_half, odd_negative_half;
};

template <class V>
HWY_INLINE AwayRounding<V> AwayRoundingOf(V multiplier, V right) {
  const auto up = UpwardRoundingOf(multiplier, right);
  const auto less = hn::Set(LongTag<V>(), int64_t{1} << 31);
  return {up, hn::Sub(up.half, less), hn::Sub(up.odd_half, less)};
}

template <class V>
HWY_INLINE V Requantized(V sum, const AwayRounding<V>& r) {
  const auto even = hn::MulEven(sum, r.up.multiplier);
  const auto odd = hn::MulEven(OddLanes(sum), r.up.odd_multiplier);
  return Shifted<V>(
      hn::Add(even, hn::IfNegativeThenElse(even, r.negative_half, r.up.half)),
      hn::Add(odd,
              hn::IfNegativeThenElse(odd, r.odd_negative_half, r.up.odd_half)),
      r.up.right_less_one);
}

//----------------------------------------------------------------- narrowing

// Values of two vectors plus an offset, clamped, as 16-bit numbers in the order
// of ReorderDemote2To. What 16 bits do not hold is beyond the clamp anyway.
template <class W>
struct Narrowing {
  W offset, low, high;
};

template <class D16>
HWY_INLINE Narrowing<hn::Vec<D16>> NarrowingOf(D16 d, int32_t offset,
                                               int32_t low, int32_t high) {
  return {hn::Set(d, static_cast<int16_t>(offset)),
          hn::Set(d, static_cast<int16_t>(low)),
          hn::Set(d, static_cast<int16_t>(high))};
}

template <class V, class W>
HWY_INLINE W Narrowed(V lower, V upper, const Narrowing<W>& n) {
  const auto words = hn::SaturatedAdd(
      hn::ReorderDemote2To(hn::DFromV<W>(), lower, upper), n.offset);
  return hn::Min(hn::Max(words, n.low), n.high);
}

}  // namespace HWY_NAMESPACE
}  // namespace liteforge
HWY_AFTER_NAMESPACE();

#endif
