// SPDX-License-Identifier: Apache-2.0
// A tile of kRows x 2 vectors of sums stays in registers; each step loads two
// vectors of weights and multiplies them by one number of each row.
#include "kernels/micro/float_gemm.h"

#include <algorithm>

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
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
constexpr int kMostRows = 12;
#elif HWY_TARGET == HWY_NEON
constexpr int kMostRows = 8;
#else
constexpr int kMostRows = 6;
#endif

int64_t Width() { return 2 * static_cast<int64_t>(hn::Lanes(Floats())); }
int Rows() { return kMostRows; }

struct Call {
  const FloatPanels& panels;
  const float* const* rows;
  int64_t begin, end;
  float low, high;
  float* output;
  int64_t stride;
};

// The bounds are loaded here, so that the loops have all registers.
template <class V>
HWY_INLINE V Clamped(V sum, const Call& c) {
  return ClampFloats(Floats(), sum, c.low, c.high);
}

// Columns of the last panel that are none are not stored.
template <class V>
HWY_INLINE void Store2(V v0, V v1, float* to, int64_t columns) {
  const Floats d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  if (columns >= 2 * lanes) {
    hn::StoreU(v0, d, to);
    hn::StoreU(v1, d, to + lanes);
    return;
  }
  if (columns == lanes) {
    hn::StoreU(v0, d, to);
    return;
  }
  HWY_ALIGN float all[2 * HWY_MAX_BYTES / sizeof(float)];
  hn::Store(v0, d, all);
  hn::Store(v1, d, all + lanes);
  std::copy_n(all, columns, to);
}

// One vector of columns, where the last panel has no more.
template <int kRows>
void NarrowTile(const Call& c, int64_t panel) {
  const Floats d;
  const size_t lanes = hn::Lanes(d);
  const FloatPanels& p = c.panels;
  const int64_t column = panel * p.panel_width;
  const float* w = p.weights.data() + panel * p.depth() * p.panel_width;
  hn::Vec<Floats> sum[kRows];
  for (int r = 0; r < kRows; ++r) sum[r] = hn::Load(d, p.bias.data() + column);
  for (int64_t run = 0; run < p.runs; ++run) {
    const float* a[kRows];
    for (int r = 0; r < kRows; ++r) a[r] = c.rows[r * p.runs + run];
    for (int64_t i = 0; i < p.run_length; ++i) {
      const auto w0 = hn::Load(d, w);
      w += 2 * lanes;
      for (int r = 0; r < kRows; ++r)
        sum[r] = hn::MulAdd(hn::Set(d, a[r][i]), w0, sum[r]);
    }
  }
  for (int r = 0; r < kRows; ++r) {
    const auto value = Clamped(sum[r], c);
    Store2(value, value, c.output + r * c.stride + column, p.columns - column);
  }
}

template <int kRows>
void Tile(const Call& c) {
  const Floats d;
  const size_t lanes = hn::Lanes(d);
  const FloatPanels& p = c.panels;
  for (int64_t panel = c.begin; panel < c.end; ++panel) {
    if (p.columns - panel * p.panel_width <= static_cast<int64_t>(lanes))
      return NarrowTile<kRows>(c, panel);
    const int64_t column = panel * p.panel_width;
    const float* w = p.weights.data() + panel * p.depth() * p.panel_width;
    const float* bias = p.bias.data() + column;
    hn::Vec<Floats> sum0[kRows], sum1[kRows];
    for (int r = 0; r < kRows; ++r) {
      sum0[r] = hn::Load(d, bias);
      sum1[r] = hn::Load(d, bias + lanes);
    }
    for (int64_t run = 0; run < p.runs; ++run) {
      const float* a[kRows];
      for (int r = 0; r < kRows; ++r) a[r] = c.rows[r * p.runs + run];
      for (int64_t i = 0; i < p.run_length; ++i) {
        const auto w0 = hn::Load(d, w), w1 = hn::Load(d, w + lanes);
        w += 2 * lanes;
        for (int r = 0; r < kRows; ++r) {
          const auto value = hn::Set(d, a[r][i]);
          sum0[r] = hn::MulAdd(value, w0, sum0[r]);
          sum1[r] = hn::MulAdd(value, w1, sum1[r]);
        }
      }
    }
    for (int r = 0; r < kRows; ++r) {
      Store2(Clamped(sum0[r], c), Clamped(sum1[r], c),
             c.output + r * c.stride + column, p.columns - column);
    }
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
    const float* w = p.weights.data() + panel * p.depth() * p.panel_width;
    hn::Vec<Floats> sum0[kParts], sum1[kParts];
    for (int part = 0; part < kParts; ++part)
      sum0[part] = sum1[part] = hn::Zero(d);
    sum0[0] = hn::Load(d, p.bias.data() + column);
    sum1[0] = hn::Load(d, p.bias.data() + column + lanes);
    for (int64_t run = 0; run < p.runs; ++run) {
      const float* a = c.rows[run];
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
    Store2(Clamped(all0, c), Clamped(all1, c), c.output + column,
           p.columns - column);
  }
}

using TileFunction = void (*)(const Call&);

void Multiply(const FloatPanels& panels, const float* const* rows, int count,
              int64_t begin, int64_t end, float low, float high, float* output,
              int64_t stride) {
  static constexpr TileFunction kTiles[] = {
    OneRow,
    Tile<2>,
    Tile<3>,
    Tile<4>,
    Tile<5>,
    Tile<6>,
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL || \
    HWY_TARGET == HWY_NEON
    Tile<7>,
    Tile<8>,
#endif
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
    Tile<9>,
    Tile<10>,
    Tile<11>,
    Tile<12>,
#endif
  };
  kTiles[count - 1]({panels, rows, begin, end, low, high, output, stride});
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

FloatPanels PackFloatPanels(const float* weights, const float* bias,
                            int64_t columns, int64_t runs, int64_t run_length) {
  FloatPanels p;
  p.columns = columns;
  p.runs = runs;
  p.run_length = run_length;
  p.panel_width = HWY_DYNAMIC_DISPATCH(Width)();
  const int64_t depth = p.depth(), width = p.panel_width;
  p.weights.resize(static_cast<size_t>(p.panels() * depth * width));
  p.bias.resize(static_cast<size_t>(p.panels() * width));
  for (int64_t n = 0; n < columns; ++n) {
    float* to = p.weights.data() + n / width * depth * width + n % width;
    const float* from = weights + n * depth;
    for (int64_t k = 0; k < depth; ++k) to[k * width] = from[k];
    if (bias != nullptr) p.bias[static_cast<size_t>(n)] = bias[n];
  }
  return p;
}

int FloatTileRows() { return HWY_DYNAMIC_DISPATCH(Rows)(); }

void MultiplyFloatTile(const FloatPanels& panels, const float* const* rows,
                       int count, int64_t begin, int64_t end, float low,
                       float high, float* output, int64_t stride) {
  HWY_DYNAMIC_DISPATCH(Multiply)
  (panels, rows, count, begin, end, low, high, output, stride);
}

}  // namespace liteforge
#endif  // HWY_ONCE
