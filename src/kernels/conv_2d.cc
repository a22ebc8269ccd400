// SPDX-License-Identifier: Apache-2.0
// CONV_2D: output[n, y, x, o] = act(bias[o] + sum over i, j, c of
//     input[n, y*sh + i*dh - top, x*sw + j*dw - left, c] * filter[o, i, j, c])
//   input  [N, H, W, C]        f32 | u8 | i8 | i16
//   filter [O, KH, KW, C / groups]   f32 | u8 | i8 | i4
//   bias   [O], optional       f32 | i32 | i64
// What lies outside the input counts as zero. With groups, output channel o
// reads the input channels of group o / (O / groups).
// Source: TFLite schema Conv2DOptions; tflite/kernels/conv.cc and
// kernels/internal/reference/{conv.h, integer_ops/conv.h}.
#include "kernels/filter_params.h"
#include "kernels/window.h"

namespace liteforge {
namespace {

struct State {
  FilterArithmetic arithmetic;
  Window window;
  int groups = 1;
  FilterQuantization quantization;
  Range<float> range{0, 0};
  std::vector<int8_t> unpacked;
  std::vector<float> packed;     // a constant float filter as [KH, KW, C/g, O]
  bool symmetric_input = false;  // hybrid
};

constexpr int kInput = 0, kFilter = 1, kBias = 2;

// [O, K] -> [K, O]: the inner loop then runs over output channels, whose sums
// are independent, so that the compiler may use vectors.
std::vector<float> PackFilter(const RuntimeTensor& filter) {
  const auto outputs = static_cast<size_t>(filter.shape[0]);
  const size_t depth = static_cast<size_t>(filter.elements()) / outputs;
  std::vector<float> packed(outputs * depth);
  const float* from = filter.Data<float>();
  for (size_t o = 0; o < outputs; ++o) {
    for (size_t d = 0; d < depth; ++d) {
      packed[d * outputs + o] = from[o * depth + d];
    }
  }
  return packed;
}

Result<void> Prepare(KernelContext& k) {
  const RuntimeTensor& input = k.Input(kInput);
  const RuntimeTensor& filter = k.Input(kFilter);
  const auto& options = k.options<Conv2DOptions>();
  State& s = k.NewState<State>();
  TRY_ASSIGN(s.arithmetic, FindFilterArithmetic(k, kInput, kFilter, kBias));
  if (k.Output(0).type != input.type) {
    return InvalidModel("the output must have the input's type");
  }
  s.window.stride_height = options.stride_h;
  s.window.stride_width = options.stride_w;
  s.window.dilation_height = options.dilation_h_factor;
  s.window.dilation_width = options.dilation_w_factor;
  s.window.SetShapes(input.shape, filter.shape[1], filter.shape[2],
                     k.Output(0).shape);
  s.groups = filter.shape[3] > 0 ? input.shape[3] / filter.shape[3] : 1;
  s.range = FloatActivationRange(options.fused_activation_function);
  TRY(PrepareNarrowFilter(filter, s.unpacked));
  switch (s.arithmetic) {
    case FilterArithmetic::kFloat:
      if (filter.is_constant && filter.elements() > 0 && s.groups == 1) {
        s.packed = PackFilter(filter);
      }
      return {};
    case FilterArithmetic::kHybrid:
      TRY(CheckQuantized(filter, "filter"));
      // One scale for all channels: the input is quantized symmetrically.
      s.symmetric_input = !HasDifferingScales(filter) && s.groups == 1;
      k.NeedScratch(0, static_cast<size_t>(input.elements()));
      k.NeedScratch(
          1, sizeof(FloatQuantization) * static_cast<size_t>(s.window.batches));
      return {};
    default:
      TRY_ASSIGN(s.quantization, PrepareFilterQuantization(
                                     k, kInput, kFilter, kBias, 0,
                                     options.fused_activation_function,
                                     s.arithmetic == FilterArithmetic::kUInt8));
      s.quantization.ties_up =
          !k.reference() && s.arithmetic != FilterArithmetic::kInt16;
      return {};
  }
}

// Calls body(n, y) for every output row, rows shared among the threads.
template <class Body>
void ForEachRow(KernelContext& k, const Window& w, const Body& body) {
  k.threads().ParallelFor(w.out_rows(), 1, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      body(static_cast<int>(row / w.out_height),
           static_cast<int>(row % w.out_height));
    }
  });
}

