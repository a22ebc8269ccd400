// SPDX-License-Identifier: Apache-2.0
// LSTM and UNIDIRECTIONAL_SEQUENCE_LSTM in 8 bits, their cell state in 16: what
// is special about them. Their operands, in the order of the schema:
//
//   0 input   1-4 W, 5-8 R of the gates i f c o   9-11 P of i f o
//   12-15 biases   16, 17 projection   18, 19 output and cell state
//   20-23 layer norm
//
// The quantized operator has five intermediate tensors, which tell the scales
// of the four gates (with layer norm) and of o tanh(c). In the compiler's graph
// they are operands 24 to 28, of no elements.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ir/graph.h"
#include "quantize/calibration.h"
#include "quantize/parameters.h"

namespace liteforge {

inline constexpr int kLstmOperands = 24;

// With these operands; not the cell of kernel type BASIC.
bool IsFullLstm(const ir::Node& node);

// Empty: it can be quantized, as far as `calibration` goes, with activations of
// this type.
std::string WhyNoIntegerLstm(const ir::Graph& graph, const ir::Node& node,
                             const Calibration& calibration, DataType type);

// The output's terms where its range alone does not say them. TensorFlow Lite
// subtracts the zero point of o tanh(c) where it should be added, so that of an
// 8-bit cell without projection must be 0.
std::optional<Parameters> LstmOutputTerms(const ir::Node& node,
                                          ValueRange range, DataType type);

// Weights, biases, states and intermediates, for an input and an output of
// these terms; operand 0 and the output are left alone. The node must have been
// found fit.
void RewriteLstm(ir::Graph& graph, ir::Node* node, const Parameters& input,
                 const Parameters& output, const Calibration& calibration,
                 CalibrationMethod method);

// What LSTMs keep to themselves is computed anew from what they are seen to
// read: the cell state, o tanh(c), and with layer norm the gates.
class LstmWatcher {
 public:
  explicit LstmWatcher(const ir::Module& module);

  // Adds what the LSTMs that read this tensor make of it, from states of zero.
  // Errors: values that are not finite.
  Result<void> See(const ir::Graph& graph, std::string_view tensor,
                   std::span<const float> values, const Shape& shape,
                   Calibration& calibration) const;

 private:
  std::multimap<std::pair<const ir::Graph*, std::string>, const ir::Node*>
      readers_;
};

}  // namespace liteforge
