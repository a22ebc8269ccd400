// SPDX-License-Identifier: Apache-2.0
// Operators that are linear in their input, y = W x + b, and what stands
// before and behind them as y = scale * x + shift by constants, so that the
// one can be computed into the other.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ir/graph.h"

namespace liteforge {

// CONV_2D, DEPTHWISE_CONV_2D, TRANSPOSE_CONV, CONV_3D, CONV_3D_TRANSPOSE and
// FULLY_CONNECTED, in float32, with constant weights and a constant bias or
// none.
struct Linear {
  ir::Node* node = nullptr;
  int input = 0;   // which operand
  int filter = 1;  // which operand
  int bias = 2;    // which operand
  // Channels of the input and of the output; the output's are the elements of
  // the bias.
  int64_t inputs = 0;
  int64_t outputs = 0;
};

std::optional<Linear> AsLinear(ir::Node* node);

// One number per channel.
struct Affine {
  std::vector<double> scale;
  std::vector<double> shift;

  bool has_scale() const;  // one differs from 1
  bool has_shift() const;  // one differs from 0
};

// What a node computes of its non-constant operand `x` when that is scale * x
// + shift, repeating with `period` along the elements (AlongPeriod): ADD, SUB,
// MUL, DIV by a constant, without activation, that keep the shape of x.
std::optional<Affine> AsAffine(const ir::Node& node, const ir::Value* x,
                               int64_t period);

// outer(inner(x)).
Affine Compose(const Affine& outer, const Affine& inner);

// y' = scale * y + shift computed into weights and bias. False, and nothing
// done, when a number would not be finite or the node has an activation.
bool FoldBehind(ir::Graph& graph, const Linear& linear, const Affine& affine);

// y' = W (scale * x + shift) + b computed into weights and bias. A shift needs
// every output to see every tap of the filter: FULLY_CONNECTED, or a
// convolution (not a transposed one) with padding VALID. False as above.
bool FoldBefore(ir::Graph& graph, const Linear& linear, const Affine& affine);

}  // namespace liteforge
