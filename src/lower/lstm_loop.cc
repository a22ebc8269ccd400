// SPDX-License-Identifier: Apache-2.0
// while step < time: one LSTM step   ->   UNIDIRECTIONAL_SEQUENCE_LSTM
//
//   inputs  x [batch, time, features], or time first; W, R [units, …] of the
//           gates input, forget, cell, output; biases; the states before the
//           first step, [batch, units] (emit writes them into the variables
//           that the operator takes)
//   output  [batch, time, units], or time first
//
// Zeros for an unknown number of examples are computed from x by operators
// whose shapes are known before they run:
//   ZEROS_LIKE(SLICE(x) [batch, 1, 1]) + zeros [1, 1, units]
#include "lower/lstm_loop.h"

#include <algorithm>

#include "base/try.h"

namespace liteforge {
namespace {

using ir::Node;

constexpr int32_t kSwapped[] = {1, 0, 2};

struct Sequence {
  Value* x;
  bool time_major;

  int time_axis() const { return time_major ? 0 : 1; }
  int32_t steps() const { return x->shape[time_axis()]; }
  int32_t batch() const { return x->shape[1 - time_axis()]; }
};

bool Swaps(const Node* node) {
  return node != nullptr && node->op() == Op::kTranspose &&
         node->input(1)->is_constant() &&
         std::ranges::equal(node->input(1)->ToVector<int32_t>(), kSwapped);
}

// The sequence as the model has it, [batch, time, features], where the loop
// runs over its transposition, maybe from the end.
Result<Sequence> ModelsSequence(IrBuilder& ir, Value* x) {
  const Node* node = x->producer();
  if (Swaps(node)) return Sequence{node->input(0), false};
  if (node == nullptr || node->op() != Op::kReverseV2 ||
      !Swaps(node->input(0)->producer()))
    return Sequence{x, true};
  const auto axes = ir.Known(node->input(1));
  if (axes != KnownIntegers{0}) return Sequence{x, true};
  TRY_ASSIGN(x,
             ir.Emit(Op::kReverseV2, ReverseV2Options{},
                     {node->input(0)->producer()->input(0), ir.Int32s({1})}));
  return Sequence{x, false};
}

//------------------------------------------------------------------- states

bool IsZero(const Value* value) {
  if (value->is_constant()) {
    return std::ranges::all_of(value->data().bytes(),
                               [](std::byte b) { return b == std::byte{0}; });
  }
  const Node* node = value->producer();
  if (node == nullptr) return false;
  switch (node->op()) {
    case Op::kZerosLike:
      return true;
    case Op::kFill:
      return IsZero(node->input(1));
    case Op::kReshape:
    case Op::kBroadcastTo:
    case Op::kTile:
      return IsZero(node->input(0));
    default:
      return false;
  }
}

Value* FloatConstant(IrBuilder& ir, const Shape& shape,
                     std::vector<float> values, std::string_view what) {
  return ir.Constant(DataType::kFloat32, shape, Blob::Own(std::move(values)),
                     what);
}

// [batch, units]; for an unknown batch with an axis of extent 1 for the time.
Result<Value*> Zeros(IrBuilder& ir, const Sequence& sequence, int32_t units) {
  const int32_t batch = sequence.batch();
  if (batch >= 0) {
    const int64_t count = int64_t{batch} * units;
    return FloatConstant(ir, {batch, units},
                         std::vector<float>(static_cast<size_t>(count)),
                         "zeros");
  }
  std::vector<int32_t> sizes = {1, 1, 1};
  sizes[static_cast<size_t>(1 - sequence.time_axis())] = -1;
  TRY_ASSIGN(Value * zero, ir.Emit(Op::kSlice, SliceOptions{},
                                   {sequence.x, ir.Int32s({0, 0, 0}),
                                    ir.Int32s(std::move(sizes))}));
  TRY_ASSIGN(zero, ir.Emit(Op::kZerosLike, ZerosLikeOptions{}, {zero}));
  Value* row =
      FloatConstant(ir, {1, 1, units},
                    std::vector<float>(static_cast<size_t>(units)), "zeros");
  return ir.Emit(Op::kAdd, AddOptions{}, {zero, row});
}

//----------------------------------------------------------------- operands

std::vector<Value*> LstmOperands(IrBuilder& ir, LstmLoop& lstm, Value* x,
                                 Value* output_state, Value* cell_state) {
  const Shape input{lstm.units, lstm.features};
  const Shape recurrent{lstm.units, lstm.units};
  std::vector<Value*> operands = {x};
  for (MatchedGate& gate : lstm.gates)
    operands.push_back(
        FloatConstant(ir, input, std::move(gate.input), "input_weights"));
  for (MatchedGate& gate : lstm.gates)
    operands.push_back(FloatConstant(ir, recurrent, std::move(gate.recurrent),
                                     "recurrent_weights"));
  operands.insert(operands.end(), 3, nullptr);  // peepholes
  for (MatchedGate& gate : lstm.gates)
    operands.push_back(
        FloatConstant(ir, {lstm.units}, std::move(gate.bias), "bias"));
  operands.insert(operands.end(), 2, nullptr);  // projection
  operands.push_back(output_state);
  operands.push_back(cell_state);
  operands.insert(operands.end(), 4, nullptr);  // layer normalization
  return operands;
}

//------------------------------------------------------------------ results

// The last step of y.
Result<Value*> Last(IrBuilder& ir, const Sequence& sequence, Value* y) {
  const int axis = sequence.time_axis();
  std::vector<int32_t> begin = {0, 0, 0};
  begin[static_cast<size_t>(axis)] = -1;
  StridedSliceOptions options;
  options.shrink_axis_mask = 1 << axis;
  options.begin_mask = options.end_mask = 7 & ~options.shrink_axis_mask;
  return ir.Emit(Op::kStridedSlice, options,
                 {y, ir.Int32s(std::move(begin)), ir.Int32s({0, 0, 0}),
                  ir.Int32s({1, 1, 1})});
}

Result<Value*> StepCount(IrBuilder& ir, const Sequence& sequence) {
  if (sequence.steps() >= 0) return ir.Int32(sequence.steps());
  TRY_ASSIGN(Value * shape, ir.ShapeOf(sequence.x, DataType::kInt32));
  return ir.Emit(Op::kGather, GatherOptions{},
                 {shape, ir.Int32(sequence.time_axis())});
}

Result<std::vector<Value*>> LstmResults(IrBuilder& ir, const LoopGraphs& loop,
                                        const LstmLoop& lstm,
                                        const Sequence& sequence, Value* y,
                                        const std::vector<bool>& read) {
  std::vector<Value*> results(loop.initial.begin(), loop.initial.end());
  results[lstm.cell_state] = nullptr;
  for (const size_t i : lstm.counters) {
    if (!read[i]) continue;
    TRY_ASSIGN(results[i], StepCount(ir, sequence));
  }
  if (read[lstm.output_state]) {
    TRY_ASSIGN(results[lstm.output_state], Last(ir, sequence, y));
  }
  for (const size_t i : lstm.outputs) {
    results[i] = y;
    if (sequence.time_major) continue;
    TRY_ASSIGN(results[i], ir.Transpose(y, kSwapped));
  }
  return results;
}

}  // namespace

Result<std::optional<std::vector<Value*>>> EmitLstm(
    IrBuilder& ir, const LoopGraphs& loop, const std::vector<bool>& read) {
  auto lstm = MatchLstm(ir, loop);
  if (!lstm || read[lstm->cell_state]) return std::nullopt;
  TRY_ASSIGN(const Sequence sequence,
             ModelsSequence(ir, loop.initial[lstm->sequence]));
  Value* states[] = {loop.initial[lstm->output_state],
                     loop.initial[lstm->cell_state]};
  Value* zeros = nullptr;
  for (Value*& state : states) {
    if (!IsZero(state)) continue;
    if (zeros == nullptr) {
      TRY_ASSIGN(zeros, Zeros(ir, sequence, lstm->units));
    }
    state = zeros;
  }
  UnidirectionalSequenceLSTMOptions options;
  options.fused_activation_function = lstm->activation;
  options.time_major = sequence.time_major;
  TRY_ASSIGN(Value * y, ir.Emit(Op::kUnidirectionalSequenceLstm, options,
                                LstmOperands(ir, *lstm, sequence.x, states[0],
                                             states[1])));
  return LstmResults(ir, loop, *lstm, sequence, y, read);
}

}  // namespace liteforge
