// SPDX-License-Identifier: Apache-2.0
// A tile of kRows x 2 vectors of sums stays in registers. Each step multiplies
// a group of 4 bytes (2 words) of each row by that of every column and adds
// the products to the column's sum, which the machine has an instruction for.
#include "kernels/micro/byte_gemm.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "kernels/micro/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/micro/byte_gemm.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/micro/byte_products-inl.h"
#include "kernels/micro/byte_results-inl.h"
#include "kernels/micro/clamp-inl.h"
#include "kernels/micro/requantize-inl.h"

HWY_BEFORE_NAMESPACE();
namespace liteforge {
namespace HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
constexpr int kMostRows = 12;
#elif HWY_TARGET == HWY_NEON
constexpr int kMostRows = 8;
#else
constexpr int kMostRows = 6;
#endif

int64_t Width() { return 2 * static_cast<int64_t>(hn::Lanes(Ints())); }
int Rows() { return kMostRows; }

#if HWY_TARGET == HWY_AVX3_DL
constexpr GemmElement kElement = GemmElement::kByte;
#else
constexpr GemmElement kElement = GemmElement::kWord;
#endif
GemmElement Element() { return kElement; }

// Of one run.
template <class E>
HWY_INLINE int64_t GroupsOf(const BytePanels& p) {
  constexpr int64_t kGroup = 4 / sizeof(E);
  return (p.run_length + kGroup - 1) / kGroup;
}

// Where a panel's weights begin.
template <class E>
HWY_INLINE const void* PanelOf(const BytePanels& p, int64_t panel) {
  const int64_t bytes = panel * p.runs * GroupsOf<E>(p) * p.panel_width * 4;
  const void* first = sizeof(E) == 1 ? static_cast<const void*>(p.bytes.data())
                                     : p.words.data();
  return static_cast<const char*>(first) + bytes;
}

template <class E>
struct Call {
  const BytePanels& panels;
  const E* const* rows;  // or, where it is null, evenly:
  const ByteRun<E>* runs;
  int64_t first_row;  // of those
  int64_t begin, end;
  const int32_t* row_term;
};

// Where the groups of a run are, of kRows rows. Three rows that lie evenly take
// one register for where they are and share one for the step between.
template <int kRows, bool kEven, class E>
class RunOfRows {
 public:
  HWY_INLINE RunOfRows(const Call<E>& c, int64_t run) {
    if (kEven) {
      step_ = c.runs[run].step;
      const E* first = c.runs[run].first + c.first_row * step_;
      for (int i = 0; i < kPointers; ++i) at_[i] = first + i * 3 * step_;
    } else {
      for (int r = 0; r < kRows; ++r) at_[r] = c.rows[r * c.panels.runs + run];
    }
  }
  HWY_INLINE const E* operator[](int row) const {
    return kEven ? at_[row / 3] + row % 3 * step_ : at_[row];
  }
  HWY_INLINE void Next() {
    for (int i = 0; i < kPointers; ++i) at_[i] += 4 / sizeof(E);
  }

