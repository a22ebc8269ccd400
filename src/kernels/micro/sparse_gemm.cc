// SPDX-License-Identifier: Apache-2.0
// Many rows: a stretch of inputs of kVectors vectors of rows is transposed into
// the first cache; each column adds its weights' products to sums that stay in
// registers, and puts them aside until the next stretch.
// One row, pairs: two products for every four inputs, whose places in the four
// are the control words of a permutation within 16 bytes (AVX's vpermilps),
// shifted by two bits from one to the next.
#include "kernels/micro/sparse_gemm.h"

#include <algorithm>

#include "kernels/micro/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/micro/sparse_gemm.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/micro/clamp-inl.h"

#undef LITEFORGE_HAS_PAIRS
// Targets with a permutation of floats within 16 bytes by a vector.
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
#define LITEFORGE_HAS_PAIRS 1
#else
#define LITEFORGE_HAS_PAIRS 0
#endif

HWY_BEFORE_NAMESPACE();
namespace liteforge {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;
using Fours = hn::FixedTag<float, 4>;

// Sums that are under way at once: enough to hide how long one takes.
constexpr int kVectors = 8;
constexpr int kStretchFloats = 4096;  // 16 KiB
constexpr int kMostRows = kVectors * HWY_MAX_BYTES / sizeof(float);

int Rows() { return kVectors * static_cast<int>(hn::Lanes(Floats())); }
int Stretch() { return kStretchFloats / Rows(); }

struct Call {
  const SparseColumns& columns;
  const float* const* rows;
  int count;
  int64_t begin, end;
  float low, high;
  float* output;
  int64_t stride;
};

// [4 rows][4] at `from`, `step` apart, to [4][4 rows], `to_step` apart.
HWY_INLINE void TransposeFours(const float* const from[4], float* to,
                               int64_t to_step) {
  const Fours d;
  const auto a = hn::LoadU(d, from[0]), b = hn::LoadU(d, from[1]);
  const auto c = hn::LoadU(d, from[2]), e = hn::LoadU(d, from[3]);
  const auto ac0 = hn::InterleaveLower(d, a, c);
  const auto ac1 = hn::InterleaveUpper(d, a, c);
  const auto be0 = hn::InterleaveLower(d, b, e);
  const auto be1 = hn::InterleaveUpper(d, b, e);
  hn::StoreU(hn::InterleaveLower(d, ac0, be0), d, to);
  hn::StoreU(hn::InterleaveUpper(d, ac0, be0), d, to + to_step);
  hn::StoreU(hn::InterleaveLower(d, ac1, be1), d, to + 2 * to_step);
  hn::StoreU(hn::InterleaveUpper(d, ac1, be1), d, to + 3 * to_step);
}

// Inputs [first, last) of all rows, as [input][row]. Rows that are none repeat
// the last.
void TransposeInputs(const Call& c, int64_t first, int64_t last, float* to) {
  const SparseColumns& p = c.columns;
  const int rows = Rows();
  for (int64_t k = first; k < last;) {
    const int64_t run = k / p.run_length, at = k % p.run_length;
    const int64_t end = std::min(last, k + p.run_length - at);
    for (int r = 0; r < rows; r += 4) {
      const float* from[4];
      for (int i = 0; i < 4; ++i)
        from[i] = c.rows[std::min(r + i, c.count - 1) * p.runs + run] + at;
      float* column = to + (k - first) * rows + r;
      int64_t i = k;
      for (; i + 4 <= end; i += 4) {
        TransposeFours(from, column, rows);
        for (const float*& row : from) row += 4;
        column += 4 * rows;
      }
      for (; i < end; ++i, column += rows) {
        for (int j = 0; j < 4; ++j) column[j] = *from[j]++;
      }
    }
    k = end;
  }
}

void AddStretch(const SparseColumns& p, int64_t at, const float* inputs,
                float* sums) {
  const Floats d;
  const size_t lanes = hn::Lanes(d);
  hn::Vec<Floats> sum[kVectors];
  for (int v = 0; v < kVectors; ++v)
    sum[v] = hn::Load(d, sums + static_cast<size_t>(v) * lanes);
  const auto end = static_cast<size_t>(p.begins[static_cast<size_t>(at) + 1]);
  for (auto i = static_cast<size_t>(p.begins[static_cast<size_t>(at)]); i < end;
       ++i) {
    const auto w = hn::Set(d, p.weights[i]);
    const float* x =
        inputs + static_cast<size_t>(p.places[i]) * kVectors * lanes;
    for (int v = 0; v < kVectors; ++v)
      sum[v] = hn::MulAdd(w, hn::Load(d, x + static_cast<size_t>(v) * lanes),
                          sum[v]);
  }
  for (int v = 0; v < kVectors; ++v)
    hn::Store(sum[v], d, sums + static_cast<size_t>(v) * lanes);
}

// sums [column][row], clamped, to output [row][column].
void StoreTransposed(const Call& c, float* sums) {
  const Floats d;
  const int rows = Rows();
  const int64_t columns = c.end - c.begin;
  for (int64_t i = 0; i < columns * rows;
       i += static_cast<int64_t>(hn::Lanes(d)))
    hn::Store(ClampFloats(d, hn::Load(d, sums + i), c.low, c.high), d,
              sums + i);
  for (int64_t n = 0; n < columns; n += 4) {
    for (int r = 0; r < c.count; r += 4) {
      float* to = c.output + r * c.stride + c.begin + n;
      const float* from = sums + n * rows + r;
      if (n + 4 <= columns && r + 4 <= c.count) {
        const float* const fours[4] = {from, from + rows, from + 2 * rows,
                                       from + 3 * rows};
        TransposeFours(fours, to, c.stride);
        continue;
      }
      for (int64_t j = 0; j < std::min<int64_t>(4, columns - n); ++j) {
        for (int i = 0; i < std::min(4, c.count - r); ++i)
          to[i * c.stride + j] = from[j * rows + i];
      }
    }
  }
}

void MultiplyTile(const SparseColumns& p, const float* const* rows, int count,
                  int64_t begin, int64_t end, float low, float high,
                  float* output, int64_t stride) {
  const Call c{p, rows, count, begin, end, low, high, output, stride};
  HWY_ALIGN float inputs[kStretchFloats];
  HWY_ALIGN float sums[kMostSparseColumns * kMostRows];
  const int width = Rows();
  for (int64_t n = begin; n < end; ++n)
    std::fill_n(sums + (n - begin) * width, width,
                p.bias[static_cast<size_t>(n)]);
  const int64_t stretch = Stretch();
  for (int64_t first = 0, s = 0; first < p.depth(); first += stretch, ++s) {
    TransposeInputs(c, first, std::min(first + stretch, p.depth()), inputs);
    for (int64_t n = begin; n < end; ++n)
      AddStretch(p, s * p.columns + n, inputs, sums + (n - begin) * width);
  }
  StoreTransposed(c, sums);
}

//------------------------------------------------------------------ one row

void MultiplyBlocks(const SparseVectors& p, const float* row, int64_t begin,
                    int64_t end, float low, float high, float* output) {
  for (int64_t n = begin; n < end; ++n) {
    const auto from =
        static_cast<size_t>(p.block_begins[static_cast<size_t>(n)]);
    const auto to =
        static_cast<size_t>(p.block_begins[static_cast<size_t>(n) + 1]);
    const float* w = p.block_weights.data() + from * 4;
    const int32_t* places = p.block_places.data();
#if HWY_CAP_GE256
    const hn::FixedTag<float, 8> d;
    const auto fours = [&](size_t b) HWY_ATTR {
      return hn::Combine(d, hn::LoadU(Fours(), row + 4 * places[b + 1]),
                         hn::LoadU(Fours(), row + 4 * places[b]));
    };
    constexpr size_t kStep = 2;
#else
    const Fours d;
    const auto fours = [&](size_t b) HWY_ATTR {
      return hn::LoadU(d, row + 4 * places[b]);
    };
    constexpr size_t kStep = 1;
#endif
    auto sum0 = hn::Zero(d), sum1 = hn::Zero(d);
    auto sum2 = hn::Zero(d), sum3 = hn::Zero(d);
    size_t b = from;
    for (; b + 4 * kStep <= to; b += 4 * kStep, w += 16 * kStep) {
      sum0 = hn::MulAdd(fours(b), hn::LoadU(d, w), sum0);
      sum1 = hn::MulAdd(fours(b + kStep), hn::LoadU(d, w + 4 * kStep), sum1);
      sum2 =
          hn::MulAdd(fours(b + 2 * kStep), hn::LoadU(d, w + 8 * kStep), sum2);
      sum3 =
          hn::MulAdd(fours(b + 3 * kStep), hn::LoadU(d, w + 12 * kStep), sum3);
    }
    for (; b < to; b += kStep, w += 4 * kStep)
      sum0 = hn::MulAdd(fours(b), hn::LoadU(d, w), sum0);
    const auto sum = hn::Add(hn::Add(sum0, sum1), hn::Add(sum2, sum3));
    const float total =
        hn::GetLane(hn::SumOfLanes(d, sum)) + p.bias[static_cast<size_t>(n)];
    const Fours f;
    output[n] = hn::GetLane(ClampFloats(f, hn::Set(f, total), low, high));
  }
}

#if LITEFORGE_HAS_PAIRS

using Words = hn::ScalableTag<uint32_t>;

int64_t PairWidth() { return 2 * static_cast<int64_t>(hn::Lanes(Floats())); }

template <class V, class I>
HWY_INLINE V Picked(V four, I places) {
#if HWY_TARGET == HWY_AVX2
  return V{_mm256_permutevar_ps(four.raw, places.raw)};
#else
  return V{_mm512_permutevar_ps(four.raw, places.raw)};
#endif
}

void MultiplyPairs(const SparseVectors& p, const float* row, int64_t begin,
                   int64_t end, float low, float high, float* output) {
  constexpr int64_t kTimes = 8;  // fours that a word of places covers
  const Floats d;
  const Words words;
  const size_t lanes = hn::Lanes(d);
  const int64_t fours = p.depth / 4, width = p.panel_width;
  const int64_t place_words = (fours + kTimes - 1) / kTimes * width;
  for (int64_t panel = begin; panel < end; ++panel) {
    const float* w = p.pair_weights.data() + panel * fours * 2 * width;
    const uint32_t* places = p.pair_places.data() + panel * place_words;
    const float* bias = p.bias.data() + panel * width;
    // Of either vector: first and second of a pair, even and odd fours.
    auto a0 = hn::Load(d, bias), a1 = hn::Zero(d);
    auto a2 = hn::Zero(d), a3 = hn::Zero(d);
    auto b0 = hn::Load(d, bias + lanes), b1 = hn::Zero(d);
    auto b2 = hn::Zero(d), b3 = hn::Zero(d);
    for (int64_t first = 0; first < fours; first += kTimes, places += width) {
      auto at_a = hn::Load(words, places);
      auto at_b = hn::Load(words, places + lanes);
      const int64_t last = std::min(fours, first + kTimes);
      int64_t f = first;
      const auto step = [&](int64_t four, auto& x0, auto& x1, auto& y0,
                            auto& y1) HWY_ATTR {
        const auto x = hn::LoadDup128(d, row + 4 * four);
        x0 = hn::MulAdd(Picked(x, at_a), hn::Load(d, w), x0);
        y0 = hn::MulAdd(Picked(x, at_b), hn::Load(d, w + lanes), y0);
        at_a = hn::ShiftRight<2>(at_a);
        at_b = hn::ShiftRight<2>(at_b);
        x1 = hn::MulAdd(Picked(x, at_a), hn::Load(d, w + 2 * lanes), x1);
        y1 = hn::MulAdd(Picked(x, at_b), hn::Load(d, w + 3 * lanes), y1);
        at_a = hn::ShiftRight<2>(at_a);
        at_b = hn::ShiftRight<2>(at_b);
        w += 4 * lanes;
      };
      for (; f + 2 <= last; f += 2) {
        step(f, a0, a1, b0, b1);
        step(f + 1, a2, a3, b2, b3);
      }
      if (f < last) step(f, a0, a1, b0, b1);
    }
    HWY_ALIGN float sums[2 * HWY_MAX_BYTES / sizeof(float)];
    const auto a = hn::Add(hn::Add(a0, a1), hn::Add(a2, a3));
    const auto b = hn::Add(hn::Add(b0, b1), hn::Add(b2, b3));
    hn::Store(ClampFloats(d, a, low, high), d, sums);
    hn::Store(ClampFloats(d, b, low, high), d, sums + lanes);
    std::copy_n(sums, std::min(width, p.columns - panel * width),
                output + panel * width);
  }
}

#else

int64_t PairWidth() { return 0; }
void MultiplyPairs(const SparseVectors&, const float*, int64_t, int64_t, float,
                   float, float*) {}

#endif  // LITEFORGE_HAS_PAIRS

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace liteforge
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace liteforge {
namespace {

HWY_EXPORT(Rows);
HWY_EXPORT(Stretch);
HWY_EXPORT(MultiplyTile);
HWY_EXPORT(MultiplyBlocks);
HWY_EXPORT(PairWidth);
HWY_EXPORT(MultiplyPairs);

// What of the blocks may be kept at the most: measured on dense layers of 1 to
// 4 MB.
constexpr double kMostOfBlocks = 0.6;
// Weights that lie in the first caches are as fast dense.
constexpr int64_t kLeastVectorWeights = 1 << 14;
constexpr int64_t kFour = 4;
constexpr int64_t kFoursOfWord = 8;

bool IsMore(int64_t kept, double most, int64_t of) {
  return static_cast<double>(kept) > most * static_cast<double>(of);
}

// Blocks of four that are not all zero.
int64_t CountBlocks(const float* weights, int64_t count) {
  int64_t kept = 0;
  for (int64_t i = 0; i < count; i += kFour)
    kept += std::any_of(weights + i, weights + i + kFour,
                        [](float w) { return w != 0; });
  return kept;
}

bool HasPairs(const float* weights, int64_t count) {
  for (int64_t i = 0; i < count; i += kFour) {
    if (std::count(weights + i, weights + i + kFour, 0.0f) < 2) return false;
  }
  return true;
}

void PackBlocks(const float* weights, SparseVectors& p) {
  p.block_begins.push_back(0);
  const int64_t blocks = p.depth / kFour;
  for (int64_t n = 0; n < p.columns; ++n) {
    for (int64_t b = 0; b < blocks; ++b) {
      const float* w = weights + n * p.depth + b * kFour;
      if (CountBlocks(w, kFour) == 0) continue;
      p.block_weights.insert(p.block_weights.end(), w, w + kFour);
      p.block_places.push_back(static_cast<int32_t>(b));
    }
    if (p.block_places.size() % 2 != 0) {
      p.block_weights.resize(p.block_weights.size() + kFour);
      p.block_places.push_back(0);
    }
    p.block_begins.push_back(static_cast<int64_t>(p.block_places.size()));
  }
}

// The two weights of four that are kept, and their places.
void PackPair(const float* four, float* to, int64_t step, uint32_t& places,
              int64_t shift) {
  uint32_t next = 0;
  for (uint32_t i = 0; i < kFour; ++i) {
    if (four[i] == 0) continue;
    to[next * step] = four[i];
    places |= i << (shift + 2 * next);
    ++next;
  }
}

void PackPairs(const float* weights, int64_t width, SparseVectors& p) {
  p.panel_width = width;
  const int64_t fours = p.depth / kFour;
  const int64_t words = (fours + kFoursOfWord - 1) / kFoursOfWord;
  p.pair_weights.resize(static_cast<size_t>(p.panels() * fours * 2 * width));
  p.pair_places.resize(static_cast<size_t>(p.panels() * words * width));
  for (int64_t n = 0; n < p.columns; ++n) {
    const int64_t panel = n / width, lane = n % width;
    for (int64_t f = 0; f < fours; ++f) {
      const int64_t word = (panel * words + f / kFoursOfWord) * width + lane;
      PackPair(weights + n * p.depth + f * kFour,
               p.pair_weights.data() + (panel * fours + f) * 2 * width + lane,
               width, p.pair_places[static_cast<size_t>(word)],
               f % kFoursOfWord * 4);
    }
  }
}

}  // namespace

int SparseTileRows() { return HWY_DYNAMIC_DISPATCH(Rows)(); }
int SparseStretch() { return HWY_DYNAMIC_DISPATCH(Stretch)(); }

// In dense products, measured on MobileNet's 1x1 convolutions: a weight that is
// left takes as long as kWeight of them, and a column as kColumn more, for its
// outputs go to as many lines of the cache as there are rows.
bool SparseColumnsPay(const float* weights, int64_t columns, int64_t depth,
                      int64_t rows) {
  constexpr double kWeight = 2, kColumn = 40;
  const int64_t tile = SparseTileRows(), all = columns * depth;
  const int64_t computed = (rows + tile - 1) / tile * tile;
  const int64_t kept = all - std::count(weights, weights + all, 0.0f);
  const double cost = kWeight * static_cast<double>(kept) +
                      kColumn * static_cast<double>(columns);
  return cost * static_cast<double>(computed) <
         static_cast<double>(all) * static_cast<double>(rows);
}

SparseColumns PackSparseColumns(const float* weights, const float* bias,
                                int64_t columns, int64_t runs,
                                int64_t run_length) {
  SparseColumns p;
  p.columns = columns;
  p.runs = runs;
  p.run_length = run_length;
  const int64_t depth = p.depth();
  const int64_t stretch = SparseStretch();
  p.begins.push_back(0);
  for (int64_t first = 0; first < depth; first += stretch) {
    for (int64_t n = 0; n < columns; ++n) {
      for (int64_t k = first; k < std::min(depth, first + stretch); ++k) {
        const float w = weights[n * depth + k];
        if (w == 0) continue;
        p.weights.push_back(w);
        p.places.push_back(static_cast<int32_t>(k - first));
      }
      p.begins.push_back(static_cast<int64_t>(p.weights.size()));
    }
  }
  p.bias.resize(static_cast<size_t>(columns));
  if (bias != nullptr) std::copy_n(bias, columns, p.bias.begin());
  return p;
}

void MultiplySparseTile(const SparseColumns& columns, const float* const* rows,
                        int count, int64_t begin, int64_t end, float low,
                        float high, float* output, int64_t stride) {
  HWY_DYNAMIC_DISPATCH(MultiplyTile)
  (columns, rows, count, begin, end, low, high, output, stride);
}

SparseVectors PackSparseVectors(const float* weights, const float* bias,
                                int64_t columns, int64_t depth) {
  SparseVectors p;
  p.columns = columns;
  p.depth = depth;
  const int64_t all = columns * depth;
  if (depth % kFour != 0 || all < kLeastVectorWeights) return p;
  const int64_t width = HWY_DYNAMIC_DISPATCH(PairWidth)();
  if (!IsMore(CountBlocks(weights, all) * kFour, kMostOfBlocks, all)) {
    PackBlocks(weights, p);
  } else if (width > 0 && HasPairs(weights, all)) {
    PackPairs(weights, width, p);
  } else {
    return p;
  }
  p.bias.resize(static_cast<size_t>(p.panels() * p.panel_width));
  if (bias != nullptr) std::copy_n(bias, columns, p.bias.begin());
  return p;
}

void MultiplySparseVector(const SparseVectors& vectors, const float* row,
                          int64_t begin, int64_t end, float low, float high,
                          float* output) {
  if (!vectors.pair_weights.empty()) {
    HWY_DYNAMIC_DISPATCH(MultiplyPairs)
    (vectors, row, begin, end, low, high, output);
    return;
  }
  HWY_DYNAMIC_DISPATCH(MultiplyBlocks)
  (vectors, row, begin, end, low, high, output);
}

}  // namespace liteforge
#endif  // HWY_ONCE
