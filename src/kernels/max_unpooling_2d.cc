// SPDX-License-Identifier: Apache-2.0
// MaxUnpooling2D: puts each value of [N, H, W, C] where a max pool found it,
// zeros elsewhere; a later value of the same place wins. Two operators share
// the name, and the type of the indices tells which is meant:
//
//   int32    of the output's plane, (y * W + x) * C + c, as MaxPoolWithArgmax
//            gives them; output SAME H * stride, VALID (H - 1) * stride +
//            filter. An index outside the plane fails.
//   float32  of the window, as MaxPoolingWithArgmax2D gives them, rounded
//            down; output H * filter. An index outside the output is skipped.
//
// Source: tflite/kernels/perception/max_unpooling_2d.cc,
// mediapipe/util/tflite/operations/max_unpooling.cc.
#include <algorithm>
#include <string>

#include "kernels/raw_options.h"
#include "ops/infer.h"
#include "ops/infer_checks.h"

namespace liteforge {
namespace {

// Along one axis.
Result<int32_t> OutputExtent(int32_t input, Padding padding, int32_t stride,
                             int32_t filter, bool by_window) {
  if (input == Shape::kUnknownDim) return input;
  if (by_window) return ToDim(int64_t{input} * filter, "an output dimension");
  return ToDim(padding == Padding::kSame
                   ? int64_t{input} * stride
                   : (int64_t{input} - 1) * stride + filter,
               "an output dimension");
}

Result<void> Infer(KernelContext& k, InferContext& c) {
  TRY_ASSIGN(const Pool2DOptions o, ReadRawPool(k));
  TRY(NeedInputs(c, 2));
  TRY(NeedRank(c, 0, 4, "input"));
  TRY(NeedRank(c, 1, 4, "indices"));
  const Shape& input = c.input(0).shape;
  for (int axis = 0; axis < 4; ++axis)
    TRY(NeedEqual(
        DimOf(input, axis), DimOf(c.input(1).shape, axis),
        "dimension " + std::to_string(axis) + " of input and indices"));
  const bool by_window = c.input(1).type == DataType::kFloat32;
  TRY_ASSIGN(const int32_t height,
             OutputExtent(DimOf(input, 1), o.padding, o.stride_h,
                          o.filter_height, by_window));
  TRY_ASSIGN(const int32_t width,
             OutputExtent(DimOf(input, 2), o.padding, o.stride_w,
                          o.filter_width, by_window));
  c.SetOutput(0, DataType::kFloat32,
              {DimOf(input, 0), height, width, DimOf(input, 3)});
  return {};
}

struct State {
  Pool2DOptions options;
  int pad_top = 0;
  int pad_left = 0;
};

Result<void> Prepare(KernelContext& k) {
  State& s = k.NewState<State>();
  TRY_ASSIGN(s.options, ReadRawPool(k));
  if (k.Input(0).type != DataType::kFloat32)
    return Unsupported(std::string(Name(k.Input(0).type)) +
                       " is not supported");
  const DataType indices = k.Input(1).type;
  if (indices != DataType::kInt32 && indices != DataType::kFloat32)
    return Unsupported("indices of " + std::string(Name(indices)) +
                       " are not supported");
  const Shape& input = k.Input(0).shape;
  const Shape& output = k.Output(0).shape;
  s.pad_top = WindowPadding(output[1], input[1], s.options.filter_height,
                            s.options.stride_h, 1);
  s.pad_left = WindowPadding(output[2], input[2], s.options.filter_width,
                             s.options.stride_w, 1);
  return {};
}

void UnpoolByPlane(KernelContext& k) {
  const Shape& shape = k.Input(0).shape;
  const int64_t batches = shape[0];
  if (k.Input(0).elements() == 0) return;
  const int64_t from_plane = k.Input(0).elements() / batches;
  const int64_t to_plane = k.Output(0).elements() / batches;
  const float* values = k.Input(0).Data<float>();
  const int32_t* indices = k.Input(1).Data<int32_t>();
  float* const output = k.Output(0).MutableData<float>();
  for (int64_t i = 0; i < k.Input(0).elements(); ++i) {
    if (indices[i] < 0 || indices[i] >= to_plane)
      return k.FailEval("index " + std::to_string(indices[i]) +
                        " is outside the output's plane of " +
                        std::to_string(to_plane) + " elements");
    output[i / from_plane * to_plane + indices[i]] = values[i];
  }
}

void UnpoolByWindow(KernelContext& k, const State& s) {
  const Shape& in = k.Input(0).shape;
  const Shape& out = k.Output(0).shape;
  const float* values = k.Input(0).Data<float>();
  const float* indices = k.Input(1).Data<float>();
  float* const output = k.Output(0).MutableData<float>();
  for (int64_t i = 0; i < k.Input(0).elements(); ++i) {
    const int64_t channel = i % in[3];
    const int64_t in_x = i / in[3] % in[2];
    const int64_t in_y = i / in[3] / in[2] % in[1];
    const int64_t batch = i / in[3] / in[2] / in[1];
    if (!(indices[i] > -1.0f && indices[i] < 2147483648.0f)) continue;
    const auto index = static_cast<int64_t>(indices[i]);
    const int64_t y =
        in_y * s.options.stride_h - s.pad_top + index / s.options.filter_width;
    const int64_t x =
        in_x * s.options.stride_w - s.pad_left + index % s.options.filter_width;
    if (y < 0 || y >= out[1] || x < 0 || x >= out[2]) continue;
    output[((batch * out[1] + y) * out[2] + x) * out[3] + channel] = values[i];
  }
}

void Eval(KernelContext& k) noexcept {
  RuntimeTensor& output = k.Output(0);
  std::fill_n(output.MutableData<float>(), output.elements(), 0.0f);
  if (k.Input(1).type == DataType::kInt32) {
    UnpoolByPlane(k);
  } else {
    UnpoolByWindow(k, k.State<State>());
  }
}

}  // namespace

extern const CustomKernel kMaxUnpooling2D{
    "MaxUnpooling2D", {Op::kCustom, "f32", Prepare, Eval, Infer}};

}  // namespace liteforge
