// SPDX-License-Identifier: Apache-2.0
// FULLY_CONNECTED: output[b, o] = act(bias[o] + sum over i of
//                                     input[b, i] * weights[o, i])
//   input   [.., I] seen as [B, I]   f32 | u8 | i8 | i16
//   weights [O, I]                   f32 | u8 | i8 | i4 | i2 | i16
//   bias    [O], optional            f32 | i32 | i64
// Shuffled weights (SHUFFLED4x16INT8, with a u8 input and an i16 output) hold
// their values less 128, in blocks of 4 outputs x 16 inputs.
// Source: TFLite schema FullyConnectedOptions; tflite/kernels/
// fully_connected.cc and kernels/internal/reference.
#include "kernels/byte_rows.h"
#include "kernels/filter_params.h"
#include "kernels/sparse_rows.h"

namespace liteforge {
namespace {

struct State {
  FilterArithmetic arithmetic;
  int64_t batches = 0;
  int outputs = 0;
  int depth = 0;
  FilterQuantization quantization;
  Range<float> range{0, 0};
  std::vector<int8_t> unpacked;
  bool shuffled = false;
  // For the fast paths, where there is one.
  FloatPanels panels;
  SparseColumns sparse;   // of many rows
  SparseVectors vectors;  // of one
  PackedFilter filter;
};

constexpr int kInput = 0, kWeights = 1, kBias = 2;
constexpr int kQuantized = 0, kScales = 1, kActivations = 2, kCorrections = 3;

constexpr int kBlockOutputs = 4, kBlockInputs = 16;

// Back in rows.
void Unshuffle(const RuntimeTensor& weights, State& s) {
  const int8_t* from = weights.Data<int8_t>();
  for (int o = 0; o < s.outputs; o += kBlockOutputs) {
    for (int i = 0; i < s.depth; i += kBlockInputs) {
      for (int row = o; row < o + kBlockOutputs; ++row) {
        std::copy_n(from, kBlockInputs,
                    s.unpacked.begin() + int64_t{row} * s.depth + i);
        from += kBlockInputs;
      }
    }
  }
}

Result<void> PrepareShuffled(KernelContext& k, State& s) {
  const RuntimeTensor& weights = k.Input(kWeights);
  if (s.arithmetic != FilterArithmetic::kUInt8 ||
      k.Output(0).type != DataType::kInt16)
    return InvalidModel(
        "with shuffled weights the input must be uint8 and the output int16");
  if (s.outputs % kBlockOutputs != 0 || s.depth % kBlockInputs != 0)
    return InvalidModel("shuffled weights must be blocks of 4 x 16, they are " +
                        weights.shape.ToString());
  s.shuffled = true;
  s.unpacked.resize(static_cast<size_t>(weights.elements()));
  if (weights.is_constant) Unshuffle(weights, s);
  s.quantization.filter_offset = 0;
  return {};
}

// What TensorFlow Lite's kernel leaves in its working memory: the input less
// 128, four rows in blocks of 16 values.
void WriteWorkspace(KernelContext& k, const State& s) {
  if (k.output_count() < 2) return;
  const auto* input = k.Input(kInput).Data<uint8_t>();
  auto* to = k.Output(1).MutableData<uint8_t>();
  const int64_t rows = s.batches == 4 ? 4 : 1;
  for (int64_t first = 0; first < s.batches; first += rows) {
    for (int64_t i = 0; i < s.depth; i += kBlockInputs) {
      for (int64_t row = first; row < first + rows; ++row) {
        for (int64_t c = i; c < i + kBlockInputs; ++c)
          *to++ = input[row * s.depth + c] ^ 0x80;
      }
    }
  }
}

// Whether micro/ computes it.
bool IsFast(const KernelContext& k) {
  const RuntimeTensor& weights = k.Input(kWeights);
  return !k.reference() && weights.is_constant && weights.elements() > 0 &&
         (!k.HasInput(kBias) || k.Input(kBias).is_constant);
}

template <class T>
const T* BiasOf(const KernelContext& k) {
  return k.HasInput(kBias) ? k.Input(kBias).Data<T>() : nullptr;
}

void PackFloat(KernelContext& k, State& s) {
  const float* weights = k.Input(kWeights).Data<float>();
  const float* bias = BiasOf<float>(k);
  if (s.batches == 1)
    s.vectors = PackSparseVectors(weights, bias, s.outputs, s.depth);
  if (SuitsSparse(s.batches, 1) &&
      SparseColumnsPay(weights, s.outputs, s.depth, s.batches))
    s.sparse = PackSparseColumns(weights, bias, s.outputs, 1, s.depth);
  if (s.vectors.empty() && s.sparse.empty())
    s.panels =
        PackFloatPanels(k.arrays(), weights, bias, s.outputs, 1, s.depth);
}

template <class Weight>
void PackInteger(KernelContext& k, State& s, const Weight* weights) {
  if (!IsFast(k) || k.Output(0).type != k.Input(kInput).type) return;
  s.filter = PackIntegerFilter(
      k.arrays(), weights, s.quantization, BiasOf<int32_t>(k),
      k.Input(kInput).type == DataType::kInt8, s.outputs, Runs{1, s.depth});
  k.NeedScratch(kActivations, ActivationScratch(s.batches * s.depth));
}

// Rows are multiplied one batch's offset at a time.
void PackHybrid(KernelContext& k, State& s) {
  if (!IsFast(k)) return;
  s.filter = PackHybridFilter(
      k.arrays(), FilterValues(k.Input(kWeights), s.unpacked),
      k.Input(kWeights), BiasOf<float>(k), s.outputs, Runs{1, s.depth});
  k.NeedScratch(kActivations, ActivationScratch(s.depth));
  k.NeedScratch(kCorrections,
                s.filter.panels.padded_columns() * sizeof(int32_t));
}

Result<void> Prepare(KernelContext& k) {
  const RuntimeTensor& input = k.Input(kInput);
  const RuntimeTensor& weights = k.Input(kWeights);
  const auto& options = k.options<FullyConnectedOptions>();
  State& s = k.NewState<State>();
  TRY_ASSIGN(s.arithmetic, FindFilterArithmetic(k, kInput, kWeights, kBias,
                                                /*takes_int16_filter=*/true));
  s.outputs = weights.shape[0];
  s.depth = weights.shape[1];
  s.batches = k.Output(0).elements() / std::max(s.outputs, 1);
  s.range = FloatActivationRange(options.fused_activation_function);
  TRY(PrepareNarrowFilter(weights, s.unpacked));
  const DataType out = k.Output(0).type;
  const bool widened =
      s.arithmetic == FilterArithmetic::kUInt8 && out == DataType::kInt16;
  if (out != input.type && !widened) {
    return InvalidModel("the output must have the input's type");
  }
  if (s.arithmetic == FilterArithmetic::kFloat) {
    if (IsFast(k)) PackFloat(k, s);
    return {};
  }
  if (s.arithmetic == FilterArithmetic::kHybrid) {
    k.NeedScratch(kQuantized, static_cast<size_t>(input.elements()));
    k.NeedScratch(kScales,
                  sizeof(FloatQuantization) * static_cast<size_t>(s.batches));
    TRY(CheckQuantized(weights, "weights"));
    PackHybrid(k, s);
    return {};
  }
  TRY_ASSIGN(s.quantization,
             PrepareFilterQuantization(k, kInput, kWeights, kBias, 0,
                                       options.fused_activation_function,
                                       /*narrow_product=*/true));
  if (options.weights_format != FullyConnectedOptionsWeightsFormat::kDefault)
    return PrepareShuffled(k, s);
  s.quantization.ties_up = !k.reference() &&
                           s.arithmetic != FilterArithmetic::kInt16 &&
                           s.arithmetic != FilterArithmetic::kInt16x16;
  if (s.arithmetic == FilterArithmetic::kUInt8)
    PackInteger(k, s, weights.Data<uint8_t>());
  if (s.arithmetic == FilterArithmetic::kInt8 &&
      s.quantization.filter_offset == 0)
    PackInteger(k, s, FilterValues(weights, s.unpacked));
  return {};
}

float Dot(const float* a, const float* b, int count) {
  float sum = 0;
  for (int i = 0; i < count; ++i) sum += a[i] * b[i];
  return sum;
}

// Calls body(b, o) for every output value; outputs shared among the threads.
template <class Body>
void ForEachOutput(KernelContext& k, const State& s, const Body& body) {
  constexpr int64_t kGrain = 8;
  k.threads().ParallelFor(s.outputs, kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t b = 0; b < s.batches; ++b) {
      for (int64_t o = begin; o < end; ++o) body(b, o);
    }
  });
}

