// SPDX-License-Identifier: Apache-2.0
// A tile of kRows x 2 vectors of sums stays in registers; each step loads two
// vectors of weights and multiplies them by one number of each row.
#include "kernels/micro/float_gemm.h"

#include <algorithm>

#include "kernels/micro/packed_layout.h"
#include "kernels/micro/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/micro/float_gemm.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/micro/clamp-inl.h"

HWY_BEFORE_NAMESPACE();
namespace liteforge {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;

// 32 registers hold 24 sums; 16 hold 12.
#if HWY_TARGET == HWY_AVX3
constexpr int kMostRows = 12;
#elif HWY_TARGET == HWY_NEON
constexpr int kMostRows = 8;
#elif HWY_TARGET == HWY_EMU128
constexpr int kMostRows = 2;  // no need to hurry
#else
constexpr int kMostRows = 6;
#endif

int64_t Width() { return 2 * static_cast<int64_t>(hn::Lanes(Floats())); }
int Rows() { return kMostRows; }

struct Call {
  const FloatPanels& panels;
  const float* const* rows;  // or, where it is null, evenly:
  const FloatRun* runs;
  int64_t first_row;  // of those
  int64_t begin, end;
  float low, high;
  float* output;
  int64_t stride;
};

// Where the numbers of a run are, of kRows rows. Three rows that lie evenly
// take one register for where they are and share one for the step between.
template <int kRows, bool kEven>
class RunOfRows {
 public:
  HWY_INLINE RunOfRows(const Call& c, int64_t run) {
    if (kEven) {
      step_ = c.runs[run].step;
      const float* first = c.runs[run].first + c.first_row * step_;
      for (int i = 0; i < kPointers; ++i) at_[i] = first + i * 3 * step_;
    } else {
      for (int r = 0; r < kRows; ++r) at_[r] = c.rows[r * c.panels.runs + run];
    }
  }
  HWY_INLINE float operator[](int row) const {
    return kEven ? at_[row / 3][row % 3 * step_] : *at_[row];
  }
  HWY_INLINE void Next() {
    for (int i = 0; i < kPointers; ++i) ++at_[i];
  }