 private:
  static constexpr int kPointers = kEven ? (kRows + 2) / 3 : kRows;
  const E* at_[kPointers];
  int64_t step_ = 0;
};

// The sums of kRows rows with one panel, which begin with `bias`, a row after
// the other. The products of the panel's second vector are left out where the
// last panel has no more columns.
template <int kRows, bool kWide, bool kEven, class E>
void MultiplyPanel(const Call<E>& c, const int32_t* bias, int64_t panel,
                   int32_t* sums) {
  const Ints d;
  const size_t lanes = hn::Lanes(d);
  const BytePanels& p = c.panels;
  const int64_t groups = GroupsOf<E>(p);
  const auto* w = static_cast<const int32_t*>(PanelOf<E>(p, panel));
  IntVec sum0[kRows], sum1[kRows];
  const auto bias0 = hn::Load(d, bias), bias1 = hn::Load(d, bias + lanes);
  for (int r = 0; r < kRows; ++r) {
    sum0[r] = bias0;
    sum1[r] = bias1;
  }
  for (int64_t run = 0; run < p.runs; ++run) {
    RunOfRows<kRows, kEven, E> a(c, run);
    for (int64_t g = 0; g < groups; ++g) {
      const auto w0 = hn::Load(d, w), w1 = hn::Load(d, w + lanes);
      w += 2 * lanes;
      for (int r = 0; r < kRows; ++r) {
        sum0[r] = AddProducts(sum0[r], a[r], w0);
        if (kWide) sum1[r] = AddProducts(sum1[r], a[r], w1);
      }
      a.Next();
    }
  }
  if (c.row_term != nullptr) {
#pragma GCC unroll 12
    for (size_t r = 0; r < kRows; ++r) {
      const auto term = hn::Set(d, c.row_term[r]);
      sum0[r] = hn::Add(sum0[r], term);
      sum1[r] = hn::Add(sum1[r], term);
    }
  }
#pragma GCC unroll 12
  for (size_t r = 0; r < kRows; ++r) {
    hn::Store(sum0[r], d, sums + 2 * r * lanes);
    if (kWide || kStoresBoth) hn::Store(sum1[r], d, sums + (2 * r + 1) * lanes);
  }
}

// One row: two sums would wait for one another, so there are eight.
template <bool kWide, class E>
void MultiplyRow(const Call<E>& c, const int32_t* bias, int64_t panel,
                 int32_t* sums) {
  constexpr int64_t kGroup = 4 / sizeof(E);
  constexpr int kParts = 4;
  const Ints d;
  const size_t lanes = hn::Lanes(d);
  const BytePanels& p = c.panels;
  const int64_t groups = GroupsOf<E>(p);
  const auto* w = static_cast<const int32_t*>(PanelOf<E>(p, panel));
  const auto term = hn::Set(d, c.row_term != nullptr ? c.row_term[0] : 0);
  IntVec sum0[kParts], sum1[kParts];
  for (int part = 0; part < kParts; ++part)
    sum0[part] = sum1[part] = hn::Zero(d);
  sum0[0] = hn::Add(hn::Load(d, bias), term);
  sum1[0] = hn::Add(hn::Load(d, bias + lanes), term);
  for (int64_t run = 0; run < p.runs; ++run) {
    const E* a = c.rows != nullptr
                     ? c.rows[run]
                     : c.runs[run].first + c.first_row * c.runs[run].step;
    int64_t g = 0;
    for (; g + kParts <= groups; g += kParts) {
      for (int part = 0; part < kParts; ++part, w += 2 * lanes) {
        const E* at = a + (g + part) * kGroup;
        sum0[part] = AddProducts(sum0[part], at, hn::Load(d, w));
        if (kWide)
          sum1[part] = AddProducts(sum1[part], at, hn::Load(d, w + lanes));
      }
    }
    for (; g < groups; ++g, w += 2 * lanes) {
      sum0[0] = AddProducts(sum0[0], a + g * kGroup, hn::Load(d, w));
      if (kWide)
        sum1[0] = AddProducts(sum1[0], a + g * kGroup, hn::Load(d, w + lanes));
    }
  }
  const auto all = [&](const IntVec* sum) HWY_ATTR {
    return hn::Add(hn::Add(sum[0], sum[1]), hn::Add(sum[2], sum[3]));
  };
  hn::Store(all(sum0), d, sums);
  hn::Store(all(sum1), d, sums + lanes);
}

template <class E>
using PanelFunction = void (*)(const Call<E>&, const int32_t*, int64_t,
                               int32_t*);

template <bool kWide, bool kEven, class E>
PanelFunction<E> PanelFunctionOf(int64_t rows) {
  static constexpr PanelFunction<E> kFunctions[] = {
    MultiplyRow<kWide, E>,
    MultiplyPanel<2, kWide, kEven, E>,
    MultiplyPanel<3, kWide, kEven, E>,
    MultiplyPanel<4, kWide, kEven, E>,
    MultiplyPanel<5, kWide, kEven, E>,
    MultiplyPanel<6, kWide, kEven, E>,
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL || \
    HWY_TARGET == HWY_NEON
    MultiplyPanel<7, kWide, kEven, E>,
    MultiplyPanel<8, kWide, kEven, E>,
#endif
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
    MultiplyPanel<9, kWide, kEven, E>,
    MultiplyPanel<10, kWide, kEven, E>,
    MultiplyPanel<11, kWide, kEven, E>,
    MultiplyPanel<12, kWide, kEven, E>,
#endif
  };
  return kFunctions[rows - 1];
}

template <class E, bool kEven>
PanelFunction<E> PanelFunctionOf(int64_t rows, bool wide) {
  return wide ? PanelFunctionOf<true, kEven, E>(rows)
              : PanelFunctionOf<false, kEven, E>(rows);
}

// tile(rows, first row) for tiles that cover `count` rows. The last two share
// what is left, so that none has few.
template <class MultiplyTile>
HWY_INLINE void ForEachTileOf(int64_t count, const MultiplyTile& tile) {
  for (int64_t first = 0; first < count;) {
    const int64_t left = count - first;
    int64_t rows = HWY_MIN(left, int64_t{kMostRows});
    if (left > kMostRows && left < 2 * kMostRows) rows = (left + 1) / 2;
    tile(rows, first);
    first += rows;
  }
}

// For each panel, whose first column that is, and each tile of its rows:
// finish_of(column)(first row, rows, sums). Nothing is compiled for the numbers
// that this target's panels never have.
template <class E, class FinishOf>
HWY_INLINE void ForEachTile([[maybe_unused]] int64_t count,
                            [[maybe_unused]] const Call<E>& given,
                            [[maybe_unused]] const int32_t* bias,
                            [[maybe_unused]] const FinishOf& finish_of) {
  if constexpr ((sizeof(E) == 1) == (kElement == GemmElement::kByte)) {
    const auto lanes = static_cast<int64_t>(hn::Lanes(Ints()));
    HWY_ALIGN int32_t sums[kMostRows * 2 * HWY_MAX_BYTES / sizeof(int32_t)];
    Call<E> c = given;
    for (int64_t panel = c.begin; panel < c.end; ++panel) {
      const int64_t column = panel * c.panels.panel_width;
      const bool wide = c.panels.columns - column > lanes;
      const auto finish = finish_of(column);
      ForEachTileOf(count, [&](int64_t rows, int64_t first) HWY_ATTR {
        c.first_row = first;
        if (given.row_term != nullptr) c.row_term = given.row_term + first;
        const auto multiply = c.rows != nullptr
                                  ? PanelFunctionOf<E, false>(rows, wide)
                                  : PanelFunctionOf<E, true>(rows, wide);
        multiply(c, bias + column, panel, sums);
        finish(first, rows, static_cast<const int32_t*>(sums));
      });
    }
  }
}

// rounding(column): of the columns from there on, a vector of them.
template <class E, class Out, class MakeRounding>
HWY_INLINE void RoundedTiles(int64_t count, const Call<E>& call,
                             const IntegerOutput& o, Out* to, int64_t stride,
                             const MakeRounding& rounding) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(Ints()));
  ForEachTile(count, call, o.bias, [&](int64_t column) HWY_ATTR {
    const auto r0 = rounding(column), r1 = rounding(column + lanes);
    return [=, &call, &o](int64_t first, int64_t rows,
                          const int32_t* sums) HWY_ATTR {
      StoreResults(
          TileResults<Out>{rows, sums, call.panels.columns - column, o.offset,
                           o.low, o.high, to + first * stride + column, stride},
          r0, r1);
    };
  });
}

