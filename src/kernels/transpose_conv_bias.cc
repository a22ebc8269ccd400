// SPDX-License-Identifier: Apache-2.0
// Convolution2DTransposeBias: MediaPipe's transposed convolution that tells
// its output's size by itself. Input [N, H, W, I], filter [O, h, w, I], bias
// [O]; each input pixel adds its filters to the output from
// (y * stride - padding / 2, x * stride - padding / 2) on, sums starting from
// the bias. Along each axis
//
//   padding  SAME: max(0, filter - (input - 1) % stride - 1), VALID: 0
//   output   (input - 1) * stride + filter - padding
//
// Source: mediapipe/util/tflite/operations/transpose_conv_bias.cc.
#include <algorithm>
#include <string>

#include "kernels/raw_options.h"
#include "ops/infer_checks.h"

namespace liteforge {
namespace {

// input >= 1.
int64_t PaddingOf(Padding padding, int32_t input, int32_t stride,
                  int32_t filter) {
  if (padding == Padding::kValid) return 0;
  return std::max<int64_t>(0, int64_t{filter} - (input - 1) % stride - 1);
}

Result<int32_t> OutputExtent(Padding padding, int32_t input, int32_t stride,
                             int32_t filter) {
  if (input == Shape::kUnknownDim || filter == Shape::kUnknownDim)
    return Shape::kUnknownDim;
  if (input == 0 || filter == 0)
    return InvalidModel("input and filter must have height and width");
  return ToDim((int64_t{input} - 1) * stride + filter -
                   PaddingOf(padding, input, stride, filter),
               "an output dimension");
}

Result<void> Infer(KernelContext& k, InferContext& c) {
  TRY_ASSIGN(const TransposeConvOptions o, ReadRawTransposeConv(k));
  TRY(NeedInputs(c, 3));
  TRY(NeedRank(c, 0, 4, "input"));
  TRY(NeedRank(c, 1, 4, "filter"));
  TRY(NeedRank(c, 2, 1, "bias"));
  const Shape& input = c.input(0).shape;
  const Shape& filter = c.input(1).shape;
  TRY(NeedEqual(DimOf(input, 3), DimOf(filter, 3),
                "channels of input and filter"));
  TRY(NeedEqual(DimOf(filter, 0), DimOf(c.input(2).shape, 0),
                "output channels of filter and bias"));
  TRY_ASSIGN(const int32_t height, OutputExtent(o.padding, DimOf(input, 1),
                                                o.stride_h, DimOf(filter, 1)));
  TRY_ASSIGN(const int32_t width, OutputExtent(o.padding, DimOf(input, 2),
                                               o.stride_w, DimOf(filter, 2)));
  c.SetOutput(0, DataType::kFloat32,
              {DimOf(input, 0), height, width, DimOf(filter, 0)});
  return {};
}

struct State {
  int64_t stride_h = 0, stride_w = 0;
  int64_t pad_top = 0, pad_left = 0;
};

Result<void> Prepare(KernelContext& k) {
  TRY_ASSIGN(const TransposeConvOptions o, ReadRawTransposeConv(k));
  for (int i = 0; i < 3; ++i) {
    if (k.Input(i).type != DataType::kFloat32)
      return Unsupported(std::string(Name(k.Input(i).type)) +
                         " is not supported");
  }
  const Shape& input = k.Input(0).shape;
  const Shape& filter = k.Input(1).shape;
  State& s = k.NewState<State>();
  s.stride_h = o.stride_h;
  s.stride_w = o.stride_w;
  s.pad_top = PaddingOf(o.padding, input[1], o.stride_h, filter[1]) / 2;
  s.pad_left = PaddingOf(o.padding, input[2], o.stride_w, filter[2]) / 2;
  return {};
}

// What one input pixel adds to one output pixel.
void AddPixel(const float* from, const float* filter, int64_t filter_stride,
              int32_t in_channels, int32_t out_channels, float* to) {
  for (int32_t o = 0; o < out_channels; ++o) {
    float sum = to[o];
    const float* weights = filter + o * filter_stride;
    for (int32_t i = 0; i < in_channels; ++i) sum += from[i] * weights[i];
    to[o] = sum;
  }
}

// An output row from an input row, through row `filter_y` of the filter.
void AddRow(const KernelContext& k, const State& s, const float* from,
            int64_t filter_y, const Shape& output, float* to) {
  const Shape& input = k.Input(0).shape;
  const Shape& shape = k.Input(1).shape;
  const int64_t filter_stride = int64_t{shape[1]} * shape[2] * shape[3];
  const float* filter =
      k.Input(1).Data<float>() + filter_y * shape[2] * shape[3];
  for (int64_t in_x = 0; in_x < input[2]; ++in_x) {
    const int64_t left = in_x * s.stride_w - s.pad_left;
    const int64_t begin = std::max<int64_t>(0, -left);
    const int64_t end = std::min<int64_t>(shape[2], output[2] - left);
    for (int64_t x = begin; x < end; ++x)
      AddPixel(from + in_x * input[3], filter + x * shape[3], filter_stride,
               input[3], output[3], to + (left + x) * output[3]);
  }
}

void ComputeRow(KernelContext& k, const State& s, int64_t row) {
  const Shape& input = k.Input(0).shape;
  const Shape& output = k.Output(0).shape;
  const int64_t batch = row / output[1];
  const int64_t y = row % output[1];
  const int64_t to_row = int64_t{output[2]} * output[3];
  const int64_t from_row = int64_t{input[2]} * input[3];
  float* const to = k.Output(0).MutableData<float>() + row * to_row;
  for (int64_t x = 0; x < output[2]; ++x)
    std::copy_n(k.Input(2).Data<float>(), output[3], to + x * output[3]);
  for (int64_t in_y = 0; in_y < input[1]; ++in_y) {
    const int64_t filter_y = y + s.pad_top - in_y * s.stride_h;
    if (filter_y < 0 || filter_y >= k.Input(1).shape[1]) continue;
    AddRow(k, s,
           k.Input(0).Data<float>() + (batch * input[1] + in_y) * from_row,
           filter_y, output, to);
  }
}

void Eval(KernelContext& k) noexcept {
  const State& s = k.State<State>();
  const Shape& output = k.Output(0).shape;
  if (k.Output(0).elements() == 0) return;
  k.threads().ParallelFor(int64_t{output[0]} * output[1], 1,
                          [&](int64_t begin, int64_t end) {
                            for (int64_t row = begin; row < end; ++row)
                              ComputeRow(k, s, row);
                          });
}

}  // namespace

extern const CustomKernel kConvolution2DTransposeBias{
    "Convolution2DTransposeBias", {Op::kCustom, "f32", Prepare, Eval, Infer}};

}  // namespace liteforge
