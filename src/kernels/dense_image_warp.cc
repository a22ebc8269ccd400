// SPDX-License-Identifier: Apache-2.0
// DenseImageWarp: tfa.image.dense_image_warp. Output pixel (y, x) is the image
// [N, H, W, C] at (y, x) - flow[n, y, x], between the four pixels around it;
// points outside are brought to the border. Height and width are 2 or more.
// Source: tflite/kernels/perception/dense_image_warp.cc.
#include <algorithm>
#include <cmath>
#include <string>

#include "kernels/kernel.h"
#include "ops/infer_checks.h"

namespace liteforge {
namespace {

Result<void> Infer(KernelContext&, InferContext& c) {
  TRY(NeedInputs(c, 2));
  TRY(NeedRank(c, 0, 4, "image"));
  TRY(NeedRank(c, 1, 4, "flow"));
  const Shape& image = c.input(0).shape;
  const Shape& flow = c.input(1).shape;
  for (int axis = 0; axis < 3; ++axis)
    TRY(NeedEqual(DimOf(image, axis), DimOf(flow, axis),
                  "dimension " + std::to_string(axis) + " of image and flow"));
  TRY(NeedEqual(DimOf(flow, 3), 2, "coordinates of the flow"));
  for (const int axis : {1, 2}) {
    const int32_t dim = DimOf(image, axis);
    if (dim != Shape::kUnknownDim && dim < 2)
      return InvalidModel("the image must be 2 or more pixels high and wide");
  }
  c.SetOutput(0, DataType::kFloat32, image);
  return {};
}

Result<void> Prepare(KernelContext& k) {
  for (const int i : {0, 1}) {
    if (k.Input(i).type != DataType::kFloat32)
      return Unsupported(std::string(Name(k.Input(i).type)) +
                         " is not supported");
  }
  return {};
}

// The pixel before a point, at most the last but one, and how far behind it
// the point is, in [0, 1]. NaN stands for 0.
struct Between {
  int64_t first;
  float fraction;
};

Between Locate(float point, int32_t extent) {
  const int32_t last = extent - 2;
  const float floor = std::max(0.0f, std::floor(point));
  const int32_t first =
      floor < static_cast<float>(last) ? static_cast<int32_t>(floor) : last;
  const float behind = point - static_cast<float>(first);
  return {first, std::min(std::max(0.0f, behind), 1.0f)};
}

float Interpolate(float from, float to, float fraction) {
  return fraction * (to - from) + from;
}

void WarpRow(KernelContext& k, int64_t row) {
  const Shape& shape = k.Input(0).shape;
  const int64_t y = row % shape[1];
  const int64_t channels = shape[3];
  const int64_t line = shape[2] * channels;
  const float* const image =
      k.Input(0).Data<float>() + row / shape[1] * shape[1] * line;
  const float* flow = k.Input(1).Data<float>() + row * shape[2] * 2;
  float* to = k.Output(0).MutableData<float>() + row * line;
  for (int64_t x = 0; x < shape[2]; ++x, flow += 2, to += channels) {
    const Between v = Locate(static_cast<float>(y) - flow[0], shape[1]);
    const Between h = Locate(static_cast<float>(x) - flow[1], shape[2]);
    const float* top = image + v.first * line + h.first * channels;
    const float* bottom = top + line;
    for (int64_t c = 0; c < channels; ++c)
      to[c] = Interpolate(
          Interpolate(top[c], top[c + channels], h.fraction),
          Interpolate(bottom[c], bottom[c + channels], h.fraction), v.fraction);
  }
}

void Eval(KernelContext& k) noexcept {
  const Shape& shape = k.Input(0).shape;
  if (k.Output(0).elements() == 0) return;
  k.threads().ParallelFor(int64_t{shape[0]} * shape[1], 1,
                          [&](int64_t begin, int64_t end) {
                            for (int64_t row = begin; row < end; ++row)
                              WarpRow(k, row);
                          });
}

}  // namespace

extern const CustomKernel kDenseImageWarp{
    "DenseImageWarp", {Op::kCustom, "f32", Prepare, Eval, Infer}};

}  // namespace liteforge
