// SPDX-License-Identifier: Apache-2.0
// kernels/fixed_point.cc has the formulas and their source. A product of
// Q0.15, (a b + 2^14) >> 15, is one instruction.
#include "kernels/micro/word_functions.h"

#include <algorithm>

#include "kernels/micro/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/micro/word_functions.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/micro/clamp-inl.h"
#include "kernels/micro/requantize-inl.h"

HWY_BEFORE_NAMESPACE();
namespace liteforge {
namespace HWY_NAMESPACE {
namespace {

HWY_INLINE WordVec Constant(int x) {
  return hn::Set(Words(), static_cast<int16_t>(x));
}

HWY_INLINE WordVec Product(WordVec a, WordVec b) {
  return hn::MulFixedPoint15(a, b);
}

// x / 2^kBits to nearest, ties away from zero.
template <int kBits>
HWY_INLINE WordVec RoundedShift(WordVec x) {
  const auto mask = Constant((1 << kBits) - 1);
  const auto half = Constant((1 << kBits) / 2 - 1);
  const auto threshold = hn::Sub(half, hn::BroadcastSignBit(x));
  const auto up = hn::VecFromMask(
      Words(), hn::Gt(hn::And(x, mask), threshold));  // -1 where rounded up
  return hn::Sub(hn::ShiftRight<kBits>(x), up);
}

// e^x for x in [-1/4, 0), both Q0.15.
HWY_INLINE WordVec ExpNearZero(WordVec x) {
  const auto exp_of_minus_eighth = Constant(28918), third = Constant(10923);
  const auto y = hn::Add(x, Constant(1 << 12));
  const auto y2 = Product(y, y);
  const auto y3 = Product(y2, y);
  const auto y4 = Product(y2, y2);
  const auto cubic = hn::Add(RoundedShift<2>(y4), y3);
  const auto tail = RoundedShift<1>(hn::Add(Product(cubic, third), y2));
  return hn::SaturatedAdd(exp_of_minus_eighth,
                          Product(exp_of_minus_eighth, hn::Add(y, tail)));
}

// e^x for x < 0, in Q0.15. 1 <= integer_bits <= 7.
HWY_INLINE WordVec ExpOfNegative(WordVec x, int integer_bits) {
  const Words d;
  const int fractional_bits = 15 - integer_bits;
  const int quarter = 1 << (fractional_bits - 2);
  const auto near_zero =
      hn::Sub(hn::And(x, Constant(quarter - 1)), Constant(quarter));
  auto result = ExpNearZero(hn::ShiftLeftSame(near_zero, integer_bits));
  const auto remainder = hn::Sub(near_zero, x);
  // e^-(2^k), k = -2..4.
  constexpr int kExpOfMinusPower[] = {25520, 19875, 12055, 4435, 600, 11, 0};
  for (int i = 0; i < 7 && i - 2 < integer_bits; ++i) {
    const auto bit = Constant(1 << (fractional_bits - 2 + i));
    result =
        hn::IfThenElse(hn::TestBit(remainder, bit),
                       Product(result, Constant(kExpOfMinusPower[i])), result);
  }
  if (integer_bits <= 5) return result;
  const auto lowest = Constant(-(1 << (20 - integer_bits)));
  return hn::IfThenElse(hn::Lt(x, lowest), hn::Zero(d), result);
}

HWY_INLINE WordVec SaturatedTwice(WordVec x) { return hn::SaturatedAdd(x, x); }

// 2 / (1 + x) for x in [0, 1] as Q2.13, x in Q0.15.
HWY_INLINE WordVec TwoOverOnePlus(WordVec x) {
  const auto half_denominator =
      hn::Add(hn::ShiftRight<1>(x), Constant(1 << 14));
  auto y =
      hn::Add(Constant(23130), Product(half_denominator, Constant(-15420)));
  for (int step = 0; step < 3; ++step) {
    const auto error = hn::Sub(Constant(1 << 13), Product(half_denominator, y));
    y = hn::Add(y, SaturatedTwice(SaturatedTwice(Product(y, error))));
  }
  return y;
}

// -|x|, -32768 staying.
HWY_INLINE WordVec Negative(WordVec x) { return hn::Min(x, hn::Neg(x)); }

HWY_INLINE WordVec LogisticOf(WordVec x) {
  const Words d;
  const auto of_positive =
      SaturatedTwice(TwoOverOnePlus(ExpOfNegative(Negative(x), 3)));
  const auto either = hn::IfThenElse(hn::Gt(x, hn::Zero(d)), of_positive,
                                     hn::Sub(Constant(32767), of_positive));
  return hn::IfThenElse(hn::Eq(x, hn::Zero(d)), Constant(1 << 14), either);
}

HWY_INLINE WordVec TanhOf(WordVec x, int integer_bits) {
  const Words d;
  // The bits of x are those of 2x with one integer bit more.
  const auto quotient =
      TwoOverOnePlus(ExpOfNegative(Negative(x), integer_bits + 1));
  const auto size =
      SaturatedTwice(SaturatedTwice(hn::Sub(quotient, Constant(1 << 13))));
  const auto either =
      hn::IfThenElse(hn::Gt(x, hn::Zero(d)), size, hn::Neg(size));
  return hn::IfThenElse(hn::Eq(x, hn::Zero(d)), hn::Zero(d), either);
}

// to[i] = function(from[i]), a vector at a time.
template <class Function>
HWY_INLINE void Map(const int16_t* from, int64_t count, int16_t* to,
                    const Function& function) {
  const Words d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes)
    hn::StoreU(function(hn::LoadU(d, from + i)), d, to + i);
  if (i == count) return;
  HWY_ALIGN int16_t rest[HWY_LANES(int16_t)] = {};
  CopyFew(from + i, count - i, rest);
  hn::Store(function(hn::Load(d, rest)), d, rest);
  CopyFew(rest, count - i, to + i);
}

void Logistic(const int16_t* from, int64_t count, int16_t* to) {
  Map(from, count, to, [](WordVec x) HWY_ATTR { return LogisticOf(x); });
}

void Tanh(const int16_t* from, int64_t count, int integer_bits, int16_t* to) {
  Map(from, count, to,
      [=](WordVec x) HWY_ATTR { return TanhOf(x, integer_bits); });
}

HWY_INLINE Rounding<IntVec> RoundingOfScale(WordScale s) {
  const Ints d;
  return RoundingOf(hn::Set(d, s.multiplier), hn::Set(d, HWY_MAX(s.shift, 0)),
                    hn::Set(d, HWY_MAX(-s.shift, 0)), /*ties_up=*/false);
}

void AddScaled(const int32_t* a, WordScale a_scale, const int32_t* b,
               WordScale b_scale, int64_t count, int16_t* gate) {
  const Ints d;
  const hn::Rebind<int16_t, Ints> narrow;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto a_rounding = RoundingOfScale(a_scale);
  const auto b_rounding = RoundingOfScale(b_scale);
  const auto add = [&](const int32_t* from_a, const int32_t* from_b) HWY_ATTR {
    const auto first = Requantized(hn::LoadU(d, from_a), a_rounding);
    const auto second = Requantized(hn::LoadU(d, from_b), b_rounding);
    // Clamped before it is added to, so that the sum stays within 32 bits.
    const auto low = hn::Set(d, -32768), high = hn::Set(d, 32767);
    const auto clamped = hn::Min(hn::Max(first, low), high);
    // What 17 bits do not hold is beyond the clamp anyway.
    const auto bounded =
        hn::Min(hn::Max(second, hn::Set(d, -65536)), hn::Set(d, 65536));
    return hn::DemoteTo(narrow, hn::Add(clamped, bounded));
  };
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes)
    hn::StoreU(add(a + i, b + i), narrow, gate + i);
  if (i == count) return;
  HWY_ALIGN int32_t rest_a[HWY_LANES(int32_t)] = {};
  HWY_ALIGN int32_t rest_b[HWY_LANES(int32_t)] = {};
  HWY_ALIGN int16_t rest[HWY_LANES(int16_t)];
  CopyFew(a + i, count - i, rest_a);
  CopyFew(b + i, count - i, rest_b);
  hn::StoreU(add(rest_a, rest_b), narrow, rest);
  CopyFew(rest, count - i, gate + i);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace liteforge
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace liteforge {

HWY_EXPORT(Logistic);
HWY_EXPORT(Tanh);
HWY_EXPORT(AddScaled);

void LogisticOfWords(const int16_t* from, int64_t count, int16_t* to) {
  HWY_DYNAMIC_DISPATCH(Logistic)(from, count, to);
}

void TanhOfWords(const int16_t* from, int64_t count, int integer_bits,
                 int16_t* to) {
  HWY_DYNAMIC_DISPATCH(Tanh)(from, count, integer_bits, to);
}

void AddScaledToWords(const int32_t* a, WordScale a_scale, const int32_t* b,
                      WordScale b_scale, int64_t count, int16_t* gate) {
  HWY_DYNAMIC_DISPATCH(AddScaled)(a, a_scale, b, b_scale, count, gate);
}

}  // namespace liteforge
#endif  // HWY_ONCE