// Calls tap(input offset, filter offset) for each position of the window that
// lies inside the input; offsets in elements, at channel 0.
template <class Tap>
inline void ForEachTap(const Window& w, int n, int y, int x,
                       int filter_channels, const Tap& tap) {
  const int top = y * w.stride_height - w.pad_top;
  const int left = x * w.stride_width - w.pad_left;
  const Taps rows = TapsInside(top, w.height, w.dilation_height, w.in_height);
  const Taps cols = TapsInside(left, w.width, w.dilation_width, w.in_width);
  for (int i = rows.begin; i < rows.end; ++i) {
    const int64_t in_y = int64_t{n} * w.in_height + top + i * w.dilation_height;
    for (int j = cols.begin; j < cols.end; ++j) {
      const int64_t in_x = left + j * w.dilation_width;
      tap((in_y * w.in_width + in_x) * w.in_channels,
          (int64_t{i} * w.width + j) * filter_channels);
    }
  }
}

int64_t OutputOffset(const Window& w, int n, int y, int x) {
  return ((int64_t{n} * w.out_height + y) * w.out_width + x) * w.out_channels;
}

// One output position, all channels, with the packed filter.
void PackedFloatAt(const State& s, const float* input, const float* bias, int n,
                   int y, int x, float* output) {
  const Window& w = s.window;
  const int outputs = w.out_channels;
  std::fill_n(output, outputs, 0.0f);
  ForEachTap(w, n, y, x, w.in_channels, [&](int64_t in, int64_t at) {
    for (int c = 0; c < w.in_channels; ++c) {
      const float value = input[in + c];
      const float* filter = s.packed.data() + (at + c) * outputs;
      for (int o = 0; o < outputs; ++o) output[o] += value * filter[o];
    }
  });
  for (int o = 0; o < outputs; ++o) {
    const float sum = output[o] + (bias != nullptr ? bias[o] : 0.0f);
    output[o] = Clamp(sum, s.range);
  }
}

// One output channel at one position: the sum of products.
template <class Accumulator, class In, class Filter>
Accumulator SumAt(const State& s, const In* input, const Filter* filter,
                  int32_t input_offset, int32_t filter_offset, int n, int y,
                  int x, int o) {
  const Window& w = s.window;
  const int depth = w.in_channels / s.groups;
  const int group = o / (w.out_channels / s.groups);
  const Filter* own = filter + int64_t{o} * w.height * w.width * depth;
  Accumulator sum = 0;
  ForEachTap(w, n, y, x, depth, [&](int64_t in, int64_t at) {
    const In* values = input + in + group * depth;
    const Filter* weights = own + at;
    for (int c = 0; c < depth; ++c) {
      if constexpr (std::is_floating_point_v<Accumulator>) {
        sum += values[c] * weights[c];
      } else {
        sum = AddWrapping(
            sum, (values[c] + input_offset) * (weights[c] + filter_offset));
      }
    }
  });
  return sum;
}

void EvalFloat(KernelContext& k, const State& s) {
  const Window& w = s.window;
  const float* input = k.Input(kInput).Data<float>();
  const float* filter = k.Input(kFilter).Data<float>();
  const float* bias =
      k.HasInput(kBias) ? k.Input(kBias).Data<float>() : nullptr;
  float* output = k.Output(0).MutableData<float>();
  ForEachRow(k, w, [&](int n, int y) {
    for (int x = 0; x < w.out_width; ++x) {
      float* at = output + OutputOffset(w, n, y, x);
      if (!s.packed.empty()) {
        PackedFloatAt(s, input, bias, n, y, x, at);
        continue;
      }
      for (int o = 0; o < w.out_channels; ++o) {
        float sum = SumAt<float>(s, input, filter, 0, 0, n, y, x, o);
        if (bias != nullptr) sum += bias[o];
        at[o] = Clamp(sum, s.range);
      }
    }
  });
}

