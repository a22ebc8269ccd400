// SPDX-License-Identifier: Apache-2.0
// Layers on volumes [N, D, H, W, C]: Conv3D, MaxPooling3D, AveragePooling3D
// and global pooling.
//   Conv3D kernel [D, H, W, C, filters], bias [filters]
#include "import/keras/volumes.h"

#include "base/try.h"
#include "function/ops.h"
#include "import/keras/activations.h"
#include "import/keras/all_layers.h"
#include "import/keras/axes.h"

namespace liteforge {
namespace {

std::vector<int64_t> Five(const std::vector<int32_t>& three) {
  return {1, three[0], three[1], three[2], 1};
}

// What a window of this reach leaves of a size.
int32_t Slide(int32_t size, int32_t reach, int32_t stride, bool same) {
  if (size < 0) return Shape::kUnknownDim;
  const int32_t covered = same ? size : size - reach + 1;
  return covered <= 0 ? 0 : (covered + stride - 1) / stride;
}

Result<Shape> SlidShape(const Tensor& x, const VolumeWindow& w,
                        int32_t channels) {
  Shape shape{x.dim(0)};
  for (size_t axis = 0; axis < 3; ++axis) {
    const int32_t reach = (w.size[axis] - 1) * w.dilations[axis] + 1;
    shape.Append(Slide(x.dim(static_cast<int>(axis) + 1), reach,
                       w.strides[axis], w.padding == "SAME"));
  }
  shape.Append(channels);
  return shape;
}

Result<Tensor> ChannelsLastVolume(LayerContext& c, bool first) {
  TRY_ASSIGN(const Tensor x, c.FloatInput(5));
  return first ? Transpose(x, ChannelsToLast(5)) : x;
}

LayerOutputs BuildConv3D(LayerContext& c) {
  const std::vector<int32_t> ones(3, 1);
  VolumeWindow w;
  TRY_ASSIGN(w.size, c.config.KernelSize(3));
  TRY_ASSIGN(w.strides, c.config.Ints("strides", 3, 1, ones));
  TRY_ASSIGN(w.dilations, c.config.Ints("dilation_rate", 3, 1, ones));
  TRY_ASSIGN(w.padding, c.config.Padding());
  TRY_ASSIGN(const bool first, c.config.ChannelsFirst());
  TRY_ASSIGN(const int32_t filters, c.config.Int("filters"));
  TRY_ASSIGN(const int32_t groups, c.config.Int("groups", 1));
  if (groups != 1) return Unsupported("groups of channels are not supported");
  TRY_ASSIGN(const Tensor x, ChannelsLastVolume(c, first));
  TRY_ASSIGN(
      const Tensor kernel,
      c.Weight("kernel", {w.size[0], w.size[1], w.size[2], x.dim(4), filters}));
  TRY_ASSIGN(Tensor y, Conv3D(c, x, kernel, w));
  if (c.HasWeight("bias")) {
    TRY_ASSIGN(const Tensor bias, c.Weight("bias", {filters}));
    y = Add(y, bias);
  }
  TRY_ASSIGN(y, ApplyActivation(c, y));
  return One(first ? Transpose(y, ChannelsToFirst(5)) : y);
}

LayerOutputs BuildPooling3D(LayerContext& c, std::string_view op) {
  const std::vector<int32_t> twos(3, 2);
  VolumeWindow w;
  TRY_ASSIGN(w.size, c.config.Ints("pool_size", 3, 1, twos));
  TRY_ASSIGN(w.strides, c.config.Ints("strides", 3, 1, w.size));
  w.dilations.assign(3, 1);
  TRY_ASSIGN(w.padding, c.config.Padding());
  TRY_ASSIGN(const bool first, c.config.ChannelsFirst());
  TRY_ASSIGN(const Tensor x, ChannelsLastVolume(c, first));
  TRY_ASSIGN(const Shape shape, SlidShape(x, w, x.dim(4)));
  const Tensor y = c.f.AddNode(op, {x},
                               Attributes()
                                   .Type("T", DataType::kFloat32)
                                   .Ints("ksize", Five(w.size))
                                   .Ints("strides", Five(w.strides))
                                   .String("padding", w.padding)
                                   .String("data_format", "NDHWC"),
                               DataType::kFloat32, shape);
  return One(first ? Transpose(y, ChannelsToFirst(5)) : y);
}

LayerOutputs BuildMaxPooling3D(LayerContext& c) {
  return BuildPooling3D(c, "MaxPool3D");
}
LayerOutputs BuildAveragePooling3D(LayerContext& c) {
  return BuildPooling3D(c, "AvgPool3D");
}

LayerOutputs BuildGlobal3D(LayerContext& c, bool max) {
  TRY_ASSIGN(const bool first, c.config.ChannelsFirst());
  TRY_ASSIGN(const bool keep, c.config.Bool("keepdims", false));
  TRY_ASSIGN(const Tensor x, c.FloatInput(5));
  const std::vector<int32_t> axes =
      first ? std::vector<int32_t>{2, 3, 4} : std::vector<int32_t>{1, 2, 3};
  return One(max ? Max(x, axes, keep) : Mean(x, axes, keep));
}

LayerOutputs BuildGlobalMax3D(LayerContext& c) {
  return BuildGlobal3D(c, true);
}
LayerOutputs BuildGlobalAverage3D(LayerContext& c) {
  return BuildGlobal3D(c, false);
}

}  // namespace

Result<Tensor> Conv3D(LayerContext& c, const Tensor& x, const Tensor& kernel,
                      const VolumeWindow& window) {
  TRY_ASSIGN(const Shape shape, SlidShape(x, window, kernel.dim(4)));
  return c.f.AddNode("Conv3D", {x, kernel},
                     Attributes()
                         .Type("T", DataType::kFloat32)
                         .Ints("strides", Five(window.strides))
                         .Ints("dilations", Five(window.dilations))
                         .String("padding", window.padding)
                         .String("data_format", "NDHWC"),
                     DataType::kFloat32, shape);
}

const KerasLayer kAveragePooling3DLayer{"AveragePooling3D",
                                        BuildAveragePooling3D};
const KerasLayer kConv3DLayer{"Conv3D", BuildConv3D, KernelAndBias};
const KerasLayer kGlobalAveragePooling3DLayer{"GlobalAveragePooling3D",
                                              BuildGlobalAverage3D};
const KerasLayer kGlobalMaxPooling3DLayer{"GlobalMaxPooling3D",
                                          BuildGlobalMax3D};
const KerasLayer kMaxPooling3DLayer{"MaxPooling3D", BuildMaxPooling3D};

}  // namespace liteforge
