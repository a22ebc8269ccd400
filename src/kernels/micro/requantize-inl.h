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

struct Rounding {
  IntVec multiplier, left, right;
};

// (x * y + 2^30) >> 31 for each lane.
HWY_INLINE IntVec DoublingHighMultiply(IntVec x, IntVec y) {
  const Ints d;
  const hn::RepartitionToWide<Ints> d64;
  const hn::RebindToUnsigned<decltype(d64)> u64;
  const auto half = hn::Set(d64, int64_t{1} << 30);
  const auto even = hn::ShiftRight<31>(hn::Add(hn::MulEven(x, y), half));
  const auto odd_x = hn::BitCast(d, hn::ShiftRight<32>(hn::BitCast(u64, x)));
  const auto odd_y = hn::BitCast(d, hn::ShiftRight<32>(hn::BitCast(u64, y)));
  const auto odd = hn::ShiftRight<31>(hn::Add(hn::MulEven(odd_x, odd_y), half));
  return hn::OddEven(hn::BitCast(d, hn::ShiftLeft<32>(odd)),
                     hn::BitCast(d, even));
}

HWY_INLINE IntVec Requantized(IntVec sum, const Rounding& r, bool ties_up) {
  const Ints d;
  const auto one = hn::Set(d, 1), zero = hn::Zero(d);
  const auto high = DoublingHighMultiply(hn::Shl(sum, r.left), r.multiplier);
  const auto mask = hn::Sub(hn::Shl(one, r.right), one);
  const auto remainder = hn::And(high, mask);
  const auto shifted = hn::Shr(high, r.right);
  // Up from half on; away from zero: negative numbers from above half on.
  auto threshold = hn::ShiftRight<1>(mask);
  if (!ties_up) {
    threshold = hn::Add(threshold, hn::IfThenElseZero(hn::Lt(high, zero), one));
  }
  return hn::Add(shifted,
                 hn::IfThenElseZero(hn::Gt(remainder, threshold), one));
}

}  // namespace HWY_NAMESPACE
}  // namespace liteforge
HWY_AFTER_NAMESPACE();

#endif
