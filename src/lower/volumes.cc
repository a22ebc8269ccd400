// SPDX-License-Identifier: Apache-2.0
// Operations on volumes [N, D, H, W, C]; NCDHW stands between two TRANSPOSEs.
//   Conv3D     CONV_3D; the filter [D, H, W, I, O] is the same on both sides
//   Conv3DBackpropInputV2   CONV_3D_TRANSPOSE, likewise (sizes, filter, x)
//   MaxPool3D, AvgPool3D   a window is a product of intervals, and padding is
//              left out of averages: pooled along H and W of all slices, then
//              along D, as images [N, D, H W, C]
#include <fmt/format.h>

#include <array>
#include <limits>
#include <span>

#include "lower/axes.h"
#include "lower/formula.h"

namespace liteforge {
namespace {

constexpr std::array<int32_t, 5> kToLast = {0, 2, 3, 4, 1};
constexpr std::array<int32_t, 5> kToFirst = {0, 4, 1, 2, 3};

struct Depths {
  int32_t d = 1, h = 1, w = 1;
};

Result<bool> IsChannelsFirst(const LowerContext& c) {
  static constexpr std::string_view kFormats[] = {"NDHWC", "NCDHW"};
  TRY_ASSIGN(const size_t format, c.Choice("data_format", kFormats, 0));
  return format == 1;
}

Result<Padding> PaddingOf(const LowerContext& c) {
  static constexpr std::string_view kPaddings[] = {"SAME", "VALID"};
  TRY_ASSIGN(const size_t padding, c.Choice("padding", kPaddings));
  return padding == 0 ? Padding::kSame : Padding::kValid;
}

Result<Depths> DepthsOf(const LowerContext& c, const char* name, bool first) {
  TRY_ASSIGN(const auto all,
             c.Attribute<std::vector<int64_t>>(name, {1, 1, 1, 1, 1}));
  if (all.size() != 5)
    return InvalidModel(fmt::format("attribute '{}' has not 5 values", name));
  for (const int64_t value : all) {
    if (value < 1 || value > std::numeric_limits<int32_t>::max())
      return InvalidModel(
          fmt::format("attribute '{}' has a value out of range", name));
  }
  if (all[0] != 1 || all[first ? 1 : 4] != 1)
    return Unsupported(
        fmt::format("attribute '{}' with steps of batch or channels", name));
  const size_t at = first ? 2 : 1;
  return Depths{static_cast<int32_t>(all[at]),
                static_cast<int32_t>(all[at + 1]),
                static_cast<int32_t>(all[at + 2])};
}

Result<Value*> Enter(IrBuilder& ir, Value* x, bool first) {
  if (x->shape.rank() != 5) {
    return Unsupported(fmt::format("a volume of 5 dimensions is needed, not {}",
                                   x->shape.ToString()));
  }
  return first ? ir.Transpose(x, kToLast) : Result<Value*>(x);
}

Result<void> Leave(LowerContext& c, Value* y, bool first) {
  if (!first) {
    c.SetOutput(0, y);
    return {};
  }
  return Finish(c, c.ir().Transpose(y, kToFirst));
}

Result<Conv3DOptions> ConvolutionOptions(const LowerContext& c, bool first) {
  TRY_ASSIGN(const Depths strides, DepthsOf(c, "strides", first));
  TRY_ASSIGN(const Depths dilations, DepthsOf(c, "dilations", first));
  Conv3DOptions options;
  TRY_ASSIGN(options.padding, PaddingOf(c));
  options.stride_d = strides.d;
  options.stride_h = strides.h;
  options.stride_w = strides.w;
  options.dilation_d_factor = dilations.d;
  options.dilation_h_factor = dilations.h;
  options.dilation_w_factor = dilations.w;
  return options;
}

Result<void> LowerConv3d(LowerContext& c) {
  TRY_ASSIGN(const bool first, IsChannelsFirst(c));
  TRY_ASSIGN(const Conv3DOptions options, ConvolutionOptions(c, first));
  TRY_ASSIGN(Value * x, Enter(c.ir(), c.input(0), first));
  TRY_ASSIGN(Value * y, c.ir().Emit(Op::kConv3D, options, {x, c.input(1)}));
  return Leave(c, y, first);
}

Result<void> LowerConv3dTranspose(LowerContext& c) {
  TRY_ASSIGN(const bool first, IsChannelsFirst(c));
  TRY_ASSIGN(const Conv3DOptions options, ConvolutionOptions(c, first));
  IrBuilder& ir = c.ir();
  TRY_ASSIGN(Value * sizes, ir.AsInt32(c.input(0)));
  if (first) {
    TRY_ASSIGN(sizes,
               ir.Emit(Op::kGather, GatherOptions{},
                       {sizes, ir.Int32s({kToLast.begin(), kToLast.end()})}));
  }
  TRY_ASSIGN(Value * x, Enter(ir, c.input(2), first));
  TRY_ASSIGN(Value * y,
             ir.Emit(Op::kConv3DTranspose, options, {sizes, c.input(1), x}));
  return Leave(c, y, first);
}

// A dimension of a value, or what is left.
struct DimOfValue {
  Value* of = nullptr;
  int32_t axis = 0;
};

// x in the dimensions of other values, one of them left open. `shape` is what
// is known of it.
Value* ReshapedBy(Formula& f, Value* x, const Shape& shape,
                  const std::vector<DimOfValue>& dims) {
  if (x == nullptr) return nullptr;
  if (CanReshapeTo(shape)) return f.Take(f.ir().Reshape(x, shape));
  std::vector<Value*> parts;
  for (size_t i = 0; i < dims.size(); ++i) {
    const int32_t known = shape[static_cast<int>(i)];
    parts.push_back(dims[i].of == nullptr ? f.Ints({-1})
                    : known >= 0
                        ? f.Ints({known})
                        : f.Reshape(f.DimOf(dims[i].of, dims[i].axis), {1}));
  }
  Value* y = f.Emit(Op::kReshape, ReshapeOptions{},
                    {x, f.Concat(std::move(parts), 0)});
  if (y != nullptr) y->shape = shape;
  return y;
}

template <Op op>
Value* PoolVolume(Formula& f, Value* volume, Padding padding,
                  const Depths& size, const Depths& strides) {
  Pool2DOptions options;
  options.padding = padding;
  const Shape in = volume->shape;
  Value* x =
      ReshapedBy(f, volume, {ProductOfDims(in[0], in[1]), in[2], in[3], in[4]},
                 {{}, {volume, 2}, {volume, 3}, {volume, 4}});
  options.filter_height = size.h;
  options.filter_width = size.w;
  options.stride_h = strides.h;
  options.stride_w = strides.w;
  Value* slices = f.Emit(op, options, {x});
  if (slices == nullptr) return nullptr;
  const int32_t h = slices->shape[1], w = slices->shape[2];
  x = ReshapedBy(f, slices, {in[0], in[1], ProductOfDims(h, w), in[4]},
                 {{volume, 0}, {volume, 1}, {}, {volume, 4}});
  options.filter_height = size.d;
  options.stride_h = strides.d;
  options.filter_width = options.stride_w = 1;
  x = f.Emit(op, options, {x});
  if (x == nullptr) return nullptr;
  return ReshapedBy(f, x, {in[0], x->shape[1], h, w, in[4]},
                    {{volume, 0}, {}, {slices, 1}, {slices, 2}, {volume, 4}});
}

template <Op op>
Result<void> LowerPool3d(LowerContext& c) {
  TRY_ASSIGN(const bool first, IsChannelsFirst(c));
  TRY_ASSIGN(const Depths size, DepthsOf(c, "ksize", first));
  TRY_ASSIGN(const Depths strides, DepthsOf(c, "strides", first));
  TRY_ASSIGN(const Padding padding, PaddingOf(c));
  TRY_ASSIGN(Value * x, Enter(c.ir(), c.input(0), first));
  Formula f(c);
  Value* y = PoolVolume<op>(f, x, padding, size, strides);
  TRY(f.Check());
  return Leave(c, y, first);
}

}  // namespace

std::span<const TfOp> VolumeOps() {
  static constexpr TfOp kOps[] = {
      {"AvgPool3D", 1, LowerPool3d<Op::kAveragePool2D>},
      {"Conv3D", 2, LowerConv3d},
      {"Conv3DBackpropInputV2", 3, LowerConv3dTranspose},
      {"MaxPool3D", 1, LowerPool3d<Op::kMaxPool2D>},
  };
  return kOps;
}

}  // namespace liteforge
