// SPDX-License-Identifier: Apache-2.0
// 3x3 convolutions of float32 by the products of micro/float_winograd.h.
#pragma once

#include <vector>

#include "base/thread_pool.h"
#include "kernels/float_output.h"
#include "kernels/micro/float_gemm.h"
#include "kernels/window.h"

namespace liteforge {

// Whether it is faster than the plain product: steps of one, enough channels
// to outweigh the transforms, and an output that fills most of its tiles.
bool PrefersWinograd(const Window& w);

struct WinogradFilter {
  std::vector<FloatPanels> products;  // one for each of the 36, or none
  std::vector<float> bias;
  bool ready() const { return !products.empty(); }
};

// `filter` [O, 3, 3, C]; `bias` may be null.
WinogradFilter PackWinogradFilter(ArrayCache& arrays, const float* filter,
                                  const float* bias, const Window& w);

// Bytes of working memory for that many threads.
size_t WinogradScratch(const Window& w, int threads);

struct WinogradCall {
  const Window& window;
  const WinogradFilter& filter;
  const float* outside;  // in_channels zeros
  FloatOutput output;
  float* scratch;
};
void ConvolveByWinograd(ThreadPool& threads, const WinogradCall& call,
                        const float* input);

}  // namespace liteforge
