// SPDX-License-Identifier: Apache-2.0
// The LSTM step of int16 inputs and h with int8 weights ("16x8"): the plain
// cell, without peepholes, projection, layer norm or CIFG.
//
//   gate = clamp16(clamp16(M(b + sum x W, s(x) s(W) 2^12)) +
//                  clamp16(M(sum h R, s(h) s(R) 2^12)))
//   c = clip(clamp16(clamp16(M(f c, 2^-15)) + clamp16(M(i g, 2^-30 / s(c)))))
//   h = clamp16(M(o tanh(c), 2^-30 / s(h)) + z(h))
//
// The sums of products are 64-bit, their M rounds once; sigmoid and tanh are
// the interpolated table of sigmoid_table.h.
// Source: tensorflow/lite/micro/kernels/{lstm_eval.h,lstm_eval.cc,
// lstm_eval_common.cc}; TensorFlow Lite itself has no such kernel.
#include <cmath>

#include "kernels/lstm_fixed.h"
#include "kernels/sigmoid_table.h"

namespace liteforge {
namespace {

constexpr int kGates = 0;  // scratch: the gates of one batch item

Result<void> PrepareScales(const KernelContext& k, const LstmCell& cell,
                           LstmInteger& parameters) {
  constexpr double kFunctionInput = 1.0 / 4096;
  for (size_t g = 0; g < kLstmGates; ++g) {
    const auto scale = [&](int a, int b) {
      return LstmScale(
          static_cast<double>(k.Input(a).scale() * k.Input(b).scale()) /
          kFunctionInput);
    };
    const LstmGate& places = cell.gates[g];
    TRY_ASSIGN(parameters.gates[g].input, scale(cell.input, places.weights));
    TRY_ASSIGN(parameters.gates[g].recurrent,
               scale(cell.output_state, places.recurrent));
  }
  const double unit = std::ldexp(1.0, -15);
  const RuntimeTensor& hidden = k.Input(cell.output_state);
  const double cell_scale = k.Input(cell.cell_state).scale();
  TRY_ASSIGN(parameters.forget_gate_to_cell,
             LstmScale(unit * cell_scale / cell_scale));
  TRY_ASSIGN(parameters.input_gate_to_cell,
             LstmScale(unit * unit / cell_scale));
  TRY_ASSIGN(parameters.hidden,
             LstmScale(unit * unit / static_cast<double>(hidden.scale())));
  parameters.hidden_zero = hidden.zero_point();
  return {};
}

Result<void> Prepare(KernelContext& k, LstmState& s) {
  LstmCell& cell = s.cells[0];
  cell.may_be_diagonal = false;
  const int bias = cell.gates[kForgetGate].bias;
  const bool narrow =
      k.HasInput(bias) && k.Input(bias).type == DataType::kInt32;
  const LstmTypes types{narrow ? DataType::kInt32 : DataType::kInt64,
                        DataType::kInt16, DataType::kInt16, DataType::kInt16,
                        DataType::kInt16};
  TRY(CheckLstmCell(k, s, cell, types));
  TRY(CheckLstmScales(k, cell));
  if (cell.coupled || cell.has_peephole || cell.has_layer_norm ||
      cell.has_projection ||
      k.Input(cell.gates[kOutputGate].weights).type != DataType::kInt8) {
    return Unsupported(
        "an int16 input takes int8 weights and no CIFG, peepholes, layer norm "
        "or projection");
  }
  TRY_ASSIGN(s.integer.cell_exponent,
             LstmCellExponent(k.Input(cell.cell_state), -15, -9));
  TRY(PrepareScales(k, cell, s.integer));
  s.integer.cell_clip =
      QuantizedClip(s.cell_clip, k.Input(cell.cell_state).scale(), 32767);
  k.NeedScratch(kGates,
                kLstmGates * static_cast<size_t>(cell.cells) * sizeof(int16_t));
  return {};
}

// The fixed-point multiplication takes sums of up to 48 bits.
int64_t ClampSum(int64_t sum) {
  constexpr int64_t kLimit = (int64_t{1} << 47) - 1;
  return std::clamp(sum, -kLimit, kLimit);
}

int16_t Product(const int16_t* x, const int8_t* weights, int count,
                int64_t bias, FixedScale scale) {
  int64_t sum = ClampSum(bias);
  for (int i = 0; i < count; ++i) sum += x[i] * weights[i];
  return ClampTo16(Multiply(ClampSum(sum), scale));
}

int64_t BiasAt(const RuntimeTensor& bias, int at) {
  return bias.type == DataType::kInt64 ? bias.Data<int64_t>()[at]
                                       : bias.Data<int32_t>()[at];
}

// What brings a value of scale 2^exponent to the table's steps.
SigmoidInput TableInput(int exponent) {
  const int shift = 12 + exponent;
  return shift >= 0 ? SigmoidInput{3 << shift, 0} : SigmoidInput{3, -shift};
}

const int16_t* ComputeGate(const KernelContext& k, const LstmState& s,
                           const LstmCell& cell, int index,
                           const LstmRow& row) {
  const LstmGate& places = cell.gates[static_cast<size_t>(index)];
  const LstmIntegerGate& p = s.integer.gates[static_cast<size_t>(index)];
  const auto* x = RowOf<int16_t>(k.Input(cell.input), row.at, cell.inputs);
  const auto* h =
      RowOf<int16_t>(k.Input(cell.output_state), row.batch, cell.outputs);
  int16_t* gate = k.Scratch<int16_t>(kGates) + int64_t{index} * cell.cells;
  for (int c = 0; c < cell.cells; ++c) {
    const auto* weights =
        RowOf<int8_t>(k.Input(places.weights), c, cell.inputs);
    const auto* recurrent =
        RowOf<int8_t>(k.Input(places.recurrent), c, cell.outputs);
    const int16_t sum =
        ClampTo16(Product(x, weights, cell.inputs,
                          BiasAt(k.Input(places.bias), c), p.input) +
                  Product(h, recurrent, cell.outputs, 0, p.recurrent));
    gate[c] = index == kCellGate ? TanhOfInt16(sum, TableInput(-12))
                                 : LogisticOfInt16(sum, TableInput(-12));
  }
  return gate;
}

int16_t Scaled(int16_t a, int16_t b, FixedScale scale, int32_t zero) {
  return ClampTo16(int64_t{Multiply(a * b, scale)} + zero);
}

void Step(KernelContext& k, const LstmState& s, const LstmCell& cell,
          const LstmRow& row) {
  const LstmInteger& p = s.integer;
  int16_t* cell_state =
      k.VariableInput(cell.cell_state).MutableData<int16_t>() +
      int64_t{row.batch} * cell.cells;
  int16_t* hidden = k.VariableInput(cell.output_state).MutableData<int16_t>() +
                    int64_t{row.batch} * cell.outputs;
  const int16_t* gates[kLstmGates];
  for (int g = 0; g < kLstmGates; ++g) {
    gates[g] = ComputeGate(k, s, cell, g, row);
  }
  for (int c = 0; c < cell.cells; ++c) {
    cell_state[c] = ClampTo16(
        Scaled(gates[kForgetGate][c], cell_state[c], p.forget_gate_to_cell, 0) +
        Scaled(gates[kInputGate][c], gates[kCellGate][c], p.input_gate_to_cell,
               0));
  }
  ClipIntegers(p.cell_clip, cell_state, cell.cells);
  for (int c = 0; c < cell.cells; ++c) {
    const int16_t tanh =
        TanhOfInt16(cell_state[c], TableInput(p.cell_exponent));
    hidden[c] = Scaled(tanh, gates[kOutputGate][c], p.hidden, p.hidden_zero);
  }
  StoreLstmOutput(k, cell, row, hidden);
}

}  // namespace

extern const LstmArithmetic kLstmWordInputs{Prepare, Step};

}  // namespace liteforge
