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
#include "kernels/byte_rows.h"
#include "kernels/filter_params.h"
#include "kernels/sparse_rows.h"
#include "kernels/window.h"
#include "kernels/winograd.h"

namespace liteforge {
namespace {

struct State {
  FilterArithmetic arithmetic;
  Window window;
  int groups = 1;
  FilterQuantization quantization;
  Range<float> range{0, 0};
  std::vector<int8_t> unpacked;
  bool symmetric_input = false;  // hybrid
  // For the fast paths, where there is one: constants packed, and what the
  // window sees outside the input.
  FloatPanels panels;
  SparseColumns sparse;
  WinogradFilter winograd;
  std::vector<float> outside;
  PackedFilter filter;
};

constexpr int kInput = 0, kFilter = 1, kBias = 2;
// Scratch slots: activations as the arithmetic wants them, or Winograd's tiles;
// scales of batches, and corrections of the channels (hybrid).
constexpr int kActivations = 0, kScales = 1, kCorrections = 2;

// A run outside the input is written out on the stack.
constexpr int kMostHybridRun = 8192;

bool HasConstantBias(const KernelContext& k) {
  return !k.HasInput(kBias) || k.Input(kBias).is_constant;
}

// Whether micro/ computes it.
bool IsFast(const KernelContext& k, const State& s) {
  const RuntimeTensor& filter = k.Input(kFilter);
  return !k.reference() && s.groups == 1 && filter.is_constant &&
         filter.elements() > 0 && HasConstantBias(k) && FitsTables(s.window);
}

template <class T>
const T* BiasOf(const KernelContext& k) {
  return k.HasInput(kBias) ? k.Input(kBias).Data<T>() : nullptr;
}

void PackFloat(KernelContext& k, State& s) {
  const float* filter = k.Input(kFilter).Data<float>();
  const float* bias = BiasOf<float>(k);
  const Runs runs = RunsOf(s.window);
  s.outside.assign(
      static_cast<size_t>(std::max<int64_t>(runs.length, s.window.in_channels)),
      0.0f);
  const int positions = s.window.height * s.window.width;
  if (SuitsSparse(s.window) &&
      SparseColumnsPay(filter, s.window.out_channels,
                       int64_t{positions} * s.window.in_channels,
                       s.window.out_rows() * s.window.out_width)) {
    s.sparse = PackSparseColumns(filter, bias, s.window.out_channels, positions,
                                 s.window.in_channels);
    return;
  }
  k.TakeFollowUp();
  if (PrefersWinograd(s.window)) {
    s.winograd = PackWinogradFilter(k.arrays(), filter, bias, s.window);
    k.NeedScratch(kActivations,
                  WinogradScratch(s.window, k.threads().threads()));
    return;
  }
  s.panels = PackFloatPanels(k.arrays(), filter, bias, s.window.out_channels,
                             runs.count, runs.length);
}

template <class Weight>
void PackInteger(KernelContext& k, State& s, const Weight* weights) {
  const RuntimeTensor& input = k.Input(kInput);
  s.filter = PackIntegerFilter(
      k.arrays(), weights, s.quantization, BiasOf<int32_t>(k),
      input.type == DataType::kInt8, s.window.out_channels, RunsOf(s.window));
  if (!MultipliesInPlace<Weight>(s.filter.panels))
    k.NeedScratch(kActivations, ActivationScratch(input.elements()));
  k.TakeFollowUp();
}

// Scratch holds the quantized activations, and behind them those of one image
// as micro/ wants them.
Result<void> PrepareHybrid(KernelContext& k, State& s) {
  const int64_t elements = k.Input(kInput).elements();
  const auto quantized = static_cast<size_t>(elements);
  k.NeedScratch(kActivations, quantized);
  const Runs runs = RunsOf(s.window);
  if (!IsFast(k, s) || runs.length + int64_t{kGemmSlack} > kMostHybridRun)
    return {};
  s.filter = PackHybridFilter(
      k.arrays(), FilterValues(k.Input(kFilter), s.unpacked), k.Input(kFilter),
      BiasOf<float>(k), s.window.out_channels, runs);
  const int64_t image = elements / std::max(s.window.batches, 1);
  k.NeedScratch(kActivations, quantized + ActivationScratch(image) + 64);
  k.NeedScratch(kCorrections,
                s.filter.panels.padded_columns() * sizeof(int32_t));
  return {};
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
                     k.Output(0).shape, k.padding());
  s.groups = filter.shape[3] > 0 ? input.shape[3] / filter.shape[3] : 1;
  s.range = FloatActivationRange(options.fused_activation_function);
  TRY(PrepareNarrowFilter(filter, s.unpacked));
  switch (s.arithmetic) {
    case FilterArithmetic::kFloat:
      if (IsFast(k, s)) PackFloat(k, s);
      return {};
    case FilterArithmetic::kHybrid:
      TRY(CheckQuantized(filter, "filter"));
      // One scale for all channels: the input is quantized symmetrically.
      s.symmetric_input = !HasDifferingScales(filter) && s.groups == 1;
      k.NeedScratch(kScales, sizeof(FloatQuantization) *
                                 static_cast<size_t>(s.window.batches));
      return PrepareHybrid(k, s);
    default:
      TRY_ASSIGN(s.quantization, PrepareFilterQuantization(
                                     k, kInput, kFilter, kBias, 0,
                                     options.fused_activation_function,
                                     s.arithmetic == FilterArithmetic::kUInt8));
      s.quantization.ties_up =
          !k.reference() && s.arithmetic != FilterArithmetic::kInt16;
      if (!IsFast(k, s)) return {};
      if (s.arithmetic == FilterArithmetic::kUInt8)
        PackInteger(k, s, filter.Data<uint8_t>());
      if (s.arithmetic == FilterArithmetic::kInt8 &&
          s.quantization.filter_offset == 0)
        PackInteger(k, s, FilterValues(filter, s.unpacked));
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

void FastFloat(KernelContext& k, const State& s) {
  ConvolveFloats(k.threads(), s.window, s.panels, k.Input(kInput).Data<float>(),
                 s.outside.data(), FloatOutputOf(k, s.range));
}

void FastSparse(KernelContext& k, const State& s) {
  const Window& w = s.window;
  const WindowRows<float> rows(w, k.Input(kInput).Data<float>(),
                               s.outside.data(), RunKind::kPositions);
  MultiplySparse(
      k.threads(), s.sparse, w.out_rows() * w.out_width, s.range,
      [&](int64_t row, const float** to) {
        rows.Pointers(rows.OriginOf(row), to, nullptr);
      },
      k.Output(0).MutableData<float>());
}

template <class Element, class In>
void FastInteger(KernelContext& k, const State& s) {
  const RuntimeTensor& input = k.Input(kInput);
  ConvolveBytes<Element, In>(
      k.threads(), s.window, s.filter, OutputOf(s.filter, s.quantization),
      {input.Data<In>(), input.elements(), -s.quantization.input_offset,
       k.Scratch<Element>(kActivations)},
      ByteOutputOf<In>(k));
}

// One image of a batch, whose activations have a scale and an offset of their
// own.
template <class Element>
void FastHybridImage(KernelContext& k, const State& s, int n,
                     const int8_t* quantized, FloatQuantization of_batch,
                     Element* activations) {
  Window w = s.window;
  w.batches = 1;
  const PackedFilter& f = s.filter;
  const int64_t image = int64_t{w.in_height} * w.in_width * w.in_channels;
  ConvertActivations(k.threads(), quantized, image, of_batch.offset,
                     activations);
  const bool bytes = sizeof(Element) == 1;
  auto* corrections = k.Scratch<int32_t>(kCorrections);
  const int32_t zero = bytes ? of_batch.offset + 128 : 0;
  for (size_t c = 0; c < f.panels.padded_columns(); ++c)
    corrections[c] = -zero * f.panels.column_sums()[c];
  // A run of the offset, which is what zero became.
  Element outside[kMostHybridRun];
  std::fill_n(outside, f.panels.run_length + int64_t{kGemmSlack},
              static_cast<Element>(zero));
  const HybridOutput out{corrections,    f.scale.data(), f.float_bias.data(),
                         of_batch.scale, s.range.min,    s.range.max};
  float* output = k.Output(0).MutableData<float>() + OutputOffset(w, n, 0, 0);
  const int64_t channels = w.out_channels;
  ForEachProduct<ByteRun<Element>>(
      k.threads(), w, static_cast<const Element*>(activations),
      static_cast<const Element*>(outside), f.panels, ByteTileRows(),
      [&](const ByteRun<Element>* runs, int64_t row, int64_t count,
          int64_t begin, int64_t end) {
        MultiplyBytes<Element>(f.panels, {count, nullptr, runs}, begin, end,
                               out, output + row * channels, channels);
      },
      [&](const Element* const* pointers, int64_t row, int count, int64_t step,
          int64_t begin, int64_t end) {
        MultiplyBytes<Element>(f.panels, {count, pointers}, begin, end, out,
                               output + row * channels, step * channels);
      });
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
  if (!s.sparse.empty()) return FastSparse(k, s);
  const Window& w = s.window;
  if (s.winograd.ready()) {
    return ConvolveByWinograd(
        k.threads(),
        {w, s.winograd, s.outside.data(), FloatOutputOf(k, s.range),
         k.Scratch<float>(kActivations)},
        k.Input(kInput).Data<float>());
  }
  if (!s.panels.empty()) return FastFloat(k, s);
  const float* input = k.Input(kInput).Data<float>();
  const float* filter = k.Input(kFilter).Data<float>();
  const float* bias =
      k.HasInput(kBias) ? k.Input(kBias).Data<float>() : nullptr;
  float* output = k.Output(0).MutableData<float>();
  ForEachRow(k, w, [&](int n, int y) {
    for (int x = 0; x < w.out_width; ++x) {
      float* at = output + OutputOffset(w, n, y, x);
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
  if constexpr (sizeof(In) == 1) {
    if (s.filter.ready())
      return s.filter.panels.element == GemmElement::kByte
                 ? FastInteger<uint8_t, In>(k, s)
                 : FastInteger<int16_t, In>(k, s);
  }
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
  auto* quantized = k.Scratch<int8_t>(kActivations);
  auto* batch = k.Scratch<FloatQuantization>(kScales);
  const int64_t image = int64_t{w.in_height} * w.in_width * w.in_channels;
  for (int n = 0; n < w.batches; ++n) {
    const float* values = k.Input(kInput).Data<float>() + n * image;
    batch[n] = s.symmetric_input
                   ? QuantizeSymmetric(values, image, quantized + n * image)
                   : QuantizeAsymmetric(values, image, quantized + n * image);
  }
  if (s.filter.ready()) {
    auto* behind = quantized + (w.batches * image + 63) / 64 * 64;
    for (int n = 0; n < w.batches; ++n) {
      const int8_t* values = quantized + n * image;
      if (s.filter.panels.element == GemmElement::kByte) {
        FastHybridImage(k, s, n, values, batch[n],
                        reinterpret_cast<uint8_t*>(behind));
      } else {
        FastHybridImage(k, s, n, values, batch[n],
                        reinterpret_cast<int16_t*>(behind));
      }
    }
    return;
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
