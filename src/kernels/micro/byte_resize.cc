// SPDX-License-Identifier: Apache-2.0
// Taps come in pairs, whose products the machine adds in one instruction. Rows
// are interleaved to such pairs. A pixel's sums stay in 128 bits, one lane a
// channel; of four pixels that lie side by side
//
//   r0 g0 b0 r1 g1 b1 r2 …  become  r0 r1 | g0 g1 | b0 b1 | 0 0
//                              and  r2 r3 | g2 g3 | b2 b3 | 0 0
#include "kernels/micro/byte_resize.h"

#include <cstring>

#include "kernels/micro/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/micro/byte_resize.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/micro/byte_products-inl.h"

HWY_BEFORE_NAMESPACE();
namespace liteforge {
namespace HWY_NAMESPACE {
namespace {

constexpr int32_t kHalf = 1 << (kResizeBits - 1);

// One vector of words' outputs from x on.
HWY_INLINE void RowsAt(const uint8_t* rows, size_t stride,
                       const int16_t* weights, int taps, uint8_t* out) {
  const Words d;
  const Ints d32;
  const hn::Rebind<uint8_t, Words> narrow;
  IntVec low = hn::Set(d32, kHalf), high = low;
  for (int k = 0; k < taps; k += 2) {
    const bool paired = k + 1 < taps;
    const uint8_t* row = rows + static_cast<size_t>(k) * stride;
    const auto a = hn::PromoteTo(d, hn::LoadU(narrow, row));
    const auto b =
        hn::PromoteTo(d, hn::LoadU(narrow, paired ? row + stride : row));
    const auto w = hn::BitCast(
        d32,
        hn::InterleaveLower(d, hn::Set(d, weights[k]),
                            hn::Set(d, paired ? weights[k + 1] : int16_t{0})));
    low =
        AddWordProducts(low, hn::BitCast(d32, hn::InterleaveLower(d, a, b)), w);
    high = AddWordProducts(high, hn::BitCast(d32, hn::InterleaveUpper(d, a, b)),
                           w);
  }
  const auto words = hn::ReorderDemote2To(d, hn::ShiftRight<kResizeBits>(low),
                                          hn::ShiftRight<kResizeBits>(high));
  hn::StoreU(hn::DemoteTo(narrow, words), narrow, out);
}

void Rows(const uint8_t* rows, size_t stride, const int16_t* weights, int taps,
          size_t count, uint8_t* out) {
  const size_t lanes = hn::Lanes(Words());
  if (count < lanes) {
    for (size_t x = 0; x < count; ++x) {
      int32_t sum = kHalf;
      for (int k = 0; k < taps; ++k)
        sum += weights[k] * rows[static_cast<size_t>(k) * stride + x];
      sum >>= kResizeBits;
      out[x] = static_cast<uint8_t>(sum < 0 ? 0 : sum > 255 ? 255 : sum);
    }
    return;
  }
  // The last vector overlaps the one before it.
  for (size_t x = 0;; x += lanes) {
    if (x + lanes > count) x = count - lanes;
    RowsAt(rows + x, stride, weights, taps, out + x);
    if (x + lanes >= count) return;
  }
}

using PixelWords = hn::FixedTag<int16_t, 8>;
using PixelSums = hn::FixedTag<int32_t, 4>;
using PixelBytes = hn::FixedTag<uint8_t, 16>;

constexpr uint8_t kZero = 0x80;
HWY_ALIGN constexpr uint8_t kFirstPair[16] = {
    0, kZero, 3, kZero, 1,     kZero, 4,     kZero,
    2, kZero, 5, kZero, kZero, kZero, kZero, kZero};
HWY_ALIGN constexpr uint8_t kSecondPair[16] = {
    6, kZero, 9,  kZero, 7,     kZero, 10,    kZero,
    8, kZero, 11, kZero, kZero, kZero, kZero, kZero};
// Four pixels of three bytes, from such of four.
HWY_ALIGN constexpr uint8_t kThreeOfFour[16] = {
    0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, kZero, kZero, kZero, kZero};

// Two weights for each channel.
HWY_INLINE hn::Vec<PixelWords> WeightPair(const int16_t* weights) {
  int32_t pair;
  std::memcpy(&pair, weights, sizeof(pair));
  return hn::BitCast(PixelWords(), hn::Set(PixelSums(), pair));
}

// The channels of one output. kTaps is their number where it is a usual one.
template <int kTaps>
HWY_INLINE hn::Vec<PixelSums> Mixed(const uint8_t* in, const int16_t* weights,
                                    int any_taps, hn::Vec<PixelBytes> first,
                                    hn::Vec<PixelBytes> second) {
  const PixelWords d16;
  const PixelSums d32;
  const PixelBytes d8;
  // The second sum is of machines that keep half of the products apart.
  auto sum = hn::Zero(d32), other = sum;
  const int taps = kTaps > 0 ? kTaps : any_taps;
  int k = 0;
  for (; k + 4 <= taps; k += 4, in += 12) {
    const auto four = hn::LoadU(d8, in);
    sum = hn::ReorderWidenMulAccumulate(
        d32, hn::BitCast(d16, hn::TableLookupBytesOr0(four, first)),
        WeightPair(weights + k), sum, other);
    sum = hn::ReorderWidenMulAccumulate(
        d32, hn::BitCast(d16, hn::TableLookupBytesOr0(four, second)),
        WeightPair(weights + k + 2), sum, other);
  }
  if (k < taps) {
    const auto two = hn::LoadU(d8, in);
    sum = hn::ReorderWidenMulAccumulate(
        d32, hn::BitCast(d16, hn::TableLookupBytesOr0(two, first)),
        WeightPair(weights + k), sum, other);
  }
  return hn::ShiftRight<kResizeBits>(
      hn::Add(hn::RearrangeToOddPlusEven(sum, other), hn::Set(d32, kHalf)));
}

template <int kTaps>
void PixelsOf(const uint8_t* in, const int32_t* first, const int16_t* weights,
              int taps, size_t count, uint8_t* out) {
  const PixelWords d16;
  const PixelBytes d8;
  const hn::Half<PixelBytes> half;
  const auto first_pair = hn::Load(d8, kFirstPair);
  const auto second_pair = hn::Load(d8, kSecondPair);
  const auto three_of_four = hn::Load(d8, kThreeOfFour);
  const auto mixed = [&](size_t i) HWY_ATTR {
    return Mixed<kTaps>(in + static_cast<ptrdiff_t>(first[i]) * 3,
                        weights + i * static_cast<size_t>(taps), taps,
                        first_pair, second_pair);
  };
  size_t i = 0;
  // Four pixels are stored as 16 bytes; those that follow mend the last four.
  for (; i + 6 <= count; i += 4) {
    const auto low = hn::ReorderDemote2To(d16, mixed(i), mixed(i + 1));
    const auto high = hn::ReorderDemote2To(d16, mixed(i + 2), mixed(i + 3));
    const auto bytes =
        hn::Combine(d8, hn::DemoteTo(half, high), hn::DemoteTo(half, low));
    hn::StoreU(hn::TableLookupBytesOr0(bytes, three_of_four), d8, out + i * 3);
  }
  for (; i < count; ++i) {
    const auto words = hn::ReorderDemote2To(d16, mixed(i), mixed(i));
    const uint32_t pixel = hn::GetLane(
        hn::BitCast(hn::FixedTag<uint32_t, 2>(), hn::DemoteTo(half, words)));
    std::memcpy(out + i * 3, &pixel, 3);
  }
}

void Pixels(const uint8_t* in, const int32_t* first, const int16_t* weights,
            int taps, size_t count, uint8_t* out) {
  switch (taps) {
    case 2:
      return PixelsOf<2>(in, first, weights, taps, count, out);
    case 4:
      return PixelsOf<4>(in, first, weights, taps, count, out);
    case 6:
      return PixelsOf<6>(in, first, weights, taps, count, out);
    default:
      return PixelsOf<0>(in, first, weights, taps, count, out);
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace liteforge
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace liteforge {

HWY_EXPORT(Rows);
HWY_EXPORT(Pixels);

void MixByteRows(const uint8_t* rows, size_t stride, const int16_t* weights,
                 int taps, size_t count, uint8_t* out) {
  HWY_DYNAMIC_DISPATCH(Rows)(rows, stride, weights, taps, count, out);
}
void MixBytePixels(const uint8_t* in, const int32_t* first,
                   const int16_t* weights, int taps, size_t count,
                   uint8_t* out) {
  HWY_DYNAMIC_DISPATCH(Pixels)(in, first, weights, taps, count, out);
}

}  // namespace liteforge
#endif  // HWY_ONCE
