// SPDX-License-Identifier: Apache-2.0
// BlockLSTM: the step of lstm_step.h for each time of x [T, B, I]; V2 has the
// gates in the order [i, f, g, o] and no forget_bias. A few times are written
// out. For many, or a number not known yet, it is
//   for t in 0 … min(seq_len_max, T) - 1:
//     y[t] = step(x[t], c, h), for each result y [T, B, units] that is read
// and what is not computed stays 0.
// Source: tensorflow/core/ops/rnn_ops.cc, kernels/rnn/lstm_ops.cc.
#include <algorithm>
#include <span>

#include "function/builder.h"
#include "function/ops.h"
#include "lower/called_functions.h"
#include "lower/lstm_step.h"

namespace liteforge {
namespace {

using Results = std::array<std::vector<Value*>, 7>;

Result<void> WriteOut(LowerContext& c, const LstmStep& lstm, int32_t times) {
  Formula f(c);
  UnpackOptions unpack;
  unpack.num = times;
  const auto inputs = f.EmitMany(Op::kUnpack, unpack, {c.input(1)}, times);
  Results all;
  LstmResults step{};
  step[1] = c.input(2);
  step[6] = c.input(3);
  for (Value* now : inputs) {
    step = EmitLstmStep(f, lstm, now, step[1], step[6]);
    for (size_t i = 0; i < step.size(); ++i) all[i].push_back(step[i]);
  }
  PackOptions pack;
  pack.values_count = times;
  for (size_t i = 0; i < all.size(); ++i) {
    Value* joined = f.Emit(Op::kPack, pack, std::move(all[i]));
    TRY(f.Check());
    c.SetOutput(static_cast<int>(i), joined);
  }
  return {};
}

//--------------------------------------------------------------------- a loop

// The variables of the loop: what the step takes, and what has been computed.
enum Variable {
  kTime,
  kEnd,
  kX,
  kCell,
  kOutput,
  kWeights,
  kBias = kWeights + 4
};
constexpr size_t kResults = kBias + 1;
constexpr size_t kStepCell = 1, kStepOutput = 6;

std::vector<Tensor> Variables(FunctionBuilder& f,
                              const std::vector<Value*>& values) {
  std::vector<Tensor> variables;
  for (const Value* value : values)
    variables.push_back(f.Input("v" + std::to_string(variables.size()),
                                value->type, value->shape));
  return variables;
}

Result<ConcreteFunction> Condition(const std::vector<Value*>& values) {
  FunctionBuilder f("times_left");
  const auto v = Variables(f, values);
  f.Output("more", f.AddNode("Less", {v[kTime], v[kEnd]},
                             Attributes().Type("T", DataType::kInt32),
                             DataType::kBool, {}));
  return f.Finish();
}

// `read` has the results of a step that are kept.
Result<ConcreteFunction> Body(const std::vector<Value*>& values,
                              const std::vector<size_t>& read,
                              const Attributes& attributes) {
  FunctionBuilder f("time");
  const auto v = Variables(f, values);
  const auto node = [&](const char* op, std::initializer_list<Tensor> inputs,
                        const Shape& shape = Shape::UnknownRank()) {
    return f.AddNode(op, inputs, {}, inputs.begin()->type(), shape);
  };
  const Tensor zero = f.Constant(IntScalar(0));
  const Tensor now = node("GatherV2", {v[kX], v[kTime], zero});
  const Tensor operands[] = {now,
                             v[kCell],
                             v[kOutput],
                             v[kWeights],
                             v[kWeights + 1],
                             v[kWeights + 2],
                             v[kWeights + 3],
                             v[kBias]};
  const std::vector<FunctionBuilder::OutputType> types(
      7, {DataType::kFloat32, Shape::UnknownRank()});
  const auto step = f.AddNode("LSTMBlockCell", operands, attributes, types);
  std::vector<Tensor> next = v;
  next[kTime] = node("AddV2", {v[kTime], f.Constant(IntScalar(1))}, {});
  next[kCell] = step[kStepCell];
  next[kOutput] = step[kStepOutput];
  const Tensor row = node("ExpandDims", {v[kTime], zero}, {1});
  for (size_t i = 0; i < read.size(); ++i) {
    const Tensor values_now = node("ExpandDims", {step[read[i]], zero});
    next[kResults + i] =
        node("InplaceUpdate", {v[kResults + i], row, values_now});
  }
  for (size_t i = 0; i < next.size(); ++i)
    f.Output("v" + std::to_string(i), next[i]);
  return f.Finish();
}

Result<ConcreteFunction> LoopOverSteps(const std::vector<Value*>& values,
                                       const std::vector<size_t>& read,
                                       const Attributes& attributes) {
  TRY_ASSIGN(ConcreteFunction condition, Condition(values));
  TRY_ASSIGN(ConcreteFunction body, Body(values, read, attributes));
  FunctionBuilder f("times");
  const auto results =
      While(Variables(f, values), std::move(condition), std::move(body));
  for (size_t i = 0; i < read.size(); ++i)
    f.Output("y" + std::to_string(i), results[kResults + i]);
  return f.Finish();
}

// [.., i, f, g, o] -> [.., i, g, f, o], the cell's order.
Value* ForgetThird(Formula& f, Value* x) {
  if (x == nullptr) return nullptr;
  const int32_t axis = x->shape.rank() - 1;
  SplitOptions split;
  split.num_splits = 4;
  const auto parts = f.EmitMany(Op::kSplit, split, {f.ir().Int32(axis), x}, 4);
  return f.Concat({parts[0], parts[2], parts[1], parts[3]}, axis);
}

Result<void> EmitLoop(LowerContext& c, const LstmStep& lstm, bool peephole) {
  Formula f(c);
  Value* x = c.input(1);
  Value* times = f.DimOf(x, 0);
  Value* end = f.Min(f.Take(c.ir().AsInt32(c.input(0))), times);
  const int32_t units =
      c.input(2)->shape.rank() == 2 ? c.input(2)->shape[1] : -1;
  if (x->shape.rank() != 3 || units < 1)
    return Unsupported("a sequence or a state of unknown size");
  Value* w = lstm.forget_second ? ForgetThird(f, lstm.w) : lstm.w;
  Value* b = lstm.forget_second ? ForgetThird(f, lstm.b) : lstm.b;
  std::vector<Value*> values = {c.ir().Int32(0), end, x,          c.input(2),
                                c.input(3),      w,   c.input(5), c.input(6),
                                c.input(7),      b};
  std::vector<size_t> read;
  for (size_t i = 0; i < 7; ++i) {
    if (c.calls().IsRead(i)) read.push_back(i);
  }
  Value* shape =
      f.Concat({f.Gather(f.ShapeOf(x), f.Ints({0, 1})), f.Ints({units})}, 0);
  Value* zeros = f.Fill(shape, f.Number(DataType::kFloat32, 0));
  TRY(f.Check());
  if (!zeros->is_constant()) zeros->shape = {x->shape[0], x->shape[1], units};
  values.resize(kResults + read.size(), zeros);
  TRY_ASSIGN(const ConcreteFunction loop,
             LoopOverSteps(values, read,
                           Attributes()
                               .Float("forget_bias", lstm.forget_bias)
                               .Float("cell_clip", lstm.clip)
                               .Bool("use_peephole", peephole)));
  TRY_ASSIGN(const auto results, c.calls().Inline(loop, values));
  for (size_t i = 0; i < read.size(); ++i)
    c.SetOutput(static_cast<int>(read[i]), results[i]);
  return {};
}

template <int version>
Result<void> LowerBlockLstm(LowerContext& c) {
  constexpr int32_t kLongest = 256;
  TRY_ASSIGN(LstmStep lstm, ReadLstmStep(c, 4, version == 1 ? 3.0f : 0.0f));
  if (version == 1) {
    TRY_ASSIGN(lstm.forget_bias, c.Attribute<float>("forget_bias", 1.0f));
  }
  lstm.forget_second = version == 2;
  TRY_ASSIGN(const bool peephole, c.Attribute<bool>("use_peephole", false));
  const Shape& x = c.input(1)->shape;
  const int32_t times = x.rank() == 3 ? x[0] : -1;
  const auto used = c.ir().Known(c.input(0));
  const bool all =
      used && AllKnown(*used) && used->size() == 1 && (*used)[0] >= times;
  if (all && times >= 1 && times <= kLongest) return WriteOut(c, lstm, times);
  return EmitLoop(c, lstm, peephole);
}

}  // namespace

std::span<const TfOp> BlockLstmOps() {
  static constexpr TfOp kOps[] = {
      {"BlockLSTM", 9, LowerBlockLstm<1>},
      {"BlockLSTMV2", 9, LowerBlockLstm<2>},
  };
  return kOps;
}

}  // namespace liteforge
