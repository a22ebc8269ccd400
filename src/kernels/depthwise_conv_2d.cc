// SPDX-License-Identifier: Apache-2.0
// DEPTHWISE_CONV_2D: each input channel c is convolved with its own
// `multiplier` filters into output channels c * multiplier + m.
//   input  [N, H, W, C]               f32 | u8 | i8 | i16
//   filter [1, KH, KW, C * multiplier]   f32 | u8 | i8 | i4
//   bias   [C * multiplier], optional    f32 | i32 | i64
// The multiplier follows from the shapes; the option of that name is not
// trusted. Source: TFLite schema DepthwiseConv2DOptions;
// tflite/kernels/depthwise_conv.cc and kernels/internal/reference.
#include "kernels/byte_depthwise.h"
#include "kernels/byte_rows.h"
#include "kernels/filter_params.h"
#include "kernels/micro/float_depthwise.h"
#include "kernels/window.h"

namespace liteforge {
namespace {

// Windows of more positions take the plain way.
constexpr int kMostTaps = 128;

struct State {
  FilterArithmetic arithmetic;
  Window window;
  int multiplier = 1;
  FilterQuantization quantization;
  Range<float> range{0, 0};
  std::vector<int8_t> unpacked;
  bool fast_float = false;
  // Of one input channel, which is a matrix product.
  FloatPanels panels;
  PackedFilter filter;
  std::vector<float> outside;
  ByteDepthwiseFilter bytes;
};

constexpr int kInput = 0, kFilter = 1, kBias = 2;
// Scratch slots: sums of one output position a row; the quantized input, its
// scales and what of it is widened (hybrid).
constexpr int kSums = 0, kQuantized = 1, kScales = 2, kWords = 3;

// Whether micro/ computes it.
bool IsFast(const KernelContext& k, const State& s) {
  const bool constant_bias = !k.HasInput(kBias) || k.Input(kBias).is_constant;
  return !k.reference() && (s.multiplier == 1 || s.window.in_channels == 1) &&
         s.window.height * s.window.width < kMostTaps &&
         k.Input(kFilter).is_constant && k.Input(kFilter).elements() > 0 &&
         constant_bias;
}

// [KH * KW, M] -> [M, KH * KW]: each output channel's filter by itself.
template <class Weight>
std::vector<Weight> FiltersOf(const Window& w, const Weight* weights) {
  const auto taps =
      static_cast<size_t>(w.height) * static_cast<size_t>(w.width);
  const auto outputs = static_cast<size_t>(w.out_channels);
  std::vector<Weight> filters(taps * outputs);
  for (size_t t = 0; t < taps; ++t) {
    for (size_t o = 0; o < outputs; ++o)
      filters[o * taps + t] = weights[t * outputs + o];
  }
  return filters;
}

template <class T>
const T* BiasOf(const KernelContext& k) {
  return k.HasInput(kBias) ? k.Input(kBias).Data<T>() : nullptr;
}

void PackOneChannelFloat(KernelContext& k, State& s) {
  const Window& w = s.window;
  const Runs runs = RunsOf(w);
  const auto filters = FiltersOf(w, k.Input(kFilter).Data<float>());
  s.panels = PackFloatPanels(k.arrays(), filters.data(), BiasOf<float>(k),
                             w.out_channels, runs.count, runs.length);
  s.outside.assign(static_cast<size_t>(runs.length), 0.0f);
}

template <class Weight>
void PackOneChannel(KernelContext& k, State& s, const Weight* weights) {
  const Window& w = s.window;
  const auto filters = FiltersOf(w, weights);
  s.filter = PackIntegerFilter(
      k.arrays(), filters.data(), s.quantization, BiasOf<int32_t>(k),
      k.Input(kInput).type == DataType::kInt8, w.out_channels, RunsOf(w));
  if (!MultipliesInPlace<Weight>(s.filter.panels))
    k.NeedScratch(kQuantized, ActivationScratch(k.Input(kInput).elements()));
}

template <class Weight>
void PackBytes(KernelContext& k, State& s, const Weight* weights) {
  k.TakeFollowUp();
  if (s.multiplier != 1) return PackOneChannel(k, s, weights);
  s.bytes =
      PackByteDepthwise(s.window, s.quantization, weights, BiasOf<int32_t>(k));
  k.NeedScratch(kQuantized,
                ByteDepthwiseScratch(s.window, k.threads().threads()));
}

Result<void> Prepare(KernelContext& k) {
  const RuntimeTensor& input = k.Input(kInput);
  const RuntimeTensor& filter = k.Input(kFilter);
  const auto& options = k.options<DepthwiseConv2DOptions>();
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
                     k.Output(0).shape, k.padding());
  s.multiplier = filter.shape[3] / std::max(1, input.shape[3]);
  s.range = FloatActivationRange(options.fused_activation_function);
  TRY(PrepareNarrowFilter(filter, s.unpacked));
  const Window& w = s.window;
  s.fast_float = s.arithmetic == FilterArithmetic::kFloat && IsFast(k, s);
  if (s.fast_float) {
    k.TakeFollowUp();
    if (s.multiplier != 1) PackOneChannelFloat(k, s);
    return {};
  }
  k.NeedScratch(kSums, sizeof(int64_t) * static_cast<size_t>(w.out_rows()) *
                           static_cast<size_t>(w.out_channels));
  if (s.arithmetic == FilterArithmetic::kFloat) return {};
  if (s.arithmetic == FilterArithmetic::kHybrid) {
    k.NeedScratch(kQuantized, static_cast<size_t>(input.elements()));
    k.NeedScratch(kScales,
                  sizeof(FloatQuantization) * static_cast<size_t>(w.batches));
    TRY(CheckQuantized(filter, "filter"));
    if (IsFast(k, s) && s.multiplier == 1 && SuitsByteDepthwise(w)) {
      s.bytes = PackHybridDepthwise(w, filter, FilterValues(filter, s.unpacked),
                                    BiasOf<float>(k));
      k.NeedScratch(kWords, ByteDepthwiseScratch(w, k.threads().threads()));
    }
    return {};
  }
  TRY_ASSIGN(s.quantization, PrepareFilterQuantization(
                                 k, kInput, kFilter, kBias, 3,
                                 options.fused_activation_function,
                                 s.arithmetic == FilterArithmetic::kUInt8));
  if (!IsFast(k, s) || (s.multiplier == 1 && !SuitsByteDepthwise(s.window)))
    return {};
  if (s.arithmetic == FilterArithmetic::kUInt8)
    PackBytes(k, s, filter.Data<uint8_t>());
  if (s.arithmetic == FilterArithmetic::kInt8)
    PackBytes(k, s, FilterValues(filter, s.unpacked));
  return {};
}

//--------------------------------------------------------------- fast paths

// Part of an output row whose windows have the same positions inside the
// input: the middle, or one output at a border.
struct RowPart {
  int first, count;
  Taps cols;
};

// Calls use(part) for the parts of outputs [x, x_end) of a row, from left to
// right.
template <class Use>
void ForEachPart(const Window& w, int x, int x_end, const Use& use) {
  while (x < x_end) {
    const auto cols_at = [&](int at) {
      return TapsInside(at * w.stride_width - w.pad_left, w.width,
                        w.dilation_width, w.in_width);
    };
    const Taps cols = cols_at(x);
    int end = x + 1;
    if (cols.begin == 0 && cols.end == w.width) {
      while (end < x_end && cols_at(end).end == w.width) ++end;
    }
    use(RowPart{x, end - x, cols});
    x = end;
  }
}

// Calls body(n, y, x, x end) for every output row, or parts of rows where they
// are few, shared among the threads.
template <class Body>
void ForEachRow(KernelContext& k, const Window& w, const Body& body) {
  constexpr int64_t kLeastWork = 1 << 15;  // of a thread, in products
  constexpr int64_t kLeastPixels = 8;
  const int64_t parts = PartsOfLine(w, k.threads().threads(), kLeastPixels);
  const int64_t work = std::max<int64_t>(
      1, int64_t{w.out_width} * w.out_channels * w.height * w.width / parts);
  k.threads().ParallelFor(
      w.out_rows() * parts, (kLeastWork + work - 1) / work,
      [&](int64_t begin, int64_t end) {
        for (int64_t at = begin; at < end; ++at) {
          const int64_t row = at / parts, part = at % parts;
          body(static_cast<int>(row / w.out_height),
               static_cast<int>(row % w.out_height),
               static_cast<int>(w.out_width * part / parts),
               static_cast<int>(w.out_width * (part + 1) / parts));
        }
      });
}

void OneChannelFloat(KernelContext& k, const State& s) {
  ConvolveFloats(k.threads(), s.window, s.panels, k.Input(kInput).Data<float>(),
                 s.outside.data(), FloatOutputOf(k, s.range));
}

template <class Element, class In>
void OneChannelInteger(KernelContext& k, const State& s) {
  const RuntimeTensor& input = k.Input(kInput);
  ConvolveBytes<Element, In>(
      k.threads(), s.window, s.filter, OutputOf(s.filter, s.quantization),
      {input.Data<In>(), input.elements(), -s.quantization.input_offset,
       k.Scratch<Element>(kQuantized)},
      ByteOutputOf<In>(k));
}

// Fills rows and weights of a part of output row (n, y). Returns how many rows
// of the window there are.
int FindRows(const Window& w, int n, int y, const RowPart& part,
             const float* input, const float* weights, const float** rows,
             const float** row_weights) {
  const int top = y * w.stride_height - w.pad_top;
  const int64_t in_x = int64_t{part.first} * w.stride_width - w.pad_left +
                       int64_t{part.cols.begin} * w.dilation_width;
  const Taps taps = TapsInside(top, w.height, w.dilation_height, w.in_height);
  int count = 0;
  for (int i = taps.begin; i < taps.end; ++i, ++count) {
    const int64_t in_y =
        int64_t{n} * w.in_height + top + int64_t{i} * w.dilation_height;
    rows[count] = input + (in_y * w.in_width + in_x) * w.in_channels;
    row_weights[count] = weights + (int64_t{i} * w.width + part.cols.begin) *
                                       int64_t{w.in_channels};
  }
  return count;
}

void FastFloat(KernelContext& k, const State& s) {
  if (!s.panels.empty()) return OneChannelFloat(k, s);
  const Window& w = s.window;
  const float* input = k.Input(kInput).Data<float>();
  const float* filter = k.Input(kFilter).Data<float>();
  const float* bias = BiasOf<float>(k);
  const FloatOutput output = FloatOutputOf(k, s.range);
  const int64_t channels = w.out_channels;
  ForEachRow(k, w, [&](int n, int y, int x, int x_end) {
    const float* rows[kMostTaps];
    const float* weights[kMostTaps];
    const int64_t row = int64_t{n} * w.out_height + y;
    ForEachPart(w, x, x_end, [&](const RowPart& part) {
      const int count = FindRows(w, n, y, part, input, filter, rows, weights);
      ConvolveFloatDepthwiseRow(
          {channels, part.count, w.stride_width * channels,
           w.dilation_width * channels, rows, weights, count,
           part.cols.end - part.cols.begin, bias, output.range.min,
           output.range.max},
          output.to + (row * w.out_width + part.first) * channels);
    });
    output.Finish(row * w.out_width + x, x_end - x, 0, channels, 1);
  });
}

template <class T>
void FastInteger(KernelContext& k, const State& s) {
  ConvolveByteDepthwise(
      k.threads(),
      ByteDepthwiseCall<T>{s.window, s.bytes, s.quantization.input_offset,
                           k.Input(kInput).Data<T>(),
                           k.Scratch<int16_t>(kQuantized)},
      s.quantization, ByteOutputOf<T>(k));
}

// One image of a batch, whose activations have a scale and an offset of their
// own.
void FastHybridImage(KernelContext& k, const State& s, int n,
                     const int8_t* quantized, FloatQuantization of_batch) {
  Window w = s.window;
  w.batches = 1;
  const int64_t image = w.out_rows() * w.out_width * w.out_channels;
  ConvolveHybridDepthwise(
      k.threads(),
      {w, s.bytes, -of_batch.offset, quantized, k.Scratch<int16_t>(kWords)},
      of_batch.scale, s.range, k.Output(0).MutableData<float>() + n * image);
}

//---------------------------------------------------------------- the plain way

// Adds the products of one position of the window for all channels.
template <class Accumulator, class In, class Filter>
inline void AddTap(int channels, int multiplier, const In* input,
                   const Filter* filter, int32_t input_offset,
                   int32_t filter_offset, Accumulator* sums) {
  if (multiplier == 1) {
    for (int c = 0; c < channels; ++c) {
      if constexpr (std::is_floating_point_v<Accumulator>) {
        sums[c] += input[c] * filter[c];
      } else {
        sums[c] = AddWrapping(
            sums[c], (input[c] + input_offset) * (filter[c] + filter_offset));
      }
    }
    return;
  }
  for (int c = 0; c < channels; ++c) {
    for (int m = 0; m < multiplier; ++m) {
      const int o = c * multiplier + m;
      if constexpr (std::is_floating_point_v<Accumulator>) {
        sums[o] += input[c] * filter[o];
      } else {
        sums[o] = AddWrapping(
            sums[o], (input[c] + input_offset) * (filter[o] + filter_offset));
      }
    }
  }
}

// Calls finish(n, output offset, sums) for each output position.
template <class Accumulator, class In, class Filter, class Finish>
void ForEachPosition(KernelContext& k, const State& s, const In* input,
                     const Filter* filter, const auto& input_offset_of,
                     int32_t filter_offset, const Finish& finish) {
  const Window& w = s.window;
  k.threads().ParallelFor(w.out_rows(), 1, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      auto* sums = k.Scratch<Accumulator>(kSums) + row * w.out_channels;
      const int n = static_cast<int>(row / w.out_height);
      const int y = static_cast<int>(row % w.out_height);
      const int top = y * w.stride_height - w.pad_top;
      const Taps rows =
          TapsInside(top, w.height, w.dilation_height, w.in_height);
      for (int x = 0; x < w.out_width; ++x) {
        const int left = x * w.stride_width - w.pad_left;
        const Taps cols =
            TapsInside(left, w.width, w.dilation_width, w.in_width);
        std::fill_n(sums, w.out_channels, Accumulator{0});
        for (int i = rows.begin; i < rows.end; ++i) {
          const int64_t in_y =
              int64_t{n} * w.in_height + top + i * w.dilation_height;
          for (int j = cols.begin; j < cols.end; ++j) {
            const int64_t in_x = left + j * w.dilation_width;
            AddTap(w.in_channels, s.multiplier,
                   input + (in_y * w.in_width + in_x) * w.in_channels,
                   filter + (int64_t{i} * w.width + j) * w.out_channels,
                   input_offset_of(n), filter_offset, sums);
          }
        }
        finish(n, (row * w.out_width + x) * w.out_channels, sums);
      }
    }
  });
}