void FastFloat(KernelContext& k, const State& s) {
  const float* input = k.Input(kInput).Data<float>();
  float* output = k.Output(0).MutableData<float>();
  const FloatPanels& p = s.panels;
  ForEachTile(
      k.threads(), s.batches, FloatTileRows(), p.panels(),
      p.depth() * p.panel_width * int64_t{sizeof(float)},
      int64_t{s.outputs} * s.depth,
      [&](int64_t first, int count, int64_t begin, int64_t end) {
        const MatrixRows<float> rows(input + first * s.depth, s.depth, count);
        MultiplyFloatTile(p, rows.pointers, count, begin, end, s.range.min,
                          s.range.max, output + first * s.outputs, s.outputs);
      });
}

void FastSparseRow(KernelContext& k, const State& s) {
  const float* input = k.Input(kInput).Data<float>();
  float* output = k.Output(0).MutableData<float>();
  constexpr int64_t kGrain = 1 << 16;  // of a thread, in products
  const int64_t panels = s.vectors.panels();
  const int64_t work =
      int64_t{s.outputs} * s.depth / std::max<int64_t>(panels, 1);
  k.threads().ParallelFor(panels, kGrain / std::max<int64_t>(work, 1) + 1,
                          [&](int64_t begin, int64_t end) {
                            MultiplySparseVector(s.vectors, input, begin, end,
                                                 s.range.min, s.range.max,
                                                 output);
                          });
}

