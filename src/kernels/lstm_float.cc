// SPDX-License-Identifier: Apache-2.0
// The LSTM step in float, and hybrid: with int8 (or uint8-declared int8)
// weights of one scale each, where x, aux, h and the projection's input are
// quantized to int8 at every step, and diagonal weights multiply as floats.
// Normalized v: (v - mean) / sqrt(variance + 1e-8).
// Source: LstmStepFloat() and LstmStepHybrid() in tflite/kernels/lstm_eval.cc.
#include <cmath>

#include "kernels/lstm_cell.h"
#include "kernels/micro/float_functions.h"
#include "kernels/recurrent_math.h"

namespace liteforge {
namespace {

// Scratch: the gates of one batch item; its quantized vectors.
constexpr int kGates = 0, kBytes = 1;

struct Vectors {
  FloatVector input, aux, hidden;
};

bool IsHybrid(const KernelContext& k, const LstmCell& cell) {
  return IsHybridWeight(k.Input(cell.gates[kOutputGate].weights).type);
}

Result<void> Prepare(KernelContext& k, LstmState& s) {
  constexpr LstmTypes kTypes{DataType::kFloat32, DataType::kNone,
                             DataType::kFloat32, DataType::kFloat32,
                             DataType::kFloat32};
  size_t gates = 0, bytes = 0;
  for (int i = 0; i < s.cell_count; ++i) {
    LstmCell& cell = s.cells[i];
    TRY(CheckLstmCell(k, s, cell, kTypes));
    TRY(CheckLstmScales(k, cell));
    const auto cells = static_cast<size_t>(cell.cells);
    gates = std::max(gates, kLstmGates * cells * sizeof(float));
    if (!IsHybrid(k, cell)) continue;
    bytes = std::max(bytes, cells + static_cast<size_t>(cell.inputs) +
                                static_cast<size_t>(cell.aux_inputs) +
                                static_cast<size_t>(cell.outputs));
  }
  k.NeedScratch(kGates, gates);
  k.NeedScratch(kBytes, bytes);
  return {};
}

Vectors VectorsOf(KernelContext& k, const LstmState& s, const LstmCell& cell,
                  const LstmRow& row) {
  Vectors v;
  v.input = {k.Input(cell.input).Data<float>() + row.at * cell.inputs,
             cell.inputs,
             nullptr,
             {}};
  if (cell.aux >= 0) {
    v.aux = {k.Input(cell.aux).Data<float>() + row.at * cell.aux_inputs,
             cell.aux_inputs,
             nullptr,
             {}};
  }
  v.hidden = {k.Input(cell.output_state).Data<float>() +
                  int64_t{row.batch} * cell.outputs,
              cell.outputs,
              nullptr,
              {}};
  if (!IsHybrid(k, cell)) return v;
  auto* bytes = k.Scratch<int8_t>(kBytes);
  QuantizeVector(v.input, s.asymmetric, bytes);
  QuantizeVector(v.hidden, s.asymmetric, bytes + cell.inputs);
  if (cell.aux >= 0) {
    QuantizeVector(v.aux, s.asymmetric, bytes + cell.inputs + cell.outputs);
  }
  return v;
}

void Normalize(float* values, int count) {
  float sum = 0;
  for (int i = 0; i < count; ++i) sum += values[i];
  const float mean = sum / static_cast<float>(count);
  float squares = 0;
  for (int i = 0; i < count; ++i) {
    squares += (values[i] - mean) * (values[i] - mean);
  }
  constexpr float kEpsilon = 1e-8f;
  const float inverse =
      1.0f / std::sqrt(squares / static_cast<float>(count) + kEpsilon);
  for (int i = 0; i < count; ++i) values[i] = (values[i] - mean) * inverse;
}

void ActivateAll(const KernelContext& k, Activation activation, float* values,
                 int count) {
  if (activation == Activation::kTanh && !k.reference())
    return TanhOfFloats(values, count, values);
  Activate(activation, values, count);
}

const float* ComputeGate(KernelContext& k, const LstmState& s,
                         const LstmCell& cell, int index, const Vectors& v,
                         const float* cell_state) {
  const LstmGate& places = cell.gates[index];
  const float* bias = k.Input(places.bias).Data<float>();
  const int n = cell.cells;
  float* gate = k.Scratch<float>(kGates) + int64_t{index} * n;
  if (cell.has_layer_norm) {
    std::fill_n(gate, n, 0.0f);
  } else {
    std::copy_n(bias, n, gate);
  }
  AddProduct(k.Input(places.weights), v.input, gate);
  if (cell.aux >= 0) AddProduct(k.Input(places.aux_weights), v.aux, gate);
  AddProduct(k.Input(places.recurrent), v.hidden, gate);
  if (cell.has_peephole && index != kCellGate) {
    AddProduct(k.Input(places.peephole), {cell_state, n, nullptr, {}}, gate);
  }
  if (cell.has_layer_norm) {
    const float* coefficients = k.Input(places.layer_norm).Data<float>();
    Normalize(gate, n);
    for (int i = 0; i < n; ++i) gate[i] = gate[i] * coefficients[i] + bias[i];
  }
  if (index == kCellGate) {
    ActivateAll(k, s.activation, gate, n);
  } else {
    if (k.reference()) {
      for (int i = 0; i < n; ++i) gate[i] = Sigmoid(gate[i]);
    } else {
      LogisticOfFloats(gate, n, gate);
    }
  }
  return gate;
}

void Clip(float limit, float* values, int count) {
  if (!(limit > 0)) return;
  for (int i = 0; i < count; ++i) {
    values[i] = Clamp(values[i], Range<float>{-limit, limit});
  }
}

// h from o and the new c. `work` [C] is overwritten.
void ComputeHidden(KernelContext& k, const LstmState& s, const LstmCell& cell,
                   const float* output_gate, const float* cell_state,
                   float* work, float* hidden) {
  std::copy_n(cell_state, cell.cells, work);
  ActivateAll(k, s.activation, work, cell.cells);
  for (int i = 0; i < cell.cells; ++i) work[i] *= output_gate[i];
  if (!cell.has_projection) {
    std::copy_n(work, cell.outputs, hidden);
    return;
  }
  if (k.HasInput(cell.projection_bias)) {
    std::copy_n(k.Input(cell.projection_bias).Data<float>(), cell.outputs,
                hidden);
  } else {
    std::fill_n(hidden, cell.outputs, 0.0f);
  }
  FloatVector v{work, cell.cells, nullptr, {}};
  if (IsHybrid(k, cell)) {
    QuantizeVector(v, s.asymmetric, k.Scratch<int8_t>(kBytes));
  }
  AddProduct(k.Input(cell.projection), v, hidden);
  Clip(s.projection_clip, hidden, cell.outputs);
}

void Step(KernelContext& k, const LstmState& s, const LstmCell& cell,
          const LstmRow& row) {
  const Vectors v = VectorsOf(k, s, cell, row);
  float* cell_state = k.VariableInput(cell.cell_state).MutableData<float>() +
                      int64_t{row.batch} * cell.cells;
  float* hidden = k.VariableInput(cell.output_state).MutableData<float>() +
                  int64_t{row.batch} * cell.outputs;
  const auto gate = [&](int index) {
    return ComputeGate(k, s, cell, index, v, cell_state);
  };
  const float* input = cell.coupled ? nullptr : gate(kInputGate);
  const float* forget = gate(kForgetGate);
  const float* update = gate(kCellGate);
  for (int i = 0; i < cell.cells; ++i) {
    const float weight = cell.coupled ? 1.0f - forget[i] : input[i];
    cell_state[i] = cell_state[i] * forget[i] + update[i] * weight;
  }
  Clip(s.cell_clip, cell_state, cell.cells);
  // The input gate's room is free by now.
  ComputeHidden(k, s, cell, gate(kOutputGate), cell_state,
                k.Scratch<float>(kGates), hidden);
  StoreLstmOutput(k, cell, row, hidden);
}

}  // namespace

extern const LstmArithmetic kLstmFloat{Prepare, Step};

}  // namespace liteforge
