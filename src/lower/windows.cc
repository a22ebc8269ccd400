// SPDX-License-Identifier: Apache-2.0
// A strided slice of the padded image for each place.
#include "lower/windows.h"

#include <algorithm>

#include "lower/axes.h"
#include "ops/infer.h"

namespace liteforge {

Windows::Axis Windows::AxisOf(int32_t input, int32_t size, int32_t stride,
                              int32_t rate, Padding padding) {
  Axis axis;
  axis.output = WindowOutput(padding, input, size, stride, rate);
  if (padding == Padding::kValid || axis.output == 0) return axis;
  const int32_t reach = (size - 1) * rate + 1;
  const int32_t missing =
      std::max(0, (axis.output - 1) * stride + reach - input);
  axis.before = missing / 2;
  axis.after = missing - axis.before;
  return axis;
}

Result<Windows> Windows::Of(Formula& f, Value* x, const Layout& layout,
                            Value* fill) {
  constexpr int32_t kMostPlaces = 1024;
  if (x->shape.rank() != 4 || x->shape[1] < 0 || x->shape[2] < 0)
    return Unsupported("windows of images of unknown size");
  const auto& [size, strides, rates, padding] = layout;
  if (int64_t{size.h} * size.w > kMostPlaces)
    return Unsupported("windows that large");
  Windows w;
  w.layout_ = layout;
  w.h_ = AxisOf(x->shape[1], size.h, strides.h, rates.h, padding);
  w.w_ = AxisOf(x->shape[2], size.w, strides.w, rates.w, padding);
  if (w.h_.output < 1 || w.w_.output < 1)
    return InvalidModel("the windows are larger than the image");
  EdgePadding edges(4);
  edges.low = {0, w.h_.before, w.w_.before, 0};
  edges.high = {0, w.h_.after, w.w_.after, 0};
  w.padded_ = PadEdges(f, x, edges, fill);
  TRY(f.Check());
  return w;
}

Value* Windows::At(Formula& f, int32_t i, int32_t j) const {
  const auto& [size, strides, rates, padding] = layout_;
  const int32_t top = i * rates.h, left = j * rates.w;
  const int32_t bottom = top + (h_.output - 1) * strides.h + 1;
  const int32_t right = left + (w_.output - 1) * strides.w + 1;
  StridedSliceOptions options;
  options.begin_mask = options.end_mask = 0b1001;
  return f.Emit(
      Op::kStridedSlice, options,
      {padded_, f.Ints({0, top, left, 0}), f.Ints({0, bottom, right, 0}),
       f.Ints({1, strides.h, strides.w, 1})});
}

}  // namespace liteforge
