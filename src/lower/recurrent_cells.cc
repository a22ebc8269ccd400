// SPDX-License-Identifier: Apache-2.0
// Recurrent cells that TensorFlow 1 has as one operation.
//   LSTMBlockCell   [i, g, f, o] = [x, h] W + b
//                   i = sigmoid(i + wci c), f = sigmoid(f + forget_bias + wcf
//                   c) c' = clip(i tanh(g) + f c), o = sigmoid(o + wco c') h' =
//                   o tanh(c'); wci, wcf, wco with use_peephole
//   GRUBlockCell    [r, u] = sigmoid([x, h] W_ru + b_ru)
//                   c = tanh([x, r h] W_c + b_c), h' = (1 - u) c + u h
// Source: tensorflow/core/ops/rnn_ops.cc.
#include <span>

#include "lower/lstm_step.h"

namespace liteforge {
namespace {

// [n, k] x [k, m] + b
Value* Dense(Formula& f, Value* x, Value* w, Value* b) {
  w = f.Transpose(w, {1, 0});
  if (x == nullptr || w == nullptr) return nullptr;
  Value* y = f.Take(f.ir().Emit(Op::kFullyConnected, FullyConnectedOptions{},
                                {x, w, nullptr}));
  return f.Add(y, b);
}

Value* Sigmoid(Formula& f, Value* x) { return f.Of(Op::kLogistic, x); }

}  // namespace

LstmResults EmitLstmStep(Formula& f, const LstmStep& lstm, Value* x, Value* c,
                         Value* h) {
  Value* all = Dense(f, f.Concat({x, h}, 1), lstm.w, lstm.b);
  SplitOptions split;
  split.num_splits = 4;
  const auto gates = f.EmitMany(Op::kSplit, split, {f.ir().Int32(1), all}, 4);
  const auto seeing = [&](Value* gate, int i, Value* state) {
    Value* weights = lstm.peepholes[static_cast<size_t>(i)];
    return weights == nullptr ? gate : f.Add(gate, f.Mul(weights, state));
  };
  Value* g = gates[lstm.forget_second ? 2 : 1];
  Value* forget = gates[lstm.forget_second ? 1 : 2];
  if (lstm.forget_bias != 0)
    forget = f.Add(forget, f.Like(lstm.b, lstm.forget_bias));
  LstmResults s;
  s[0] = Sigmoid(f, seeing(gates[0], 0, c));
  s[2] = Sigmoid(f, seeing(forget, 1, c));
  s[4] = f.Of(Op::kTanh, g);
  s[1] = f.Add(f.Mul(s[4], s[0]), f.Mul(c, s[2]));
  if (lstm.clip > 0) {
    s[1] = f.Max(s[1], f.Like(lstm.b, -lstm.clip));
    s[1] = f.Min(s[1], f.Like(lstm.b, lstm.clip));
  }
  s[3] = Sigmoid(f, seeing(gates[3], 2, s[1]));
  s[5] = f.Of(Op::kTanh, s[1]);
  s[6] = f.Mul(s[5], s[3]);
  return s;
}

Result<LstmStep> ReadLstmStep(const LowerContext& c, int first, float clip) {
  LstmStep lstm{};
  lstm.w = c.input(first);
  lstm.b = c.input(first + 4);
  TRY_ASSIGN(const bool peephole, c.Attribute<bool>("use_peephole", false));
  for (int i = 0; peephole && i < 3; ++i)
    lstm.peepholes[static_cast<size_t>(i)] = c.input(first + 1 + i);
  TRY_ASSIGN(lstm.clip, c.Attribute<float>("cell_clip", clip));
  return lstm;
}

namespace {

Result<void> LowerLstmCell(LowerContext& c) {
  TRY_ASSIGN(LstmStep lstm, ReadLstmStep(c, 3, 3.0f));
  TRY_ASSIGN(lstm.forget_bias, c.Attribute<float>("forget_bias", 1.0f));
  Formula f(c);
  const LstmResults step =
      EmitLstmStep(f, lstm, c.input(0), c.input(1), c.input(2));
  TRY(f.Check());
  for (int i = 0; i < 7; ++i) c.SetOutput(i, step[static_cast<size_t>(i)]);
  return {};
}

Result<void> LowerGruCell(LowerContext& c) {
  Formula f(c);
  Value* x = c.input(0);
  Value* h = c.input(1);
  Value* both =
      Sigmoid(f, Dense(f, f.Concat({x, h}, 1), c.input(2), c.input(4)));
  SplitOptions split;
  split.num_splits = 2;
  const auto gates = f.EmitMany(Op::kSplit, split, {f.ir().Int32(1), both}, 2);
  Value* r = gates[0];
  Value* u = gates[1];
  Value* candidate = f.Of(Op::kTanh, Dense(f, f.Concat({x, f.Mul(h, r)}, 1),
                                           c.input(3), c.input(5)));
  Value* y = f.Add(f.Mul(f.Sub(f.Like(x, 1), u), candidate), f.Mul(u, h));
  TRY(f.Check());
  Value* outputs[] = {r, u, candidate, y};
  for (int i = 0; i < 4; ++i) c.SetOutput(i, outputs[i]);
  return {};
}

}  // namespace

std::span<const TfOp> RecurrentCellOps() {
  static constexpr TfOp kOps[] = {
      {"GRUBlockCell", 6, LowerGruCell},
      {"LSTMBlockCell", 8, LowerLstmCell},
  };
  return kOps;
}

}  // namespace liteforge
