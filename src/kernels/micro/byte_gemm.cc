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

GemmElement Element() {
#if HWY_TARGET == HWY_AVX3_DL
  return GemmElement::kByte;
#else
  return GemmElement::kWord;
#endif
}

// sum + the products of four bytes in each lane: a unsigned, b signed.
HWY_INLINE IntVec AddProducts(IntVec sum, const uint8_t* a, IntVec b) {
  const Ints d;
  int32_t four;
  std::memcpy(&four, a, sizeof(four));
#if HWY_TARGET == HWY_AVX3_DL
  // Highway's attributes for this target leave out VNNI, which it has.
  const auto at = hn::Set(d, four);
  asm("vpdpbusd %2, %1, %0" : "+v"(sum.raw) : "v"(at.raw), "v"(b.raw));
  return sum;
#else
  // For the sake of the grid of tests only: the machine prefers words.
  const auto at = hn::Set(d, four);
  for (int i = 0; i < 4; ++i) {
    const auto count = hn::Set(d, 8 * i);
    const auto x = hn::And(hn::Shr(at, count), hn::Set(d, 255));
    const auto y = hn::ShiftRight<24>(hn::Shl(b, hn::Set(d, 24 - 8 * i)));
    sum = hn::Add(sum, hn::Mul(x, y));
  }
  return sum;
#endif
}

// sum + the products of two words in each lane.
HWY_INLINE IntVec AddProducts(IntVec sum, const int16_t* a, IntVec b) {
  const Ints d;
  int32_t two;
  std::memcpy(&two, a, sizeof(two));
  const auto at = hn::Set(d, two);
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
  return hn::Add(sum, IntVec{_mm512_madd_epi16(at.raw, b.raw)});
#elif HWY_TARGET == HWY_AVX2
  return hn::Add(sum, IntVec{_mm256_madd_epi16(at.raw, b.raw)});
#elif HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_SSSE3 || \
    HWY_TARGET == HWY_SSE2
  return hn::Add(sum, IntVec{_mm_madd_epi16(at.raw, b.raw)});
#else
  const auto low = hn::Mul(hn::ShiftRight<16>(hn::ShiftLeft<16>(at)),
                           hn::ShiftRight<16>(hn::ShiftLeft<16>(b)));
  const auto high = hn::Mul(hn::ShiftRight<16>(at), hn::ShiftRight<16>(b));
  return hn::Add(sum, hn::Add(low, high));
#endif
}

template <class Element>
const Element* PanelOf(const BytePanels& p, int64_t panel);
template <>
[[maybe_unused]] const uint8_t* PanelOf(const BytePanels& p, int64_t panel) {
  return reinterpret_cast<const uint8_t*>(p.bytes.data()) +
         panel * p.runs * p.groups() * p.panel_width * 4;
}
template <>
[[maybe_unused]] const int16_t* PanelOf(const BytePanels& p, int64_t panel) {
  return p.words.data() + panel * p.runs * p.groups() * p.panel_width * 2;
}

template <class E>
struct Call {
  const BytePanels& panels;
  const E* const* rows;
  int64_t begin, end;
  const int32_t* row_term;
};

// Calls finish(column, sums of the panel's first vector, of its second). The
// second is left out where the last panel has no more columns.
template <int kRows, bool kWide, class E, class Finish>
HWY_INLINE void Panel(const Call<E>& c, int64_t panel, const Finish& finish) {
  constexpr int64_t kGroup = 4 / sizeof(E);
  const Ints d;
  const size_t lanes = hn::Lanes(d);
  const BytePanels& p = c.panels;
  const int64_t groups = p.groups();
  const auto* w = reinterpret_cast<const int32_t*>(PanelOf<E>(p, panel));
  IntVec sum0[kRows], sum1[kRows];
  for (int r = 0; r < kRows; ++r) {
    sum0[r] = sum1[r] = hn::Set(d, c.row_term != nullptr ? c.row_term[r] : 0);
  }
  for (int64_t run = 0; run < p.runs; ++run) {
    const E* a[kRows];
    for (int r = 0; r < kRows; ++r) a[r] = c.rows[r * p.runs + run];
    for (int64_t g = 0; g < groups; ++g) {
      const auto w0 = hn::Load(d, w), w1 = hn::Load(d, w + lanes);
      w += 2 * lanes;
      for (int r = 0; r < kRows; ++r) {
        sum0[r] = AddProducts(sum0[r], a[r] + g * kGroup, w0);
        if (kWide) sum1[r] = AddProducts(sum1[r], a[r] + g * kGroup, w1);
      }
    }
  }
  finish(panel * p.panel_width, sum0, sum1);
}

