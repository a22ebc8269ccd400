// SPDX-License-Identifier: Apache-2.0
// The LSTM step of int8 inputs, weights and h whose products are rounded to 8
// bits and whose functions are computed in float. Twelve intermediate tensors
// carry scale and zero_point of, for each gate i f g o: the gate, W x, R h.
//
//   u = clamp8(M(sum (x - z) W, s(x) s(W) / s(u)) + z(u)), v likewise of h
//   gate = clamp16(M(u - z, s(u) / s(gate)) + M(v - z, s(v) / s(gate)))
//   normalized in float, to Q3.12; sigmoid, tanh in float, cut to Q0.15
//   h = clamp8(M(m + sum (o tanh(c)) M, 2^-15 s(M) / s(h)) + z)
//
// The cell has layer norm, a projection and no input gate (CIFG); its state's
// scale is 2^-15. TensorFlow Lite takes the output gate's R h times a number
// from beside its table of multipliers, which makes it 0; so it is here.
// Source: LstmStepInteger8x8_8() in tflite/kernels/lstm_eval.cc,
// PopulateQuantizedLstmParams8x8_8() in tflite/kernels/lstm.cc,
// kernels/internal/reference/portable_tensor_utils.cc.
#include <cmath>

#include "kernels/lstm_fixed.h"
#include "kernels/recurrent_math.h"

