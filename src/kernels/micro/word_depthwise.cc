// SPDX-License-Identifier: Apache-2.0
// Taps come in pairs: interleaved, channel by channel, two taps' inputs and
// weights make the pairs whose products the machine adds in one instruction.
// The interleaving works within blocks of 128 bits, so the lower and the upper
// sums of a vector of channels hold them in another order, which the narrowing
// at the end undoes. Weights and parameters are stored in that order.
//
// Channels go in whole vectors; what is left, in the narrowest one that holds
// it, of at least 128 bits.
#include "kernels/micro/word_depthwise.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "kernels/micro/targets_with_vnni.h"

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

constexpr int64_t kMostLanes = HWY_LANES(int16_t);
int64_t MostLanes() { return kMostLanes; }

// 32 registers hold what four outputs take, 16 what two do.
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL || \
    HWY_TARGET == HWY_NEON
constexpr int kTogether = 4;
#elif HWY_TARGET == HWY_EMU128
constexpr int kTogether = 1;  // no need to hurry
#else
constexpr int kTogether = 2;
#endif

// What becomes of the sums of one vector of channels: the first `channels` of
// them are stored.
template <class D, class Rounding, class Out>
struct Steps {
  using V = hn::Vec<hn::Repartition<int32_t, D>>;
  Rounding low_rounding, high_rounding;
  V low_bias, high_bias;
  Narrowing<hn::Vec<D>> narrowing;

  HWY_INLINE void Store(D, V low, V high, int64_t channels, Out* to) const {
    const hn::Rebind<Out, D> narrow;
    const auto bytes = hn::DemoteTo(
        narrow, Narrowed(Requantized(low, low_rounding),
                         Requantized(high, high_rounding), narrowing));
    if (channels == static_cast<int64_t>(hn::MaxLanes(D())))
      return hn::StoreU(bytes, narrow, to);
    HWY_ALIGN Out all[HWY_MAX_BYTES];
    hn::StoreU(bytes, narrow, all);
    CopyFew(all, channels, to);
  }
};

template <class D>
struct Reals {
  using V = hn::Vec<hn::Repartition<int32_t, D>>;
  const WordRealResults& how;
  int64_t first;  // channel
  V low_bias, high_bias;

  // Blocks of 128 bits of the lower and the upper sums take turns.
  HWY_INLINE void Store(D, V low, V high, int64_t channels, float* to) const {
    const hn::Repartition<int32_t, D> d32;
    const hn::Repartition<float, D> f;
    constexpr size_t kHalf = hn::MaxLanes(d32), kBlock = 4;
    HWY_ALIGN float halves[2 * kHalf], all[2 * kHalf];
    hn::Store(hn::ConvertTo(f, low), f, halves);
    hn::Store(hn::ConvertTo(f, high), f, halves + kHalf);
    for (size_t i = 0; i < kHalf; i += kBlock) {
      std::memcpy(all + 2 * i, halves + i, kBlock * sizeof(float));
      std::memcpy(all + 2 * i + kBlock, halves + kHalf + i,
                  kBlock * sizeof(float));
    }
    const auto input_scale = hn::Set(f, how.input_scale);
    for (size_t i = 0; i < 2 * kHalf; i += kHalf) {
      const size_t c = static_cast<size_t>(first) + i;
      const auto v =
          hn::Mul(hn::Mul(hn::Load(f, all + i), hn::LoadU(f, how.scale + c)),
                  input_scale);
      hn::Store(ClampFloats(f, hn::Add(v, hn::LoadU(f, how.bias + c)), how.low,
                            how.high),
                f, all + i);
    }
    CopyFew(all, channels, to);
  }
};