template <int kRows, class E, class Finish>
HWY_INLINE void Tile(const Call<E>& c, const Finish& finish) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(Ints()));
  for (int64_t panel = c.begin; panel < c.end; ++panel) {
    if (c.panels.columns - panel * c.panels.panel_width <= lanes) {
      Panel<kRows, false>(c, panel, finish);
    } else {
      Panel<kRows, true>(c, panel, finish);
    }
  }
}

template <class Out>
HWY_INLINE void StoreIntegers(IntVec v0, IntVec v1, Out* to, int64_t columns) {
  const Ints d;
  const hn::Rebind<Out, Ints> narrow;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto n0 = hn::DemoteTo(narrow, v0), n1 = hn::DemoteTo(narrow, v1);
  if (columns >= 2 * lanes) {
    hn::StoreU(n0, narrow, to);
    hn::StoreU(n1, narrow, to + lanes);
    return;
  }
  if (columns == lanes) {
    hn::StoreU(n0, narrow, to);
    return;
  }
  HWY_ALIGN Out all[2 * HWY_MAX_BYTES];
  hn::StoreU(n0, narrow, all);
  hn::StoreU(n1, narrow, all + lanes);
  std::copy_n(all, columns, to);
}

template <int kRows, class E, class Out>
void IntegerTile(const Call<E>& call, const IntegerOutput& o, Out* to,
                 int64_t stride) {
  const Ints d;
  const size_t lanes = hn::Lanes(d);
  const auto offset = hn::Set(d, o.offset);
  // Clamped before the offset is added, so that no sum overflows.
  const auto low = hn::Set(d, o.low - o.offset);
  const auto high = hn::Set(d, o.high - o.offset);
  Tile<kRows>(call, [&](int64_t column, const IntVec* sum0,
                        const IntVec* sum1) HWY_ATTR {
    const Rounding r0{hn::Load(d, o.multiplier + column),
                      hn::Load(d, o.left_shift + column),
                      hn::Load(d, o.right_shift + column)};
    const Rounding r1{hn::Load(d, o.multiplier + column + lanes),
                      hn::Load(d, o.left_shift + column + lanes),
                      hn::Load(d, o.right_shift + column + lanes)};
    const auto bias0 = hn::Load(d, o.bias + column);
    const auto bias1 = hn::Load(d, o.bias + column + lanes);
    for (int r = 0; r < kRows; ++r) {
      const auto v0 = Requantized(hn::Add(sum0[r], bias0), r0, o.ties_up);
      const auto v1 = Requantized(hn::Add(sum1[r], bias1), r1, o.ties_up);
      StoreIntegers(hn::Add(hn::Min(hn::Max(v0, low), high), offset),
                    hn::Add(hn::Min(hn::Max(v1, low), high), offset),
                    to + r * stride + column, call.panels.columns - column);
    }
  });
}

template <int kRows, class E>
void HybridTile(const Call<E>& call, const float* row_scale,
                const HybridOutput& o, float* to, int64_t stride) {
  const Ints d;
  const hn::ScalableTag<float> f;
  const size_t lanes = hn::Lanes(d);
  Tile<kRows>(call, [&](int64_t column, const IntVec* sum0,
                        const IntVec* sum1) HWY_ATTR {
    const int64_t columns = call.panels.columns - column;
    for (int r = 0; r < kRows; ++r) {
      const auto scale = hn::Set(f, row_scale[r]);
      HWY_ALIGN float all[2 * HWY_MAX_BYTES / sizeof(float)];
      for (size_t half = 0; half < 2; ++half) {
        const size_t at = static_cast<size_t>(column) + half * lanes;
        const auto sum = hn::Add(half == 0 ? sum0[r] : sum1[r],
                                 hn::Load(d, o.correction + at));
        const auto value =
            hn::Add(hn::Mul(hn::ConvertTo(f, sum),
                            hn::Mul(scale, hn::Load(f, o.scale + at))),
                    hn::Load(f, o.bias + at));
        hn::Store(ClampFloats(f, value, o.low, o.high), f, all + half * lanes);
      }
      std::copy_n(all, std::min(columns, call.panels.panel_width),
                  to + r * stride + column);
    }
  });
}

