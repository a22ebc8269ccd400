// SPDX-License-Identifier: Apache-2.0
// The LSTM step of int8 inputs, weights and h, with 16-bit gates and cell
// state. s(t) is a tensor's scale, z(t) its zero_point; q the integer.
//
//   gate, Q3.12, or with layer norm of scale s(intermediate[gate]):
//     clamp16(M(b + sum (x - z) W, s(x) s(W) / s(gate)))
//     clamp16(. + M(sum (h - z) R, s(h) s(R) / s(gate)))
//     clamp16(. + M(P c, s(c) s(P) / s(gate)))
//   sigmoid, tanh: fixed_point.h, to Q0.15
//   hidden = clamp8(M(o tanh(c), 2^-30 / s(intermediate[4])) + z)
//   h = hidden, or clamp8(M(m + sum (hidden - z) M, s(hidden) s(M) / s(h)) + z)
//
// M(x, scale): numerics.h. Scales are combined in float. The cell state's scale
// is a power of two, 2^-15 to 2^-9. With layer norm, of all C gate values v:
//   mean = 1024 sum v / C;  var = (sum v^2 (2^20 / C) - mean^2) / 2^20, or the
//   guard max(1, 10000 s(L)) where var < 1
//   v = clamp16(M((M(1024 v - mean, 1/sqrt(var)) L + b) / 1024, s(L) 2^12))
//
// With a projection, TensorFlow Lite steps through peephole weights and gates
// by O instead of C, so the last C - O peepholes of a batch do not count and
// those of the next items are shifted; with z(hidden) of the other sign on both
// sides of the projection. Both are repeated here, for equal results.
// Source: tflite/kernels/{lstm,lstm_eval}.cc,
// kernels/internal/reference/portable_tensor_utils.cc.
#include <cmath>
#include <span>
#include <vector>

#include "kernels/fixed_point.h"
#include "kernels/lstm_fixed.h"
#include "kernels/micro/word_functions.h"
#include "kernels/recurrent_math.h"

