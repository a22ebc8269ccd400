// SPDX-License-Identifier: Apache-2.0
// From the 32-bit sums of a product's tile to the bytes of its rows.
// (An include guard as Highway wants it: it changes with the target.)
#if defined(LITEFORGE_BYTE_RESULTS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LITEFORGE_BYTE_RESULTS_INL_H
#undef LITEFORGE_BYTE_RESULTS_INL_H
#else
#define LITEFORGE_BYTE_RESULTS_INL_H
#endif

#include <hwy/highway.h>

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "kernels/micro/clamp-inl.h"
#include "kernels/micro/requantize-inl.h"

HWY_BEFORE_NAMESPACE();
namespace liteforge {
namespace HWY_NAMESPACE {

// Sums [rows, two vectors of columns], of which the second counts where there
// are more columns than one holds, and where the bytes go.
template <class Out>
struct TileResults {
  int64_t rows;
  const int32_t* sums;
  int64_t columns;  // may be more than there are sums of
  int32_t offset, low, high;
  Out* to;
  int64_t stride;
};

#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL

// Whether the second vector of sums is read where it does not count.
constexpr bool kStoresBoth = false;

// Four vectors, narrowed, one behind the other. The instructions that narrow
// take four numbers of each in turn.
template <class Out>
struct Quarters {
  hn::Vec<hn::ScalableTag<Out>> low, high;
  WordVec offset;
  explicit Quarters(const TileResults<Out>& t)
      : low(hn::Set(hn::ScalableTag<Out>(), static_cast<Out>(t.low))),
        high(hn::Set(hn::ScalableTag<Out>(), static_cast<Out>(t.high))),
        offset(hn::Set(Words(), static_cast<int16_t>(t.offset))) {}

