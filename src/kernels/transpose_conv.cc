// SPDX-License-Identifier: Apache-2.0
// TRANSPOSE_CONV and CONV_3D_TRANSPOSE: each input position adds its window to
// the output. Turned around, an output value is
//   output[n, y, x, o] = act(bias[o] + sum over i, j, c of
//       input[n, (y + top - i*dh) / sh, (x + left - j*dw) / sw, c] *
//       filter[o, i, j, c])
// over those i and j for which the divisions leave no remainder.
//   TRANSPOSE_CONV       output_shape [4], filter [O, KH, KW, C], input
//                        [N, H, W, C], bias [O] optional:
//                        f32 | u8 | i8 | i16, filter f32 | u8 | i8 | i4
//   CONV_3D_TRANSPOSE    output_shape [5], filter [KD, KH, KW, O, C], input
//                        [N, D, H, W, C], bias [O] optional: f32
// The padding is that of the convolution from the output to the input.
// Source: tflite/kernels/{transpose_conv,conv3d_transpose}.cc and
// kernels/internal/reference/{transpose_conv.h, integer_ops/transpose_conv.h}.
#include "kernels/filter_params.h"
#include "ops/infer.h"

namespace liteforge {
namespace {

constexpr int kFilter = 1, kInput = 2, kBias = 3;

struct Axis {
  int in = 1, out = 1, filter = 1;
  int stride = 1, dilation = 1;
  int pad = 0;

  void SetPadding(Padding padding) {
    const int32_t forward =
        WindowOutput(padding, out, filter, stride, dilation);
    pad = WindowPadding(out, forward, filter, stride, dilation);
  }

