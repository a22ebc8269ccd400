// SPDX-License-Identifier: Apache-2.0
// Conv2D:                 filter [H, W, I, O] -> CONV_2D           [O, H, W, I]
// DepthwiseConv2dNative:  filter [H, W, C, M] -> DEPTHWISE_CONV_2D [1, H, W,
// CM]
//
// Groups follow from I < input channels, in TensorFlow as in TFLite; with one
// input channel a group the filter is a depthwise one, output channel c * M + m
// of both. EXPLICIT padding is a PAD in front of a VALID convolution. A bias of
// zeros is added as TFLite's own converter does: delegates ask for three
// operands.
#include "lower/convolution.h"

#include <fmt/format.h>

#include <limits>
#include <span>

#include "lower/context.h"

namespace liteforge {
namespace {

struct Convolution {
  bool nchw = false;
  WindowPaddingAttribute padding;
  ConvolutionWindow window;
};

Result<Convolution> ReadConvolution(const LowerContext& c) {
  Convolution conv;
  TRY_ASSIGN(conv.nchw, IsNchw(c));
  TRY_ASSIGN(conv.padding, PaddingAttribute(c, conv.nchw));
  conv.window.padding = conv.padding.padding;
  TRY_ASSIGN(conv.window.strides, SpatialAttribute(c, "strides", conv.nchw));
  TRY_ASSIGN(conv.window.dilations,
             SpatialAttribute(c, "dilations", conv.nchw, false));
  return conv;
}

Result<void> CheckFilter(const Value& filter) {
  if (filter.shape.rank() == 4 && filter.shape[2] != 0) return {};
  return InvalidModel(fmt::format("the filter has shape {}, not 4 dimensions",
                                  filter.shape.ToString()));
}

// Beyond any model's; a damaged shape must not be allocated for.
constexpr int32_t kMaxChannels = 1 << 24;

// [channels] of zeros, in the type of the filter.
Result<Value*> ZeroBias(IrBuilder& ir, DataType type, int32_t channels) {
  const int64_t bytes = ByteSize(type, channels);
  if (bytes < 0 || channels > kMaxChannels)
    return Unsupported("the number of output channels is not known or absurd");
  return ir.Constant(
      type, {channels},
      Blob::Own(std::vector<std::byte>(static_cast<size_t>(bytes))), "bias");
}

// [H, W, C, M] -> [1, H, W, C * M], which is the same bytes.
Result<Value*> DepthwiseFilter(IrBuilder& ir, Value* filter) {
  const Shape& f = filter->shape;
  const int64_t channels = f[2] < 0 || f[3] < 0 ? -1 : int64_t{f[2]} * f[3];
  if (channels < 0 || channels > std::numeric_limits<int32_t>::max())
    return Unsupported("the filter's channels must be known");
  return ir.Reshape(filter, {1, f[0], f[1], static_cast<int32_t>(channels)});
}

Result<Value*> EmitDepthwise(IrBuilder& ir, const ConvolutionWindow& window,
                             Value* x, Value* filter, int32_t multiplier) {
  TRY_ASSIGN(filter, DepthwiseFilter(ir, filter));
  TRY_ASSIGN(Value * bias, ZeroBias(ir, filter->type, filter->shape[3]));
  DepthwiseConv2DOptions options;
  options.padding = window.padding;
  options.stride_h = window.strides.h;
  options.stride_w = window.strides.w;
  options.dilation_h_factor = window.dilations.h;
  options.dilation_w_factor = window.dilations.w;
  options.depth_multiplier = multiplier;
  return ir.Emit(Op::kDepthwiseConv2D, options, {x, filter, bias});
}

Result<Value*> EmitConv(IrBuilder& ir, const ConvolutionWindow& window,
                        Value* x, Value* filter) {
  static constexpr int32_t kHwioToOhwi[] = {3, 0, 1, 2};
  TRY_ASSIGN(filter, ir.Transpose(filter, kHwioToOhwi));
  TRY_ASSIGN(Value * bias, ZeroBias(ir, filter->type, filter->shape[0]));
  Conv2DOptions options;
  options.padding = window.padding;
  options.stride_h = window.strides.h;
  options.stride_w = window.strides.w;
  options.dilation_h_factor = window.dilations.h;
  options.dilation_w_factor = window.dilations.w;
  return ir.Emit(Op::kConv2D, options, {x, filter, bias});
}

// The multiplier when a Conv2D's groups make it depthwise; 0 otherwise.
int32_t DepthwiseMultiplier(const Value& x, const Value& filter) {
  const int32_t channels = x.shape.rank() == 4 ? x.shape[3] : -1;
  const int32_t outputs = filter.shape[3];
  if (channels <= 1 || filter.shape[2] != 1 || outputs <= 0) return 0;
  return outputs % channels == 0 ? outputs / channels : 0;
}

}  // namespace

Result<Value*> EmitConvolution(IrBuilder& ir, const ConvolutionWindow& window,
                               Value* x, Value* filter) {
  TRY(CheckFilter(*filter));
  const int32_t multiplier = DepthwiseMultiplier(*x, *filter);
  return multiplier > 0 ? EmitDepthwise(ir, window, x, filter, multiplier)
                        : EmitConv(ir, window, x, filter);
}

namespace {

Result<void> LowerConv2D(LowerContext& c) {
  IrBuilder& ir = c.ir();
  TRY_ASSIGN(const Convolution conv, ReadConvolution(c));
  TRY_ASSIGN(Value * x, EnterNhwc(ir, c.input(0), conv.nchw));
  TRY_ASSIGN(x, PadSpatial(ir, x, conv.padding));
  TRY_ASSIGN(Value * y, EmitConvolution(ir, conv.window, x, c.input(1)));
  return Finish(c, LeaveNhwc(ir, y, conv.nchw));
}

Result<void> LowerDepthwiseConv2D(LowerContext& c) {
  IrBuilder& ir = c.ir();
  TRY_ASSIGN(const Convolution conv, ReadConvolution(c));
  Value* filter = c.input(1);
  TRY(CheckFilter(*filter));
  TRY_ASSIGN(Value * x, EnterNhwc(ir, c.input(0), conv.nchw));
  TRY_ASSIGN(x, PadSpatial(ir, x, conv.padding));
  TRY_ASSIGN(Value * y,
             EmitDepthwise(ir, conv.window, x, filter, filter->shape[3]));
  return Finish(c, LeaveNhwc(ir, y, conv.nchw));
}

}  // namespace

std::span<const TfOp> ConvolutionOps() {
  static constexpr TfOp kOps[] = {
      {"Conv2D", 2, LowerConv2D},
      {"DepthwiseConv2dNative", 2, LowerDepthwiseConv2D},
  };
  return kOps;
}

}  // namespace liteforge
