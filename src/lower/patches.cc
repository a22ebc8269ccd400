// SPDX-License-Identifier: Apache-2.0
// ExtractImagePatches [N, H, W, C] -> [N, OH, OW, kh kw C]: for each place of
// the window, in order, the strided slice of the padded image that it sees.
#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "lower/context.h"
#include "lower/layout.h"
#include "ops/infer.h"

namespace liteforge {
namespace {

constexpr int32_t kMostPlaces = 1024;

// One spatial axis.
struct Axis {
  int32_t output = 0;
  int32_t before = 0, after = 0;  // padding
};

Axis AxisOf(int32_t input, int32_t size, int32_t stride, int32_t rate,
            Padding padding) {
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

Result<Value*> Slice(IrBuilder& ir, Value* x, int32_t top, int32_t left,
                     const Axis& h, const Axis& w, const HeightWidth& strides) {
  StridedSliceOptions options;
  options.begin_mask = options.end_mask = 0b1001;
  const int32_t bottom = top + (h.output - 1) * strides.h + 1;
  const int32_t right = left + (w.output - 1) * strides.w + 1;
  return ir.Emit(
      Op::kStridedSlice, options,
      {x, ir.Int32s({0, top, left, 0}), ir.Int32s({0, bottom, right, 0}),
       ir.Int32s({1, strides.h, strides.w, 1})});
}

Result<void> LowerPatches(LowerContext& c) {
  IrBuilder& ir = c.ir();
  TRY_ASSIGN(const HeightWidth size, SpatialAttribute(c, "ksizes", false));
  TRY_ASSIGN(const HeightWidth strides, SpatialAttribute(c, "strides", false));
  TRY_ASSIGN(const HeightWidth rates, SpatialAttribute(c, "rates", false));
  TRY_ASSIGN(const WindowPaddingAttribute padding, PaddingAttribute(c, false));
  Value* x = c.input(0);
  if (x->shape.rank() != 4 || x->shape[1] < 0 || x->shape[2] < 0)
    return Unsupported("patches of images of unknown size");
  if (int64_t{size.h} * size.w > kMostPlaces)
    return Unsupported("patches that large");
  const Axis h =
      AxisOf(x->shape[1], size.h, strides.h, rates.h, padding.padding);
  const Axis w =
      AxisOf(x->shape[2], size.w, strides.w, rates.w, padding.padding);
  if (h.output < 1 || w.output < 1)
    return InvalidModel("the patches are larger than the image");
  WindowPaddingAttribute amounts;
  amounts.amounts = {h.before, h.after, w.before, w.after};
  TRY_ASSIGN(x, PadSpatial(ir, x, amounts));
  std::vector<Value*> places;
  for (int32_t i = 0; i < size.h; ++i) {
    for (int32_t j = 0; j < size.w; ++j) {
      TRY_ASSIGN(Value * seen,
                 Slice(ir, x, i * rates.h, j * rates.w, h, w, strides));
      places.push_back(seen);
    }
  }
  ConcatenationOptions options;
  options.axis = 3;
  return Finish(c, ir.Emit(Op::kConcatenation, options, std::move(places)));
}

constexpr TfOp kOps[] = {
    {"ExtractImagePatches", 1, LowerPatches},
};

}  // namespace

std::span<const TfOp> PatchOps() { return kOps; }

}  // namespace liteforge