  // Calls tap(window position, input position) for all that reach `at`.
  template <class Tap>
  void ForEachTap(int at, const Tap& tap) const {
    for (int i = 0; i < filter; ++i) {
      const int64_t scaled = int64_t{at} + pad - int64_t{i} * dilation;
      if (scaled < 0) return;
      if (scaled % stride == 0 && scaled / stride < in)
        tap(i, static_cast<int>(scaled / stride));
    }
  }
};

struct State {
  FilterArithmetic arithmetic;
  Axis depth, height, width;
  int batches = 0, in_channels = 0, out_channels = 0;
  int64_t tap_step = 0, channel_step = 0;  // in the filter
  bool wide = false;                       // int16: sums have 64 bits
  FilterQuantization quantization;
  Range<float> range{0, 0};
  std::vector<int8_t> unpacked;
};

// `first` is the axis of the height in the input.
void SetShapes(State& s, const RuntimeTensor& input,
               const RuntimeTensor& output, int first) {
  s.batches = input.shape[0];
  s.height.in = input.shape[first];
  s.width.in = input.shape[first + 1];
  s.in_channels = input.shape[first + 2];
  s.height.out = output.shape[first];
  s.width.out = output.shape[first + 1];
  s.out_channels = output.shape[first + 2];
}

Result<void> CheckOutput(const KernelContext& k, const RuntimeTensor& output) {
  const RuntimeTensor& input = k.Input(kInput);
  if (output.type != input.type)
    return InvalidModel("the output must have the input's type");
  if (output.shape[0] != input.shape[0])
    return InvalidModel("output_shape asks for another batch than the input's");
  return {};
}

Result<void> PrepareHybrid(KernelContext& k) {
  const RuntimeTensor& input = k.Input(kInput);
  TRY(CheckFilterScales(k.Input(kFilter), 0));
  k.NeedScratch(0, static_cast<size_t>(input.elements()));
  k.NeedScratch(
      1, sizeof(FloatQuantization) * static_cast<size_t>(input.shape[0]));
  return {};
}

Result<void> Prepare2D(KernelContext& k) {
  const RuntimeTensor& filter = k.Input(kFilter);
  const auto& options = k.options<TransposeConvOptions>();
  State& s = k.NewState<State>();
  TRY_ASSIGN(s.arithmetic, FindFilterArithmetic(k, kInput, kFilter, kBias));
  TRY(CheckOutput(k, k.Output(0)));
  SetShapes(s, k.Input(kInput), k.Output(0), 1);
  s.height.filter = filter.shape[1];
  s.width.filter = filter.shape[2];
  s.height.stride = options.stride_h;
  s.width.stride = options.stride_w;
  s.height.SetPadding(options.padding);
  s.width.SetPadding(options.padding);
  s.tap_step = s.in_channels;
  s.channel_step = int64_t{s.height.filter} * s.width.filter * s.in_channels;
  s.range = FloatActivationRange(options.fused_activation_function);
  TRY(PrepareNarrowFilter(filter, s.unpacked));
  if (s.arithmetic == FilterArithmetic::kFloat) return {};
  if (s.arithmetic == FilterArithmetic::kHybrid) return PrepareHybrid(k);
  s.wide = k.HasInput(kBias) ? k.Input(kBias).type == DataType::kInt64
                             : options.quantized_bias_type != DataType::kInt32;
  TRY_ASSIGN(s.quantization, PrepareFilterQuantization(
                                 k, kInput, kFilter, kBias, 0,
                                 options.fused_activation_function,
                                 s.arithmetic == FilterArithmetic::kUInt8));
  return {};
}

Result<void> Prepare3D(KernelContext& k) {
  const RuntimeTensor& filter = k.Input(kFilter);
  const auto& options = k.options<Conv3DOptions>();
  State& s = k.NewState<State>();
  TRY_ASSIGN(s.arithmetic, FindFilterArithmetic(k, kInput, kFilter, kBias));
  if (s.arithmetic != FilterArithmetic::kFloat)
    return Unsupported("only float32 is supported");
  TRY(CheckOutput(k, k.Output(0)));
  SetShapes(s, k.Input(kInput), k.Output(0), 2);
  s.depth = {k.Input(kInput).shape[1], k.Output(0).shape[1], filter.shape[0],
             options.stride_d, options.dilation_d_factor};
  s.height.filter = filter.shape[1];
  s.width.filter = filter.shape[2];
  s.height.stride = options.stride_h;
  s.width.stride = options.stride_w;
  s.height.dilation = options.dilation_h_factor;
  s.width.dilation = options.dilation_w_factor;
  for (Axis* axis : {&s.depth, &s.height, &s.width})
    axis->SetPadding(options.padding);
  s.tap_step = int64_t{s.out_channels} * s.in_channels;
  s.channel_step = s.in_channels;
  s.range = FloatActivationRange(options.fused_activation_function);
  return {};
}

// Where one output value stands.
struct Place {
  int n, z, y, x, o;
};

// Sums from `sum` on.
template <class Accumulator, class In, class Filter>
Accumulator SumAt(const State& s, const In* input, const Filter* filter,
                  int32_t input_offset, int32_t filter_offset, Place at) {
  Accumulator sum = 0;
  s.depth.ForEachTap(at.z, [&](int h, int z) {
    s.height.ForEachTap(at.y, [&](int i, int y) {
      s.width.ForEachTap(at.x, [&](int j, int x) {
        const int64_t row = (int64_t{at.n} * s.depth.in + z) * s.height.in + y;
        const int64_t tap =
            (int64_t{h} * s.height.filter + i) * s.width.filter + j;
        const In* values = input + (row * s.width.in + x) * s.in_channels;
        const Filter* weights =
            filter + at.o * s.channel_step + tap * s.tap_step;
        for (int c = 0; c < s.in_channels; ++c) {
          if constexpr (std::is_floating_point_v<Accumulator>) {
            sum += values[c] * weights[c];
          } else {
            sum = AddWrapping(
                sum, (values[c] + input_offset) * (weights[c] + filter_offset));
          }
        }
      });
    });
  });
  return sum;
}

// output[…] = value(place) for every output value, rows shared among the
// threads.
template <class Out, class Value>
void ForEachOutput(KernelContext& k, const State& s, const Value& value) {
  Out* output = k.Output(0).MutableData<Out>();
  const int64_t rows = int64_t{s.batches} * s.depth.out * s.height.out;
  const int64_t row_size = int64_t{s.width.out} * s.out_channels;
  k.threads().ParallelFor(rows, 1, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      Place at{};
      at.y = static_cast<int>(row % s.height.out);
      at.z = static_cast<int>(row / s.height.out % s.depth.out);
      at.n = static_cast<int>(row / s.height.out / s.depth.out);
      Out* to = output + row * row_size;
      for (at.x = 0; at.x < s.width.out; ++at.x)
        for (at.o = 0; at.o < s.out_channels; ++at.o) *to++ = value(at);
    }
  });
}