 private:
  static constexpr int kPointers = kEven ? (kRows + 2) / 3 : kRows;
  const float* at_[kPointers];
  int64_t step_ = 0;
};

// Clamps the sums of a tile's rows, kVectors of D a row, and stores those of
// columns that there are. All loops are unrolled: a sum whose place is computed
// would be one in memory. The bounds are loaded here, so that the loops before
// have all registers. Where all columns of the output are here, what a row has
// too many is overwritten by the next one.
template <int kRows, int kVectors, class D, class V>
HWY_INLINE void StoreTile(D d, const V* sum0, const V* sum1, const Call& c,
                          int64_t column) {
  constexpr int64_t kLanes = hn::MaxLanes(d), kWidth = kVectors * kLanes;
  const int64_t columns = c.panels.columns - column;
  HWY_ALIGN float rest[kRows * kWidth];
  const bool whole = columns >= kWidth;
  const bool overlaps =
      !whole && c.stride == columns && column == 0 && kWidth <= 2 * columns;
  float* to = whole || overlaps ? c.output + column : rest;
  const int64_t stride = whole || overlaps ? c.stride : kWidth;
  const auto low = hn::Set(d, c.low), high = hn::Set(d, c.high);
#pragma GCC unroll 12
  for (int r = 0; r < kRows; ++r, to += stride) {
    if (r + 1 == kRows && overlaps) to = rest;
    hn::StoreU(ClampFloats(d, sum0[r], low, high), d, to);
    if (kVectors == 2)
      hn::StoreU(ClampFloats(d, sum1[r], low, high), d, to + kLanes);
  }
  if (whole) return;
  if (overlaps)
    return CopyFew(rest, columns, c.output + (kRows - 1) * c.stride);
  for (int r = 0; r < kRows; ++r)
    CopyFew(rest + r * kWidth, columns, c.output + r * c.stride + column);
}

// One vector of D columns, where the last panel has no more. The sums of few
// rows are made in two parts, so that there are enough to not wait for one
// another.
template <int kRows, bool kEven, class D>
HWY_INLINE void NarrowTile(D d, const Call& c, int64_t panel) {
  constexpr bool kTwoParts = kRows < 8;
  const FloatPanels& p = c.panels;
  const int64_t column = panel * p.panel_width, width = p.panel_width;
  const float* w = p.weights + panel * p.depth() * width;
  hn::Vec<D> sum[kRows], more[kRows];
  for (int r = 0; r < kRows; ++r) {
    sum[r] = hn::Load(d, p.bias.data() + column);
    more[r] = hn::Zero(d);
  }
  for (int64_t run = 0; run < p.runs; ++run) {
    RunOfRows<kRows, kEven> a(c, run);
    int64_t i = 0;
    for (; kTwoParts && i + 2 <= p.run_length; i += 2, w += 2 * width) {
      const auto w0 = hn::Load(d, w), w1 = hn::Load(d, w + width);
      for (int r = 0; r < kRows; ++r)
        sum[r] = hn::MulAdd(hn::Set(d, a[r]), w0, sum[r]);
      a.Next();
      for (int r = 0; r < kRows; ++r)
        more[r] = hn::MulAdd(hn::Set(d, a[r]), w1, more[r]);
      a.Next();
    }
    for (; i < p.run_length; ++i, w += width) {
      const auto w0 = hn::Load(d, w);
      for (int r = 0; r < kRows; ++r)
        sum[r] = hn::MulAdd(hn::Set(d, a[r]), w0, sum[r]);
      a.Next();
    }
  }
  if (kTwoParts) {
    for (int r = 0; r < kRows; ++r) sum[r] = hn::Add(sum[r], more[r]);
  }
  StoreTile<kRows, 1>(d, sum, sum, c, column);
}

// Processors that take apart vectors of 512 bits do those of 256 twice as fast.
template <int kRows, bool kEven>
HWY_INLINE bool HalfTile([[maybe_unused]] const Call& c,
                         [[maybe_unused]] int64_t panel) {
#if HWY_TARGET == HWY_AVX3
  const hn::Half<Floats> half;
  if (c.panels.columns - panel * c.panels.panel_width <=
      static_cast<int64_t>(hn::Lanes(half))) {
    NarrowTile<kRows, kEven>(half, c, panel);
    return true;
  }
#endif
  return false;
}

template <int kRows, bool kEven>
void Tile(const Call& c) {
  const Floats d;
  const size_t lanes = hn::Lanes(d);
  const FloatPanels& p = c.panels;
  for (int64_t panel = c.begin; panel < c.end; ++panel) {
    if (HalfTile<kRows, kEven>(c, panel)) return;
    if (p.columns - panel * p.panel_width <= static_cast<int64_t>(lanes))
      return NarrowTile<kRows, kEven>(d, c, panel);
    const int64_t column = panel * p.panel_width;
    const float* w = p.weights + panel * p.depth() * p.panel_width;
    const float* bias = p.bias.data() + column;
    hn::Vec<Floats> sum0[kRows], sum1[kRows];
    for (int r = 0; r < kRows; ++r) {
      sum0[r] = hn::Load(d, bias);
      sum1[r] = hn::Load(d, bias + lanes);
    }
    for (int64_t run = 0; run < p.runs; ++run) {
      RunOfRows<kRows, kEven> a(c, run);
      for (int64_t i = 0; i < p.run_length; ++i) {
        const auto w0 = hn::Load(d, w), w1 = hn::Load(d, w + lanes);
        w += 2 * lanes;
        for (int r = 0; r < kRows; ++r) {
          const auto value = hn::Set(d, a[r]);
          sum0[r] = hn::MulAdd(value, w0, sum0[r]);
          sum1[r] = hn::MulAdd(value, w1, sum1[r]);
        }
        a.Next();
      }
    }
    StoreTile<kRows, 2>(d, sum0, sum1, c, column);
  }
}

// One row: two sums would wait for one another, so there are eight.
void OneRow(const Call& c) {
  constexpr int kParts = 4;
  const Floats d;
  const size_t lanes = hn::Lanes(d);
  const FloatPanels& p = c.panels;
  for (int64_t panel = c.begin; panel < c.end; ++panel) {
    const int64_t column = panel * p.panel_width;
    const float* w = p.weights + panel * p.depth() * p.panel_width;
    hn::Vec<Floats> sum0[kParts], sum1[kParts];
    for (int part = 0; part < kParts; ++part)
      sum0[part] = sum1[part] = hn::Zero(d);
    sum0[0] = hn::Load(d, p.bias.data() + column);
    sum1[0] = hn::Load(d, p.bias.data() + column + lanes);
    for (int64_t run = 0; run < p.runs; ++run) {
      const float* a = c.rows != nullptr
                           ? c.rows[run]
                           : c.runs[run].first + c.first_row * c.runs[run].step;
      int64_t i = 0;
      for (; i + kParts <= p.run_length; i += kParts) {
        for (int part = 0; part < kParts; ++part) {
          const auto value = hn::Set(d, a[i + part]);
          sum0[part] = hn::MulAdd(value, hn::Load(d, w), sum0[part]);
          sum1[part] = hn::MulAdd(value, hn::Load(d, w + lanes), sum1[part]);
          w += 2 * lanes;
        }
      }
      for (; i < p.run_length; ++i) {
        const auto value = hn::Set(d, a[i]);
        sum0[0] = hn::MulAdd(value, hn::Load(d, w), sum0[0]);
        sum1[0] = hn::MulAdd(value, hn::Load(d, w + lanes), sum1[0]);
        w += 2 * lanes;
      }
    }
    const auto all0 =
        hn::Add(hn::Add(sum0[0], sum0[1]), hn::Add(sum0[2], sum0[3]));
    const auto all1 =
        hn::Add(hn::Add(sum1[0], sum1[1]), hn::Add(sum1[2], sum1[3]));
    StoreTile<1, 2>(d, &all0, &all1, c, column);
  }
}

using TileFunction = void (*)(const Call&);

template <bool kEven>
TileFunction TileOf(int64_t rows) {
  static constexpr TileFunction kTiles[] = {
    OneRow,
    Tile<2, kEven>,
#if HWY_TARGET != HWY_EMU128
    Tile<3, kEven>,
    Tile<4, kEven>,
    Tile<5, kEven>,
    Tile<6, kEven>,
#endif
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON
    Tile<7, kEven>,
    Tile<8, kEven>,
#endif
#if HWY_TARGET == HWY_AVX3
    Tile<9, kEven>,
    Tile<10, kEven>,
    Tile<11, kEven>,
    Tile<12, kEven>,
#endif
  };
  return kTiles[rows - 1];
}

void Multiply(const FloatPanels& panels, const float* const* rows, int count,
              int64_t begin, int64_t end, float low, float high, float* output,
              int64_t stride) {
  TileOf<false>(count)(
      {panels, rows, nullptr, 0, begin, end, low, high, output, stride});
}

// The last two tiles share what is left, so that none has few rows.
void MultiplySpan(const FloatPanels& panels, const FloatRun* runs,
                  int64_t count, int64_t begin, int64_t end, float low,
                  float high, float* output, int64_t stride) {
  Call call{panels, nullptr, runs, 0, begin, end, low, high, output, stride};
  while (call.first_row < count) {
    const int64_t left = count - call.first_row;
    int64_t rows = HWY_MIN(left, int64_t{kMostRows});
    if (left > kMostRows && left < 2 * kMostRows) rows = (left + 1) / 2;
    TileOf<true>(rows)(call);
    call.first_row += rows;
    call.output += rows * stride;
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace liteforge
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace liteforge {

HWY_EXPORT(Width);
HWY_EXPORT(Rows);
HWY_EXPORT(Multiply);
HWY_EXPORT(MultiplySpan);

FloatPanels ShapeFloatPanels(int64_t columns, int64_t runs,
                             int64_t run_length) {
  FloatPanels p;
  p.columns = columns;
  p.runs = runs;
  p.run_length = run_length;
  p.panel_width = HWY_DYNAMIC_DISPATCH(Width)();
  p.bias.resize(static_cast<size_t>(p.panels() * p.panel_width));
  return p;
}

// A few numbers of each column at a time, so that the lines of cache that they
// go to are still there for the next column.
void FillFloatPanels(const float* weights, int64_t column_step,
                     int64_t depth_step, const FloatPanels& p, float* to) {
  constexpr int64_t kBlock = 16;
  const int64_t depth = p.depth(), width = p.panel_width;
  for (int64_t first = 0; first < p.columns; first += width) {
    float* panel = to + first * depth;
    const int64_t count = std::min(width, p.columns - first);
    if (count < width) std::fill_n(panel, depth * width, 0.0f);
    for (int64_t begin = 0; begin < depth; begin += kBlock) {
      const int64_t end = std::min(depth, begin + kBlock);
      for (int64_t n = 0; n < count; ++n) {
        const float* from = weights + (first + n) * column_step;
        for (int64_t k = begin; k < end; ++k)
          panel[k * width + n] = from[k * depth_step];
      }
    }
  }
}

FloatPanels PackFloatPanels(ArrayCache& arrays, const float* weights,
                            const float* bias, int64_t columns, int64_t runs,
                            int64_t run_length) {
  FloatPanels p = ShapeFloatPanels(columns, runs, run_length);
  const auto count = static_cast<size_t>(columns * p.depth());
  p.stored = arrays.Find({static_cast<uint32_t>(PackedKind::kFloatPanels),
                          {columns, p.depth(), p.panel_width},
                          std::as_bytes(std::span(weights, count))},
                         p.numbers() * sizeof(float), [&](std::byte* to) {
                           FillFloatPanels(weights, p.depth(), 1, p,
                                           reinterpret_cast<float*>(to));
                         });
  p.weights = reinterpret_cast<const float*>(p.stored.data());
  if (bias != nullptr) std::copy_n(bias, columns, p.bias.begin());
  return p;
}

int FloatTileRows() { return HWY_DYNAMIC_DISPATCH(Rows)(); }

void MultiplyFloatTile(const FloatPanels& panels, const float* const* rows,
                       int count, int64_t begin, int64_t end, float low,
                       float high, float* output, int64_t stride) {
  HWY_DYNAMIC_DISPATCH(Multiply)
  (panels, rows, count, begin, end, low, high, output, stride);
}

void MultiplyFloatSpan(const FloatPanels& panels, const FloatRun* runs,
                       int64_t count, int64_t begin, int64_t end, float low,
                       float high, float* output, int64_t stride) {
  HWY_DYNAMIC_DISPATCH(MultiplySpan)
  (panels, runs, count, begin, end, low, high, output, stride);
}

}  // namespace liteforge
#endif  // HWY_ONCE