// Runs function<count>(…) for 1 <= count <= kMostRows.
#define LITEFORGE_FOR_ROWS(function, ...)                   \
  switch (count) {                                          \
    case 1:                                                 \
      return function<1>(__VA_ARGS__);                      \
    case 2:                                                 \
      return function<2>(__VA_ARGS__);                      \
    case 3:                                                 \
      return function<3>(__VA_ARGS__);                      \
    case 4:                                                 \
      return function<4>(__VA_ARGS__);                      \
    case 5:                                                 \
      return function<5>(__VA_ARGS__);                      \
    case 6:                                                 \
      return function<6>(__VA_ARGS__);                      \
    case 7:                                                 \
      return function<HWY_MIN(7, kMostRows)>(__VA_ARGS__);  \
    case 8:                                                 \
      return function<HWY_MIN(8, kMostRows)>(__VA_ARGS__);  \
    case 9:                                                 \
      return function<HWY_MIN(9, kMostRows)>(__VA_ARGS__);  \
    case 10:                                                \
      return function<HWY_MIN(10, kMostRows)>(__VA_ARGS__); \
    case 11:                                                \
      return function<HWY_MIN(11, kMostRows)>(__VA_ARGS__); \
    default:                                                \
      return function<kMostRows>(__VA_ARGS__);              \
  }

template <class E, class Out>
void Integers(const BytePanels& panels, const E* const* rows, int count,
              int64_t begin, int64_t end, const int32_t* row_term,
              const IntegerOutput& output, Out* to, int64_t stride) {
  const Call<E> call{panels, rows, begin, end, row_term};
  LITEFORGE_FOR_ROWS(IntegerTile, call, output, to, stride)
}

template <class E>
void Hybrids(const BytePanels& panels, const E* const* rows, int count,
             int64_t begin, int64_t end, const int32_t* row_term,
             const float* row_scale, const HybridOutput& output, float* to,
             int64_t stride) {
  const Call<E> call{panels, rows, begin, end, row_term};
  LITEFORGE_FOR_ROWS(HybridTile, call, row_scale, output, to, stride)
}

// Highway's tables hold plain functions.
#define LITEFORGE_INTEGERS(name, E, Out)                                    \
  void name(const BytePanels& panels, const E* const* rows, int count,      \
            int64_t begin, int64_t end, const int32_t* row_term,            \
            const IntegerOutput& output, Out* to, int64_t stride) {         \
    Integers<E, Out>(panels, rows, count, begin, end, row_term, output, to, \
                     stride);                                               \
  }
LITEFORGE_INTEGERS(BytesToInt8, uint8_t, int8_t)
LITEFORGE_INTEGERS(BytesToUInt8, uint8_t, uint8_t)
LITEFORGE_INTEGERS(WordsToInt8, int16_t, int8_t)
LITEFORGE_INTEGERS(WordsToUInt8, int16_t, uint8_t)