template <class T>
const T* BiasOf(const KernelContext& k) {
  return k.HasInput(kBias) ? k.Input(kBias).Data<T>() : nullptr;
}

void EvalFloat(KernelContext& k, const State& s) {
  const float* input = k.Input(kInput).Data<float>();
  const float* filter = k.Input(kFilter).Data<float>();
  const float* bias = BiasOf<float>(k);
  ForEachOutput<float>(k, s, [&](Place at) {
    const float sum = SumAt<float>(s, input, filter, 0, 0, at);
    return Clamp(bias == nullptr ? sum : sum + bias[at.o], s.range);
  });
}

void EvalHybrid(KernelContext& k, const State& s) {
  const RuntimeTensor& filter = k.Input(kFilter);
  const int8_t* weights = FilterValues(filter, s.unpacked);
  const float* bias = BiasOf<float>(k);
  auto* quantized = k.Scratch<int8_t>(0);
  auto* batch = k.Scratch<FloatQuantization>(1);
  const int64_t image = int64_t{s.height.in} * s.width.in * s.in_channels;
  for (int n = 0; n < s.batches; ++n) {
    batch[n] = QuantizeAsymmetric(k.Input(kInput).Data<float>() + n * image,
                                  image, quantized + n * image);
  }
  ForEachOutput<float>(k, s, [&](Place at) {
    const auto sum =
        SumAt<int32_t>(s, quantized, weights, -batch[at.n].offset, 0, at);
    const float value =
        static_cast<float>(sum) * FilterScale(filter, at.o) * batch[at.n].scale;
    return Clamp(bias == nullptr ? value : value + bias[at.o], s.range);
  });
}

template <class In, class Filter, class Accumulator>
void EvalInteger(KernelContext& k, const State& s, const Filter* filter) {
  const FilterQuantization& q = s.quantization;
  const In* input = k.Input(kInput).Data<In>();
  const Accumulator* bias = BiasOf<Accumulator>(k);
  ForEachOutput<In>(k, s, [&](Place at) {
    auto sum = SumAt<Accumulator>(s, input, filter, q.input_offset,
                                  q.filter_offset, at);
    if (bias != nullptr) sum = AddWrapping(sum, bias[at.o]);
    return q.Finish<In>(sum, at.o);
  });
}

void Eval(KernelContext& k) noexcept {
  const State& s = k.State<State>();
  const RuntimeTensor& filter = k.Input(kFilter);
  switch (s.arithmetic) {
    case FilterArithmetic::kFloat:
      return EvalFloat(k, s);
    case FilterArithmetic::kHybrid:
      return EvalHybrid(k, s);
    case FilterArithmetic::kUInt8:
      return EvalInteger<uint8_t, uint8_t, int32_t>(k, s,
                                                    filter.Data<uint8_t>());
    case FilterArithmetic::kInt8:
      return EvalInteger<int8_t, int8_t, int32_t>(
          k, s, FilterValues(filter, s.unpacked));
    case FilterArithmetic::kInt16:
      return s.wide ? EvalInteger<int16_t, int8_t, int64_t>(
                          k, s, FilterValues(filter, s.unpacked))
                    : EvalInteger<int16_t, int8_t, int32_t>(
                          k, s, FilterValues(filter, s.unpacked));
    case FilterArithmetic::kInt16x16:
      return;  // not found in Prepare
  }
}

}  // namespace

extern const Kernel kTransposeConv{
    Op::kTransposeConv, "f32 i8 u8 i16 hybrid i4-weights", Prepare2D, Eval};
extern const Kernel kConv3DTranspose{Op::kConv3DTranspose, "f32", Prepare3D,
                                     Eval};

}  // namespace liteforge