// kCount outputs side by side, the first of which sees taps[t][at].
template <int kCount, class D, class How, class Out>
HWY_INLINE void Outputs(D d, const WordDepthwise& call, const How& finish,
                        const int16_t* weights, int64_t at, int64_t channels,
                        Out* to) {
  const hn::Repartition<int32_t, D> d32;
  constexpr int64_t kLanes = hn::MaxLanes(d);
  hn::Vec<decltype(d32)> low[kCount], high[kCount];
  for (int i = 0; i < kCount; ++i) {
    low[i] = finish.low_bias;
    high[i] = finish.high_bias;
  }
  for (int t = 0; t < call.tap_count; t += 2, weights += 2 * kLanes) {
    const auto low_weights = hn::BitCast(d32, hn::Load(d, weights));
    const auto high_weights = hn::BitCast(d32, hn::Load(d, weights + kLanes));
    const int16_t* a = call.taps[t] + at;
    const int16_t* b = call.taps[t + 1] + at;
    for (int i = 0; i < kCount; ++i, a += call.step, b += call.step) {
      const auto x = hn::LoadU(d, a), y = hn::LoadU(d, b);
      low[i] = AddWordProducts(
          low[i], hn::BitCast(d32, hn::InterleaveLower(d, x, y)), low_weights);
      high[i] = AddWordProducts(high[i],
                                hn::BitCast(d32, hn::InterleaveUpper(d, x, y)),
                                high_weights);
    }
  }
  for (int i = 0; i < kCount; ++i, to += call.channels)
    finish.Store(d, low[i], high[i], channels, to);
}

// All outputs of channels [c, c + channels).
template <class D, class How, class Out>
HWY_INLINE void Channels(D d, const WordDepthwise& call, const How& finish,
                         int64_t c, int64_t channels, Out* output) {
  const int16_t* weights = call.weights + c * call.tap_count;
  for (int64_t y = 0; y < call.rows; ++y) {
    int64_t at = y * call.row_step + c;
    Out* to = output + y * call.count * call.channels + c;
    int64_t x = 0;
    if constexpr (kTogether > 1) {
      for (; x + kTogether <= call.count; x += kTogether) {
        Outputs<kTogether>(d, call, finish, weights, at, channels, to);
        at += kTogether * call.step;
        to += kTogether * call.channels;
      }
    }
    for (; x < call.count; ++x, at += call.step, to += call.channels)
      Outputs<1>(d, call, finish, weights, at, channels, to);
  }
}

// The channels of one vector.
template <class D, class Out>
HWY_INLINE void VectorOf(D d, const WordDepthwise& call, const WordResults& how,
                         int64_t c, int64_t channels, Out* output) {
  const hn::Repartition<int32_t, D> d32;
  using V = hn::Vec<decltype(d32)>;
  const int64_t upper = c + static_cast<int64_t>(hn::Lanes(d32));
  const auto load = [&](const int32_t* from)
                        HWY_ATTR { return hn::Load(d32, from); };
  const V low_bias = load(how.bias + c), high_bias = load(how.bias + upper);
  const auto narrowing = NarrowingOf(d, how.offset, how.low, how.high);
  if (how.shifts_right && !how.ties_up) {
    const auto rounding = [&](int64_t at) HWY_ATTR {
      return AwayRoundingOf(load(how.multiplier + at),
                            load(how.right_shift + at));
    };
    const Steps<D, AwayRounding<V>, Out> finish{rounding(c), rounding(upper),
                                                low_bias, high_bias, narrowing};
    return Channels(d, call, finish, c, channels, output);
  }
  const auto rounding = [&](int64_t at) HWY_ATTR {
    return RoundingOf(load(how.multiplier + at), load(how.left_shift + at),
                      load(how.right_shift + at), how.ties_up);
  };
  const Steps<D, Rounding<V>, Out> finish{rounding(c), rounding(upper),
                                          low_bias, high_bias, narrowing};
  Channels(d, call, finish, c, channels, output);
}

template <class D>
HWY_INLINE void VectorOf(D d, const WordDepthwise& call,
                         const WordRealResults& how, int64_t c,
                         int64_t channels, float* output) {
  const auto zero = hn::Zero(hn::Repartition<int32_t, D>());
  Channels(d, call, Reals<D>{how, c, zero, zero}, c, channels, output);
}

// The last channels, at most kLanes.
template <int64_t kLanes, class How, class Out>
HWY_INLINE void Rest(const WordDepthwise& call, const How& how, int64_t c,
                     Out* output) {
  if constexpr (kLanes > kLeastDepthwiseLanes) {
    if (call.channels - c <= kLanes / 2)
      return Rest<kLanes / 2>(call, how, c, output);
  }
  VectorOf(hn::CappedTag<int16_t, kLanes>(), call, how, c, call.channels - c,
           output);
}

