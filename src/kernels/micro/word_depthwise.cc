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

#include "kernels/micro/byte_products-inl.h"
#include "kernels/micro/clamp-inl.h"

HWY_BEFORE_NAMESPACE();
namespace liteforge {
namespace HWY_NAMESPACE {
namespace {

int64_t Group() { return static_cast<int64_t>(hn::Lanes(Words())); }

// What one group of channels does with its sums.
struct Finish {
  Rounding low, high;
  IntVec low_bias, high_bias;
  Narrowing narrowing;
};

HWY_INLINE Finish FinishOf(const WordDepthwiseRow& row, int64_t c) {
  const Ints d;
  const int64_t upper = c + static_cast<int64_t>(hn::Lanes(d));
  const auto rounding = [&](int64_t at) HWY_ATTR {
    return RoundingOf(hn::Load(d, row.multiplier + at),
                      hn::Load(d, row.left_shift + at),
                      hn::Load(d, row.right_shift + at), row.ties_up);
  };
  return {rounding(c), rounding(upper), hn::Load(d, row.bias + c),
          hn::Load(d, row.bias + upper),
          NarrowingOf(row.offset, row.low, row.high)};
}

template <int kCount, class Out>
HWY_INLINE void Outputs(const WordDepthwiseRow& row, const Finish& finish,
                        int64_t x, int64_t c, Out* output) {
  const Words d;
  const Ints d32;
  const hn::Rebind<Out, Words> narrow;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  IntVec low[kCount], high[kCount];
  for (int i = 0; i < kCount; ++i) {
    low[i] = finish.low_bias;
    high[i] = finish.high_bias;
  }
  const int64_t at = x * row.step + c;
  for (int t = 0; t < row.tap_count; t += 2) {
    const auto w0 = hn::LoadU(d, row.weights[t] + c);
    const auto w1 = hn::LoadU(d, row.weights[t + 1] + c);
    const auto w_low = hn::BitCast(d32, hn::InterleaveLower(d, w0, w1));
    const auto w_high = hn::BitCast(d32, hn::InterleaveUpper(d, w0, w1));
    for (int i = 0; i < kCount; ++i) {
      const auto a = hn::LoadU(d, row.taps[t] + at + i * row.step);
      const auto b = hn::LoadU(d, row.taps[t + 1] + at + i * row.step);
      low[i] = AddWordProducts(
          low[i], hn::BitCast(d32, hn::InterleaveLower(d, a, b)), w_low);
      high[i] = AddWordProducts(
          high[i], hn::BitCast(d32, hn::InterleaveUpper(d, a, b)), w_high);
    }
  }
  for (int i = 0; i < kCount; ++i) {
    const auto words =
        Narrowed(Requantized(low[i], finish.low),
                 Requantized(high[i], finish.high), finish.narrowing);
    const auto bytes = hn::DemoteTo(narrow, words);
    Out* to = output + (x + i) * row.channels + c;
    if (c + lanes <= row.channels) {
      hn::StoreU(bytes, narrow, to);
    } else {
      HWY_ALIGN Out all[HWY_MAX_BYTES];
      hn::StoreU(bytes, narrow, all);
      CopyFew(all, row.channels - c, to);
    }
  }
}

template <class Out>
void Row(const WordDepthwiseRow& row, Out* output) {
  const int64_t group = Group();
  for (int64_t c = 0; c < row.channels; c += group) {
    const Finish finish = FinishOf(row, c);
    int64_t x = 0;
    for (; x + 2 <= row.count; x += 2) Outputs<2>(row, finish, x, c, output);
    for (; x < row.count; ++x) Outputs<1>(row, finish, x, c, output);
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
