// SPDX-License-Identifier: Apache-2.0
// Resizing and CenterCrop of images to [height, width].
//   Resizing    with half-pixel centres (resize_images.h). With
//               crop_to_aspect_ratio the largest middle part of the wanted
//               shape is resized; with pad_to_aspect_ratio the image is put in
//               the middle of one of that shape
//   CenterCrop  the middle part; images that are too small are resized as with
//               crop_to_aspect_ratio
// Source: keras/src/layers/preprocessing/image_preprocessing, and
// smart_resize of keras/src/utils/image_utils.py.
#include <algorithm>

#include "base/try.h"
#include "function/ops.h"
#include "import/keras/all_layers.h"
#include "import/keras/axes.h"
#include "import/keras/resize_images.h"

namespace liteforge {
namespace {

struct Size {
  int32_t height, width;
};

Result<Size> WantedSize(const LayerConfig& config) {
  Size size;
  TRY_ASSIGN(size.height, config.Int("height"));
  TRY_ASSIGN(size.width, config.Int("width"));
  if (size.height < 1 || size.width < 1)
    return InvalidModel("its size is not positive");
  return size;
}

Result<Size> KnownSize(const Tensor& x) {
  if (x.dim(1) >= 1 && x.dim(2) >= 1) return Size{x.dim(1), x.dim(2)};
  return Unsupported("it needs to know the size of its images " +
                     x.shape().ToString() + "; give the model's input a size");
}

// The rows and columns in the middle of x.
Tensor Middle(const Tensor& x, const Size& from, const Size& to) {
  const int32_t top = (from.height - to.height) / 2;
  const int32_t left = (from.width - to.width) / 2;
  return StridedSlice(
      x, {Range{}, Range{top, top + to.height}, Range{left, left + to.width}});
}

// What a side is when the other one has `other` of `of`'s shape.
int32_t Proportional(int32_t other, int32_t side, int32_t of) {
  const double exact = static_cast<double>(int64_t{other} * side) / of;
  return static_cast<int32_t>(std::min(exact, double{INT32_MAX}));
}

Result<Tensor> CroppedToShape(const Tensor& x, const Size& to) {
  TRY_ASSIGN(const Size from, KnownSize(x));
  const Size part{
      std::clamp(Proportional(from.width, to.height, to.width), 1, from.height),
      std::clamp(Proportional(from.height, to.width, to.height), 1,
                 from.width)};
  return Middle(x, from, part);
}

Result<Tensor> PaddedToShape(LayerContext& c, const Tensor& x, const Size& to) {
  TRY_ASSIGN(const Size from, KnownSize(x));
  TRY_ASSIGN(const double value, c.config.Float("fill_value", 0));
  const Size whole{
      std::max(Proportional(from.width, to.height, to.width), from.height),
      std::max(Proportional(from.height, to.width, to.height), from.width)};
  const int32_t top = (whole.height - from.height) / 2;
  const int32_t left = (whole.width - from.width) / 2;
  return Pad(x,
             {{0, 0},
              {top, whole.height - from.height - top},
              {left, whole.width - from.width - left},
              {0, 0}},
             static_cast<float>(value));
}

// Runs `build` on images [N, H, W, C].
template <class Build>
LayerOutputs OnImages(LayerContext& c, Build build) {
  TRY_ASSIGN(const bool first, c.config.ChannelsFirst());
  TRY_ASSIGN(Tensor x, c.FloatInput(4));
  if (first) x = Transpose(x, ChannelsToLast(4));
  TRY_ASSIGN(const Tensor y, build(x));
  return One(first ? Transpose(y, ChannelsToFirst(4)) : y);
}

LayerOutputs BuildResizing(LayerContext& c) {
  TRY_ASSIGN(const Size to, WantedSize(c.config));
  TRY_ASSIGN(const std::string method,
             c.config.String("interpolation", "bilinear"));
  TRY_ASSIGN(const bool crops, c.config.Bool("crop_to_aspect_ratio", false));
  TRY_ASSIGN(const bool pads, c.config.Bool("pad_to_aspect_ratio", false));
  TRY_ASSIGN(const bool smooth, c.config.Bool("antialias", false));
  return OnImages(c, [&](Tensor x) -> Result<Tensor> {
    if (crops) {
      TRY_ASSIGN(x, CroppedToShape(x, to));
    } else if (pads) {
      TRY_ASSIGN(x, PaddedToShape(c, x, to));
    }
    return ResizeImages(c.f, x, to.height, to.width, method, smooth);
  });
}

LayerOutputs BuildCenterCrop(LayerContext& c) {
  TRY_ASSIGN(const Size to, WantedSize(c.config));
  return OnImages(c, [&](Tensor x) -> Result<Tensor> {
    TRY_ASSIGN(const Size from, KnownSize(x));
    if (from.height >= to.height && from.width >= to.width)
      return Middle(x, from, to);
    TRY_ASSIGN(x, CroppedToShape(x, to));
    return ResizeBilinear(x, to.height, to.width, true);
  });
}

}  // namespace

const KerasLayer kCenterCropLayer{"CenterCrop", BuildCenterCrop};
const KerasLayer kResizingLayer{"Resizing", BuildResizing};

}  // namespace liteforge
