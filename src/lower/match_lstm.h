// SPDX-License-Identifier: Apache-2.0
// Recognizing a loop that steps an LSTM cell through a sequence, whoever wrote
// it: Keras' layers in SavedModels, this project's own importer, cells of
// TensorFlow 1.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <vector>

#include "ir/graph.h"
#include "lower/ir_builder.h"

namespace liteforge {

// A loop: variable i is input i and output i of the body and input i of the
// condition, and begins as initial[i].
struct LoopGraphs {
  std::span<Value* const> initial;
  const ir::Graph& cond;
  const ir::Graph& body;
};

// What one gate computes of a step: W x + R h + b.
struct MatchedGate {
  std::vector<float> input;      // [units, features]
  std::vector<float> recurrent;  // [units, units]
  std::vector<float> bias;       // [units]
};

struct LstmLoop {
  // Variables of the loop, by number. All others are handed on unchanged.
  size_t sequence = 0;  // [time, batch, features], handed on as well
  size_t output_state = 0, cell_state = 0;
  std::vector<size_t> outputs;   // lists of the outputs of all steps
  std::vector<size_t> counters;  // of steps

  int32_t features = 0, units = 0;
  Activation activation = Activation::kNone;  // of candidate and cell
  std::array<MatchedGate, 4> gates;           // input, forget, cell, output
};

// nullopt: the loop computes something else, or runs another number of steps
// than the sequence has. `ir` is the builder of the graph around the loop.
std::optional<LstmLoop> MatchLstm(const IrBuilder& ir, const LoopGraphs& loop);

}  // namespace liteforge
