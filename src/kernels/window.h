// SPDX-License-Identifier: Apache-2.0
// Where a window operator (convolution, pool) looks: sizes, steps, padding.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "kernels/kernel.h"
#include "ops/infer.h"

namespace liteforge {

struct Window {
  int batches = 0;
  int in_height = 0, in_width = 0, in_channels = 0;
  int height = 0, width = 0;  // of the window, not dilated
  int out_height = 0, out_width = 0, out_channels = 0;
  int stride_height = 1, stride_width = 1;
  int dilation_height = 1, dilation_width = 1;
  int pad_top = 0, pad_left = 0;

  // Fills the sizes from [N, H, W, C] tensors and the padding from the steps,
  // which must be set. `padded`: what the output's shape takes the input to
  // have around it. Images one pixel wide are taken as [N, 1, H, C].
  void SetShapes(const Shape& input, int window_height, int window_width,
                 const Shape& output,
                 const KernelContext::Padding& padded = {}) {
    batches = input[0];
    in_height = input[1];
    in_width = input[2];
    in_channels = input[3];
    height = window_height;
    width = window_width;
    out_height = output[1];
    out_width = output[2];
    out_channels = output[3];
    pad_top = padded.top + WindowPadding(in_height + padded.top + padded.bottom,
                                         out_height, height, stride_height,
                                         dilation_height);
    pad_left = padded.left +
               WindowPadding(in_width + padded.left + padded.right, out_width,
                             width, stride_width, dilation_width);
    if (in_width == 1 && width == 1 && out_width == 1) LieDown();
  }

  int64_t out_rows() const { return int64_t{batches} * out_height; }

 private:
  // An image one pixel wide is a line of as many numbers, of which more are
  // computed at a time.
  void LieDown() {
    std::swap(in_height, in_width);
    std::swap(height, width);
    std::swap(out_height, out_width);
    std::swap(stride_height, stride_width);
    std::swap(dilation_height, dilation_width);
    std::swap(pad_top, pad_left);
  }
};

// Steps of a window along one axis that fall inside the input.
struct Taps {
  int begin;
  int end;
};

inline Taps TapsInside(int origin, int size, int dilation, int extent) {
  const int64_t step = dilation;  // near 2^31 the sums below pass it
  const int64_t first = origin < 0 ? (step - 1 - origin) / step : 0;
  const int64_t room = int64_t{extent} - origin;  // taps there are outside
  const int64_t past = room <= 0 ? 0 : (room + step - 1) / step;
  const auto begin = static_cast<int>(std::min<int64_t>(first, size));
  const auto end = static_cast<int>(std::min<int64_t>(past, size));
  return {begin, std::max(begin, end)};
}

// Outputs of a line whose windows lie wholly within the input's left and right:
// their rows lie evenly in memory.
struct Inside {
  int64_t begin, end;  // of x
};
inline Inside InsideOf(const Window& w) {
  const int64_t reach = int64_t{w.width - 1} * w.dilation_width;
  const int64_t stride = w.stride_width;
  const int64_t begin = (int64_t{w.pad_left} + stride - 1) / stride;
  const int64_t last = int64_t{w.in_width} - 1 - reach + w.pad_left;
  const int64_t end = last < 0 ? 0 : last / stride + 1;
  return {std::min<int64_t>(begin, w.out_width),
          std::clamp<int64_t>(end, std::min<int64_t>(begin, w.out_width),
                              w.out_width)};
}

// How many parts each line of the output is cut into, none of less than
// `least_pixels`, so that all threads get some where there are few lines.
inline int64_t PartsOfLine(const Window& w, int threads, int64_t least_pixels) {
  if (threads == 1 || w.out_rows() == 0) return 1;
  const int64_t wanted = (2 * threads + w.out_rows() - 1) / w.out_rows();
  return std::clamp<int64_t>(w.out_width / std::max<int64_t>(least_pixels, 1),
                             1, wanted);
}

}  // namespace liteforge
