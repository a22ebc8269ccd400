// SPDX-License-Identifier: Apache-2.0
// 8-bit depthwise convolutions by micro/word_depthwise.h: the input is widened
// to 16 bits with zeros around it, so that all windows are whole.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/aligned_vector.h"
#include "base/thread_pool.h"
#include "kernels/byte_output.h"
#include "kernels/filter_params.h"
#include "kernels/window.h"

namespace liteforge {

// A constant filter and its parameters as micro/ wants them.
struct ByteDepthwiseFilter {
  AlignedVector<int16_t> weights;
  AlignedVector<int32_t> bias, multiplier, left_shift, right_shift;
  bool shifts_right = true;  // every channel, and none to the left
  AlignedVector<float> float_bias, scale;  // hybrid
  bool ready() const { return !weights.empty(); }
};

// Whether the window is one of few positions, and the zeros around the input
// are few enough to be written down.
bool SuitsByteDepthwise(const Window& w);

// Of one filter a channel, [KH * KW, C]; `bias` may be null.
template <class Weight>
ByteDepthwiseFilter PackByteDepthwise(const Window& w,
                                      const FilterQuantization& q,
                                      const Weight* weights,
                                      const int32_t* bias);

// Of float activations quantized on the fly: a scale a channel, or one.
ByteDepthwiseFilter PackHybridDepthwise(const Window& w,
                                        const RuntimeTensor& filter,
                                        const int8_t* weights,
                                        const float* bias);

// Bytes of working memory for that many threads.
size_t ByteDepthwiseScratch(const Window& w, int threads);

template <class T>
struct ByteDepthwiseCall {
  const Window& window;
  const ByteDepthwiseFilter& filter;
  int32_t input_offset;  // less the zero point
  const T* input;
  int16_t* scratch;
};
void ConvolveByteDepthwise(ThreadPool& threads,
                           const ByteDepthwiseCall<int8_t>& call,
                           const FilterQuantization& q,
                           const ByteOutput<int8_t>& output);
void ConvolveByteDepthwise(ThreadPool& threads,
                           const ByteDepthwiseCall<uint8_t>& call,
                           const FilterQuantization& q,
                           const ByteOutput<uint8_t>& output);
// clamp(the sum * the input's scale * the channel's + bias)
void ConvolveHybridDepthwise(ThreadPool& threads,
                             const ByteDepthwiseCall<int8_t>& call,
                             float input_scale, Range<float> range,
                             float* output);

}  // namespace liteforge