void EvalFloat(KernelContext& k, const State& s) {
  if (s.fast_float) return FastFloat(k, s);
  const float* bias =
      k.HasInput(kBias) ? k.Input(kBias).Data<float>() : nullptr;
  float* output = k.Output(0).MutableData<float>();
  ForEachPosition<float>(
      k, s, k.Input(kInput).Data<float>(), k.Input(kFilter).Data<float>(),
      [](int) { return 0; }, 0,
      [&](int, int64_t at, const float* sums) {
        for (int o = 0; o < s.window.out_channels; ++o) {
          const float sum = sums[o] + (bias != nullptr ? bias[o] : 0.0f);
          output[at + o] = Clamp(sum, s.range);
        }
      });
}

template <class In, class Filter, class Accumulator, class Bias>
void EvalInteger(KernelContext& k, const State& s, const Filter* filter) {
  if constexpr (sizeof(In) == 1) {
    if (s.bytes.ready()) return FastInteger<In>(k, s);
    if (s.filter.ready())
      return s.filter.panels.element == GemmElement::kByte
                 ? OneChannelInteger<uint8_t, In>(k, s)
                 : OneChannelInteger<int16_t, In>(k, s);
  }
  const FilterQuantization& q = s.quantization;
  const Bias* bias = k.HasInput(kBias) ? k.Input(kBias).Data<Bias>() : nullptr;
  In* output = k.Output(0).MutableData<In>();
  ForEachPosition<Accumulator>(
      k, s, k.Input(kInput).Data<In>(), filter,
      [&](int) { return q.input_offset; }, q.filter_offset,
      [&](int, int64_t at, const Accumulator* sums) {
        for (int o = 0; o < s.window.out_channels; ++o) {
          const Accumulator sum =
              bias != nullptr ? AddWrapping(sums[o], bias[o]) : sums[o];
          output[at + o] = q.Finish<In>(sum, o);
        }
      });
}

