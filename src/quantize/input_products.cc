// SPDX-License-Identifier: Apache-2.0
#include "quantize/input_products.h"

#include <algorithm>

namespace liteforge {
namespace {

// Patches of one example's feature map that are looked at.
constexpr int64_t kMostPatches = 256;

}  // namespace

void WeightMatrix::SetWeights(const Blob& data) const {
  weights->SetConstant(data);
  for (const WeightMatrix& twin : twins) twin.SetWeights(data);
}

void WeightMatrix::SetBias(const Blob& data) const {
  if (bias != nullptr) bias->SetConstant(data);
  for (const WeightMatrix& twin : twins) twin.SetBias(data);
}

InputProducts::InputProducts(const WeightMatrix& layer) : layer_(layer) {
  const auto size = static_cast<size_t>(layer.columns + 1);
  of_now_.resize(size * size);
  with_before_.resize(size * size);
}

void InputProducts::AddRow(std::span<const float> now,
                           std::span<const float> before) {
  const size_t n = now.size(), stride = n + 1;
  for (size_t i = 0; i <= n; ++i) {
    const double at_i = i < n ? static_cast<double>(now[i]) : 1;
    if (at_i == 0) continue;
    double* of_now = of_now_.data() + i * stride;
    double* with_before = with_before_.data() + i * stride;
    for (size_t j = 0; j < n; ++j) {
      of_now[j] += at_i * static_cast<double>(now[j]);
      with_before[j] += at_i * static_cast<double>(before[j]);
    }
    of_now[n] += at_i;
    with_before[n] += at_i;
  }
  ++rows_;
}

void InputProducts::Add(const Shape& shape, std::span<const float> now,
                        std::span<const float> before) {
  if (layer_.node->op() == Op::kConv2D) {
    AddPatches(shape, now, before);
    return;
  }
  const auto columns = static_cast<size_t>(layer_.columns);
  for (size_t at = 0; at + columns <= now.size(); at += columns)
    AddRow(now.subspan(at, columns), before.subspan(at, columns));
}

// What the filter sees at some places of the map; where it hangs over the
// border, padding SAME, what lies outside is zero.
void InputProducts::AddPatches(const Shape& shape, std::span<const float> now,
                               std::span<const float> before) {
  if (shape.rank() != 4) return;
  const auto& options = layer_.node->Options<Conv2DOptions>();
  const Shape& filter = layer_.weights->shape;  // [O, H, W, C]
  const int64_t channels = filter[3];
  if (shape[3] != channels) return;  // groups
  const int64_t high = (filter[1] - 1) * options.dilation_h_factor + 1;
  const int64_t wide = (filter[2] - 1) * options.dilation_w_factor + 1;
  const bool same = options.padding == Padding::kSame;
  const int64_t top = same ? high / 2 : 0, left = same ? wide / 2 : 0;
  const int64_t rows = same ? shape[1] : shape[1] - high + 1;
  const int64_t cols = same ? shape[2] : shape[2] - wide + 1;
  if (rows < 1 || cols < 1) return;
  const int64_t places = int64_t{shape[0]} * rows * cols;
  const int64_t step = std::max<int64_t>(1, places / kMostPatches);
  std::vector<float> patch(static_cast<size_t>(layer_.columns));
  std::vector<float> patch_before(patch.size());
  for (int64_t place = 0; place < places; place += step) {
    const int64_t n = place / (rows * cols);
    const int64_t y = place / cols % rows - top, x = place % cols - left;
    auto to = patch.begin(), to_before = patch_before.begin();
    for (int64_t a = 0; a < filter[1]; ++a) {
      const int64_t at_y = y + a * options.dilation_h_factor;
      for (int64_t b = 0; b < filter[2]; ++b) {
        const int64_t at_x = x + b * options.dilation_w_factor;
        if (at_y < 0 || at_y >= shape[1] || at_x < 0 || at_x >= shape[2]) {
          to = std::fill_n(to, channels, 0.0f);
          to_before = std::fill_n(to_before, channels, 0.0f);
          continue;
        }
        const int64_t at = ((n * shape[1] + at_y) * shape[2] + at_x) * channels;
        to = std::copy_n(now.begin() + at, channels, to);
        to_before = std::copy_n(before.begin() + at, channels, to_before);
      }
    }
    AddRow(patch, patch_before);
  }
}

}  // namespace liteforge
