// SPDX-License-Identifier: Apache-2.0
// UpSampling2D, UpSampling3D by repeating, and UpSampling1D as an image of
// width 1:
//   [N, W, C] -> [N, W, 1, C] -> [N, W * size, 1, C]
// Images are resized with half-pixel centres (resize_images.h).
#include "base/try.h"
#include "function/ops.h"
#include "import/keras/all_layers.h"
#include "import/keras/axes.h"
#include "import/keras/resize_images.h"

namespace liteforge {
namespace {

Result<Shape> EnlargedShape(const Shape& in, int32_t rows, int32_t cols) {
  Shape out = in;
  const int32_t factors[] = {rows, cols};
  for (int axis = 1; axis <= 2; ++axis) {
    if (in[axis] < 0) continue;
    TRY_ASSIGN(const int32_t size,
               CheckedDim(int64_t{in[axis]} * factors[axis - 1]));
    out.set_dim(axis, size);
  }
  return out;
}

// x [N, H, W, C] to [N, H * rows, W * cols, C].
Result<Tensor> Enlarge(FunctionBuilder& f, const Tensor& x, int32_t rows,
                       int32_t cols, const std::string& method) {
  TRY_ASSIGN(const Shape shape, EnlargedShape(x.shape(), rows, cols));
  const bool bilinear = method == "bilinear";
  const bool sized = shape[1] >= 0 && shape[2] >= 0;
  if (sized || (!bilinear && method != "nearest"))
    return ResizeImages(f, x, shape[1], shape[2], method, false);
  const Tensor extent = StridedSlice(ShapeOf(x), {Range{1, 3, 1}});
  const Tensor size =
      Mul(extent, x.builder()->Constant(IntVector({rows, cols})));
  return bilinear ? ResizeBilinear(x, size, shape, true)
                  : ResizeNearest(x, size, shape, true);
}

LayerOutputs BuildUpSampling2D(LayerContext& c) {
  TRY_ASSIGN(const std::string method,
             c.config.String("interpolation", "nearest"));
  TRY_ASSIGN(const bool channels_first, c.config.ChannelsFirst());
  TRY_ASSIGN(const std::vector<int32_t> size,
             c.config.Ints("size", 2, 1, std::vector<int32_t>{2, 2}));
  TRY_ASSIGN(Tensor x, c.FloatInput(4));
  if (channels_first) x = Transpose(x, ChannelsToLast(4));
  TRY_ASSIGN(Tensor y, Enlarge(c.f, x, size[0], size[1], method));
  if (channels_first) y = Transpose(y, ChannelsToFirst(4));
  return One(y);
}

LayerOutputs BuildUpSampling1D(LayerContext& c) {
  TRY_ASSIGN(const int32_t size, c.config.Int("size", 2));
  if (size < 1) return InvalidModel("'size' must be positive");
  TRY_ASSIGN(const Tensor x, c.FloatInput(3));
  TRY_ASSIGN(const Tensor y,
             Enlarge(c.f, ExpandDims(x, 2), size, 1, "nearest"));
  return One(Squeeze(y, {2}));
}

// Every element of an axis `times` times.
Result<Tensor> Repeated(const Tensor& x, int32_t axis, int32_t times) {
  if (times == 1) return x;
  if (x.dim(axis) < 0)
    return Unsupported(
        "volumes of unknown size cannot be repeated; give the "
        "model's input a size");
  TRY_ASSIGN(const int32_t count, CheckedDim(int64_t{x.dim(axis)} * times));
  if (count > kMaxListed) return Unsupported("its output is too large");
  std::vector<int32_t> which;
  for (int32_t i = 0; i < count; ++i) which.push_back(i / times);
  return Gather(x, x.builder()->Constant(IntVector(std::move(which))), axis);
}

LayerOutputs BuildUpSampling3D(LayerContext& c) {
  TRY_ASSIGN(const bool channels_first, c.config.ChannelsFirst());
  TRY_ASSIGN(const std::vector<int32_t> size,
             c.config.Ints("size", 3, 1, std::vector<int32_t>{2, 2, 2}));
  TRY_ASSIGN(Tensor x, c.FloatInput(5));
  for (int32_t i = 0; i < 3; ++i) {
    TRY_ASSIGN(x, Repeated(x, i + (channels_first ? 2 : 1),
                           size[static_cast<size_t>(i)]));
  }
  return One(x);
}

}  // namespace

const KerasLayer kUpSampling3DLayer{"UpSampling3D", BuildUpSampling3D};
const KerasLayer kUpSampling1DLayer{"UpSampling1D", BuildUpSampling1D};
const KerasLayer kUpSampling2DLayer{"UpSampling2D", BuildUpSampling2D};

}  // namespace liteforge
