// SPDX-License-Identifier: Apache-2.0
#include "kernels/byte_depthwise.h"

#include <algorithm>

#include "kernels/micro/byte_activations.h"
#include "kernels/micro/word_depthwise.h"
#include "kernels/scratch_slots.h"

namespace liteforge {
namespace {

constexpr int64_t kMostTaps = 128;

// The part of the input that windows see, and the zeros around it.
struct PaddedImage {
  int64_t height, width;
  int64_t row;  // numbers
  explicit PaddedImage(const Window& w)
      : height(
            Seen(w.out_height, w.stride_height, w.height, w.dilation_height)),
        width(Seen(w.out_width, w.stride_width, w.width, w.dilation_width)),
        row(width * w.in_channels) {}

  static int64_t Seen(int64_t outputs, int64_t stride, int64_t window,
                      int64_t dilation) {
    return (outputs - 1) * stride + (window - 1) * dilation + 1;
  }
};

// Output lines that are computed from a few rows of such an image, which stay
// in the second cache from when they are widened until they have been used.
struct Bands {
  int64_t lines;    // of the output
  int64_t rows;     // of the image
  int64_t numbers;  // of those
  explicit Bands(const Window& w, int threads) {
    constexpr int64_t kCacheNumbers = 96 << 10, kLeastLines = 4;
    const PaddedImage image(w);
    const int64_t share = (w.out_rows() + threads - 1) / threads;
    lines = std::clamp<int64_t>(
        kCacheNumbers / std::max<int64_t>(1, image.row * w.stride_height),
        kLeastLines, std::max(kLeastLines, share));
    lines = std::clamp<int64_t>(lines, 1, std::max(w.out_height, 1));
    rows =
        PaddedImage::Seen(lines, w.stride_height, w.height, w.dilation_height);
    numbers = rows * image.row + kWordDepthwiseSlack;
  }
};

// Outputs [x, x + count) of `rows` lines from (n, y) on; where there is more
// than one, whole ones.
struct Lines {
  int64_t n, y, rows, x, count;
};

// What they see of a padded image: a band of it, whose numbers lie row by row.
struct Band {
  int64_t y, x, rows, columns;
  Band(const Window& w, const Lines& of)
      : y(of.y * w.stride_height),
        x(of.x * w.stride_width),
        rows(PaddedImage::Seen(of.rows, w.stride_height, w.height,
                               w.dilation_height)),
        columns(PaddedImage::Seen(of.count, w.stride_width, w.width,
                                  w.dilation_width)) {}
};

// Row y of a band of image n, less the zero point.
template <class T>
void WidenRow(const ByteDepthwiseCall<T>& call, const Band& band, int64_t n,
              int64_t y, int16_t* to) {
  const Window& w = call.window;
  const int64_t channels = w.in_channels, in_y = y - w.pad_top;
  const int64_t in_x = band.x - w.pad_left;
  const int64_t begin = std::clamp<int64_t>(in_x, 0, w.in_width);
  const int64_t end =
      std::clamp<int64_t>(in_x + band.columns, begin, w.in_width);
  int16_t* const row_end = to + band.columns * channels;
  if (in_y < 0 || in_y >= w.in_height || begin == end) {
    std::fill(to, row_end, int16_t{0});
    return;
  }
  int16_t* inside = std::fill_n(to, (begin - in_x) * channels, int16_t{0});
  WidenBytes(
      call.input + ((n * w.in_height + in_y) * w.in_width + begin) * channels,
      (end - begin) * channels, call.input_offset, inside);
  std::fill(inside + (end - begin) * channels, row_end, int16_t{0});
}

// compute(sums, first output pixel), of a band that is widened into `scratch`
template <class T, class Compute>
void ConvolveLines(const ByteDepthwiseCall<T>& call, const Lines& of,
                   int16_t* scratch, const Compute& compute) {
  const Window& w = call.window;
  const Band band(w, of);
  const int64_t pixel = w.in_channels, row = band.columns * pixel;
  for (int64_t i = 0; i < band.rows; ++i)
    WidenRow(call, band, of.n, band.y + i, scratch + i * row);
  const int16_t* taps[kMostTaps + 1];
  int count = 0;
  for (int64_t i = 0; i < w.height; ++i) {
    for (int64_t j = 0; j < w.width; ++j) {
      taps[count++] =
          scratch + i * w.dilation_height * row + j * w.dilation_width * pixel;
    }
  }
  if (count % 2 != 0) taps[count++] = scratch;  // its weights are zero
  const int64_t line = of.n * w.out_height + of.y;
  compute(WordDepthwise{w.out_channels, of.rows, of.count,
                        w.stride_height * row, w.stride_width * pixel, taps,
                        count, call.filter.weights.data()},
          line * w.out_width + of.x);
}

// Lines or parts of them are shared among the threads.
template <class T, class Compute>
void Convolve(ThreadPool& threads, const ByteDepthwiseCall<T>& call,
              const Compute& compute) {
  constexpr int64_t kLeastWork = 1 << 14;  // of a thread, in products
  // What two parts see of each other's is widened for both.
  constexpr int64_t kLeastLines = 6, kLeastPixels = 48;
  const Window& w = call.window;
  if (w.out_rows() * w.out_width * w.out_channels == 0) return;
  const int64_t parts =
      w.out_rows() >= threads.threads()
          ? 1
          : PartsOfLine(w, threads.threads(),
                        std::min<int64_t>(w.out_width / threads.threads(),
                                          kLeastPixels));
  const int64_t work =
      int64_t{w.out_channels} * w.height * w.width * w.out_width / parts;
  const int64_t lines = std::clamp<int64_t>(w.out_rows() / threads.threads(), 1,
                                            parts == 1 ? kLeastLines : 1);
  const Bands bands(w, threads.threads());
  ScratchSlots<int16_t> slots(call.scratch, bands.numbers);
  threads.ParallelFor(
      w.out_rows() * parts, std::max(kLeastWork / work + 1, lines),
      [&](int64_t begin, int64_t end) {
        const ScratchSlots<int16_t>::Slot scratch(slots);
        while (begin < end) {  // images by themselves
          const int64_t line = begin / parts, part = begin % parts;
          const int64_t n = line / w.out_height, y = line % w.out_height;
          const int64_t x = w.out_width * part / parts;
          const int64_t count = w.out_width * (part + 1) / parts - x;
          const int64_t rows =
              parts > 1
                  ? 1
                  : std::min({end - begin, w.out_height - y, bands.lines});
          ConvolveLines(call, {n, y, rows, x, count}, scratch.data(), compute);
          begin += rows;
        }
      });
}

}  // namespace

bool SuitsByteDepthwise(const Window& w) {
  constexpr int64_t kMostGrowth = 4;
  constexpr int64_t kSmall = 1 << 16;
  const PaddedImage image(w);
  if (int64_t{w.height} * w.width >= kMostTaps || image.height > kSmall ||
      image.width > kSmall)
    return false;
  const int64_t pixels = image.height * image.width;
  return pixels <= kMostGrowth * w.in_height * w.in_width ||
         pixels * w.in_channels <= kSmall;
}

template <class Weight>
ByteDepthwiseFilter PackByteDepthwise(const Window& w,
                                      const FilterQuantization& q,
                                      const Weight* weights,
                                      const int32_t* bias) {
  const int64_t channels = w.out_channels, taps = int64_t{w.height} * w.width;
  AlignedVector<int16_t> words(static_cast<size_t>(taps * channels));
  for (size_t i = 0; i < words.size(); ++i)
    words[i] = static_cast<int16_t>(weights[i] + q.filter_offset);
  ByteDepthwiseFilter f;
  f.weights = PackWordDepthwise(words, taps, channels);
  const auto padded = static_cast<size_t>(PaddedChannels(channels));
  AlignedVector<int32_t> biases(padded), multiplier(padded), left(padded),
      right(padded, 1);
  for (size_t c = 0; c < static_cast<size_t>(channels); ++c) {
    const FixedScale scale = q.scales[c];
    if (bias != nullptr) biases[c] = bias[c];
    multiplier[c] = scale.multiplier;
    left[c] = std::max(scale.shift, 0);
    right[c] = std::max(-scale.shift, 0);
    f.shifts_right &= scale.shift < 0;
  }
  f.bias = InDepthwiseOrder(biases);
  f.multiplier = InDepthwiseOrder(multiplier);
  f.left_shift = InDepthwiseOrder(left);
  f.right_shift = InDepthwiseOrder(right);
  return f;
}
template ByteDepthwiseFilter PackByteDepthwise(const Window&,
                                               const FilterQuantization&,
                                               const int8_t*, const int32_t*);
template ByteDepthwiseFilter PackByteDepthwise(const Window&,
                                               const FilterQuantization&,
                                               const uint8_t*, const int32_t*);

ByteDepthwiseFilter PackHybridDepthwise(const Window& w,
                                        const RuntimeTensor& filter,
                                        const int8_t* weights,
                                        const float* bias) {
  const int64_t channels = w.out_channels, taps = int64_t{w.height} * w.width;
  ByteDepthwiseFilter f;
  f.weights = PackWordDepthwise(
      AlignedVector<int16_t>(weights, weights + taps * channels), taps,
      channels);
  const auto padded = static_cast<size_t>(PaddedChannels(channels));
  f.float_bias.resize(padded);
  f.scale.resize(padded);
  for (int c = 0; c < w.out_channels; ++c) {
    const auto at = static_cast<size_t>(c);
    f.scale[at] = FilterScale(filter, c);
    if (bias != nullptr) f.float_bias[at] = bias[c];
  }
  return f;
}

size_t ByteDepthwiseScratch(const Window& w, int threads) {
  return static_cast<size_t>(Bands(w, threads).numbers) *
         static_cast<size_t>(threads) * sizeof(int16_t);
}

namespace {

template <class T>
void ConvolveToBytes(ThreadPool& threads, const ByteDepthwiseCall<T>& call,
                     const FilterQuantization& q, const ByteOutput<T>& output) {
  const ByteDepthwiseFilter& f = call.filter;
  const WordResults how{
      f.bias.data(),        f.multiplier.data(), f.left_shift.data(),
      f.right_shift.data(), q.ties_up,           f.shifts_right,
      q.output_offset,      q.range.min,         q.range.max};
  Convolve(threads, call, [&](const WordDepthwise& sums, int64_t pixel) {
    ConvolveWordDepthwise(sums, how, output.to + pixel * sums.channels);
    output.Finish(pixel, sums.rows * sums.count, 0, sums.channels, 1);
  });
}

}  // namespace

void ConvolveByteDepthwise(ThreadPool& threads,
                           const ByteDepthwiseCall<int8_t>& call,
                           const FilterQuantization& q,
                           const ByteOutput<int8_t>& output) {
  ConvolveToBytes(threads, call, q, output);
}
void ConvolveByteDepthwise(ThreadPool& threads,
                           const ByteDepthwiseCall<uint8_t>& call,
                           const FilterQuantization& q,
                           const ByteOutput<uint8_t>& output) {
  ConvolveToBytes(threads, call, q, output);
}

void ConvolveHybridDepthwise(ThreadPool& threads,
                             const ByteDepthwiseCall<int8_t>& call,
                             float input_scale, Range<float> range,
                             float* output) {
  const WordRealResults how{call.filter.scale.data(),
                            call.filter.float_bias.data(), input_scale,
                            range.min, range.max};
  Convolve(threads, call, [&](const WordDepthwise& sums, int64_t pixel) {
    ConvolveWordDepthwise(sums, how, output + pixel * sums.channels);
  });
}

}  // namespace liteforge
