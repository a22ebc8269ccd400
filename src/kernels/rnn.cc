// SPDX-License-Identifier: Apache-2.0
// RNN, UNIDIRECTIONAL_SEQUENCE_RNN, BIDIRECTIONAL_SEQUENCE_RNN:
//   h = act(bias + W input [+ V aux_input] + R h); the output is h.
//   input [B, I] | [B, T, I] | time-major [T, B, I]   f32
//   W [U, I], V [U, A], R [U, U]                      f32 | i8 (hybrid)
//   bias [U] f32; h [B, U] f32, a variable
// The bidirectional one runs a second cell from the last step to the first; its
// outputs stand apart or, with merge_outputs, behind those of the first. An
// aux_input without weights is the second cell's input.
// Source: tflite/kernels/{basic_rnn,unidirectional_sequence_rnn,
// bidirectional_sequence_rnn}.cc, kernels/internal/kernel_utils.cc. Its hybrid
// time-major bidirectional kernel runs the whole sequence T times over one
// state, which shows in the first outputs; so does this one, for equal results.
// Some of its kernels step through aux_input by the size of input; here
// aux_input has its own size.
#include <cstring>

#include "kernels/recurrent_math.h"

namespace liteforge {
namespace {

// Places among the operator's inputs.
struct Cell {
  int input = 0;
  int weights = 1, recurrent = 2, bias = 3, hidden = 4;
  int aux = -1, aux_weights = -1;
  bool backwards = false;
  int output = 0;
  int output_offset = 0;  // of the last axis
  int units = 0;
};

struct State {
  Cell cells[2];
  int cell_count = 1;
  int batch = 0;
  int time = 1;
  int passes = 1;  // over the sequence
  bool time_major = false;
  Activation activation = Activation::kNone;
  bool asymmetric = false;
};

// Scratch: the sums of one step; the quantized vectors of one step.
constexpr int kSums = 0, kBytes = 1;

void ReadOptions(const KernelContext& k, State& s) {
  if (k.op() == Op::kRnn) {
    const auto& options = k.options<RNNOptions>();
    s.activation = options.fused_activation_function;
    s.asymmetric = options.asymmetric_quantize_inputs;
  } else if (k.op() == Op::kUnidirectionalSequenceRnn) {
    const auto& options = k.options<SequenceRNNOptions>();
    s.activation = options.fused_activation_function;
    s.asymmetric = options.asymmetric_quantize_inputs;
    s.time_major = options.time_major;
  } else {
    const auto& options = k.options<BidirectionalSequenceRNNOptions>();
    s.activation = options.fused_activation_function;
    s.asymmetric = options.asymmetric_quantize_inputs;
    s.time_major = options.time_major;
  }
}

void PlaceCells(const KernelContext& k, State& s) {
  if (k.op() != Op::kBidirectionalSequenceRnn) return;
  constexpr int kAux = 9, kForwardAux = 10, kBackwardAux = 11;
  s.cell_count = 2;
  s.cells[1] = {0, 5, 6, 7, 8, -1, -1, /*backwards=*/true, /*output=*/1, 0, 0};
  if (k.HasInput(kForwardAux) || k.HasInput(kBackwardAux)) {
    s.cells[0].aux = s.cells[1].aux = kAux;
    s.cells[0].aux_weights = kForwardAux;
    s.cells[1].aux_weights = kBackwardAux;
  } else if (k.HasInput(kAux)) {
    s.cells[1].input = kAux;
  }
}

Result<void> CheckSequence(const KernelContext& k, const State& s, int input,
                           const char* role) {
  if (!k.HasInput(input)) {
    return InvalidModel(std::string(role) + " is missing");
  }
  const RuntimeTensor& x = k.Input(input);
  const int rank = k.op() == Op::kRnn ? 2 : 3;
  if (x.type != DataType::kFloat32) {
    return Unsupported(std::string(Name(x.type)) + " inputs are not supported");
  }
  if (x.shape.rank() != rank) {
    return InvalidModel(std::string(role) + " must have " +
                        std::to_string(rank) + " dimensions, it is " +
                        x.shape.ToString());
  }
  const bool same = rank == 2 ? x.shape[0] == s.batch
                              : x.shape[s.time_major ? 1 : 0] == s.batch &&
                                    x.shape[s.time_major ? 0 : 1] == s.time;
  return same ? Result<void>()
              : InvalidModel(std::string(role) + " " + x.shape.ToString() +
                             " differs from the input in batch or time");
}

Result<void> CheckWeights(const KernelContext& k, int weights, int like,
                          std::span<const int32_t> shape, const char* role) {
  TRY(CheckTensor(k, weights, k.Input(like).type, shape, role));
  const RuntimeTensor& tensor = k.Input(weights);
  if (tensor.type == DataType::kFloat32) return {};
  if (IsHybridWeight(tensor.type)) return CheckQuantized(tensor, role);
  return Unsupported(std::string(Name(tensor.type)) +
                     " weights are not supported");
}

int Width(const KernelContext& k, int input) {
  const Shape& shape = k.Input(input).shape;
  return shape[shape.rank() - 1];
}

Result<void> PrepareCell(const KernelContext& k, const State& s, Cell& cell) {
  TRY(CheckSequence(k, s, cell.input, "input"));
  if (!k.HasInput(cell.weights) || k.Input(cell.weights).shape.rank() != 2) {
    return InvalidModel("weights must be [units, inputs]");
  }
  const int32_t units = k.Input(cell.weights).shape[0];
  cell.units = units;
  TRY(CheckWeights(k, cell.weights, cell.weights,
                   {{units, Width(k, cell.input)}}, "weights"));
  TRY(CheckWeights(k, cell.recurrent, cell.weights, {{units, units}},
                   "recurrent weights"));
  TRY(CheckTensor(k, cell.bias, DataType::kFloat32, {{units}}, "bias"));
  TRY(CheckState(k, cell.hidden, DataType::kFloat32, int64_t{s.batch} * units,
                 "hidden state"));
  if (cell.aux < 0) return {};
  TRY(CheckSequence(k, s, cell.aux, "auxiliary input"));
  return CheckWeights(k, cell.aux_weights, cell.weights,
                      {{units, Width(k, cell.aux)}}, "auxiliary weights");
}

void NeedScratch(KernelContext& k, const State& s) {
  size_t sums = 0, bytes = 0;
  for (int i = 0; i < s.cell_count; ++i) {
    const Cell& cell = s.cells[i];
    const auto units = static_cast<size_t>(cell.units);
    sums = std::max(sums, units * sizeof(float));
    if (k.Input(cell.weights).type == DataType::kFloat32) continue;
    const int aux = cell.aux < 0 ? 0 : Width(k, cell.aux);
    bytes = std::max(bytes,
                     units + static_cast<size_t>(Width(k, cell.input) + aux));
  }
  k.NeedScratch(kSums, sums);
  k.NeedScratch(kBytes, bytes);
}

Result<void> Prepare(KernelContext& k) {
  State& s = k.NewState<State>();
  ReadOptions(k, s);
  PlaceCells(k, s);
  const Shape& input = k.Input(0).shape;
  if (k.op() == Op::kRnn) {
    s.batch = input[0];
  } else {
    s.batch = input[s.time_major ? 1 : 0];
    s.time = input[s.time_major ? 0 : 1];
  }
  for (int i = 0; i < s.cell_count; ++i) TRY(PrepareCell(k, s, s.cells[i]));
  if (k.op() == Op::kBidirectionalSequenceRnn &&
      k.options<BidirectionalSequenceRNNOptions>().merge_outputs) {
    s.cells[1].output = 0;
    s.cells[1].output_offset = s.cells[0].units;
  }
  const bool hybrid = k.Input(s.cells[0].weights).type != DataType::kFloat32;
  if (k.op() == Op::kBidirectionalSequenceRnn && hybrid && s.time_major) {
    s.passes = s.time;
  }
  NeedScratch(k, s);
  return {};
}

// Row `at` of batch x time.
FloatVector RowOf(const KernelContext& k, int input, int64_t at) {
  const int width = Width(k, input);
  return {k.Input(input).Data<float>() + at * width, width, nullptr, {}};
}

void Step(KernelContext& k, const State& s, const Cell& cell, int64_t at,
          float* hidden) {
  float* sums = k.Scratch<float>(kSums);
  auto* bytes = k.Scratch<int8_t>(kBytes);
  const bool hybrid = k.Input(cell.weights).type != DataType::kFloat32;
  const auto add = [&](int weights, FloatVector x) {
    if (hybrid) QuantizeVector(x, s.asymmetric, bytes);
    AddProduct(k.Input(weights), x, sums);
  };
  std::copy_n(k.Input(cell.bias).Data<float>(), cell.units, sums);
  add(cell.weights, RowOf(k, cell.input, at));
  if (cell.aux >= 0) add(cell.aux_weights, RowOf(k, cell.aux, at));
  add(cell.recurrent, {hidden, cell.units, nullptr, {}});
  Activate(s.activation, sums, cell.units);
  std::copy_n(sums, cell.units, hidden);
  RuntimeTensor& output = k.Output(cell.output);
  const int width = output.shape[output.shape.rank() - 1];
  std::copy_n(sums, cell.units,
              output.MutableData<float>() + at * width + cell.output_offset);
}

// One batch item from the first step to the last, or back.
void Run(KernelContext& k, const State& s, const Cell& cell, int b) {
  float* hidden = k.VariableInput(cell.hidden).MutableData<float>() +
                  int64_t{b} * cell.units;
  for (int step = 0; step < s.time; ++step) {
    const int t = cell.backwards ? s.time - 1 - step : step;
    const int64_t at =
        s.time_major ? int64_t{t} * s.batch + b : int64_t{b} * s.time + t;
    Step(k, s, cell, at, hidden);
  }
}

void Eval(KernelContext& k) noexcept {
  const State& s = k.State<State>();
  for (int i = 0; i < s.cell_count; ++i) {
    for (int b = 0; b < s.batch; ++b) {
      for (int pass = 0; pass < s.passes; ++pass) Run(k, s, s.cells[i], b);
    }
  }
}

}  // namespace

extern const Kernel kRnn{Op::kRnn, "f32 hybrid", Prepare, Eval};
extern const Kernel kUnidirectionalSequenceRnn{Op::kUnidirectionalSequenceRnn,
                                               "f32 hybrid", Prepare, Eval};
extern const Kernel kBidirectionalSequenceRnn{Op::kBidirectionalSequenceRnn,
                                              "f32 hybrid", Prepare, Eval};

}  // namespace liteforge
