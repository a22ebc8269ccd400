// SPDX-License-Identifier: Apache-2.0
// ResizeBilinear, ResizeNearestNeighbor of [N, H, W, C] to a size {H, W}.
// TensorFlow's bilinear result is float32 whatever goes in.
#include <span>

#include "lower/context.h"

namespace liteforge {
namespace {

template <class Options>
Result<Options> ResizeOptions(const LowerContext& c) {
  Options options;
  TRY_ASSIGN(options.align_corners, c.Attribute<bool>("align_corners", false));
  TRY_ASSIGN(options.half_pixel_centers,
             c.Attribute<bool>("half_pixel_centers", false));
  if (options.align_corners && options.half_pixel_centers)
    return InvalidModel("align_corners and half_pixel_centers exclude another");
  return options;
}

Result<void> LowerBilinear(LowerContext& c) {
  IrBuilder& ir = c.ir();
  TRY_ASSIGN(const auto options, ResizeOptions<ResizeBilinearOptions>(c));
  TRY_ASSIGN(Value * images, ir.Cast(c.input(0), DataType::kFloat32));
  TRY_ASSIGN(Value * size, ir.AsInt32(c.input(1)));
  return Finish(c, ir.Emit(Op::kResizeBilinear, options, {images, size}));
}

Result<void> LowerNearest(LowerContext& c) {
  IrBuilder& ir = c.ir();
  TRY_ASSIGN(const auto options,
             ResizeOptions<ResizeNearestNeighborOptions>(c));
  TRY_ASSIGN(Value * size, ir.AsInt32(c.input(1)));
  return Finish(
      c, ir.Emit(Op::kResizeNearestNeighbor, options, {c.input(0), size}));
}

constexpr TfOp kOps[] = {
    {"ResizeBilinear", 2, LowerBilinear},
    {"ResizeNearestNeighbor", 2, LowerNearest},
};

}  // namespace

std::span<const TfOp> ResizeOps() { return kOps; }

}  // namespace liteforge