void FastSparseRows(KernelContext& k, const State& s) {
  const float* input = k.Input(kInput).Data<float>();
  MultiplySparse(
      k.threads(), s.sparse, s.batches, s.range,
      [&](int64_t row, const float** to) { *to = input + row * s.depth; },
      k.Output(0).MutableData<float>());
}

template <class Element, class In>
void FastInteger(KernelContext& k, const State& s) {
  const PackedFilter& f = s.filter;
  auto* activations = k.Scratch<Element>(kActivations);
  ConvertActivations(k.threads(), k.Input(kInput).Data<In>(),
                     s.batches * s.depth, -s.quantization.input_offset,
                     activations);
  const IntegerOutput out = OutputOf(f, s.quantization);
  In* output = k.Output(0).MutableData<In>();
  const BytePanels& p = f.panels;
  ForEachTile(k.threads(), s.batches, ByteTileRows(), p.panels(),
              p.groups() * p.panel_width * 4, int64_t{s.outputs} * s.depth,
              [&](int64_t first, int count, int64_t begin, int64_t end) {
                const MatrixRows<Element> rows(activations + first * s.depth,
                                               s.depth, count);
                int32_t terms[kMostTileRows] = {};
                if (p.weight_offset != 0)
                  RowTerms(f, rows.pointers, count, terms);
                MultiplyBytes<Element>(
                    p, {count, rows.pointers, nullptr, terms}, begin, end, out,
                    output + first * s.outputs, s.outputs);
              });
}