template <class In, class Filter, class Accumulator, class Bias>
void EvalInteger(KernelContext& k, const State& s, const Filter* filter) {
  const Window& w = s.window;
  const FilterQuantization& q = s.quantization;
  const In* input = k.Input(kInput).Data<In>();
  const Bias* bias = k.HasInput(kBias) ? k.Input(kBias).Data<Bias>() : nullptr;
  In* output = k.Output(0).MutableData<In>();
  ForEachRow(k, w, [&](int n, int y) {
    for (int x = 0; x < w.out_width; ++x) {
      In* at = output + OutputOffset(w, n, y, x);
      for (int o = 0; o < w.out_channels; ++o) {
        Accumulator sum = SumAt<Accumulator>(s, input, filter, q.input_offset,
                                             q.filter_offset, n, y, x, o);
        if (bias != nullptr) sum = AddWrapping(sum, bias[o]);
        at[o] = q.Finish<In>(sum, o);
      }
    }
  });
}

void EvalHybrid(KernelContext& k, const State& s) {
  const Window& w = s.window;
  const RuntimeTensor& filter_tensor = k.Input(kFilter);
  const int8_t* filter = FilterValues(filter_tensor, s.unpacked);
  const float* bias =
      k.HasInput(kBias) ? k.Input(kBias).Data<float>() : nullptr;
  auto* quantized = k.Scratch<int8_t>(0);
  auto* batch = k.Scratch<FloatQuantization>(1);
  const int64_t image = int64_t{w.in_height} * w.in_width * w.in_channels;
  for (int n = 0; n < w.batches; ++n) {
    const float* values = k.Input(kInput).Data<float>() + n * image;
    batch[n] = s.symmetric_input
                   ? QuantizeSymmetric(values, image, quantized + n * image)
                   : QuantizeAsymmetric(values, image, quantized + n * image);
  }
  float* output = k.Output(0).MutableData<float>();
  ForEachRow(k, w, [&](int n, int y) {
    for (int x = 0; x < w.out_width; ++x) {
      float* at = output + OutputOffset(w, n, y, x);
      for (int o = 0; o < w.out_channels; ++o) {
        const auto sum = SumAt<int32_t>(s, quantized, filter, -batch[n].offset,
                                        0, n, y, x, o);
        float value = static_cast<float>(sum) * FilterScale(filter_tensor, o) *
                      batch[n].scale;
        if (bias != nullptr) value += bias[o];
        at[o] = Clamp(value, s.range);
      }
    }
  });
}

void Eval(KernelContext& k) noexcept {
  const State& s = k.State<State>();
  const RuntimeTensor& filter = k.Input(kFilter);
  const bool wide_bias =
      !k.HasInput(kBias) || k.Input(kBias).type == DataType::kInt64;
  switch (s.arithmetic) {
    case FilterArithmetic::kFloat:
      return EvalFloat(k, s);
    case FilterArithmetic::kHybrid:
      return EvalHybrid(k, s);
    case FilterArithmetic::kUInt8:
      return EvalInteger<uint8_t, uint8_t, int32_t, int32_t>(
          k, s, filter.Data<uint8_t>());
    case FilterArithmetic::kInt8:
      return EvalInteger<int8_t, int8_t, int32_t, int32_t>(
          k, s, FilterValues(filter, s.unpacked));
    case FilterArithmetic::kInt16:
      return wide_bias ? EvalInteger<int16_t, int8_t, int64_t, int64_t>(
                             k, s, FilterValues(filter, s.unpacked))
                       : EvalInteger<int16_t, int8_t, int32_t, int32_t>(
                             k, s, FilterValues(filter, s.unpacked));
    case FilterArithmetic::kInt16x16:
      return;  // not found in Prepare
  }
}

}  // namespace

extern const Kernel kConv2D{Op::kConv2D, "f32 i8 u8 i16 hybrid i4-weights",
                            Prepare, Eval};

}  // namespace liteforge