template <class E, class Out>
void IntegerTiles(int64_t count, const Call<E>& call, const IntegerOutput& o,
                  Out* to, int64_t stride) {
  const Ints d;
  if (o.rounds_once) {
    return RoundedTiles(count, call, o, to, stride, [&](int64_t at) HWY_ATTR {
      return UpwardRoundingOf(hn::Load(d, o.multiplier + at),
                              hn::Load(d, o.right_shift + at));
    });
  }
  RoundedTiles(count, call, o, to, stride, [&](int64_t at) HWY_ATTR {
    return RoundingOf(hn::Load(d, o.multiplier + at),
                      hn::Load(d, o.left_shift + at),
                      hn::Load(d, o.right_shift + at), o.ties_up);
  });
}

// row_scale(row): of the rows' own.
template <class E, class RowScale>
HWY_INLINE void HybridTiles(int64_t count, const Call<E>& call,
                            const RowScale& row_scale, const HybridOutput& o,
                            float* to, int64_t stride) {
  const Ints d;
  const hn::ScalableTag<float> f;
  const auto lanes = static_cast<int64_t>(hn::Lanes(f));
  ForEachTile(count, call, o.correction, [&](int64_t column) HWY_ATTR {
    const int64_t columns = call.panels.columns - column;
    const auto scale0 = hn::Load(f, o.scale + column);
    const auto scale1 = hn::Load(f, o.scale + column + lanes);
    const auto bias0 = hn::Load(f, o.bias + column);
    const auto bias1 = hn::Load(f, o.bias + column + lanes);
    return [=, &row_scale, &o](int64_t first, int64_t rows,
                               const int32_t* sums) HWY_ATTR {
      for (int64_t r = first; r < first + rows; ++r, sums += 2 * lanes) {
        const auto scale = hn::Set(f, row_scale(r));
        const auto sum0 = hn::ConvertTo(f, hn::Load(d, sums));
        const auto sum1 = columns > lanes
                              ? hn::ConvertTo(f, hn::Load(d, sums + lanes))
                              : hn::Zero(f);
        const auto v0 = hn::Add(hn::Mul(sum0, hn::Mul(scale, scale0)), bias0);
        const auto v1 = hn::Add(hn::Mul(sum1, hn::Mul(scale, scale1)), bias1);
        StoreFloats(ClampFloats(f, v0, o.low, o.high),
                    ClampFloats(f, v1, o.low, o.high), to + r * stride + column,
                    columns);
      }
    };
  });
}

