// SPDX-License-Identifier: Apache-2.0
// ResizeBilinear, ResizeNearestNeighbor of [N, H, W, C] to a size {H, W}.
// TensorFlow's bilinear result is float32 whatever goes in.
#include <limits>
#include <span>
#include <utility>

#include "lower/context.h"

namespace liteforge {
namespace {

// Resizes, and tells the result what is known of the size where inference,
// which sees constants only, left a dimension unknown.
Result<Value*> Resize(IrBuilder& ir, Op op, OpOptions options, Value* images,
                      Value* size) {
  TRY_ASSIGN(size, ir.AsInt32(size));
  TRY_ASSIGN(Value * y, ir.Emit(op, std::move(options), {images, size}));
  const auto known = ir.Known(size);
  if (!known || known->size() != 2 || y->shape.rank() != 4) return y;
  for (int i = 0; i < 2; ++i) {
    const int64_t extent = (*known)[static_cast<size_t>(i)];
    if (y->shape[1 + i] == Shape::kUnknownDim && extent > 0 &&
        extent <= std::numeric_limits<int32_t>::max())
      y->shape.set_dim(1 + i, static_cast<int32_t>(extent));
  }
  return y;
}

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
  return Finish(c,
                Resize(ir, Op::kResizeBilinear, options, images, c.input(1)));
}

Result<void> LowerNearest(LowerContext& c) {
  TRY_ASSIGN(const auto options,
             ResizeOptions<ResizeNearestNeighborOptions>(c));
  return Finish(c, Resize(c.ir(), Op::kResizeNearestNeighbor, options,
                          c.input(0), c.input(1)));
}

}  // namespace

std::span<const TfOp> ResizeOps() {
  static constexpr TfOp kOps[] = {
      {"ResizeBilinear", 2, LowerBilinear},
      {"ResizeNearestNeighbor", 2, LowerNearest},
  };
  return kOps;
}

}  // namespace liteforge
