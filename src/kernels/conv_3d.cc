// SPDX-License-Identifier: Apache-2.0
// CONV_3D: output[n, z, y, x, o] = act(bias[o] + sum over h, i, j, c of
//     input[n, z*sd + h*dd - front, y*sh + i*dh - top, x*sw + j*dw - left, c] *
//     filter[h, i, j, c, o])
//   input [N, D, H, W, C], filter [KD, KH, KW, C, O], bias [O] optional: f32
// Source: TFLite schema Conv3DOptions; tflite/kernels/conv3d.cc.
#include "kernels/filter_params.h"
#include "kernels/window.h"

namespace liteforge {
namespace {

constexpr int kInput = 0, kFilter = 1, kBias = 2;

struct Axis {
  int in, out, filter, stride, dilation, pad;

  Axis(const RuntimeTensor& input, const RuntimeTensor& output,
       const RuntimeTensor& filter_tensor, int axis, int step, int spread)
      : in(input.shape[axis]),
        out(output.shape[axis]),
        filter(filter_tensor.shape[axis - 1]),
        stride(step),
        dilation(spread),
        pad(WindowPadding(in, out, filter, stride, dilation)) {}
  Axis() = default;

  // Calls tap(window position, input position) for the part of the window at
  // `at` that lies inside.
  template <class Tap>
  void ForEachTap(int at, const Tap& tap) const {
    const int origin = at * stride - pad;
    const Taps taps = TapsInside(origin, filter, dilation, in);
    for (int i = taps.begin; i < taps.end; ++i)
      tap(i, static_cast<int>(origin + int64_t{i} * dilation));
  }
};

struct State {
  Axis depth, height, width;
  int channels = 0, outputs = 0;
  Range<float> range{0, 0};
};

Result<void> Prepare(KernelContext& k) {
  const RuntimeTensor& input = k.Input(kInput);
  const RuntimeTensor& filter = k.Input(kFilter);
  const RuntimeTensor& output = k.Output(0);
  const auto& o = k.options<Conv3DOptions>();
  TRY_ASSIGN(const FilterArithmetic arithmetic,
             FindFilterArithmetic(k, kInput, kFilter, kBias));
  if (arithmetic != FilterArithmetic::kFloat ||
      output.type != DataType::kFloat32)
    return Unsupported("only float32 is supported");
  State& s = k.NewState<State>();
  s.depth = {input, output, filter, 1, o.stride_d, o.dilation_d_factor};
  s.height = {input, output, filter, 2, o.stride_h, o.dilation_h_factor};
  s.width = {input, output, filter, 3, o.stride_w, o.dilation_w_factor};
  s.channels = filter.shape[3];
  s.outputs = filter.shape[4];
  s.range = FloatActivationRange(o.fused_activation_function);
  return {};
}

// Adds the window at (n, z, y, x) to the sums of all output channels.
void AddWindow(const State& s, const float* input, const float* filter, int n,
               int z, int y, int x, float* sums) {
  s.depth.ForEachTap(z, [&](int h, int in_z) {
    s.height.ForEachTap(y, [&](int i, int in_y) {
      s.width.ForEachTap(x, [&](int j, int in_x) {
        const int64_t row =
            (int64_t{n} * s.depth.in + in_z) * s.height.in + in_y;
        const int64_t tap =
            (int64_t{h} * s.height.filter + i) * s.width.filter + j;
        const float* values = input + (row * s.width.in + in_x) * s.channels;
        const float* weights = filter + tap * s.channels * s.outputs;
        for (int c = 0; c < s.channels; ++c, weights += s.outputs) {
          for (int o = 0; o < s.outputs; ++o) sums[o] += values[c] * weights[o];
        }
      });
    });
  });
}

void Eval(KernelContext& k) noexcept {
  const State& s = k.State<State>();
  const float* input = k.Input(kInput).Data<float>();
  const float* filter = k.Input(kFilter).Data<float>();
  const float* bias =
      k.HasInput(kBias) ? k.Input(kBias).Data<float>() : nullptr;
  float* output = k.Output(0).MutableData<float>();
  const int64_t planes =
      int64_t{k.Output(0).shape[0]} * s.depth.out * s.height.out;
  k.threads().ParallelFor(planes, 1, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const auto y = static_cast<int>(row % s.height.out);
      const auto z = static_cast<int>(row / s.height.out % s.depth.out);
      const auto n = static_cast<int>(row / s.height.out / s.depth.out);
      for (int x = 0; x < s.width.out; ++x) {
        float* at = output + (row * s.width.out + x) * s.outputs;
        std::fill_n(at, s.outputs, 0.0f);
        AddWindow(s, input, filter, n, z, y, x, at);
        for (int o = 0; o < s.outputs; ++o)
          at[o] = Clamp(at[o] + (bias == nullptr ? 0.0f : bias[o]), s.range);
      }
    }
  });
}

}  // namespace

extern const Kernel kConv3D{Op::kConv3D, "f32", Prepare, Eval};

}  // namespace liteforge