template <class How, class Out>
void Convolve(const WordDepthwise& call, const How& how, Out* output) {
  int64_t c = 0;
  for (; c + kMostLanes <= call.channels; c += kMostLanes)
    VectorOf(hn::ScalableTag<int16_t>(), call, how, c, kMostLanes, output);
  if (c < call.channels) Rest<kMostLanes>(call, how, c, output);
}

void ConvolveInt8(const WordDepthwise& call, const WordResults& how,
                  int8_t* output) {
  Convolve(call, how, output);
}
void ConvolveUInt8(const WordDepthwise& call, const WordResults& how,
                   uint8_t* output) {
  Convolve(call, how, output);
}
void ConvolveReal(const WordDepthwise& call, const WordRealResults& how,
                  float* output) {
  Convolve(call, how, output);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace liteforge
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace liteforge {
namespace {

HWY_EXPORT(MostLanes);
HWY_EXPORT(ConvolveInt8);
HWY_EXPORT(ConvolveUInt8);
HWY_EXPORT(ConvolveReal);

// Of the vector that the channels from one on begin with.
int64_t LanesFor(int64_t channels) {
  int64_t lanes = HWY_DYNAMIC_DISPATCH(MostLanes)();
  while (lanes > kLeastDepthwiseLanes && channels <= lanes / 2) lanes /= 2;
  return lanes;
}

// In a vector of `lanes`, the channel at place i: the lower halves of all
// blocks come first.
int64_t ChannelAt(int64_t i, int64_t lanes) {
  constexpr int64_t kHalf = kLeastDepthwiseLanes / 2;
  const bool upper = i >= lanes / 2;
  const int64_t in_half = upper ? i - lanes / 2 : i;
  return in_half / kHalf * kLeastDepthwiseLanes + (upper ? kHalf : 0) +
         in_half % kHalf;
}

// Calls place(first channel, lanes) for each vector.
template <class Place>
void ForEachVector(int64_t channels, const Place& place) {
  for (int64_t c = 0; c < channels;) {
    const int64_t lanes = LanesFor(channels - c);
    place(c, lanes);
    c += lanes;
  }
}

}  // namespace

int64_t PaddedChannels(int64_t channels) {
  int64_t padded = 0;
  ForEachVector(channels, [&](int64_t, int64_t lanes) { padded += lanes; });
  return padded;
}

AlignedVector<int32_t> InDepthwiseOrder(const AlignedVector<int32_t>& values) {
  AlignedVector<int32_t> ordered(values.size());
  ForEachVector(static_cast<int64_t>(values.size()),
                [&](int64_t c, int64_t lanes) {
                  for (int64_t i = 0; i < lanes; ++i)
                    ordered[static_cast<size_t>(c + i)] =
                        values[static_cast<size_t>(c + ChannelAt(i, lanes))];
                });
  return ordered;
}

AlignedVector<int16_t> PackWordDepthwise(const AlignedVector<int16_t>& weights,
                                         int64_t taps, int64_t channels) {
  const int64_t pairs = (taps + 1) / 2;
  AlignedVector<int16_t> packed(
      static_cast<size_t>(2 * pairs * PaddedChannels(channels)));
  ForEachVector(channels, [&](int64_t c, int64_t lanes) {
    for (int64_t t = 0; t < taps; ++t) {
      for (int64_t i = 0; i < lanes; ++i) {
        const int64_t channel = c + ChannelAt(i, lanes);
        if (channel >= channels) continue;
        packed[static_cast<size_t>(2 * pairs * c + t / 2 * 2 * lanes + 2 * i +
                                   t % 2)] =
            weights[static_cast<size_t>(t * channels + channel)];
      }
    }
  });
  return packed;
}

void ConvolveWordDepthwise(const WordDepthwise& call, const WordResults& how,
                           int8_t* output) {
  HWY_DYNAMIC_DISPATCH(ConvolveInt8)(call, how, output);
}
void ConvolveWordDepthwise(const WordDepthwise& call, const WordResults& how,
                           uint8_t* output) {
  HWY_DYNAMIC_DISPATCH(ConvolveUInt8)(call, how, output);
}
void ConvolveWordDepthwise(const WordDepthwise& call,
                           const WordRealResults& how, float* output) {
  HWY_DYNAMIC_DISPATCH(ConvolveReal)(call, how, output);
}

}  // namespace liteforge
#endif  // HWY_ONCE