template <class Element>
void FastHybridRow(KernelContext& k, const State& s, int64_t b,
                   const int8_t* quantized, FloatQuantization of_row) {
  const BytePanels& p = s.filter.panels;
  auto* activations = k.Scratch<Element>(kActivations);
  ConvertActivations(k.threads(), quantized, s.depth, of_row.offset,
                     activations);
  auto* corrections = k.Scratch<int32_t>(kCorrections);
  const int32_t zero = sizeof(Element) == 1 ? of_row.offset + 128 : 0;
  for (size_t n = 0; n < p.padded_columns(); ++n)
    corrections[n] = -zero * p.column_sums()[n];
  const HybridOutput out{
      corrections,  s.filter.scale.data(), s.filter.float_bias.data(),
      of_row.scale, s.range.min,           s.range.max};
  float* output = k.Output(0).MutableData<float>() + b * s.outputs;
  const Element* row = activations;
  ForEachTile(k.threads(), 1, 1, p.panels(), p.groups() * p.panel_width * 4,
              int64_t{s.outputs} * s.depth,
              [&](int64_t, int, int64_t begin, int64_t end) {
                MultiplyBytes<Element>(p, {1, &row}, begin, end, out, output,
                                       s.outputs);
              });
}

void EvalFloat(KernelContext& k, const State& s) {
  if (!s.vectors.empty()) return FastSparseRow(k, s);
  if (!s.sparse.empty()) return FastSparseRows(k, s);
  if (!s.panels.empty()) return FastFloat(k, s);
  const float* input = k.Input(kInput).Data<float>();
  const float* weights = k.Input(kWeights).Data<float>();
  const float* bias =
      k.HasInput(kBias) ? k.Input(kBias).Data<float>() : nullptr;
  float* output = k.Output(0).MutableData<float>();
  ForEachOutput(k, s, [&](int64_t b, int64_t o) {
    float sum = Dot(input + b * s.depth, weights + o * s.depth, s.depth);
    if (bias != nullptr) sum += bias[o];
    output[b * s.outputs + o] = Clamp(sum, s.range);
  });
}

template <class In, class Weight, class Accumulator, class Bias, class Out>
void EvalInteger(KernelContext& k, const State& s, const Weight* weights) {
  if constexpr (sizeof(In) == 1 && sizeof(Out) == 1) {
    if (s.filter.ready())
      return s.filter.panels.element == GemmElement::kByte
                 ? FastInteger<uint8_t, In>(k, s)
                 : FastInteger<int16_t, In>(k, s);
  }
  const FilterQuantization& q = s.quantization;
  const In* input = k.Input(kInput).Data<In>();
  const Bias* bias = k.HasInput(kBias) ? k.Input(kBias).Data<Bias>() : nullptr;
  Out* output = k.Output(0).MutableData<Out>();
  ForEachOutput(k, s, [&](int64_t b, int64_t o) {
    const In* row = input + b * s.depth;
    const Weight* column = weights + o * s.depth;
    Accumulator sum = 0;
    for (int i = 0; i < s.depth; ++i) {
      // Two int16 values and their offsets pass 32 bits.
      using Product =
          std::conditional_t<sizeof(Weight) == 2, int64_t, Accumulator>;
      sum = AddWrapping(sum, static_cast<Product>(row[i] + q.input_offset) *
                                 (column[i] + q.filter_offset));
    }
    if (bias != nullptr) sum = AddWrapping(sum, bias[o]);
    output[b * s.outputs + o] = q.Finish<Out>(sum, static_cast<int>(o));
  });
}

void EvalShuffled(KernelContext& k, State& s) {
  if (!k.Input(kWeights).is_constant) Unshuffle(k.Input(kWeights), s);
  EvalInteger<uint8_t, int8_t, int32_t, int32_t, int16_t>(k, s,
                                                          s.unpacked.data());
  WriteWorkspace(k, s);
}

