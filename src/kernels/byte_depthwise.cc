// SPDX-License-Identifier: Apache-2.0
#include "kernels/byte_depthwise.h"

#include <algorithm>

#include "kernels/micro/byte_gemm.h"
#include "kernels/micro/word_depthwise.h"

namespace liteforge {
namespace {

constexpr int64_t kMostTaps = 128;

// The part of the input that windows see, and the zeros around it.
struct PaddedImage {
  int64_t height, width;
  explicit PaddedImage(const Window& w)
      : height(
            Seen(w.out_height, w.stride_height, w.height, w.dilation_height)),
        width(Seen(w.out_width, w.stride_width, w.width, w.dilation_width)) {}

  static int64_t Seen(int64_t outputs, int64_t stride, int64_t window,
                      int64_t dilation) {
    return (outputs - 1) * stride + (window - 1) * dilation + 1;
  }
};

// Row y of a padded image, less the zero point.
template <class T>
void WidenRow(const ByteDepthwiseCall<T>& call, const PaddedImage& image,
              int64_t n, int64_t y, int16_t* to) {
  const Window& w = call.window;
  const int64_t channels = w.in_channels, in_y = y - w.pad_top;
  const int64_t count =
      std::clamp<int64_t>(image.width - w.pad_left, 0, w.in_width);
  if (in_y < 0 || in_y >= w.in_height || count == 0) {
    std::fill_n(to, image.width * channels, int16_t{0});
    return;
  }
  int16_t* inside = std::fill_n(to, w.pad_left * channels, int16_t{0});
  WidenBytes(call.input + (n * w.in_height + in_y) * w.in_width * channels,
             count * channels, call.quantization.input_offset, inside);
  std::fill(inside + count * channels, to + image.width * channels, int16_t{0});
}

template <class T>
void WidenInput(ThreadPool& threads, const ByteDepthwiseCall<T>& call) {
  constexpr int64_t kLeastNumbers = 1 << 15;  // of a thread
  const PaddedImage image(call.window);
  const int64_t row = image.width * call.window.in_channels;
  threads.ParallelFor(call.window.batches * image.height,
                      kLeastNumbers / row + 1, [&](int64_t begin, int64_t end) {
                        for (int64_t i = begin; i < end; ++i) {
                          WidenRow(call, image, i / image.height,
                                   i % image.height, call.scratch + i * row);
                        }
                      });
}

// Outputs [x, x + count) of `rows` lines from (n, y) on; where there is more
// than one, whole ones.
struct Lines {
  int64_t n, y, rows, x, count;
};

// A few lines at a time, which stay in the second cache while the vectors of
// channels pass over them.
template <class T>
void ConvolveLines(const ByteDepthwiseCall<T>& call, const Lines& of) {
  constexpr int64_t kCacheNumbers = 128 << 10;
  const Window& w = call.window;
  const FilterQuantization& q = call.quantization;
  const ByteDepthwiseFilter& f = call.filter;
  const PaddedImage image(w);
  const int64_t pixel = w.in_channels, row = image.width * pixel;
  const int64_t together =
      std::max<int64_t>(1, kCacheNumbers / (row * w.stride_height));
  for (int64_t y = of.y; y < of.y + of.rows; y += together) {
    const int16_t* first = call.scratch +
                           (of.n * image.height + y * w.stride_height) * row +
                           of.x * w.stride_width * pixel;
    const int16_t* taps[kMostTaps + 1];
    int count = 0;
    for (int64_t i = 0; i < w.height; ++i) {
      for (int64_t j = 0; j < w.width; ++j) {
        taps[count++] =
            first + i * w.dilation_height * row + j * w.dilation_width * pixel;
      }
    }
    if (count % 2 != 0) taps[count++] = first;  // its weights are zero
    const int64_t rows = std::min(together, of.y + of.rows - y);
    const int64_t line = of.n * w.out_height + y;
    ConvolveWordDepthwise(
        {w.out_channels, rows, of.count, w.stride_height * row,
         w.stride_width * pixel, taps, count, f.weights.data(), f.bias.data(),
         f.multiplier.data(), f.left_shift.data(), f.right_shift.data(),
         q.ties_up, f.shifts_right, q.output_offset, q.range.min, q.range.max},
        call.output + (line * w.out_width + of.x) * w.out_channels);
  }
}

// Lines are shared among the threads, or the outputs of each where there are
// too few of them.
template <class T>
void Convolve(ThreadPool& threads, const ByteDepthwiseCall<T>& call) {
  constexpr int64_t kLeastWork = 1 << 16;  // of a thread, in products
  const Window& w = call.window;
  if (w.out_rows() * w.out_width * w.out_channels == 0) return;
  WidenInput(threads, call);
  const int64_t of_output = int64_t{w.out_channels} * w.height * w.width;
  if (w.out_rows() < threads.threads()) {
    for (int64_t line = 0; line < w.out_rows(); ++line) {
      threads.ParallelFor(w.out_width, kLeastWork / of_output + 1,
                          [&](int64_t begin, int64_t end) {
                            ConvolveLines(
                                call, {line / w.out_height, line % w.out_height,
                                       1, begin, end - begin});
                          });
    }
    return;
  }
  threads.ParallelFor(
      w.out_rows(), kLeastWork / (of_output * w.out_width) + 1,
      [&](int64_t begin, int64_t end) {
        while (begin < end) {  // images by themselves
          const int64_t y = begin % w.out_height;
          const int64_t rows = std::min(end - begin, w.out_height - y);
          ConvolveLines(call, {begin / w.out_height, y, rows, 0, w.out_width});
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

size_t ByteDepthwiseScratch(const Window& w) {
  const PaddedImage image(w);
  const int64_t numbers =
      w.batches * image.height * image.width * w.in_channels +
      kWordDepthwiseSlack;
  return static_cast<size_t>(numbers) * sizeof(int16_t);
}

void ConvolveByteDepthwise(ThreadPool& threads,
                           const ByteDepthwiseCall<int8_t>& call) {
  Convolve(threads, call);
}
void ConvolveByteDepthwise(ThreadPool& threads,
                           const ByteDepthwiseCall<uint8_t>& call) {
  Convolve(threads, call);
}

}  // namespace liteforge
