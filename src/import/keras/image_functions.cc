// SPDX-License-Identifier: Apache-2.0
// Functions of images: Resize (tf.image.resize), and blocks of pixels as
// channels and back.
#include "base/try.h"
#include "function/ops.h"
#include "import/keras/axes.h"
#include "import/keras/function_call.h"
#include "import/keras/resize_images.h"

namespace liteforge {
namespace {

// Images [H, W, C] or [N, H, W, C] by `resize`, which takes the latter and the
// size.
template <class Resize>
LayerOutputs Resized(const FunctionCall& call, Resize resize) {
  TRY_ASSIGN(Tensor x, call.FloatOperand(0, "images"));
  TRY_ASSIGN(const auto size, call.Ints(1, "size"));
  TRY_ASSIGN(const bool corners, call.Bool(9, "align_corners", false));
  TRY_ASSIGN(const bool keeps, call.Bool(9, "preserve_aspect_ratio", false));
  TRY_ASSIGN(const bool crops, call.Bool(9, "crop_to_aspect_ratio", false));
  TRY_ASSIGN(const bool pads, call.Bool(9, "pad_to_aspect_ratio", false));
  TRY_ASSIGN(const std::string format,
             call.String(9, "data_format", "channels_last"));
  if (corners || keeps || crops || pads)
    return Unsupported("only plain resizing of images is supported");
  if (size.size() != 2 || size[0] < 1 || size[1] < 1)
    return Unsupported("the size of the images must be known");
  const bool first = format == "channels_first";
  const bool single = x.rank() == 3;
  if (single) x = ExpandDims(x, 0);
  if (first) x = Transpose(x, ChannelsToLast(4));
  TRY_ASSIGN(x, resize(x, size[0], size[1]));
  if (first) x = Transpose(x, ChannelsToFirst(4));
  return One(single ? Squeeze(x, {0}) : x);
}

LayerOutputs ResizeByMethod(const FunctionCall& call) {
  TRY_ASSIGN(const std::string method,
             call.String(2, "method interpolation", "bilinear"));
  TRY_ASSIGN(const bool smooth, call.Bool(9, "antialias", false));
  return Resized(call, [&](const Tensor& x, int32_t height, int32_t width) {
    return ResizeImages(call.c.f, x, height, width, method, smooth);
  });
}

template <bool kBilinear>
LayerOutputs ResizeOld(const FunctionCall& call) {
  TRY_ASSIGN(const bool half, call.Bool(9, "half_pixel_centers", false));
  return Resized(
      call,
      [&](const Tensor& x, int32_t height, int32_t width) -> Result<Tensor> {
        return kBilinear ? ResizeBilinear(x, height, width, half)
                         : ResizeNearest(x, height, width, half);
      });
}

LayerOutputs Blocks(const FunctionCall& call, std::string_view op) {
  TRY_ASSIGN(const Tensor x, call.Operand(0, "x input"));
  TRY_ASSIGN(const int32_t size, call.Int(1, "block_size"));
  TRY_ASSIGN(const std::string format, call.String(2, "data_format", "NHWC"));
  constexpr int32_t kMaxBlock = 1024;
  if (x.rank() != 4 || x.dim(3) < 0 || size < 2 || size > kMaxBlock ||
      (format != "NHWC" && format != "channels_last"))
    return Unsupported("only images [N, H, W, C] of known channels");
  const bool to_depth = op == "SpaceToDepth";
  const int32_t area = size * size;
  Shape shape{x.dim(0)};
  for (const int axis : {1, 2}) {
    const int32_t extent = x.dim(axis);
    shape.Append(extent < 0                           ? extent
                 : to_depth                           ? extent / size
                 : int64_t{extent} * size > INT32_MAX ? Shape::kUnknownDim
                                                      : extent * size);
  }
  shape.Append(to_depth ? x.dim(3) * area : x.dim(3) / area);
  return One(call.c.f.AddNode(op, {x},
                              Attributes()
                                  .Type("T", x.type())
                                  .Int("block_size", size)
                                  .String("data_format", "NHWC"),
                              x.type(), shape));
}

LayerOutputs ToDepth(const FunctionCall& call) {
  return Blocks(call, "SpaceToDepth");
}
LayerOutputs ToSpace(const FunctionCall& call) {
  return Blocks(call, "DepthToSpace");
}

}  // namespace

std::span<const KerasFunction> ImageFunctions() {
  static constexpr KerasFunction kFunctions[] = {
      {"DepthToSpace depth_to_space", ToSpace},
      {"Resize resize", ResizeByMethod},
      {"ResizeBilinear resize_bilinear", ResizeOld<true>},
      {"ResizeNearestNeighbor resize_nearest_neighbor", ResizeOld<false>},
      {"SpaceToDepth space_to_depth", ToDepth},
  };
  return kFunctions;
}

}  // namespace liteforge
