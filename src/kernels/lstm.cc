// SPDX-License-Identifier: Apache-2.0
// LSTM, UNIDIRECTIONAL_SEQUENCE_LSTM, BIDIRECTIONAL_SEQUENCE_LSTM: the cell of
// lstm_cell.h over a sequence.
//   LSTM            input [B, I] -> output [B, O]; with kernel type BASIC the
//                   cell of basic_lstm.cc
//   UNIDIRECTIONAL  input [B, T, I], time-major [T, B, I] -> [.., .., O]
//   BIDIRECTIONAL   the same twice, the second cell from the last step to the
//                   first; outputs apart or, with merge_outputs, side by side.
//                   An aux_input without weights is the second cell's input.
//   f32; f32 with i8 weights; i8 with i8 weights and 16-bit gates, or 8-bit
//   gates (LSTM only); i16 with i8 weights. BIDIRECTIONAL: float only.
// Inputs: 0 input; 1-4 W, 5-8 R of the gates i f c o; 9-11 P of i f o; 12-15
// biases; 16, 17 projection; 18, 19 output and cell state; 20-23 layer norm.
// BIDIRECTIONAL: 1-17 and 18-34 the cells, 35-38 their states, 39 aux_input,
// 40-43 and 44-47 its weights.
// Source: tflite/kernels/{lstm,unidirectional_sequence_lstm,
// bidirectional_sequence_lstm,lstm_eval}.cc.
#include <cmath>
#include <string>

#include "kernels/basic_lstm.h"
#include "kernels/lstm_cell.h"