#define LITEFORGE_HYBRIDS(name, E)                                           \
  void name(const BytePanels& panels, const E* const* rows, int count,       \
            int64_t begin, int64_t end, const int32_t* row_term,             \
            const float* row_scale, const HybridOutput& output, float* to,   \
            int64_t stride) {                                                \
    Hybrids<E>(panels, rows, count, begin, end, row_term, row_scale, output, \
               to, stride);                                                  \
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

template <class To, class From, class Function>
void Convert(const From* from, int64_t count, To* to, Function function) {
  for (int64_t i = 0; i < count; ++i) to[i] = function(from[i]);
  std::fill_n(to + count, kGemmSlack, To{0});
}

// weight(n, r, i): the weight as it is to be multiplied.
template <class Weight>
BytePanels Pack(GemmElement element, int64_t columns, int64_t runs,
                int64_t run_length, int64_t width, const Weight& weight) {
  BytePanels p;
  p.element = element;
  p.columns = columns;
  p.runs = runs;
  p.run_length = run_length;
  p.panel_width = width;
  const int64_t group = GroupOf(element), groups = p.groups();
  const auto size =
      static_cast<size_t>(p.panels() * runs * groups * width * group);
  element == GemmElement::kByte ? p.bytes.resize(size) : p.words.resize(size);
  p.column_sums.resize(static_cast<size_t>(p.panels() * width));
  for (int64_t n = 0; n < columns; ++n) {
    int32_t sum = 0;
    for (int64_t r = 0; r < runs; ++r) {
      for (int64_t i = 0; i < run_length; ++i) {
        const int32_t w = weight(n, r, i);
        sum += w;
        const int64_t at =
            (((n / width * runs + r) * groups + i / group) * width +
             n % width) *
                group +
            i % group;
        if (element == GemmElement::kByte) {
          p.bytes[static_cast<size_t>(at)] = static_cast<int8_t>(w);
        } else {
          p.words[static_cast<size_t>(at)] = static_cast<int16_t>(w);
        }
      }
    }
    p.column_sums[static_cast<size_t>(n)] = sum;
  }
  return p;
}

}  // namespace

HWY_EXPORT(Width);
HWY_EXPORT(Rows);
HWY_EXPORT(Element);
HWY_EXPORT(BytesToInt8);
HWY_EXPORT(BytesToUInt8);
HWY_EXPORT(WordsToInt8);
HWY_EXPORT(WordsToUInt8);
HWY_EXPORT(BytesToFloat);
HWY_EXPORT(WordsToFloat);

int64_t BytePanels::groups() const {
  const int64_t group = GroupOf(element);
  return (run_length + group - 1) / group;
}

GemmElement GemmElementOfThisMachine() {
  return HWY_DYNAMIC_DISPATCH(Element)();
}
int ByteTileRows() { return HWY_DYNAMIC_DISPATCH(Rows)(); }
int64_t BytePanelWidth() { return HWY_DYNAMIC_DISPATCH(Width)(); }

void ConvertToBytes(const int8_t* from, int64_t count, uint8_t* to) {
  Convert(from, count, to,
          [](int8_t x) { return static_cast<uint8_t>(x ^ 0x80); });
}
void ConvertToBytes(const uint8_t* from, int64_t count, uint8_t* to) {
  std::memcpy(to, from, static_cast<size_t>(count));
  std::fill_n(to + count, kGemmSlack, uint8_t{0});
}
void ConvertToWords(const int8_t* from, int64_t count, int zero_point,
                    int16_t* to) {
  Convert(from, count, to,
          [=](int8_t x) { return static_cast<int16_t>(x - zero_point); });
}
void ConvertToWords(const uint8_t* from, int64_t count, int zero_point,
                    int16_t* to) {
  Convert(from, count, to,
          [=](uint8_t x) { return static_cast<int16_t>(x - zero_point); });
}

BytePanels PackBytePanels(const int8_t* weights, int64_t columns, int64_t runs,
                          int64_t run_length) {
  return Pack(GemmElementOfThisMachine(), columns, runs, run_length,
              BytePanelWidth(), [&](int64_t n, int64_t r, int64_t i) {
                return weights[(n * runs + r) * run_length + i];
              });
}

BytePanels PackBytePanels(const uint8_t* weights, int32_t weight_zero,
                          int64_t columns, int64_t runs, int64_t run_length) {
  const GemmElement element = GemmElementOfThisMachine();
  const int32_t taken = element == GemmElement::kByte ? 128 : weight_zero;
  BytePanels p = Pack(element, columns, runs, run_length, BytePanelWidth(),
                      [&](int64_t n, int64_t r, int64_t i) {
                        return weights[(n * runs + r) * run_length + i] - taken;
                      });
  p.weight_offset = taken - weight_zero;
  return p;
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

}  // namespace liteforge
#endif  // HWY_ONCE