void EvalHybrid(KernelContext& k, const State& s) {
  const Window& w = s.window;
  const RuntimeTensor& filter = k.Input(kFilter);
  const float* bias =
      k.HasInput(kBias) ? k.Input(kBias).Data<float>() : nullptr;
  auto* quantized = k.Scratch<int8_t>(kQuantized);
  auto* batch = k.Scratch<FloatQuantization>(kScales);
  const int64_t image = int64_t{w.in_height} * w.in_width * w.in_channels;
  for (int n = 0; n < w.batches; ++n) {
    batch[n] = QuantizeAsymmetric(k.Input(kInput).Data<float>() + n * image,
                                  image, quantized + n * image);
    if (s.bytes.ready())
      FastHybridImage(k, s, n, quantized + n * image, batch[n]);
  }
  if (s.bytes.ready()) return;
  float* output = k.Output(0).MutableData<float>();
  ForEachPosition<int32_t>(
      k, s, quantized, FilterValues(filter, s.unpacked),
      [&](int n) { return -batch[n].offset; }, 0,
      [&](int n, int64_t at, const int32_t* sums) {
        for (int o = 0; o < w.out_channels; ++o) {
          float value = static_cast<float>(sums[o]) * FilterScale(filter, o) *
                        batch[n].scale;
          if (bias != nullptr) value += bias[o];
          output[at + o] = Clamp(value, s.range);
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

extern const Kernel kDepthwiseConv2D{
    Op::kDepthwiseConv2D, "f32 i8 u8 i16 hybrid i4-weights", Prepare, Eval};

}  // namespace liteforge