template <class E>
void SumsOfRow(const BytePanels& panels, const E* row, const int32_t* bias,
               int32_t* to) {
  const ByteRun<E> run{row, 0};
  const Call<E> call{panels, nullptr, &run, 0, 0, panels.panels(), nullptr};
  const Ints d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  ForEachTile(1, call, bias, [&](int64_t column) HWY_ATTR {
    return [=](int64_t, int64_t, const int32_t* sums) HWY_ATTR {
      hn::Store(hn::Load(d, sums), d, to + column);
      hn::Store(hn::Load(d, sums + lanes), d, to + column + lanes);
    };
  });
}
void SumsOfBytes(const BytePanels& panels, const uint8_t* row,
                 const int32_t* bias, int32_t* to) {
  SumsOfRow(panels, row, bias, to);
}
void SumsOfWords(const BytePanels& panels, const int16_t* row,
                 const int32_t* bias, int32_t* to) {
  SumsOfRow(panels, row, bias, to);
}

template <class In>
HWY_INLINE void Widen(const In* from, int64_t count, int offset, int16_t* to) {
  const Words d;
  const hn::Rebind<In, Words> narrow;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto add = hn::Set(d, static_cast<int16_t>(offset));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    hn::StoreU(hn::Add(hn::PromoteTo(d, hn::LoadU(narrow, from + i)), add), d,
               to + i);
  }
  for (; i < count; ++i) to[i] = static_cast<int16_t>(from[i] + offset);
}

// Highway's tables hold plain functions.
void WidenInt8(const int8_t* from, int64_t count, int offset, int16_t* to) {
  Widen(from, count, offset, to);
}
void WidenUInt8(const uint8_t* from, int64_t count, int offset, int16_t* to) {
  Widen(from, count, offset, to);
}

