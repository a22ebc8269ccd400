// SPDX-License-Identifier: Apache-2.0
// Max pools over [N, H, W, C] that also tell where each maximum lies; the
// first one of equals. A window without a number above float's lowest gives
// that, at its start.
//
//   MaxPoolWithArgmax       TensorFlow's: int32 indices (y * W + x) * C + c of
//                           the input's plane; FlexBuffer options
//   MaxPoolingWithArgmax2D  MediaPipe's: float indices of the window,
//                           y * filter width + x + 0.1; options raw_options.h
//
// Source: tflite/kernels/perception/max_pool_with_argmax.cc,
// mediapipe/util/tflite/operations/max_pool_argmax.cc.
#include <limits>
#include <string>
#include <vector>

#include "kernels/flex_options.h"
#include "kernels/numerics.h"
#include "kernels/raw_options.h"
#include "kernels/window.h"
#include "ops/infer_checks.h"

namespace liteforge {
namespace {

//--------------------------------------------------------------------- options

// [1, height, width, 1], as TensorFlow gives them.
Result<void> ReadPair(const FlexOptions& flex, const char* name,
                      int32_t& height, int32_t& width) {
  TRY_ASSIGN(const auto values, flex.Ints(name));
  if (values.size() != 4 || values[0] != 1 || values[3] != 1 || values[1] < 1 ||
      values[2] < 1)
    return InvalidModel(std::string("option '") + name +
                        "' must be [1, height, width, 1] with 1 or more each");
  height = values[1];
  width = values[2];
  return {};
}

Result<Pool2DOptions> ReadFlexPool(const KernelContext& k) {
  TRY_ASSIGN(const FlexOptions flex,
             FlexOptions::Read(k.options<CustomOptions>().bytes));
  Pool2DOptions o;
  TRY(ReadPair(flex, "ksize", o.filter_height, o.filter_width));
  TRY(ReadPair(flex, "strides", o.stride_h, o.stride_w));
  TRY_ASSIGN(const std::string padding, flex.Text("padding"));
  if (padding != "SAME" && padding != "VALID")
    return InvalidModel("padding '" + padding + "' is neither SAME nor VALID");
  o.padding = padding == "SAME" ? Padding::kSame : Padding::kValid;
  TRY_ASSIGN(const bool with_batch, flex.Bool("include_batch_in_index", false));
  if (with_batch)
    return Unsupported(
        "indices that count the batch are not supported; convert with "
        "include_batch_in_index=False");
  return o;
}

using ReadOptions = Result<Pool2DOptions> (*)(const KernelContext&);

template <ReadOptions kRead, DataType kIndexType>
Result<void> Infer(KernelContext& k, InferContext& c) {
  TRY_ASSIGN(const Pool2DOptions o, kRead(k));
  TRY(NeedInputs(c, 1));
  TRY(NeedRank(c, 0, 4, "input"));
  const Shape& input = c.input(0).shape;
  const Shape output{
      DimOf(input, 0),
      WindowOutput(o.padding, DimOf(input, 1), o.filter_height, o.stride_h, 1),
      WindowOutput(o.padding, DimOf(input, 2), o.filter_width, o.stride_w, 1),
      DimOf(input, 3)};
  c.SetOutput(0, DataType::kFloat32, output);
  c.SetOutput(1, kIndexType, output);
  return {};
}

//---------------------------------------------------------------------- kernel

struct State {
  Window window;
  Range<float> range{0, 0};
};

template <ReadOptions kRead>
Result<void> Prepare(KernelContext& k) {
  TRY_ASSIGN(const Pool2DOptions o, kRead(k));
  const RuntimeTensor& input = k.Input(0);
  if (input.type != DataType::kFloat32)
    return Unsupported(std::string(Name(input.type)) + " is not supported");
  State& s = k.NewState<State>();
  s.window.stride_height = o.stride_h;
  s.window.stride_width = o.stride_w;
  s.window.SetShapes(input.shape, o.filter_height, o.filter_width,
                     k.Output(0).shape);
  s.range = FloatActivationRange(o.fused_activation_function);
  const Shape plane{input.shape[1], input.shape[2], input.shape[3]};
  if (plane.elements() < 0 ||
      plane.elements() > std::numeric_limits<int32_t>::max())
    return Unsupported("the input's plane " + plane.ToString() +
                       " has more elements than an index can count");
  return {};
}

// A place in the window, and the same place in the input.
struct Place {
  int window_y, window_x;
  int y, x;
};

struct PlaneIndex {
  using Type = int32_t;
  static int32_t Of(const Window& w, const Place& at, int channel) {
    return (at.y * w.in_width + at.x) * w.in_channels + channel;
  }
};

struct WindowIndex {
  using Type = float;
  static float Of(const Window& w, const Place& at, int) {
    const int64_t index = int64_t{at.window_y} * w.width + at.window_x;
    return static_cast<float>(index) + 0.1f;
  }
};

struct Best {
  float value = std::numeric_limits<float>::lowest();
  Place place{0, 0, 0, 0};
};

// `plane` is the input of the window's batch and channel.
Best FindBest(const Window& w, const float* plane, int top, int left) {
  const Taps rows = TapsInside(top, w.height, 1, w.in_height);
  const Taps cols = TapsInside(left, w.width, 1, w.in_width);
  Best best;
  for (int i = rows.begin; i < rows.end; ++i) {
    const float* row = plane + int64_t{top + i} * w.in_width * w.in_channels;
    for (int j = cols.begin; j < cols.end; ++j) {
      const float value = row[int64_t{left + j} * w.in_channels];
      if (value > best.value) best = {value, {i, j, top + i, left + j}};
    }
  }
  return best;
}

template <class Index>
void PoolRow(KernelContext& k, const State& s, int64_t row) {
  const Window& w = s.window;
  const int64_t batch = row / w.out_height;
  const auto y = static_cast<int>(row % w.out_height);
  const float* input = k.Input(0).Data<float>() +
                       batch * w.in_height * w.in_width * w.in_channels;
  int64_t to = row * w.out_width * w.out_channels;
  for (int x = 0; x < w.out_width; ++x) {
    for (int c = 0; c < w.out_channels; ++c, ++to) {
      const Best best = FindBest(w, input + c, y * w.stride_height - w.pad_top,
                                 x * w.stride_width - w.pad_left);
      k.Output(0).MutableData<float>()[to] = Clamp(best.value, s.range);
      k.Output(1).MutableData<typename Index::Type>()[to] =
          Index::Of(w, best.place, c);
    }
  }
}

template <class Index>
void Eval(KernelContext& k) noexcept {
  const State& s = k.State<State>();
  if (s.window.out_channels == 0) return;
  k.threads().ParallelFor(s.window.out_rows(), 1,
                          [&](int64_t begin, int64_t end) {
                            for (int64_t row = begin; row < end; ++row)
                              PoolRow<Index>(k, s, row);
                          });
}

}  // namespace

extern const CustomKernel kMaxPoolWithArgmax{
    "MaxPoolWithArgmax",
    {Op::kCustom, "f32", Prepare<ReadFlexPool>, Eval<PlaneIndex>,
     Infer<ReadFlexPool, DataType::kInt32>}};
extern const CustomKernel kMaxPoolingWithArgmax2D{
    "MaxPoolingWithArgmax2D",
    {Op::kCustom, "f32", Prepare<ReadRawPool>, Eval<WindowIndex>,
     Infer<ReadRawPool, DataType::kFloat32>}};

}  // namespace liteforge
