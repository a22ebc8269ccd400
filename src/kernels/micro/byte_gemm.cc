// SPDX-License-Identifier: Apache-2.0
// A tile of kRows x 2 vectors of sums stays in registers. Each step multiplies
// a group of 4 bytes (2 words) of each row by that of every column and adds
// the products to the column's sum, which the machine has an instruction for.
#include "kernels/micro/byte_gemm.h"

#include "kernels/micro/targets_with_vnni.h"

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
#elif HWY_TARGET == HWY_EMU128
constexpr int kMostRows = 2;  // no need to hurry
#else
constexpr int kMostRows = 6;
#endif

int Rows() { return kMostRows; }

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
  return p.weights + bytes;
}

template <class E>
struct Call {
  const BytePanels& panels;
  const ByteRows<E>& rows;
  int64_t begin, end;  // panels
  int64_t first_row = 0;
};

// Where the groups of a run are, of kRows rows. Three rows that lie evenly take
// one register for where they are and share one for the step between.
template <int kRows, bool kEven, class E>
class RunOfRows {
 public:
  HWY_INLINE RunOfRows(const Call<E>& c, int64_t run) {
    if (kEven) {
      step_ = c.rows.runs[run].step;
      const E* first = c.rows.runs[run].first + c.first_row * step_;
      for (int i = 0; i < kPointers; ++i) at_[i] = first + i * 3 * step_;
    } else {
      const int64_t runs = c.panels.runs;
      const E* const* first = c.rows.pointers + c.first_row * runs + run;
      for (int r = 0; r < kRows; ++r) at_[r] = first[r * runs];
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
  if (c.rows.terms != nullptr) {
    const int32_t* terms = c.rows.terms + c.first_row;
#pragma GCC unroll 12
    for (size_t r = 0; r < kRows; ++r) {
      const auto term = hn::Set(d, terms[r]);
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
template <bool kWide, bool kEven, class E>
void MultiplyRow(const Call<E>& c, const int32_t* bias, int64_t panel,
                 int32_t* sums) {
  constexpr int64_t kGroup = 4 / sizeof(E);
  constexpr int kParts = 4;
  const Ints d;
  const size_t lanes = hn::Lanes(d);
  const BytePanels& p = c.panels;
  const int64_t groups = GroupsOf<E>(p);
  const auto* w = static_cast<const int32_t*>(PanelOf<E>(p, panel));
  const auto term =
      hn::Set(d, c.rows.terms != nullptr ? c.rows.terms[c.first_row] : 0);
  IntVec sum0[kParts], sum1[kParts];
  for (int part = 0; part < kParts; ++part)
    sum0[part] = sum1[part] = hn::Zero(d);
  sum0[0] = hn::Add(hn::Load(d, bias), term);
  sum1[0] = hn::Add(hn::Load(d, bias + lanes), term);
  for (int64_t run = 0; run < p.runs; ++run) {
    const RunOfRows<1, kEven, E> row(c, run);
    const E* a = row[0];
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
    MultiplyRow<kWide, kEven, E>,
    MultiplyPanel<2, kWide, kEven, E>,
#if HWY_TARGET != HWY_EMU128
    MultiplyPanel<3, kWide, kEven, E>,
    MultiplyPanel<4, kWide, kEven, E>,
    MultiplyPanel<5, kWide, kEven, E>,
    MultiplyPanel<6, kWide, kEven, E>,
#endif
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
HWY_INLINE void ForEachTile([[maybe_unused]] const Call<E>& given,
                            [[maybe_unused]] const int32_t* bias,
                            [[maybe_unused]] const FinishOf& finish_of) {
  if constexpr ((sizeof(E) == 1) == kMultipliesBytes) {
    const auto lanes = static_cast<int64_t>(hn::Lanes(Ints()));
    HWY_ALIGN int32_t sums[kMostRows * 2 * HWY_MAX_BYTES / sizeof(int32_t)];
    Call<E> c = given;
    for (int64_t panel = c.begin; panel < c.end; ++panel) {
      const int64_t column = panel * c.panels.panel_width;
      const bool wide = c.panels.columns - column > lanes;
      const auto finish = finish_of(column);
      ForEachTileOf(c.rows.count, [&](int64_t rows, int64_t first) HWY_ATTR {
        c.first_row = first;
        const auto multiply = c.rows.pointers != nullptr
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
HWY_INLINE void RoundedTiles(const Call<E>& call, const IntegerOutput& o,
                             Out* to, int64_t stride,
                             const MakeRounding& rounding) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(Ints()));
  ForEachTile(call, o.bias, [&](int64_t column) HWY_ATTR {
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
void Multiply(const BytePanels& panels, const ByteRows<E>& rows, int64_t begin,
              int64_t end, const IntegerOutput& o, Out* to, int64_t stride) {
  const Ints d;
  const Call<E> call{panels, rows, begin, end};
  if (o.rounds_once) {
    return RoundedTiles(call, o, to, stride, [&](int64_t at) HWY_ATTR {
      return UpwardRoundingOf(hn::Load(d, o.multiplier + at),
                              hn::Load(d, o.right_shift + at));
    });
  }
  RoundedTiles(call, o, to, stride, [&](int64_t at) HWY_ATTR {
    return RoundingOf(hn::Load(d, o.multiplier + at),
                      hn::Load(d, o.left_shift + at),
                      hn::Load(d, o.right_shift + at), o.ties_up);
  });
}

template <class E>
void Multiply(const BytePanels& panels, const ByteRows<E>& rows, int64_t begin,
              int64_t end, const HybridOutput& o, float* to, int64_t stride) {
  const Call<E> call{panels, rows, begin, end};
  const Ints d;
  const hn::ScalableTag<float> f;
  const auto lanes = static_cast<int64_t>(hn::Lanes(f));
  const auto of_rows = hn::Set(f, o.row_scale);
  ForEachTile(call, o.correction, [&](int64_t column) HWY_ATTR {
    const int64_t columns = panels.columns - column;
    const auto scale0 = hn::Mul(of_rows, hn::Load(f, o.scale + column));
    const auto scale1 = hn::Mul(of_rows, hn::Load(f, o.scale + column + lanes));
    const auto bias0 = hn::Load(f, o.bias + column);
    const auto bias1 = hn::Load(f, o.bias + column + lanes);
    return [=, &o](int64_t first, int64_t count, const int32_t* sums) HWY_ATTR {
      for (int64_t r = first; r < first + count; ++r, sums += 2 * lanes) {
        const auto sum0 = hn::ConvertTo(f, hn::Load(d, sums));
        const auto sum1 = columns > lanes
                              ? hn::ConvertTo(f, hn::Load(d, sums + lanes))
                              : hn::Zero(f);
        const auto v0 = hn::Add(hn::Mul(sum0, scale0), bias0);
        const auto v1 = hn::Add(hn::Mul(sum1, scale1), bias1);
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
  const ByteRows<E> rows{1, nullptr, &run};
  const Call<E> call{panels, rows, 0, panels.panels()};
  const Ints d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  ForEachTile(call, bias, [&](int64_t column) HWY_ATTR {
    return [=](int64_t, int64_t, const int32_t* sums) HWY_ATTR {
      hn::Store(hn::Load(d, sums), d, to + column);
      hn::Store(hn::Load(d, sums + lanes), d, to + column + lanes);
    };
  });
}

// Highway's tables hold plain functions.
#define LITEFORGE_SUMS(name, E)                                          \
  void name(const BytePanels& panels, const E* row, const int32_t* bias, \
            int32_t* to) {                                               \
    SumsOfRow(panels, row, bias, to);                                    \
  }
LITEFORGE_SUMS(SumsOfBytes, uint8_t)
LITEFORGE_SUMS(SumsOfWords, int16_t)

#define LITEFORGE_PRODUCTS(name, E, Output, Out)                              \
  void name(const BytePanels& panels, const ByteRows<E>& rows, int64_t begin, \
            int64_t end, const Output& output, Out* to, int64_t stride) {     \
    Multiply(panels, rows, begin, end, output, to, stride);                   \
  }
LITEFORGE_PRODUCTS(BytesToInt8, uint8_t, IntegerOutput, int8_t)
LITEFORGE_PRODUCTS(BytesToUInt8, uint8_t, IntegerOutput, uint8_t)
LITEFORGE_PRODUCTS(BytesToFloat, uint8_t, HybridOutput, float)
LITEFORGE_PRODUCTS(WordsToInt8, int16_t, IntegerOutput, int8_t)
LITEFORGE_PRODUCTS(WordsToUInt8, int16_t, IntegerOutput, uint8_t)
LITEFORGE_PRODUCTS(WordsToFloat, int16_t, HybridOutput, float)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace liteforge
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace liteforge {

HWY_EXPORT(Rows);
int ByteTileRows() { return HWY_DYNAMIC_DISPATCH(Rows)(); }

HWY_EXPORT(SumsOfBytes);
HWY_EXPORT(SumsOfWords);
void SumByteRow(const BytePanels& panels, const uint8_t* row,
                const int32_t* bias, int32_t* to) {
  HWY_DYNAMIC_DISPATCH(SumsOfBytes)(panels, row, bias, to);
}
void SumByteRow(const BytePanels& panels, const int16_t* row,
                const int32_t* bias, int32_t* to) {
  HWY_DYNAMIC_DISPATCH(SumsOfWords)(panels, row, bias, to);
}

#define LITEFORGE_DISPATCH(name, E, Output, Out)                              \
  HWY_EXPORT(name);                                                           \
  template <>                                                                 \
  void MultiplyBytes(const BytePanels& panels, const ByteRows<E>& rows,       \
                     int64_t begin, int64_t end, const Output& output,        \
                     Out* to, int64_t stride) {                               \
    HWY_DYNAMIC_DISPATCH(name)(panels, rows, begin, end, output, to, stride); \
  }
LITEFORGE_DISPATCH(BytesToInt8, uint8_t, IntegerOutput, int8_t)
LITEFORGE_DISPATCH(BytesToUInt8, uint8_t, IntegerOutput, uint8_t)
LITEFORGE_DISPATCH(BytesToFloat, uint8_t, HybridOutput, float)
LITEFORGE_DISPATCH(WordsToInt8, int16_t, IntegerOutput, int8_t)
LITEFORGE_DISPATCH(WordsToUInt8, int16_t, IntegerOutput, uint8_t)
LITEFORGE_DISPATCH(WordsToFloat, int16_t, HybridOutput, float)

}  // namespace liteforge
#endif  // HWY_ONCE
