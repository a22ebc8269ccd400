// SPDX-License-Identifier: Apache-2.0
// Taps come in pairs: interleaved, channel by channel, two taps' inputs and
// weights make the pairs whose products the machine adds in one instruction.
// The interleaving works within blocks of 128 bits, so the lower and the upper
// sums of a vector of channels hold them in another order, which the narrowing
// at the end undoes and InDepthwiseOrder() does to the parameters.
#include "kernels/micro/word_depthwise.h"

#include <algorithm>

#include "kernels/micro/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/micro/word_depthwise.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/micro/requantize-inl.h"

HWY_BEFORE_NAMESPACE();
namespace liteforge {
namespace HWY_NAMESPACE {
namespace {

using Words = hn::ScalableTag<int16_t>;
using WordVec = hn::Vec<Words>;

int64_t Group() { return static_cast<int64_t>(hn::Lanes(Words())); }

// a[2i] b[2i] + a[2i + 1] b[2i + 1].
HWY_INLINE IntVec PairProducts(WordVec a, WordVec b) {
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
  return IntVec{_mm512_madd_epi16(a.raw, b.raw)};
#elif HWY_TARGET == HWY_AVX2
  return IntVec{_mm256_madd_epi16(a.raw, b.raw)};
#elif HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_SSSE3 || \
    HWY_TARGET == HWY_SSE2
  return IntVec{_mm_madd_epi16(a.raw, b.raw)};
#else
  const Ints d;
  const auto x = hn::BitCast(d, a), y = hn::BitCast(d, b);
  const auto low = hn::Mul(hn::ShiftRight<16>(hn::ShiftLeft<16>(x)),
                           hn::ShiftRight<16>(hn::ShiftLeft<16>(y)));
  return hn::Add(low, hn::Mul(hn::ShiftRight<16>(x), hn::ShiftRight<16>(y)));
#endif
}

HWY_INLINE IntVec Finished(IntVec sum, const WordDepthwiseRow& row,
                           int64_t at) {
  const Ints d;
  const Rounding rounding{hn::Load(d, row.multiplier + at),
                          hn::Load(d, row.left_shift + at),
                          hn::Load(d, row.right_shift + at)};
  const auto value = Requantized(hn::Add(sum, hn::Load(d, row.bias + at)),
                                 rounding, row.ties_up);
  const auto low = hn::Set(d, row.low - row.offset);
  const auto high = hn::Set(d, row.high - row.offset);
  return hn::Add(hn::Min(hn::Max(value, low), high), hn::Set(d, row.offset));
}

template <int kCount, class Out>
HWY_INLINE void Outputs(const WordDepthwiseRow& row, int64_t x, int64_t c,
                        Out* output) {
  const Words d;
  const Ints d32;
  const hn::Rebind<Out, Words> narrow;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  IntVec low[kCount], high[kCount];
  for (int i = 0; i < kCount; ++i) low[i] = high[i] = hn::Zero(d32);
  const int64_t at = x * row.step + c;
  for (int t = 0; t < row.tap_count; t += 2) {
    const auto w0 = hn::LoadU(d, row.weights[t] + c);
    const auto w1 = hn::LoadU(d, row.weights[t + 1] + c);
    const auto w_low = hn::InterleaveLower(d, w0, w1);
    const auto w_high = hn::InterleaveUpper(d, w0, w1);
    for (int i = 0; i < kCount; ++i) {
      const auto a = hn::LoadU(d, row.taps[t] + at + i * row.step);
      const auto b = hn::LoadU(d, row.taps[t + 1] + at + i * row.step);
      low[i] =
          hn::Add(low[i], PairProducts(hn::InterleaveLower(d, a, b), w_low));
      high[i] =
          hn::Add(high[i], PairProducts(hn::InterleaveUpper(d, a, b), w_high));
    }
  }
  for (int i = 0; i < kCount; ++i) {
    const auto words = hn::ReorderDemote2To(
        d, Finished(low[i], row, c), Finished(high[i], row, c + lanes / 2));
    const auto bytes = hn::DemoteTo(narrow, words);
    Out* to = output + (x + i) * row.channels + c;
    if (c + lanes <= row.channels) {
      hn::StoreU(bytes, narrow, to);
    } else {
      HWY_ALIGN Out all[HWY_MAX_BYTES];
      hn::StoreU(bytes, narrow, all);
      std::copy_n(all, row.channels - c, to);
    }
  }
}

template <class Out>
void Row(const WordDepthwiseRow& row, Out* output) {
  const int64_t group = Group();
  for (int64_t c = 0; c < row.channels; c += group) {
    int64_t x = 0;
    for (; x + 2 <= row.count; x += 2) Outputs<2>(row, x, c, output);
    for (; x < row.count; ++x) Outputs<1>(row, x, c, output);
  }
}

void RowToInt8(const WordDepthwiseRow& row, int8_t* output) {
  Row(row, output);
}
void RowToUInt8(const WordDepthwiseRow& row, uint8_t* output) {
  Row(row, output);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace liteforge
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace liteforge {

HWY_EXPORT(Group);
HWY_EXPORT(RowToInt8);
HWY_EXPORT(RowToUInt8);

int64_t WordDepthwiseGroup() { return HWY_DYNAMIC_DISPATCH(Group)(); }

int64_t PaddedChannels(int64_t channels) {
  const int64_t group = WordDepthwiseGroup();
  return (channels + group - 1) / group * group;
}

AlignedVector<int32_t> InDepthwiseOrder(const AlignedVector<int32_t>& values) {
  constexpr size_t kBlock = 8;  // words of 128 bits
  const auto group = static_cast<size_t>(WordDepthwiseGroup());
  AlignedVector<int32_t> ordered(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t in_group = i % group, block = in_group / kBlock;
    const size_t in_block = in_group % kBlock;
    const bool upper = in_block >= kBlock / 2;
    ordered[i - in_group + (upper ? group / 2 : 0) + block * kBlock / 2 +
            in_block % (kBlock / 2)] = values[i];
  }
  return ordered;
}

void ConvolveWordDepthwiseRow(const WordDepthwiseRow& row, int8_t* output) {
  HWY_DYNAMIC_DISPATCH(RowToInt8)(row, output);
}
void ConvolveWordDepthwiseRow(const WordDepthwiseRow& row, uint8_t* output) {
  HWY_DYNAMIC_DISPATCH(RowToUInt8)(row, output);
}

}  // namespace liteforge
#endif  // HWY_ONCE
