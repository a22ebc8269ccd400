// SPDX-License-Identifier: Apache-2.0
// Recurrent cells that TensorFlow 1 has as one operation.
//   LSTMBlockCell   [i, g, f, o] = [x, h] W + b
//                   i = sigmoid(i + wci c), f = sigmoid(f + forget_bias + wcf
//                   c) c' = clip(i tanh(g) + f c), o = sigmoid(o + wco c') h' =
//                   o tanh(c'); wci, wcf, wco with use_peephole
//   BlockLSTM       the same for each time of x [T, B, I], written out; V2 has
//                   the gates in the order [i, f, g, o] and no forget_bias
//   GRUBlockCell    [r, u] = sigmoid([x, h] W_ru + b_ru)
//                   c = tanh([x, r h] W_c + b_c), h' = (1 - u) c + u h
// Source: tensorflow/core/ops/rnn_ops.cc.
#include <fmt/format.h>

#include <array>
#include <span>

#include "lower/formula.h"

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

struct Lstm {
  Value* w;
  Value* b;
  std::array<Value*, 3> peepholes{};  // of i, f and o, where there are some
  float forget_bias = 0;
  float clip = 0;  // <= 0: none
  bool forget_second = false;
};

// i, c', f, o, tanh(g), tanh(c'), h': the operation's outputs.
using Step = std::array<Value*, 7>;

Step LstmStep(Formula& f, const Lstm& lstm, Value* x, Value* c, Value* h) {
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
  Step s;
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

// The operands from `first` on are w, wci, wcf, wco, b.
Result<Lstm> ReadLstm(const LowerContext& c, int first) {
  Lstm lstm;
  lstm.w = c.input(first);
  lstm.b = c.input(first + 4);
  TRY_ASSIGN(const bool peephole, c.Attribute<bool>("use_peephole", false));
  for (int i = 0; peephole && i < 3; ++i)
    lstm.peepholes[static_cast<size_t>(i)] = c.input(first + 1 + i);
  TRY_ASSIGN(lstm.clip, c.Attribute<float>("cell_clip", 0.0f));
  return lstm;
}

Result<void> LowerLstmCell(LowerContext& c) {
  TRY_ASSIGN(Lstm lstm, ReadLstm(c, 3));
  TRY_ASSIGN(lstm.forget_bias, c.Attribute<float>("forget_bias", 1.0f));
  Formula f(c);
  const Step step = LstmStep(f, lstm, c.input(0), c.input(1), c.input(2));
  TRY(f.Check());
  for (int i = 0; i < 7; ++i) c.SetOutput(i, step[static_cast<size_t>(i)]);
  return {};
}

template <int version>
Result<void> LowerBlockLstm(LowerContext& c) {
  constexpr int32_t kLongest = 256;
  TRY_ASSIGN(Lstm lstm, ReadLstm(c, 4));
  if (version == 1) {
    TRY_ASSIGN(lstm.forget_bias, c.Attribute<float>("forget_bias", 1.0f));
  }
  lstm.forget_second = version == 2;
  Value* x = c.input(1);
  const int32_t times = x->shape.rank() == 3 ? x->shape[0] : -1;
  if (times < 1 || times > kLongest)
    return Unsupported(fmt::format("{} times; it is written out for 1 to {}",
                                   times, kLongest));
  TRY_ASSIGN(const int64_t used, c.IntegerOf(0, "seq_len_max"));
  if (used < times) return Unsupported("times that are left out");
  Formula f(c);
  UnpackOptions unpack;
  unpack.num = times;
  const auto inputs = f.EmitMany(Op::kUnpack, unpack, {x}, times);
  std::array<std::vector<Value*>, 7> all;
  Step step{};
  step[1] = c.input(2);
  step[6] = c.input(3);
  for (Value* now : inputs) {
    step = LstmStep(f, lstm, now, step[1], step[6]);
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

constexpr TfOp kOps[] = {
    {"BlockLSTM", 9, LowerBlockLstm<1>},
    {"BlockLSTMV2", 9, LowerBlockLstm<2>},
    {"GRUBlockCell", 6, LowerGruCell},
    {"LSTMBlockCell", 8, LowerLstmCell},
};

}  // namespace

std::span<const TfOp> RecurrentCellOps() { return kOps; }

}  // namespace liteforge
