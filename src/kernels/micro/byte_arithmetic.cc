// SPDX-License-Identifier: Apache-2.0
#include "kernels/micro/byte_arithmetic.h"

#include <algorithm>
#include <utility>

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
constexpr bool kEmulated = HWY_TARGET == HWY_EMU128;  // no need to hurry

// The scalings of a sum's operands. One is often by half, exactly: then no bit
// is lost of a number that has just been shifted to the left.
struct AnyScaling {
  Rounding<IntVec> rounding;
  explicit AnyScaling(const ByteScale& s)
      : rounding(RoundingOf(hn::Set(Ints(), s.multiplier),
                            hn::Set(Ints(), std::max(s.shift, 0)),
                            hn::Set(Ints(), std::max(-s.shift, 0)),
                            /*ties_up=*/false)) {}
  HWY_INLINE IntVec operator()(IntVec x) const {
    return Requantized(x, rounding);
  }
};

struct RightScaling {
  AwayRounding<IntVec> rounding;
  explicit RightScaling(const ByteScale& s)
      : rounding(AwayRoundingOf(hn::Set(Ints(), s.multiplier),
                                hn::Set(Ints(), -s.shift))) {}
  static bool Suits(const ByteScale& s) { return s.shift < 0; }
  HWY_INLINE IntVec operator()(IntVec x) const {
    return Requantized(x, rounding);
  }
};

struct Halving {
  explicit Halving(const ByteScale&) {}
  static bool Suits(const ByteScale& s) {
    return s.shift == 0 && s.multiplier == 1 << 30;
  }
  HWY_INLINE IntVec operator()(IntVec x) const { return hn::ShiftRight<1>(x); }
};

template <ByteArithmetic::Kind kKind, class A, class B, class Output>
struct Computation {
  A a;
  B b;
  Output output;
  IntVec a_offset, b_offset;

  explicit Computation(const ByteArithmetic& op)
      : a(op.a),
        b(op.b),
        output(op.output),
        a_offset(hn::Set(Ints(), op.a_offset)),
        b_offset(hn::Set(Ints(), op.b_offset)) {}

  HWY_INLINE IntVec operator()(IntVec x, IntVec y) const {
    using Kind = ByteArithmetic::Kind;
    x = hn::Add(x, a_offset);
    y = hn::Add(y, b_offset);
    if constexpr (kKind == Kind::kProduct) return output(hn::Mul(x, y));
    x = a(hn::ShiftLeft<kSumShift>(x));
    y = b(hn::ShiftLeft<kSumShift>(y));
    return output(kKind == Kind::kSum ? hn::Add(x, y) : hn::Sub(x, y));
  }
};

template <class T>
struct Operands {
  const T* a;
  int64_t a_step;
  const T* b;
  int64_t b_step;
  int64_t count;
  T* to;
};

// The halves are interleaved within blocks of 128 bits, which narrowing them
// undoes.
template <class Computation, class T>
HWY_INLINE void Compute(const ByteArithmetic& op, const Operands<T>& o) {
  const Ints d;
  const Words d16;
  const hn::Rebind<T, Words> narrow;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d16));
  const Computation computed(op);
  const auto narrowing = NarrowingOf(d16, op.output_offset, op.low, op.high);
  const auto compute = [&](WordVec x, WordVec y) HWY_ATTR {
    const auto x_sign = hn::BroadcastSignBit(x);
    const auto y_sign = hn::BroadcastSignBit(y);
    const auto lower =
        computed(hn::BitCast(d, hn::InterleaveLower(d16, x, x_sign)),
                 hn::BitCast(d, hn::InterleaveLower(d16, y, y_sign)));
    const auto upper =
        computed(hn::BitCast(d, hn::InterleaveUpper(d16, x, x_sign)),
                 hn::BitCast(d, hn::InterleaveUpper(d16, y, y_sign)));
    return hn::DemoteTo(narrow, Narrowed(lower, upper, narrowing));
  };
  const auto load = [&](const T* from) HWY_ATTR {
    return hn::PromoteTo(d16, hn::LoadU(narrow, from));
  };
  const auto one_a = hn::Set(d16, *o.a), one_b = hn::Set(d16, *o.b);
  int64_t i = 0;
  for (; i + lanes <= o.count; i += lanes) {
    hn::StoreU(compute(o.a_step == 0 ? one_a : load(o.a + i),
                       o.b_step == 0 ? one_b : load(o.b + i)),
               narrow, o.to + i);
  }
  if (i == o.count) return;
  HWY_ALIGN T left[HWY_MAX_BYTES] = {}, right[HWY_MAX_BYTES] = {};
  if (o.a_step != 0) CopyFew(o.a + i, o.count - i, left);
  if (o.b_step != 0) CopyFew(o.b + i, o.count - i, right);
  hn::StoreU(compute(o.a_step == 0 ? one_a : load(left),
                     o.b_step == 0 ? one_b : load(right)),
             narrow, left);
  CopyFew(left, o.count - i, o.to + i);
}

// Sums by the quickest scalings of their operands, the halved one first. The
// rest is rare.
template <ByteArithmetic::Kind kKind, class T>
void ComputeSum(const ByteArithmetic& op, const Operands<T>& o) {
  if constexpr (kKind == ByteArithmetic::Kind::kSum && !kEmulated) {
    if (Halving::Suits(op.b) && RightScaling::Suits(op.a)) {
      ByteArithmetic swapped = op;
      std::swap(swapped.a, swapped.b);
      std::swap(swapped.a_offset, swapped.b_offset);
      return ComputeSum<kKind, T>(
          swapped, {o.b, o.b_step, o.a, o.a_step, o.count, o.to});
    }
    if (RightScaling::Suits(op.output) && Halving::Suits(op.a)) {
      if (Halving::Suits(op.b))
        return Compute<Computation<kKind, Halving, Halving, RightScaling>>(op,
                                                                           o);
      if (RightScaling::Suits(op.b)) {
        return Compute<Computation<kKind, Halving, RightScaling, RightScaling>>(
            op, o);
      }
    }
  }
  Compute<Computation<kKind, AnyScaling, AnyScaling, AnyScaling>>(op, o);
}

template <class T>
void ComputeProduct(const ByteArithmetic& op, const Operands<T>& o) {
  constexpr auto kKind = ByteArithmetic::Kind::kProduct;
  if constexpr (!kEmulated) {
    if (RightScaling::Suits(op.output))
      return Compute<Computation<kKind, Halving, Halving, RightScaling>>(op, o);
  }
  Compute<Computation<kKind, Halving, Halving, AnyScaling>>(op, o);
}

template <class T>
void ComputeKind(const ByteArithmetic& op, const Operands<T>& o) {
  using Kind = ByteArithmetic::Kind;
  switch (op.kind) {
    case Kind::kSum:
      return ComputeSum<Kind::kSum>(op, o);
    case Kind::kDifference:
      return ComputeSum<Kind::kDifference>(op, o);
    case Kind::kProduct:
      return ComputeProduct(op, o);
  }
}

void ComputeInt8(const ByteArithmetic& op, const int8_t* a, int64_t a_step,
                 const int8_t* b, int64_t b_step, int64_t count, int8_t* to) {
  ComputeKind<int8_t>(op, {a, a_step, b, b_step, count, to});
}
void ComputeUInt8(const ByteArithmetic& op, const uint8_t* a, int64_t a_step,
                  const uint8_t* b, int64_t b_step, int64_t count,
                  uint8_t* to) {
  ComputeKind<uint8_t>(op, {a, a_step, b, b_step, count, to});
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
