// SPDX-License-Identifier: Apache-2.0
// Source of the checks: CheckInputTensorDimensions() and Prepare() in
// tflite/kernels/{lstm,unidirectional_sequence_lstm,
// bidirectional_sequence_lstm}.cc.
#include "kernels/lstm_cell.h"

#include <string>

#include "kernels/recurrent_math.h"

namespace liteforge {
namespace {

constexpr const char* kGateNames[] = {"input gate's ", "forget gate's ",
                                      "cell gate's ", "output gate's "};

std::string Role(int gate, const char* what) {
  return std::string(kGateNames[gate]) + what;
}

Result<void> CheckRecurrent(const KernelContext& k, const LstmCell& cell,
                            int gate, DataType type) {
  const int place = cell.gates[gate].recurrent;
  const std::string role = Role(gate, "recurrent weights");
  const bool diagonal = cell.may_be_diagonal && k.HasInput(place) &&
                        k.Input(place).shape.rank() == 1;
  if (!diagonal) {
    return CheckTensor(k, place, type, {{cell.cells, cell.outputs}},
                       role.c_str());
  }
  if (cell.cells != cell.outputs) {
    return InvalidModel(role + " are diagonal, so there must be as many " +
                        "outputs as cells");
  }
  // Beside hybrid weights they may stay float.
  const bool plain = k.Input(place).type == DataType::kFloat32;
  return CheckTensor(k, place, plain ? DataType::kFloat32 : type,
                     {{cell.cells}}, role.c_str());
}

Result<void> CheckGate(const KernelContext& k, const LstmCell& cell, int gate,
                       DataType weights, const LstmTypes& types) {
  const LstmGate& places = cell.gates[gate];
  TRY(CheckTensor(k, places.weights, weights, {{cell.cells, cell.inputs}},
                  Role(gate, "input weights").c_str()));
  TRY(CheckRecurrent(k, cell, gate, weights));
  TRY(CheckTensor(k, places.bias, types.bias, {{cell.cells}},
                  Role(gate, "bias").c_str()));
  if (cell.has_peephole && gate != kCellGate) {
    const DataType type =
        types.peephole == DataType::kNone ? weights : types.peephole;
    TRY(CheckTensor(k, places.peephole, type, {{cell.cells}},
                    Role(gate, "peephole weights").c_str()));
  }
  if (cell.has_layer_norm) {
    TRY(CheckTensor(k, places.layer_norm, types.layer_norm, {{cell.cells}},
                    Role(gate, "layer norm coefficients").c_str()));
  }
  if (cell.aux < 0) return {};
  return CheckTensor(k, places.aux_weights, weights,
                     {{cell.cells, cell.aux_inputs}},
                     Role(gate, "auxiliary weights").c_str());
}

Result<void> CheckProjection(const KernelContext& k, const LstmCell& cell,
                             DataType weights, const LstmTypes& types) {
  const bool bias = k.HasInput(cell.projection_bias);
  if (!cell.has_projection) {
    if (bias) return InvalidModel("a projection bias needs weights");
    if (cell.cells == cell.outputs) return {};
    return InvalidModel(
        "without projection there must be as many outputs as "
        "cells");
  }
  TRY(CheckTensor(k, cell.projection, weights, {{cell.outputs, cell.cells}},
                  "projection weights"));
  if (!bias) return {};
  return CheckTensor(k, cell.projection_bias, types.bias, {{cell.outputs}},
                     "projection bias");
}

// What must be there in all gates or in none is decided by the forget gate.
Result<void> FindParts(const KernelContext& k, LstmCell& cell) {
  const LstmGate& input = cell.gates[kInputGate];
  const LstmGate& forget = cell.gates[kForgetGate];
  const LstmGate& output = cell.gates[kOutputGate];
  cell.coupled = !k.HasInput(input.weights);
  if (cell.coupled && (k.HasInput(input.recurrent) || k.HasInput(input.bias))) {
    return InvalidModel("the input gate's tensors must be there all or none");
  }
  cell.has_peephole = k.HasInput(forget.peephole);
  if (k.HasInput(output.peephole) != cell.has_peephole) {
    return InvalidModel("peephole weights must be there all or none");
  }
  cell.has_layer_norm =
      cell.has_layer_norm_inputs && k.HasInput(forget.layer_norm);
  cell.has_projection = k.HasInput(cell.projection);
  for (const LstmGate& gate : cell.gates) {
    if (&gate == &input && cell.coupled) continue;
    if (cell.has_layer_norm_inputs &&
        k.HasInput(gate.layer_norm) != cell.has_layer_norm) {
      return InvalidModel("layer norm must be there in all gates or in none");
    }
    if (cell.aux < 0 && gate.aux_weights >= 0 && k.HasInput(gate.aux_weights)) {
      return InvalidModel(
          "auxiliary weights must be there in all gates or in none");
    }
  }
  return {};
}

Result<void> CheckSequence(const KernelContext& k, const LstmState& s,
                           int input) {
  if (!k.HasInput(input)) return InvalidModel("an input is missing");
  const Shape& shape = k.Input(input).shape;
  if (k.Input(input).type != k.Input(0).type) {
    return InvalidModel("the inputs must have one type");
  }
  const bool fits = shape.rank() == 2
                        ? k.op() == Op::kLstm && shape[0] == s.batch
                        : shape.rank() == 3 &&
                              shape[s.time_major ? 0 : 1] == s.time &&
                              shape[s.time_major ? 1 : 0] == s.batch;
  if (fits) return {};
  return InvalidModel("input " + shape.ToString() +
                      " does not fit batch and time");
}

Result<void> FindSizes(const KernelContext& k, LstmCell& cell) {
  const auto last = [&](int input) {
    const Shape& shape = k.Input(input).shape;
    return shape[shape.rank() - 1];
  };
  const LstmGate& gate = cell.gates[kOutputGate];
  if (!k.HasInput(gate.weights) || !k.HasInput(gate.recurrent)) {
    return InvalidModel("the output gate's weights are missing");
  }
  const Shape& weights = k.Input(gate.weights).shape;
  const Shape& recurrent = k.Input(gate.recurrent).shape;
  if (weights.rank() != 2 || recurrent.rank() < 1) {
    return InvalidModel("the output gate's weights must be matrices");
  }
  cell.inputs = last(cell.input);
  cell.aux_inputs = cell.aux < 0 ? 0 : last(cell.aux);
  cell.cells = weights[0];
  cell.outputs = last(gate.recurrent);
  return {};
}

}  // namespace

Result<void> CheckLstmCell(const KernelContext& k, const LstmState& s,
                           LstmCell& cell, const LstmTypes& types) {
  TRY(CheckSequence(k, s, cell.input));
  if (cell.aux >= 0) TRY(CheckSequence(k, s, cell.aux));
  TRY(FindParts(k, cell));
  TRY(FindSizes(k, cell));
  const DataType weights = k.Input(cell.gates[kOutputGate].weights).type;
  for (int gate = 0; gate < kLstmGates; ++gate) {
    if (cell.coupled && gate == kInputGate) continue;
    TRY(CheckGate(k, cell, gate, weights, types));
  }
  TRY(CheckProjection(k, cell, weights, types));
  // TensorFlow Lite keeps 8-bit values in a state that declares int16, too.
  const bool roomy = types.output_state == DataType::kInt8 &&
                     k.HasInput(cell.output_state) &&
                     k.Input(cell.output_state).type == DataType::kInt16;
  TRY(CheckState(k, cell.output_state,
                 roomy ? DataType::kInt16 : types.output_state,
                 int64_t{s.batch} * cell.outputs, "output state"));
  return CheckState(k, cell.cell_state, types.cell_state,
                    int64_t{s.batch} * cell.cells, "cell state");
}

Result<void> CheckLstmScales(const KernelContext& k, const LstmCell& cell) {
  const auto check = [&](int input, const char* role) -> Result<void> {
    if (input < 0 || !k.HasInput(input)) return {};
    if (k.Input(input).type == DataType::kFloat32) return {};
    return CheckQuantized(k.Input(input), role);
  };
  TRY(check(cell.input, "input"));
  for (const LstmGate& gate : cell.gates) {
    TRY(check(gate.weights, "weights"));
    TRY(check(gate.recurrent, "recurrent weights"));
    TRY(check(gate.peephole, "peephole weights"));
    if (cell.has_layer_norm) {
      TRY(check(gate.layer_norm, "layer norm coefficients"));
    }
    if (cell.aux >= 0) TRY(check(gate.aux_weights, "auxiliary weights"));
  }
  TRY(check(cell.projection, "projection weights"));
  TRY(check(cell.output_state, "output state"));
  return check(cell.cell_state, "cell state");
}

Result<FixedScale> LstmScale(double real) {
  // Layer normalization shifts left by 12 more, and the 16-bit multiplication
  // of an int64 cannot shift by 15.
  constexpr double kLargest = 1 << 14;
  if (real > 0 && real < kLargest) return ToFixedScale(real);
  return InvalidModel("the scales do not go together");
}

Result<int> LstmCellExponent(const RuntimeTensor& cell_state, int low,
                             int high) {
  int exponent = 0;
  if (PowerOfTwoExponent(cell_state.scale(), exponent) && exponent >= low &&
      exponent <= high) {
    return exponent;
  }
  return InvalidModel("the cell state's scale must be 2^" +
                      std::to_string(low) + " to 2^" + std::to_string(high));
}

}  // namespace liteforge
