// SPDX-License-Identifier: Apache-2.0
// Convolutions and pools. Images are [N, H, W, C], volumes [N, D, H, W, C].
//
//   CONV_2D             filter [O, KH, KW, C / groups]
//   DEPTHWISE_CONV_2D   filter [1, KH, KW, C * multiplier]
//   TRANSPOSE_CONV      output_shape, filter [O, KH, KW, C], input, bias?
//   CONV_3D             filter [KD, KH, KW, C, O]
//   CONV_3D_TRANSPOSE   output_shape, filter [KD, KH, KW, O, C], input, bias?
#include <string>

#include "base/try.h"
#include "ops/all_infer_rules.h"
#include "ops/infer_checks.h"

namespace liteforge {
namespace {

Result<void> CheckPositive(int64_t value, std::string_view what) {
  if (value > 0) return {};
  return InvalidModel(std::string(what) + " is " + std::to_string(value) +
                      "; it must be positive");
}

// One spatial axis of a window operator.
struct Window {
  int axis;
  int32_t size;
  int32_t stride;
  int32_t dilation;
};

Result<void> CheckWindow(const Window& w) {
  if (w.size != Shape::kUnknownDim) TRY(CheckPositive(w.size, "window size"));
  TRY(CheckPositive(w.stride, "stride"));
  TRY(CheckPositive(w.dilation, "dilation"));
  if ((int64_t{w.size} - 1) * w.dilation < INT32_MAX) return {};
  return InvalidModel("a window of " + std::to_string(w.size) +
                      " with dilation " + std::to_string(w.dilation) +
                      " is too large");
}

// [N, spatial…, channels] under the windows.
Result<Shape> Slide(const Shape& input, Padding padding,
                    std::initializer_list<Window> windows, int32_t channels) {
  if (!input.has_rank()) return Shape::UnknownRank();
  Shape output = input;
  for (const Window& w : windows) {
    TRY(CheckWindow(w));
    const bool known = w.size != Shape::kUnknownDim;
    output.set_dim(w.axis, known ? WindowOutput(padding, input[w.axis], w.size,
                                                w.stride, w.dilation)
                                 : Shape::kUnknownDim);
  }
  output.set_dim(input.rank() - 1, channels);
  return output;
}

Result<void> CheckBias(const InferContext& c, int i, int32_t channels) {
  if (!c.has_input(i)) return {};
  const int64_t size = c.input(i).shape.elements();
  if (size < 0 || channels < 0 || size == channels) return {};
  return InvalidModel("bias has " + std::to_string(size) + " values for " +
                      std::to_string(channels) + " output channels");
}

// Input channels against the filter's; they may be a multiple (groups).
Result<void> CheckChannels(int32_t input, int32_t filter, int32_t outputs) {
  if (input < 0 || filter < 0) return {};
  const bool divides = filter > 0 && input > 0 && input % filter == 0;
  const int32_t groups = divides ? input / filter : 1;
  if (divides && (outputs < 0 || outputs % groups == 0)) return {};
  return InvalidModel("filter has " + std::to_string(filter) +
                      " input channels and " + std::to_string(outputs) +
                      " output channels, input has " + std::to_string(input));
}

Result<void> Conv2D(InferContext& c) {
  TRY(NeedRank(c, 0, 4, "input"));
  TRY(NeedRank(c, 1, 4, "filter"));
  const Shape& input = c.input(0).shape;
  const Shape& filter = c.input(1).shape;
  const auto& o = c.options<Conv2DOptions>();
  const int32_t channels = DimOf(filter, 0);
  TRY(CheckChannels(DimOf(input, 3), DimOf(filter, 3), channels));
  TRY(CheckBias(c, 2, channels));
  TRY_ASSIGN(const Shape output,
             Slide(input, o.padding,
                   {{1, DimOf(filter, 1), o.stride_h, o.dilation_h_factor},
                    {2, DimOf(filter, 2), o.stride_w, o.dilation_w_factor}},
                   channels));
  c.SetOutput(0, c.input(0).type, output);
  return {};
}

Result<void> DepthwiseConv2D(InferContext& c) {
  TRY(NeedRank(c, 0, 4, "input"));
  TRY(NeedRank(c, 1, 4, "filter"));
  const Shape& input = c.input(0).shape;
  const Shape& filter = c.input(1).shape;
  const auto& o = c.options<DepthwiseConv2DOptions>();
  const int32_t channels = DimOf(filter, 3), in = DimOf(input, 3);
  if (in == 0 || (in > 0 && channels >= 0 && channels % in != 0)) {
    return InvalidModel("filter has " + std::to_string(channels) +
                        " channels, no multiple of the input's " +
                        std::to_string(in));
  }
  TRY(CheckBias(c, 2, channels));
  TRY_ASSIGN(const Shape output,
             Slide(input, o.padding,
                   {{1, DimOf(filter, 1), o.stride_h, o.dilation_h_factor},
                    {2, DimOf(filter, 2), o.stride_w, o.dilation_w_factor}},
                   channels));
  c.SetOutput(0, c.input(0).type, output);
  return {};
}

Result<void> Conv3D(InferContext& c) {
  TRY(NeedRank(c, 0, 5, "input"));
  TRY(NeedRank(c, 1, 5, "filter"));
  const Shape& input = c.input(0).shape;
  const Shape& filter = c.input(1).shape;
  const auto& o = c.options<Conv3DOptions>();
  const int32_t channels = DimOf(filter, 4);
  TRY(NeedEqual(DimOf(input, 4), DimOf(filter, 3),
                "the channels of input and filter"));
  TRY(CheckBias(c, 2, channels));
  TRY_ASSIGN(const Shape output,
             Slide(input, o.padding,
                   {{1, DimOf(filter, 0), o.stride_d, o.dilation_d_factor},
                    {2, DimOf(filter, 1), o.stride_h, o.dilation_h_factor},
                    {3, DimOf(filter, 2), o.stride_w, o.dilation_w_factor}},
                   channels));
  c.SetOutput(0, c.input(0).type, output);
  return {};
}

// The output's shape is an input; where it is not known, only the batch and
// the channels are.
Result<void> TransposedConv(InferContext& c, int rank, int out_axis,
                            int in_axis) {
  TRY(NeedRank(c, 0, 1, "output_shape"));
  TRY(NeedRank(c, 1, rank, "filter"));
  TRY(NeedRank(c, 2, rank, "input"));
  const Shape& filter = c.input(1).shape;
  const Shape& input = c.input(2).shape;
  const int32_t channels = DimOf(filter, out_axis);
  const int32_t want = DimOf(filter, in_axis), have = DimOf(input, rank - 1);
  if (want >= 0 && have >= 0 && want != have) {
    return InvalidModel("filter takes " + std::to_string(want) +
                        " channels, input has " + std::to_string(have));
  }
  TRY(CheckBias(c, 3, channels));
  Shape output;
  std::vector<int64_t> dims;
  if (c.GetIntegers(0, dims)) {
    if (static_cast<int>(dims.size()) != rank) {
      return InvalidModel("output_shape must have " + std::to_string(rank) +
                          " values");
    }
    for (int64_t dim : dims) {
      if (dim < 0 || dim > INT32_MAX) {
        return InvalidModel("output_shape holds " + std::to_string(dim));
      }
      output.Append(static_cast<int32_t>(dim));
    }
    if (channels >= 0 && output[rank - 1] != channels) {
      return InvalidModel("output_shape asks for " +
                          std::to_string(output[rank - 1]) +
                          " channels, filter has " + std::to_string(channels));
    }
  } else {
    output.Append(DimOf(input, 0));
    while (output.rank() < rank - 1) output.Append(Shape::kUnknownDim);
    output.Append(channels);
  }
  c.SetOutput(0, c.input(2).type, output);
  return {};
}

Result<void> TransposeConv(InferContext& c) {
  const auto& o = c.options<TransposeConvOptions>();
  TRY(CheckPositive(o.stride_h, "stride"));
  TRY(CheckPositive(o.stride_w, "stride"));
  return TransposedConv(c, 4, 0, 3);
}

Result<void> Conv3DTranspose(InferContext& c) {
  const auto& o = c.options<Conv3DOptions>();
  TRY(CheckPositive(o.stride_d, "stride"));
  TRY(CheckPositive(o.stride_h, "stride"));
  TRY(CheckPositive(o.stride_w, "stride"));
  TRY(CheckPositive(o.dilation_d_factor, "dilation"));
  TRY(CheckPositive(o.dilation_h_factor, "dilation"));
  TRY(CheckPositive(o.dilation_w_factor, "dilation"));
  return TransposedConv(c, 5, 3, 4);
}

Result<void> Pool2D(InferContext& c) {
  TRY(NeedRank(c, 0, 4, "input"));
  const Shape& input = c.input(0).shape;
  const auto& o = c.options<Pool2DOptions>();
  TRY(CheckPositive(o.filter_height, "filter height"));
  TRY(CheckPositive(o.filter_width, "filter width"));
  TRY_ASSIGN(const Shape output, Slide(input, o.padding,
                                       {{1, o.filter_height, o.stride_h, 1},
                                        {2, o.filter_width, o.stride_w, 1}},
                                       DimOf(input, 3)));
  c.SetOutput(0, c.input(0).type, output);
  return {};
}

}  // namespace

std::span<const InferRule> ConvolutionRules() {
  static constexpr InferRule kRules[] = {
      {Op::kAveragePool2D, Pool2D},
      {Op::kConv2D, Conv2D},
      {Op::kConv3D, Conv3D},
      {Op::kConv3DTranspose, Conv3DTranspose},
      {Op::kDepthwiseConv2D, DepthwiseConv2D},
      {Op::kL2Pool2D, Pool2D},
      {Op::kMaxPool2D, Pool2D},
      {Op::kTransposeConv, TransposeConv},
  };
  return kRules;
}

}  // namespace liteforge