namespace liteforge {
namespace {

constexpr int kNowhere = -1;

// `base`: place of the first weights.
LstmCell CellAt(int base, int output_state, int layer_norm, int aux_weights) {
  LstmCell cell;
  constexpr int kPeephole[] = {8, 9, kNowhere, 10};  // from base
  for (int g = 0; g < kLstmGates; ++g) {
    cell.gates[static_cast<size_t>(g)] = {
        base + g,
        base + 4 + g,
        kPeephole[g] == kNowhere ? kNowhere : base + kPeephole[g],
        base + 11 + g,
        layer_norm == kNowhere ? kNowhere : layer_norm + g,
        aux_weights == kNowhere ? kNowhere : aux_weights + g};
  }
  cell.projection = base + 15;
  cell.projection_bias = base + 16;
  cell.output_state = output_state;
  cell.cell_state = output_state + 1;
  cell.has_layer_norm_inputs = layer_norm != kNowhere;
  return cell;
}

void PlaceSingle(const KernelContext& k, LstmState& s) {
  s.cells[0] = CellAt(1, 18, 20, kNowhere);
  s.cells[0].may_be_diagonal = k.op() == Op::kUnidirectionalSequenceLstm;
}

void PlaceBoth(const KernelContext& k, LstmState& s) {
  constexpr int kAux = 39, kForwardAux = 40, kBackwardAux = 44;
  s.cell_count = 2;
  s.cells[0] = CellAt(1, 35, kNowhere, kForwardAux);
  s.cells[1] = CellAt(18, 37, kNowhere, kBackwardAux);
  s.cells[1].backwards = true;
  s.cells[1].output = 1;
  if (!k.HasInput(kAux)) return;
  if (k.HasInput(kForwardAux + kForgetGate)) {
    s.cells[0].aux = s.cells[1].aux = kAux;
  } else {
    s.cells[1].input = kAux;
  }
}

template <class Options>
void CopyOptions(const Options& options, LstmState& s) {
  s.activation = options.fused_activation_function;
  s.cell_clip = options.cell_clip;
  s.projection_clip = options.proj_clip;
  s.asymmetric = options.asymmetric_quantize_inputs;
}

void ReadOptions(const KernelContext& k, LstmState& s) {
  if (k.op() == Op::kLstm) {
    CopyOptions(k.options<LSTMOptions>(), s);
  } else if (k.op() == Op::kUnidirectionalSequenceLstm) {
    const auto& options = k.options<UnidirectionalSequenceLSTMOptions>();
    CopyOptions(options, s);
    s.time_major = options.time_major;
  } else {
    const auto& options = k.options<BidirectionalSequenceLSTMOptions>();
    CopyOptions(options, s);
    s.time_major = options.time_major;
  }
}

Result<void> ChooseArithmetic(const KernelContext& k, LstmState& s) {
  // The number of intermediates tells the two integer kernels apart.
  constexpr int kByteGateIntermediates = 12;
  const DataType type = k.Input(0).type;
  const bool both = k.op() == Op::kBidirectionalSequenceLstm;
  if (type == DataType::kFloat32) {
    s.arithmetic = &kLstmFloat;
  } else if (type == DataType::kInt8 && !both) {
    s.arithmetic =
        k.op() == Op::kLstm && k.intermediate_count() == kByteGateIntermediates
            ? &kLstmByteGates
            : &kLstmInteger;
  } else if (type == DataType::kInt16 && !both) {
    s.arithmetic = &kLstmWordInputs;
  } else {
    return Unsupported(std::string(Name(type)) + " inputs are not supported");
  }
  return {};
}

Result<void> CheckClip(float clip, const char* what) {
  if (clip >= 0 && std::isfinite(clip)) return {};
  return InvalidModel(std::string(what) + " must not be negative");
}

Result<void> ReadSequence(const KernelContext& k, LstmState& s) {
  const Shape& input = k.Input(0).shape;
  const int rank = k.op() == Op::kLstm ? 2 : 3;
  if (input.rank() != rank) {
    return InvalidModel("the input must have " + std::to_string(rank) +
                        " dimensions, it is " + input.ToString());
  }
  s.batch = input[rank == 3 && s.time_major ? 1 : 0];
  if (rank == 3) s.time = input[s.time_major ? 0 : 1];
  return {};
}

bool IsBasic(const KernelContext& k) {
  return k.op() == Op::kLstm &&
         k.options<LSTMOptions>().kernel_type == LSTMKernelType::kBasic;
}

Result<void> Prepare(KernelContext& k) {
  if (IsBasic(k)) return PrepareBasicLstm(k);
  LstmState& s = k.NewState<LstmState>();
  ReadOptions(k, s);
  TRY(CheckClip(s.cell_clip, "cell_clip"));
  TRY(CheckClip(s.projection_clip, "proj_clip"));
  TRY(ReadSequence(k, s));
  const bool both = k.op() == Op::kBidirectionalSequenceLstm;
  both ? PlaceBoth(k, s) : PlaceSingle(k, s);
  TRY(ChooseArithmetic(k, s));
  TRY(s.arithmetic->prepare(k, s));
  if (both && k.options<BidirectionalSequenceLSTMOptions>().merge_outputs) {
    s.cells[1].output = 0;
    s.cells[1].output_offset = s.cells[0].outputs;
  }
  return {};
}

void Run(KernelContext& k, const LstmState& s, const LstmCell& cell, int b) {
  for (int step = 0; step < s.time; ++step) {
    const int t = cell.backwards ? s.time - 1 - step : step;
    const int64_t at =
        s.time_major ? int64_t{t} * s.batch + b : int64_t{b} * s.time + t;
    s.arithmetic->step(k, s, cell, {at, b});
  }
}

void Eval(KernelContext& k) noexcept {
  if (IsBasic(k)) return EvalBasicLstm(k);
  const LstmState& s = k.State<LstmState>();
  for (int i = 0; i < s.cell_count; ++i) {
    for (int b = 0; b < s.batch; ++b) Run(k, s, s.cells[i], b);
  }
}

}  // namespace

extern const Kernel kLstm{Op::kLstm, "f32 i8 i16 u8 hybrid", Prepare, Eval};
extern const Kernel kUnidirectionalSequenceLstm{
    Op::kUnidirectionalSequenceLstm, "f32 i8 i16 hybrid", Prepare, Eval};
extern const Kernel kBidirectionalSequenceLstm{Op::kBidirectionalSequenceLstm,
                                               "f32 hybrid", Prepare, Eval};

}  // namespace liteforge