namespace liteforge {
namespace {

constexpr int kGates = 0;  // scratch: the gates of one batch item

Result<void> PrepareGate(const KernelContext& k, const LstmCell& cell,
                         int index, LstmInteger& parameters) {
  const LstmGate& places = cell.gates[static_cast<size_t>(index)];
  LstmIntegerGate& gate = parameters.gates[static_cast<size_t>(index)];
  const int first = 3 * index;
  TRY_ASSIGN(const float sum, IntermediateScale(k, first));
  TRY_ASSIGN(const float input, IntermediateScale(k, first + 1));
  TRY_ASSIGN(const float recurrent, IntermediateScale(k, first + 2));
  TRY_ASSIGN(gate.input_zero, IntermediateZero(k, first + 1));
  TRY_ASSIGN(gate.recurrent_zero, IntermediateZero(k, first + 2));
  TRY_ASSIGN(gate.input, LstmScale(k.Input(places.weights).scale() *
                                   k.Input(cell.input).scale() / input));
  TRY_ASSIGN(gate.recurrent,
             LstmScale(k.Input(places.recurrent).scale() *
                       k.Input(cell.output_state).scale() / recurrent));
  TRY_ASSIGN(gate.input_to_sum, LstmScale(input / sum));
  if (index != kOutputGate) {
    TRY_ASSIGN(gate.recurrent_to_sum, LstmScale(recurrent / sum));
  }
  TRY_ASSIGN(gate.layer_norm, LstmScale(k.Input(places.layer_norm).scale()));
  return {};
}

Result<void> Prepare(KernelContext& k, LstmState& s) {
  constexpr LstmTypes kTypes{DataType::kInt32, DataType::kInt16,
                             DataType::kInt16, DataType::kInt8,
                             DataType::kInt16};
  LstmCell& cell = s.cells[0];
  TRY(CheckLstmCell(k, s, cell, kTypes));
  TRY(CheckLstmScales(k, cell));
  TRY(CheckQuantized(k.Output(0), "output"));
  if (!cell.coupled || !cell.has_layer_norm || !cell.has_projection ||
      k.Input(cell.gates[kOutputGate].weights).type != DataType::kInt8) {
    return Unsupported(
        "a cell with 8-bit gates must have int8 weights, layer norm, a "
        "projection and no input gate");
  }
  TRY(LstmCellExponent(k.Input(cell.cell_state), -15, -15));
  for (int gate = kForgetGate; gate < kLstmGates; ++gate) {
    TRY(PrepareGate(k, cell, gate, s.integer));
  }
  const double projection = k.Input(cell.projection).scale() *
                            std::ldexp(1.0, -15) /
                            k.Input(cell.output_state).scale();
  TRY_ASSIGN(s.integer.projection, LstmScale(static_cast<float>(projection)));
  const float cell_clip = s.cell_clip < 1 ? s.cell_clip : 0;
  s.integer.cell_clip =
      QuantizedClip(cell_clip, k.Input(cell.cell_state).scale(), 32767);
  s.integer.projection_clip =
      QuantizedClip(s.projection_clip, k.Output(0).scale(), 127);
  k.NeedScratch(kGates,
                kLstmGates * static_cast<size_t>(cell.cells) * sizeof(int16_t));
  return {};
}

// Layer norm to Q3.12. The multiplications are float's, in this order.
void Normalize(const KernelContext& k, const LstmGate& places, FixedScale fixed,
               int16_t* gate, int count) {
  const auto scale = static_cast<float>(
      std::ldexp(static_cast<double>(fixed.multiplier), fixed.shift - 31));
  const float bias_scale = scale / 1024;
  const auto* coefficients = k.Input(places.layer_norm).Data<int16_t>();
  const auto* bias = k.Input(places.bias).Data<int32_t>();
  float sum = 0, squares = 0;
  for (int c = 0; c < count; ++c) {
    const float value = gate[c];
    sum += value;
    squares += value * value;
  }
  const float mean = sum / static_cast<float>(count);
  const float variance = squares / static_cast<float>(count) - mean * mean;
  // Rounding may leave a variance below 0, which TensorFlow Lite makes NaN.
  const float inverse = 1.0f / std::sqrt(variance > 0 ? variance : 1e-8f);
  for (int c = 0; c < count; ++c) {
    const float normalized = (static_cast<float>(gate[c]) - mean) * inverse;
    const float value = normalized * coefficients[c] * scale +
                        static_cast<float>(bias[c]) * bias_scale;
    const float rounded = std::round(value * 4096.0f);
    gate[c] = static_cast<int16_t>(std::clamp(rounded, -32768.0f, 32767.0f));
  }
}

// To Q0.15, towards zero.
int16_t Fraction(float x) {
  return static_cast<int16_t>(std::min(x * 32768.0f, 32767.0f));
}

int16_t Function(int index, int16_t x) {
  const float value = static_cast<float>(x) / 4096.0f;
  return Fraction(index == kCellGate ? std::tanh(value) : Sigmoid(value));
}

// z + M(sum (x - zero) weights) as 8 bits, less z again.
int32_t RoundedProduct(const int8_t* x, int32_t zero, const int8_t* weights,
                       int count, FixedScale scale, int32_t product_zero) {
  const int32_t dot = IntegerDot(x, zero, weights, count);
  return ClampTo8(int64_t{Multiply(dot, scale)} + product_zero) - product_zero;
}

const int16_t* ComputeGate(const KernelContext& k, const LstmState& s,
                           const LstmCell& cell, int index,
                           const LstmRow& row) {
  const LstmGate& places = cell.gates[static_cast<size_t>(index)];
  const LstmIntegerGate& p = s.integer.gates[static_cast<size_t>(index)];
  const RuntimeTensor& input = k.Input(cell.input);
  const RuntimeTensor& state = k.Input(cell.output_state);
  const auto* x = RowOf<int8_t>(input, row.at, cell.inputs);
  const auto* h = RowOf<int8_t>(state, row.batch, cell.outputs);
  int16_t* gate = k.Scratch<int16_t>(kGates) + int64_t{index} * cell.cells;
  for (int c = 0; c < cell.cells; ++c) {
    const int32_t from_input =
        RoundedProduct(x, input.zero_point(),
                       RowOf<int8_t>(k.Input(places.weights), c, cell.inputs),
                       cell.inputs, p.input, p.input_zero);
    const int32_t from_state = RoundedProduct(
        h, state.zero_point(),
        RowOf<int8_t>(k.Input(places.recurrent), c, cell.outputs), cell.outputs,
        p.recurrent, p.recurrent_zero);
    gate[c] = ClampTo16(int64_t{Multiply(from_input, p.input_to_sum)} +
                        Multiply(from_state, p.recurrent_to_sum));
  }
  Normalize(k, places, p.layer_norm, gate, cell.cells);
  for (int c = 0; c < cell.cells; ++c) gate[c] = Function(index, gate[c]);
  return gate;
}

void Project(const KernelContext& k, const LstmState& s, const LstmCell& cell,
             const int16_t* values, int8_t* hidden) {
  const int32_t zero = k.Input(cell.output_state).zero_point();
  const int32_t* bias = k.HasInput(cell.projection_bias)
                            ? k.Input(cell.projection_bias).Data<int32_t>()
                            : nullptr;
  for (int o = 0; o < cell.outputs; ++o) {
    const auto* weights =
        RowOf<int8_t>(k.Input(cell.projection), o, cell.cells);
    int64_t sum = bias == nullptr ? 0 : bias[o];
    for (int c = 0; c < cell.cells; ++c) sum += values[c] * weights[c];
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
  const int16_t* forget = ComputeGate(k, s, cell, kForgetGate, row);
  const int16_t* update = ComputeGate(k, s, cell, kCellGate, row);
  UpdateIntegerCell(s.integer, nullptr, forget, update, cell_state, cell.cells);
  const int16_t* output = ComputeGate(k, s, cell, kOutputGate, row);
  int16_t* values = k.Scratch<int16_t>(kGates);  // the input gate's room
  for (int c = 0; c < cell.cells; ++c) {
    const int16_t tanh =
        Fraction(std::tanh(static_cast<float>(cell_state[c]) / 32768.0f));
    values[c] =
        static_cast<int16_t>(RoundingDivideByPowerOfTwo(output[c] * tanh, 15));
  }
  Project(k, s, cell, values, hidden);
  StoreLstmOutput(k, cell, row, hidden);
}

}  // namespace

extern const LstmArithmetic kLstmByteGates{Prepare, Step};

}  // namespace liteforge
