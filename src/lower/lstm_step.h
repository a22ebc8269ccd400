// SPDX-License-Identifier: Apache-2.0
// One step of the LSTM that TensorFlow has as one operation.
#pragma once

#include <array>

#include "lower/formula.h"

namespace liteforge {

struct LstmStep {
  Value* w;                           // [inputs + units, 4 units]
  Value* b;                           // [4 units]
  std::array<Value*, 3> peepholes{};  // of i, f and o, where there are some
  float forget_bias = 0;
  float clip = 0;  // <= 0: none
  bool forget_second = false;
};

// The operands from `first` on are w, wci, wcf, wco, b; `clip` is what
// cell_clip is when the attribute is absent.
Result<LstmStep> ReadLstmStep(const LowerContext& c, int first, float clip);

// i, c', f, o, tanh(g), tanh(c'), h': the operation's outputs.
using LstmResults = std::array<Value*, 7>;
LstmResults EmitLstmStep(Formula& f, const LstmStep& lstm, Value* x, Value* c,
                         Value* h);

}  // namespace liteforge