void EvalHybrid(KernelContext& k, const State& s) {
  const RuntimeTensor& weights_tensor = k.Input(kWeights);
  const int8_t* weights = FilterValues(weights_tensor, s.unpacked);
  const float* bias =
      k.HasInput(kBias) ? k.Input(kBias).Data<float>() : nullptr;
  const bool asymmetric =
      k.options<FullyConnectedOptions>().asymmetric_quantize_inputs;
  auto* quantized = k.Scratch<int8_t>(kQuantized);
  auto* batch = k.Scratch<FloatQuantization>(kScales);
  for (int64_t b = 0; b < s.batches; ++b) {
    const float* row = k.Input(kInput).Data<float>() + b * s.depth;
    int8_t* to = quantized + b * s.depth;
    batch[b] = asymmetric ? QuantizeAsymmetric(row, s.depth, to)
                          : QuantizeSymmetric(row, s.depth, to);
  }
  if (s.filter.ready()) {
    for (int64_t b = 0; b < s.batches; ++b) {
      const int8_t* row = quantized + b * s.depth;
      s.filter.panels.element == GemmElement::kByte
          ? FastHybridRow<uint8_t>(k, s, b, row, batch[b])
          : FastHybridRow<int16_t>(k, s, b, row, batch[b]);
    }
    return;
  }
  float* output = k.Output(0).MutableData<float>();
  ForEachOutput(k, s, [&](int64_t b, int64_t o) {
    const int8_t* row = quantized + b * s.depth;
    const int8_t* column = weights + o * s.depth;
    int32_t sum = 0;
    for (int i = 0; i < s.depth; ++i) {
      sum += (row[i] - batch[b].offset) * column[i];
    }
    const float scale =
        batch[b].scale * FilterScale(weights_tensor, static_cast<int>(o));
    const float value =
        (bias != nullptr ? bias[o] : 0.0f) + static_cast<float>(sum) * scale;
    output[b * s.outputs + o] = Clamp(value, s.range);
  });
}

void Eval(KernelContext& k) noexcept {
  const State& s = k.State<State>();
  const RuntimeTensor& weights = k.Input(kWeights);
  const bool wide_bias =
      !k.HasInput(kBias) || k.Input(kBias).type == DataType::kInt64;
  switch (s.arithmetic) {
    case FilterArithmetic::kFloat:
      return EvalFloat(k, s);
    case FilterArithmetic::kHybrid:
      return EvalHybrid(k, s);
    case FilterArithmetic::kUInt8:
      if (s.shuffled) return EvalShuffled(k, k.State<State>());
      return k.Output(0).type == DataType::kInt16
                 ? EvalInteger<uint8_t, uint8_t, int32_t, int32_t, int16_t>(
                       k, s, weights.Data<uint8_t>())
                 : EvalInteger<uint8_t, uint8_t, int32_t, int32_t, uint8_t>(
                       k, s, weights.Data<uint8_t>());
    case FilterArithmetic::kInt8:
      return EvalInteger<int8_t, int8_t, int32_t, int32_t, int8_t>(
          k, s, FilterValues(weights, s.unpacked));
    case FilterArithmetic::kInt16:
      return wide_bias
                 ? EvalInteger<int16_t, int8_t, int64_t, int64_t, int16_t>(
                       k, s, FilterValues(weights, s.unpacked))
                 : EvalInteger<int16_t, int8_t, int32_t, int32_t, int16_t>(
                       k, s, FilterValues(weights, s.unpacked));
    case FilterArithmetic::kInt16x16:
      return wide_bias
                 ? EvalInteger<int16_t, int16_t, int64_t, int64_t, int16_t>(
                       k, s, weights.Data<int16_t>())
                 : EvalInteger<int16_t, int16_t, int32_t, int32_t, int16_t>(
                       k, s, weights.Data<int16_t>());
  }
}

}  // namespace

extern const Kernel kFullyConnected{
    Op::kFullyConnected,
    "f32 i8 u8 i16 i16-weights hybrid i4-weights i2-weights", Prepare, Eval};

}  // namespace liteforge