namespace liteforge {
namespace {

// Scratch: the gates of one batch item; o tanh(c); sums of both products of all
// gates, and the vector of either as they take it.
constexpr int kGates = 0, kHidden = 1, kInputSums = 2, kStateSums = 3,
              kVector = 4;
constexpr int kHiddenIntermediate = 4;

Result<void> PrepareGate(const KernelContext& k, const LstmCell& cell,
                         int index, LstmInteger& parameters) {
  const LstmGate& places = cell.gates[static_cast<size_t>(index)];
  LstmIntegerGate& gate = parameters.gates[static_cast<size_t>(index)];
  float scale = 1.0f / 4096;
  if (cell.has_layer_norm) {
    TRY_ASSIGN(scale, IntermediateScale(k, index));
    const float coefficients = k.Input(places.layer_norm).scale();
    TRY_ASSIGN(gate.layer_norm, LstmScale(coefficients));
    gate.layer_norm.shift += 12;
    gate.variance_guard =
        std::max(1, static_cast<int32_t>(10000 * coefficients));
  }
  TRY_ASSIGN(gate.input, LstmScale(k.Input(places.weights).scale() *
                                   k.Input(cell.input).scale() / scale));
  TRY_ASSIGN(gate.recurrent,
             LstmScale(k.Input(places.recurrent).scale() *
                       k.Input(cell.output_state).scale() / scale));
  if (!cell.has_peephole || index == kCellGate) return {};
  const double peephole = std::ldexp(1.0, parameters.cell_exponent) *
                          k.Input(places.peephole).scale() / scale;
  TRY_ASSIGN(gate.peephole, LstmScale(static_cast<float>(peephole)));
  return {};
}

Result<void> PrepareHidden(const KernelContext& k, const LstmCell& cell,
                           LstmInteger& parameters) {
  TRY_ASSIGN(const float scale, IntermediateScale(k, kHiddenIntermediate));
  TRY_ASSIGN(parameters.hidden_zero, IntermediateZero(k, kHiddenIntermediate));
  const double hidden = std::ldexp(1.0, -15) / scale * std::ldexp(1.0, -15);
  TRY_ASSIGN(parameters.hidden, LstmScale(static_cast<float>(hidden)));
  if (!cell.has_projection) return {};
  TRY_ASSIGN(parameters.projection,
             LstmScale(k.Input(cell.projection).scale() * scale /
                       k.Input(cell.output_state).scale()));
  return {};
}

// Packs the matrices of all gates that there are, if they are constant.
void PackProducts(KernelContext& k, const LstmCell& cell, LstmInteger& s) {
  std::vector<const int8_t*> inputs, states;
  std::vector<const int32_t*> biases;
  for (const LstmGate& places :
       std::span(cell.gates).subspan(cell.coupled ? kForgetGate : kInputGate)) {
    const RuntimeTensor& weights = k.Input(places.weights);
    const RuntimeTensor& recurrent = k.Input(places.recurrent);
    const RuntimeTensor& bias = k.Input(places.bias);
    if (!weights.is_constant || !recurrent.is_constant || !bias.is_constant)
      return;
    inputs.push_back(weights.Data<int8_t>());
    states.push_back(recurrent.Data<int8_t>());
    biases.push_back(cell.has_layer_norm ? nullptr : bias.Data<int32_t>());
  }
  s.from_input =
      PackGateProducts(k.arrays(), inputs, biases, cell.cells, cell.inputs,
                       k.Input(cell.input).zero_point());
  biases.assign(biases.size(), nullptr);
  s.from_state =
      PackGateProducts(k.arrays(), states, biases, cell.cells, cell.outputs,
                       k.Input(cell.output_state).zero_point());
  k.NeedScratch(kInputSums, s.from_input.sums() * sizeof(int32_t));
  k.NeedScratch(kStateSums, s.from_state.sums() * sizeof(int32_t));
  k.NeedScratch(kVector,
                GateVectorScratch(std::max(cell.inputs, cell.outputs)));
}

Result<void> Prepare(KernelContext& k, LstmState& s) {
  constexpr LstmTypes kTypes{DataType::kInt32, DataType::kInt16,
                             DataType::kInt16, DataType::kInt8,
                             DataType::kInt16};
  LstmCell& cell = s.cells[0];
  cell.may_be_diagonal = false;
  TRY(CheckLstmCell(k, s, cell, kTypes));
  TRY(CheckLstmScales(k, cell));
  TRY(CheckQuantized(k.Output(0), "output"));
  if (k.Input(cell.gates[kOutputGate].weights).type != DataType::kInt8) {
    return Unsupported("an int8 input takes int8 weights");
  }
  TRY_ASSIGN(s.integer.cell_exponent,
             LstmCellExponent(k.Input(cell.cell_state), -15, -9));
  for (int gate = 0; gate < kLstmGates; ++gate) {
    if (cell.coupled && gate == kInputGate) continue;
    TRY(PrepareGate(k, cell, gate, s.integer));
  }
  TRY(PrepareHidden(k, cell, s.integer));
  s.integer.cell_clip =
      QuantizedClip(s.cell_clip, k.Input(cell.cell_state).scale(), 32767);
  s.integer.projection_clip =
      QuantizedClip(s.projection_clip, k.Output(0).scale(), 127);
  const auto cells = static_cast<size_t>(cell.cells);
  k.NeedScratch(kGates, kLstmGates * cells * sizeof(int16_t));
  k.NeedScratch(kHidden, cells);
  if (!k.reference() && cell.cells > 0 && cell.inputs > 0)
    PackProducts(k, cell, s.integer);
  return {};
}

WordScale WordScaleOf(FixedScale scale) {
  return {scale.multiplier, scale.shift};
}

// The sums of all gates, of which AddProducts takes one's.
void MultiplyAllGates(const KernelContext& k, const LstmState& s,
                      const LstmCell& cell, const LstmRow& row) {
  if (!s.integer.from_input.ready()) return;
  auto* vector = k.Scratch<std::byte>(kVector);
  MultiplyGates(s.integer.from_input,
                RowOf<int8_t>(k.Input(cell.input), row.at, cell.inputs), vector,
                k.Scratch<int32_t>(kInputSums));
  MultiplyGates(
      s.integer.from_state,
      RowOf<int8_t>(k.Input(cell.output_state), row.batch, cell.outputs),
      vector, k.Scratch<int32_t>(kStateSums));
}

// Sums of both products of every cell.
void AddProducts(const KernelContext& k, const LstmState& s,
                 const LstmCell& cell, int index, const LstmRow& row,
                 int16_t* gate) {
  const LstmGate& places = cell.gates[static_cast<size_t>(index)];
  const LstmIntegerGate& scales = s.integer.gates[static_cast<size_t>(index)];
  if (s.integer.from_input.ready()) {
    const int first = cell.coupled ? index - kForgetGate : index;
    const int64_t at = int64_t{first} * cell.cells;
    return AddScaledToWords(k.Scratch<int32_t>(kInputSums) + at,
                            WordScaleOf(scales.input),
                            k.Scratch<int32_t>(kStateSums) + at,
                            WordScaleOf(scales.recurrent), cell.cells, gate);
  }
  const RuntimeTensor& input = k.Input(cell.input);
  const RuntimeTensor& state = k.Input(cell.output_state);
  const auto* x = RowOf<int8_t>(input, row.at, cell.inputs);
  const auto* h = RowOf<int8_t>(state, row.batch, cell.outputs);
  const int32_t* bias =
      cell.has_layer_norm ? nullptr : k.Input(places.bias).Data<int32_t>();
  for (int c = 0; c < cell.cells; ++c) {
    const int32_t from_input = IntegerDot(
        x, input.zero_point(),
        RowOf<int8_t>(k.Input(places.weights), c, cell.inputs), cell.inputs);
    const int32_t from_state =
        IntegerDot(h, state.zero_point(),
                   RowOf<int8_t>(k.Input(places.recurrent), c, cell.outputs),
                   cell.outputs);
    const auto sum = static_cast<int32_t>(
        static_cast<uint32_t>(from_input) +
        static_cast<uint32_t>(bias == nullptr ? 0 : bias[c]));
    gate[c] = ClampTo16(Multiply(sum, scales.input));
    gate[c] =
        ClampTo16(int64_t{Multiply(from_state, scales.recurrent)} + gate[c]);
  }
}

void AddPeephole(const KernelContext& k, const LstmState& s,
                 const LstmCell& cell, int index, const LstmRow& row,
                 const int16_t* cell_state, int16_t* gate) {
  const LstmGate& places = cell.gates[static_cast<size_t>(index)];
  const FixedScale scale = s.integer.gates[static_cast<size_t>(index)].peephole;
  const auto* weights = k.Input(places.peephole).Data<int16_t>();
  // The batch items that TensorFlow Lite steps through together.
  const int64_t items = s.time_major ? s.batch : 1;
  const int64_t item = s.time_major ? row.batch : 0;
  const int64_t step = std::min(cell.outputs, cell.cells);
  for (int c = 0; c < cell.cells; ++c) {
    const int64_t at = item * cell.cells + c;
    if (at >= items * step) break;
    const int32_t product = Multiply(weights[at % step] * cell_state[c], scale);
    gate[c] = ClampTo16(int64_t{product} + gate[c]);
  }
}

int16_t Normalized(int16_t value, int32_t mean, FixedScale inverse,
                   FixedScale scale, int16_t coefficient, int32_t bias) {
  const int32_t rescaled = Multiply(1024 * value - mean, inverse);
  const auto sum = static_cast<int32_t>(static_cast<uint32_t>(rescaled) *
                                            static_cast<uint32_t>(coefficient) +
                                        static_cast<uint32_t>(bias));
  const int64_t half = sum > 0 ? 512 : -512;
  return ClampTo16(Multiply(static_cast<int32_t>((sum + half) / 1024), scale));
}

void Normalize(const KernelContext& k, const LstmState& s, const LstmCell& cell,
               int index, int16_t* gate) {
  const LstmGate& places = cell.gates[static_cast<size_t>(index)];
  const LstmIntegerGate& parameters =
      s.integer.gates[static_cast<size_t>(index)];
  constexpr int32_t kTwoTo20 = 1 << 20;
  int64_t sum = 0, squares = 0;
  for (int c = 0; c < cell.cells; ++c) {
    sum += gate[c];
    squares += gate[c] * gate[c];
  }
  if (cell.cells == 0) return;
  const auto mean = static_cast<int32_t>(sum * 1024 / cell.cells);
  const int64_t spread =
      squares * (kTwoTo20 / cell.cells) - int64_t{mean} * mean;
  auto variance = static_cast<int32_t>(spread / kTwoTo20);
  if (variance < 1) variance = parameters.variance_guard;
  const FixedScale inverse = InverseSquareRoot(variance);
  const auto* coefficients = k.Input(places.layer_norm).Data<int16_t>();
  const auto* bias = k.Input(places.bias).Data<int32_t>();
  for (int c = 0; c < cell.cells; ++c) {
    gate[c] = Normalized(gate[c], mean, inverse, parameters.layer_norm,
                         coefficients[c], bias[c]);
  }
}

const int16_t* ComputeGate(const KernelContext& k, const LstmState& s,
                           const LstmCell& cell, int index, const LstmRow& row,
                           const int16_t* cell_state) {
  int16_t* gate = k.Scratch<int16_t>(kGates) + int64_t{index} * cell.cells;
  AddProducts(k, s, cell, index, row, gate);
  if (cell.has_peephole && index != kCellGate) {
    AddPeephole(k, s, cell, index, row, cell_state, gate);
  }
  if (cell.has_layer_norm) Normalize(k, s, cell, index, gate);
  if (!k.reference()) {
    index == kCellGate ? TanhOfWords(gate, cell.cells, 3, gate)
                       : LogisticOfWords(gate, cell.cells, gate);
    return gate;
  }
  for (int c = 0; c < cell.cells; ++c) {
    gate[c] =
        index == kCellGate ? TanhOfFixed(gate[c], 3) : LogisticOfQ3(gate[c]);
  }
  return gate;
}

void TanhOfCells(const KernelContext& k, const LstmState& s,
                 const int16_t* cell_state, int count, int16_t* tanh) {
  const int integer_bits = 15 + s.integer.cell_exponent;
  if (!k.reference()) return TanhOfWords(cell_state, count, integer_bits, tanh);
  for (int c = 0; c < count; ++c)
    tanh[c] = TanhOfFixed(cell_state[c], integer_bits);
}

void Project(const KernelContext& k, const LstmState& s, const LstmCell& cell,
             const int8_t* values, int8_t* hidden) {
  const RuntimeTensor& weights = k.Input(cell.projection);
  const int32_t zero = k.Input(cell.output_state).zero_point();
  const int32_t* bias = k.HasInput(cell.projection_bias)
                            ? k.Input(cell.projection_bias).Data<int32_t>()
                            : nullptr;
  for (int o = 0; o < cell.outputs; ++o) {
    const int32_t dot =
        IntegerDot(values, -s.integer.hidden_zero,
                   RowOf<int8_t>(weights, o, cell.cells), cell.cells);
    const auto sum = static_cast<int32_t>(
        static_cast<uint32_t>(dot) +
        static_cast<uint32_t>(bias == nullptr ? 0 : bias[o]));
    hidden[o] = ClampTo8(int64_t{Multiply(sum, s.integer.projection)} + zero);
  }
  ClipIntegers(s.integer.projection_clip, hidden, cell.outputs);
}

void Step(KernelContext& k, const LstmState& s, const LstmCell& cell,
          const LstmRow& row) {
  int16_t* cell_state =
      k.VariableInput(cell.cell_state).MutableData<int16_t>() +
      int64_t{row.batch} * cell.cells;
  int8_t* hidden = k.VariableInput(cell.output_state).MutableData<int8_t>() +
                   int64_t{row.batch} * cell.outputs;
  MultiplyAllGates(k, s, cell, row);
  const auto gate = [&](int index) {
    return ComputeGate(k, s, cell, index, row, cell_state);
  };
  const int16_t* input = cell.coupled ? nullptr : gate(kInputGate);
  const int16_t* forget = gate(kForgetGate);
  const int16_t* update = gate(kCellGate);
  UpdateIntegerCell(s.integer, input, forget, update, cell_state, cell.cells);
  const int16_t* output = gate(kOutputGate);
  int8_t* values = cell.has_projection ? k.Scratch<int8_t>(kHidden) : hidden;
  const int32_t zero =
      cell.has_projection ? -s.integer.hidden_zero : s.integer.hidden_zero;
  // Of the gates that the cell state has taken, one's place serves tanh(c).
  int16_t* tanh = k.Scratch<int16_t>(kGates);
  TanhOfCells(k, s, cell_state, cell.cells, tanh);
  for (int c = 0; c < cell.cells; ++c) {
    values[c] = ClampTo8(
        int64_t{Multiply(output[c] * tanh[c], s.integer.hidden)} + zero);
  }
  if (cell.has_projection) Project(k, s, cell, values, hidden);
  StoreLstmOutput(k, cell, row, hidden);
}

}  // namespace

extern const LstmArithmetic kLstmInteger{Prepare, Step};

}  // namespace liteforge