// The numbers of a row, whose run r is run(r), added up.
template <class Run>
HWY_INLINE int64_t SumOfRow(int64_t runs, int64_t length, const Run& run) {
  const hn::CappedTag<uint8_t, 16> d;  // runs are short
  const hn::CappedTag<uint8_t, 8> half;
  const hn::Repartition<uint64_t, decltype(d)> d64;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  auto vectors = hn::Zero(d64);
  int64_t sum = 0;
  for (int64_t r = 0; r < runs; ++r) {
    const uint8_t* at = run(r);
    int64_t i = 0;
    for (; i + lanes <= length; i += lanes)
      vectors = hn::Add(vectors, hn::SumsOf8(hn::LoadU(d, at + i)));
    if (i + 8 <= length) {
      sum += static_cast<int64_t>(
          hn::GetLane(hn::SumsOf8(hn::LoadU(half, at + i))));
      i += 8;
    }
    for (; i < length; ++i) sum += at[i];
  }
  return sum + static_cast<int64_t>(hn::GetLane(hn::SumOfLanes(d64, vectors)));
}

void SumRows(const uint8_t* const* rows, int64_t count, int64_t runs,
             int64_t length, int64_t* sums) {
  for (int64_t m = 0; m < count; ++m) {
    sums[m] = SumOfRow(runs, length,
                       [&](int64_t r) HWY_ATTR { return rows[m * runs + r]; });
  }
}

void SumRuns(const ByteRun<uint8_t>* runs, int64_t count, int64_t run_count,
             int64_t length, int64_t* sums) {
  for (int64_t m = 0; m < count; ++m) {
    sums[m] = SumOfRow(run_count, length, [&](int64_t r) HWY_ATTR {
      return runs[r].first + m * runs[r].step;
    });
  }
}

// int8 and 128 together are unsigned: the same bits but the highest.
void FlipSigns(const int8_t* from, int64_t count, uint8_t* to) {
  const hn::ScalableTag<uint8_t> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto sign = hn::Set(d, uint8_t{0x80});
  const auto* bytes = reinterpret_cast<const uint8_t*>(from);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes)
    hn::StoreU(hn::Xor(hn::LoadU(d, bytes + i), sign), d, to + i);
  for (; i < count; ++i) to[i] = bytes[i] ^ 0x80;
}

#define LITEFORGE_INTEGERS(name, E, Out)                                   \
  void name(const BytePanels& panels, const E* const* rows, int count,     \
            int64_t begin, int64_t end, const int32_t* row_term,           \
            const IntegerOutput& output, Out* to, int64_t stride) {        \
    IntegerTiles<E, Out>(count,                                            \
                         {panels, rows, nullptr, 0, begin, end, row_term}, \
                         output, to, stride);                              \
  }                                                                        \
  void name##Span(const BytePanels& panels, const ByteRun<E>* runs,        \
                  int64_t count, int64_t begin, int64_t end,               \
                  const int32_t* row_term, const IntegerOutput& output,    \
                  Out* to, int64_t stride) {                               \
    IntegerTiles<E, Out>(count,                                            \
                         {panels, nullptr, runs, 0, begin, end, row_term}, \
                         output, to, stride);                              \
  }
LITEFORGE_INTEGERS(BytesToInt8, uint8_t, int8_t)
LITEFORGE_INTEGERS(BytesToUInt8, uint8_t, uint8_t)
LITEFORGE_INTEGERS(WordsToInt8, int16_t, int8_t)
LITEFORGE_INTEGERS(WordsToUInt8, int16_t, uint8_t)

#define LITEFORGE_HYBRIDS(name, E)                                            \
  void name(const BytePanels& panels, const E* const* rows, int count,        \
            int64_t begin, int64_t end, const int32_t* row_term,              \
            const float* row_scale, const HybridOutput& output, float* to,    \
            int64_t stride) {                                                 \
    HybridTiles<E>(                                                           \
        count, {panels, rows, nullptr, 0, begin, end, row_term},              \
        [=](int64_t row) { return row_scale[row]; }, output, to, stride);     \
  }                                                                           \
  void name##Span(const BytePanels& panels, const ByteRun<E>* runs,           \
                  int64_t count, int64_t begin, int64_t end, float row_scale, \
                  const HybridOutput& output, float* to, int64_t stride) {    \
    HybridTiles<E>(                                                           \
        count, {panels, nullptr, runs, 0, begin, end, nullptr},               \
        [=](int64_t) { return row_scale; }, output, to, stride);              \
  }
