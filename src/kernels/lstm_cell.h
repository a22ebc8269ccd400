// SPDX-License-Identifier: Apache-2.0
// The cell that LSTM, UNIDIRECTIONAL_SEQUENCE_LSTM and
// BIDIRECTIONAL_SEQUENCE_LSTM run: where its tensors stand among the
// operator's inputs, how large they are, and in which arithmetic one step of
// one batch item is computed. The operators differ in the places alone; the
// arithmetics (lstm_float.cc, lstm_integer.cc, lstm_byte_gates.cc,
// lstm_word_inputs.cc) know nothing of the operators.
//
//   i = sigmoid(gate), f = sigmoid(gate), g = act(gate), o = sigmoid(gate)
//   gate = W x [+ A aux] + R h [+ P c] + b
//          with layer norm: L normalized(W x + R h [+ P c]) + b
//   c = clip(f c + i g)           i = 1 - f where the input gate is missing
//   h = o act(c)                  with projection: clip(M (o act(c)) + m)
//
// x [I], aux [A], c [C], h [O]; W [C, I], A [C, A], R [C, O] or, diagonal,
// [C]; P, b, L [C]; M [O, C], m [O]. The output gate sees the new c.
#pragma once

#include <array>
#include <cstdint>

#include "kernels/gate_products.h"
#include "kernels/numerics.h"

namespace liteforge {

enum LstmGateIndex {
  kInputGate,
  kForgetGate,
  kCellGate,
  kOutputGate,
  kLstmGates
};

// Places among the operator's inputs. The cell gate has no peephole.
struct LstmGate {
  int weights, recurrent, peephole, bias, layer_norm, aux_weights;
};

struct LstmCell {
  int input = 0, aux = -1;  // aux: -1 without auxiliary input
  std::array<LstmGate, kLstmGates> gates{};
  int projection = 0, projection_bias = 0;
  int output_state = 0, cell_state = 0;
  bool has_layer_norm_inputs = false;  // the operator has places for them
  bool may_be_diagonal = false;
  bool backwards = false;
  int output = 0, output_offset = 0;  // offset: of the last axis

  // What is there, and sizes; filled by CheckLstmCell.
  bool coupled = false;  // no input gate (CIFG)
  bool has_peephole = false, has_layer_norm = false, has_projection = false;
  int inputs = 0, aux_inputs = 0, cells = 0, outputs = 0;
};

// Fixed-point parameters of one gate. What they multiply: lstm_integer.cc.
struct LstmIntegerGate {
  FixedScale input, recurrent, peephole, layer_norm;
  FixedScale input_to_sum, recurrent_to_sum;   // byte gates
  int32_t input_zero = 0, recurrent_zero = 0;  // of the products; byte gates
  int32_t variance_guard = 1;
};

struct LstmInteger {
  std::array<LstmIntegerGate, kLstmGates> gates;
  FixedScale hidden, projection;
  FixedScale input_gate_to_cell, forget_gate_to_cell;  // word inputs
  int32_t hidden_zero = 0;
  int cell_exponent = -15;  // the cell state's scale is 2^cell_exponent
  int32_t cell_clip = 0, projection_clip = 0;  // 0: none
  // Where they are constant: W x + b and R h of all gates.
  GateProducts from_input, from_state;
};

struct LstmState;

// One batch item at one time step.
struct LstmRow {
  int64_t at = 0;  // row of input and output
  int batch = 0;   // row of the states
};

struct LstmArithmetic {
  Result<void> (*prepare)(KernelContext& k, LstmState& s);
  void (*step)(KernelContext& k, const LstmState& s, const LstmCell& cell,
               const LstmRow& row);
};

// What Prepare leaves to Eval.
struct LstmState {
  LstmCell cells[2];
  int cell_count = 1;
  int batch = 0, time = 1;
  bool time_major = true;
  Activation activation = Activation::kNone;
  float cell_clip = 0, projection_clip = 0;  // 0: none
  bool asymmetric = false;
  const LstmArithmetic* arithmetic = nullptr;
  LstmInteger integer;
};

// The types of an arithmetic; weights are all of the type of the first.
struct LstmTypes {
  DataType bias, peephole, layer_norm, output_state, cell_state;
};

// Checks presence, shapes and types of all the cell's tensors and fills its
// sizes.
Result<void> CheckLstmCell(const KernelContext& k, const LstmState& s,
                           LstmCell& cell, const LstmTypes& types);

// Whether every tensor of the cell whose type is an integer other than a bias
// has a scale.
Result<void> CheckLstmScales(const KernelContext& k, const LstmCell& cell);

// ToFixedScale of a product of scales; fails where it is not usable.
Result<FixedScale> LstmScale(double real);

// The cell state's exponent, in [low, high].
Result<int> LstmCellExponent(const RuntimeTensor& cell_state, int low,
                             int high);

// Copies the cell's h of a batch item to its place in the output.
template <class T>
void StoreLstmOutput(KernelContext& k, const LstmCell& cell, const LstmRow& row,
                     const T* hidden) {
  RuntimeTensor& output = k.Output(cell.output);
  const int width = output.shape[output.shape.rank() - 1];
  std::copy_n(hidden, cell.outputs,
              output.MutableData<T>() + row.at * width + cell.output_offset);
}

extern const LstmArithmetic kLstmFloat;       // and hybrid
extern const LstmArithmetic kLstmInteger;     // int8, 16-bit gates
extern const LstmArithmetic kLstmByteGates;   // int8, 8-bit gates
extern const LstmArithmetic kLstmWordInputs;  // int16

}  // namespace liteforge
