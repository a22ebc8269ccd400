// SPDX-License-Identifier: Apache-2.0
#include "kernels/byte_rows.h"

namespace liteforge {

PackedFilter PackHybridFilter(ArrayCache& arrays, const int8_t* weights,
                              const RuntimeTensor& filter, const float* bias,
                              int64_t columns, const Runs& of_window) {
  PackedFilter f;
  f.panels = PackBytePanels(arrays, weights, columns, of_window.count,
                            of_window.length);
  const auto size =
      static_cast<size_t>(f.panels.panels() * f.panels.panel_width);
  f.float_bias.resize(size);
  f.scale.resize(size);
  for (int64_t n = 0; n < columns; ++n) {
    const auto at = static_cast<size_t>(n);
    f.scale[at] = FilterScale(filter, static_cast<int>(n));
    if (bias != nullptr) f.float_bias[at] = bias[n];
  }
  const auto run = static_cast<size_t>(of_window.length) + kGemmSlack;
  f.outside_bytes.assign(run, 0);
  f.outside_words.assign(run, 0);
  return f;
}

}  // namespace liteforge