LITEFORGE_HYBRIDS(BytesToFloat, uint8_t)
LITEFORGE_HYBRIDS(WordsToFloat, int16_t)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace liteforge
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace liteforge {
namespace {

constexpr int64_t GroupOf(GemmElement element) {
  return element == GemmElement::kByte ? 4 : 2;
}

// Weights less `taken` into panels. A few groups of each column at a time, so
// that the lines of cache that they go to are still there for the next one.
template <class Stored, class Weight>
void FillPanels(const Weight* weights, int32_t taken, BytePanels& p,
                Stored* to) {
  constexpr int64_t kGroup = 4 / sizeof(Stored), kBlock = 16;
  const int64_t width = p.panel_width, length = p.run_length;
  const int64_t whole = length / kGroup, groups = p.groups();
  const auto take = [&](Weight w) { return static_cast<Stored>(w - taken); };
  for (int64_t first = 0; first < p.columns; first += width) {
    const int64_t count = std::min(width, p.columns - first);
    for (int64_t r = 0; r < p.runs; ++r, to += groups * width * kGroup) {
      const Weight* run = weights + (first * p.runs + r) * length;
      for (int64_t begin = 0; begin < whole; begin += kBlock) {
        const int64_t end = std::min(whole, begin + kBlock);
        for (int64_t n = 0; n < count; ++n) {
          const Weight* from = run + n * p.runs * length;
          for (int64_t g = begin; g < end; ++g) {
            for (int64_t j = 0; j < kGroup; ++j)
              to[(g * width + n) * kGroup + j] = take(from[g * kGroup + j]);
          }
        }
      }
      for (int64_t n = 0; n < count; ++n) {
        const Weight* from = run + n * p.runs * length;
        for (int64_t i = whole * kGroup; i < length; ++i)
          to[(whole * width + n) * kGroup + i % kGroup] = take(from[i]);
      }
    }
  }
}

template <class Weight>
BytePanels Pack(const Weight* weights, int32_t taken, int64_t columns,
                int64_t runs, int64_t run_length) {
  BytePanels p;
  p.element = GemmElementOfThisMachine();
  p.columns = columns;
  p.runs = runs;
  p.run_length = run_length;
  p.panel_width = BytePanelWidth();
  const auto groups =
      static_cast<size_t>(p.panels() * runs * p.groups() * p.panel_width);
  if (p.element == GemmElement::kByte) {
    p.bytes.resize(groups * 4);
    FillPanels(weights, taken, p, p.bytes.data());
  } else {
    p.words.resize(groups * 2);
    FillPanels(weights, taken, p, p.words.data());
  }
  p.column_sums.resize(static_cast<size_t>(p.panels() * p.panel_width));
  for (int64_t n = 0; n < columns; ++n) {
    const Weight* column = weights + n * runs * run_length;
    int64_t sum = -taken * runs * run_length;
    for (int64_t i = 0; i < runs * run_length; ++i) sum += column[i];
    p.column_sums[static_cast<size_t>(n)] = static_cast<int32_t>(sum);
  }
  return p;
}

}  // namespace

HWY_EXPORT(WidenInt8);
HWY_EXPORT(WidenUInt8);
HWY_EXPORT(FlipSigns);
HWY_EXPORT(SumRows);
HWY_EXPORT(SumRuns);
HWY_EXPORT(Width);
HWY_EXPORT(Rows);
HWY_EXPORT(Element);
HWY_EXPORT(SumsOfBytes);
HWY_EXPORT(SumsOfWords);
HWY_EXPORT(BytesToInt8);
HWY_EXPORT(BytesToInt8Span);
HWY_EXPORT(BytesToUInt8);
HWY_EXPORT(BytesToUInt8Span);
HWY_EXPORT(WordsToInt8);
HWY_EXPORT(WordsToInt8Span);
HWY_EXPORT(WordsToUInt8);
HWY_EXPORT(WordsToUInt8Span);
HWY_EXPORT(BytesToFloat);
HWY_EXPORT(BytesToFloatSpan);
HWY_EXPORT(WordsToFloat);
HWY_EXPORT(WordsToFloatSpan);

int64_t BytePanels::groups() const {
  const int64_t group = GroupOf(element);
  return (run_length + group - 1) / group;
}

GemmElement GemmElementOfThisMachine() {
  return HWY_DYNAMIC_DISPATCH(Element)();
}
int ByteTileRows() { return HWY_DYNAMIC_DISPATCH(Rows)(); }
int64_t BytePanelWidth() { return HWY_DYNAMIC_DISPATCH(Width)(); }

void WidenBytes(const int8_t* from, int64_t count, int offset, int16_t* to) {
  HWY_DYNAMIC_DISPATCH(WidenInt8)(from, count, offset, to);
}
void WidenBytes(const uint8_t* from, int64_t count, int offset, int16_t* to) {
  HWY_DYNAMIC_DISPATCH(WidenUInt8)(from, count, offset, to);
}

void ConvertBytes(const int8_t* from, int64_t count, uint8_t* to) {
  HWY_DYNAMIC_DISPATCH(FlipSigns)(from, count, to);
}
void ConvertBytes(const uint8_t* from, int64_t count, uint8_t* to) {
  std::memcpy(to, from, static_cast<size_t>(count));
}

BytePanels PackBytePanels(const int8_t* weights, int64_t columns, int64_t runs,
                          int64_t run_length) {
  return Pack(weights, 0, columns, runs, run_length);
}

BytePanels PackBytePanels(const uint8_t* weights, int32_t weight_zero,
                          int64_t columns, int64_t runs, int64_t run_length) {
  const bool bytes = GemmElementOfThisMachine() == GemmElement::kByte;
  const int32_t taken = bytes ? 128 : weight_zero;
  BytePanels p = Pack(weights, taken, columns, runs, run_length);
  p.weight_offset = taken - weight_zero;
  return p;
}

void AddUpRows(const uint8_t* const* rows, int64_t count, int64_t run_count,
               int64_t length, int64_t* sums) {
  HWY_DYNAMIC_DISPATCH(SumRows)(rows, count, run_count, length, sums);
}
void AddUpRows(const ByteRun<uint8_t>* runs, int64_t count, int64_t run_count,
               int64_t length, int64_t* sums) {
  HWY_DYNAMIC_DISPATCH(SumRuns)(runs, count, run_count, length, sums);
}

void SumByteRow(const BytePanels& panels, const uint8_t* row,
                const int32_t* bias, int32_t* to) {
  HWY_DYNAMIC_DISPATCH(SumsOfBytes)(panels, row, bias, to);
}
void SumByteRow(const BytePanels& panels, const int16_t* row,
                const int32_t* bias, int32_t* to) {
  HWY_DYNAMIC_DISPATCH(SumsOfWords)(panels, row, bias, to);
}

template <>
void MultiplyByteTile(const BytePanels& panels, const uint8_t* const* rows,
                      int count, int64_t begin, int64_t end,
                      const int32_t* row_term, const IntegerOutput& output,
                      int8_t* to, int64_t stride) {
  HWY_DYNAMIC_DISPATCH(BytesToInt8)
  (panels, rows, count, begin, end, row_term, output, to, stride);
}
template <>
void MultiplyByteTile(const BytePanels& panels, const uint8_t* const* rows,
                      int count, int64_t begin, int64_t end,
                      const int32_t* row_term, const IntegerOutput& output,
                      uint8_t* to, int64_t stride) {
  HWY_DYNAMIC_DISPATCH(BytesToUInt8)
  (panels, rows, count, begin, end, row_term, output, to, stride);
}
template <>
void MultiplyByteTile(const BytePanels& panels, const int16_t* const* rows,
                      int count, int64_t begin, int64_t end,
                      const int32_t* row_term, const IntegerOutput& output,
                      int8_t* to, int64_t stride) {
  HWY_DYNAMIC_DISPATCH(WordsToInt8)
  (panels, rows, count, begin, end, row_term, output, to, stride);
}
template <>
void MultiplyByteTile(const BytePanels& panels, const int16_t* const* rows,
                      int count, int64_t begin, int64_t end,
                      const int32_t* row_term, const IntegerOutput& output,
                      uint8_t* to, int64_t stride) {
  HWY_DYNAMIC_DISPATCH(WordsToUInt8)
  (panels, rows, count, begin, end, row_term, output, to, stride);
}
template <>
void MultiplyByteTile(const BytePanels& panels, const uint8_t* const* rows,
                      int count, int64_t begin, int64_t end,
                      const int32_t* row_term, const float* row_scale,
                      const HybridOutput& output, float* to, int64_t stride) {
  HWY_DYNAMIC_DISPATCH(BytesToFloat)
  (panels, rows, count, begin, end, row_term, row_scale, output, to, stride);
}
template <>
void MultiplyByteTile(const BytePanels& panels, const int16_t* const* rows,
                      int count, int64_t begin, int64_t end,
                      const int32_t* row_term, const float* row_scale,
                      const HybridOutput& output, float* to, int64_t stride) {
  HWY_DYNAMIC_DISPATCH(WordsToFloat)
  (panels, rows, count, begin, end, row_term, row_scale, output, to, stride);
}

template <>
void MultiplyByteSpan(const BytePanels& panels, const ByteRun<uint8_t>* runs,
                      int64_t count, int64_t begin, int64_t end,
                      const int32_t* row_term, const IntegerOutput& output,
                      int8_t* to, int64_t stride) {
  HWY_DYNAMIC_DISPATCH(BytesToInt8Span)
  (panels, runs, count, begin, end, row_term, output, to, stride);
}
template <>
void MultiplyByteSpan(const BytePanels& panels, const ByteRun<uint8_t>* runs,
                      int64_t count, int64_t begin, int64_t end,
                      const int32_t* row_term, const IntegerOutput& output,
                      uint8_t* to, int64_t stride) {
  HWY_DYNAMIC_DISPATCH(BytesToUInt8Span)
  (panels, runs, count, begin, end, row_term, output, to, stride);
}
template <>
void MultiplyByteSpan(const BytePanels& panels, const ByteRun<uint8_t>* runs,
                      int64_t count, int64_t begin, int64_t end,
                      float row_scale, const HybridOutput& output, float* to,
                      int64_t stride) {
  HWY_DYNAMIC_DISPATCH(BytesToFloatSpan)
  (panels, runs, count, begin, end, row_scale, output, to, stride);
}
template <>
void MultiplyByteSpan(const BytePanels& panels, const ByteRun<int16_t>* runs,
                      int64_t count, int64_t begin, int64_t end,
                      const int32_t* row_term, const IntegerOutput& output,
                      int8_t* to, int64_t stride) {
  HWY_DYNAMIC_DISPATCH(WordsToInt8Span)
  (panels, runs, count, begin, end, row_term, output, to, stride);
}
template <>
void MultiplyByteSpan(const BytePanels& panels, const ByteRun<int16_t>* runs,
                      int64_t count, int64_t begin, int64_t end,
                      const int32_t* row_term, const IntegerOutput& output,
                      uint8_t* to, int64_t stride) {
  HWY_DYNAMIC_DISPATCH(WordsToUInt8Span)
  (panels, runs, count, begin, end, row_term, output, to, stride);
}
template <>
void MultiplyByteSpan(const BytePanels& panels, const ByteRun<int16_t>* runs,
                      int64_t count, int64_t begin, int64_t end,
                      float row_scale, const HybridOutput& output, float* to,
                      int64_t stride) {
  HWY_DYNAMIC_DISPATCH(WordsToFloatSpan)
  (panels, runs, count, begin, end, row_scale, output, to, stride);
}

}  // namespace liteforge
#endif  // HWY_ONCE