  HWY_INLINE hn::Vec<hn::ScalableTag<Out>> operator()(IntVec a, IntVec b,
                                                      IntVec c,
                                                      IntVec d) const {
    const auto ab =
        hn::SaturatedAdd(hn::ReorderDemote2To(Words(), a, b), offset);
    const auto cd =
        hn::SaturatedAdd(hn::ReorderDemote2To(Words(), c, d), offset);
    const __m512i packed = std::is_signed_v<Out>
                               ? _mm512_packs_epi16(ab.raw, cd.raw)
                               : _mm512_packus_epi16(ab.raw, cd.raw);
    const __m512i order =
        _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const hn::Vec<hn::ScalableTag<Out>> bytes{
        _mm512_permutexvar_epi32(order, packed)};
    return hn::Min(hn::Max(bytes, low), high);
  }
};

// Of what one has in its lower half, both halves of the other.
HWY_INLINE IntVec LowerTwice(IntVec x) {
  return IntVec{_mm512_shuffle_i64x2(x.raw, x.raw, _MM_SHUFFLE(1, 0, 1, 0))};
}
HWY_INLINE LongVec<IntVec> LowerTwice(LongVec<IntVec> x) {
  return LongVec<IntVec>{
      _mm512_shuffle_i64x2(x.raw, x.raw, _MM_SHUFFLE(1, 0, 1, 0))};
}
HWY_INLINE UpwardRounding<IntVec> LowerTwice(const UpwardRounding<IntVec>& r) {
  return {LowerTwice(r.multiplier), LowerTwice(r.odd_multiplier),
          LowerTwice(r.right_less_one), LowerTwice(r.half),
          LowerTwice(r.odd_half)};
}

// Of eight columns, two rows in a vector and eight at a time.
template <class Out>
HWY_NOINLINE void StoreEightColumns(const TileResults<Out>& t,
                                    const UpwardRounding<IntVec>& of_row) {
  const hn::ScalableTag<Out> d8;
  constexpr int64_t kColumns = HWY_LANES(int32_t) / 2;
  const Quarters<Out> quarters(t);
  const UpwardRounding<IntVec> rounding = LowerTwice(of_row);
  const auto sums_of = [&](int64_t row) HWY_ATTR {
    return reinterpret_cast<const __m256i*>(
        t.sums + 4 * HWY_MIN(row, t.rows - 1) * kColumns);
  };
  const auto scaled = [&](int64_t row) HWY_ATTR {
    return Requantized(
        IntVec{_mm512_inserti64x4(_mm512_castsi256_si512(*sums_of(row)),
                                  *sums_of(row + 1), 1)},
        rounding);
  };
  Out* to = t.to;
  for (int64_t r = 0; r < t.rows; r += 8, to += 8 * t.stride) {
    const auto bytes =
        quarters(scaled(r), scaled(r + 2), scaled(r + 4), scaled(r + 6));
    const int64_t rows = HWY_MIN(8, t.rows - r);
    if (t.stride == kColumns && rows == 8) {
      hn::StoreU(bytes, d8, to);
      continue;
    }
    HWY_ALIGN Out all[64];
    hn::Store(bytes, d8, all);
    for (int64_t i = 0; i < rows; ++i)
      std::memcpy(to + i * t.stride, all + i * kColumns, kColumns);
  }
}

// Two rows at a time, or four of one vector of columns.
template <class Out, class Rounding>
HWY_INLINE void StoreResults(const TileResults<Out>& t, const Rounding& r0,
                             const Rounding& r1) {
  if constexpr (std::is_same_v<Rounding, UpwardRounding<IntVec>>) {
    if (t.columns * 2 == HWY_LANES(int32_t)) return StoreEightColumns(t, r0);
  }
  const Ints d;
  const hn::ScalableTag<Out> d8;
  constexpr int64_t kLanes = HWY_LANES(int32_t);
  const Quarters<Out> quarters(t);
  const bool wide = t.columns > kLanes;
  const int64_t together = wide ? 2 : 4;
  const int64_t width = HWY_MIN(t.columns, wide ? 2 * kLanes : kLanes);
  const auto scaled = [&](int64_t row, int64_t vector) HWY_ATTR {
    const auto sum =
        hn::Load(d, t.sums + (2 * HWY_MIN(row, t.rows - 1) + vector) * kLanes);
    return vector == 0 ? Requantized(sum, r0) : Requantized(sum, r1);
  };
  Out* to = t.to;
  for (int64_t r = 0; r < t.rows; r += together, to += together * t.stride) {
    const auto bytes = wide ? quarters(scaled(r, 0), scaled(r, 1),
                                       scaled(r + 1, 0), scaled(r + 1, 1))
                            : quarters(scaled(r, 0), scaled(r + 1, 0),
                                       scaled(r + 2, 0), scaled(r + 3, 0));
    const int64_t rows = HWY_MIN(together, t.rows - r);
    if (width == t.stride && rows == together && together * width == 64) {
      hn::StoreU(bytes, d8, to);
      continue;
    }
    HWY_ALIGN Out all[64];
    hn::Store(bytes, d8, all);
    for (int64_t i = 0; i < rows; ++i)
      CopyFew(all + i * (64 / together), width, to + i * t.stride);
  }
}

#else

constexpr bool kStoresBoth = true;

// Bytes of a panel's columns, which ReorderDemote2To took four from each vector
// in turn.
template <class Bytes>
HWY_INLINE Bytes InColumnOrder(Bytes bytes) {
#if HWY_TARGET == HWY_AVX2
  return Bytes{_mm_shuffle_epi32(bytes.raw, _MM_SHUFFLE(3, 1, 2, 0))};
#else
  return bytes;
#endif
}

template <class Out>
HWY_INLINE void StoreWords(WordVec words, Out* to, int64_t columns) {
  const hn::Rebind<Out, Words> narrow;
  const auto bytes = InColumnOrder(hn::DemoteTo(narrow, words));
  if (columns >= static_cast<int64_t>(hn::Lanes(narrow)))
    return hn::StoreU(bytes, narrow, to);
  HWY_ALIGN Out all[HWY_MAX_BYTES];
  hn::StoreU(bytes, narrow, all);
  CopyFew(all, columns, to);
}

template <class Out, class Rounding>
HWY_INLINE void StoreResults(const TileResults<Out>& t, const Rounding& r0,
                             const Rounding& r1) {
  const Ints d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto narrowing = NarrowingOf(Words(), t.offset, t.low, t.high);
  for (int64_t r = 0; r < t.rows; ++r) {
    const int32_t* sums = t.sums + 2 * r * lanes;
    StoreWords(Narrowed(Requantized(hn::Load(d, sums), r0),
                        Requantized(hn::Load(d, sums + lanes), r1), narrowing),
               t.to + r * t.stride, t.columns);
  }
}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace liteforge
HWY_AFTER_NAMESPACE();

#endif
