// SPDX-License-Identifier: Apache-2.0
// Images [N, H, W, C] of known size seen through windows: for each place of the
// window the image of what all windows see there, [N, OH, OW, C].
#pragma once

#include "lower/formula.h"
#include "lower/layout.h"

namespace liteforge {

class Windows {
 public:
  struct Layout {
    HeightWidth size, strides, rates;
    Padding padding = Padding::kValid;
  };
  // Pads x with `fill`, a scalar. kUnsupported for images of unknown size and
  // windows of more than 1024 places.
  static Result<Windows> Of(Formula& f, Value* x, const Layout& layout,
                            Value* fill);

  // What stands at row i and column j of every window.
  Value* At(Formula& f, int32_t i, int32_t j) const;

  int32_t rows() const { return h_.output; }
  int32_t columns() const { return w_.output; }
  // Where in the image window 0 begins; below 0 where it is padded.
  int32_t top() const { return -h_.before; }
  int32_t left() const { return -w_.before; }

 private:
  struct Axis {
    int32_t output = 0;
    int32_t before = 0, after = 0;  // padding
  };
  static Axis AxisOf(int32_t input, int32_t size, int32_t stride, int32_t rate,
                     Padding padding);

  Value* padded_ = nullptr;
  Layout layout_;
  Axis h_, w_;
};

}  // namespace liteforge
