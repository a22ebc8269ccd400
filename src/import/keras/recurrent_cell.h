// SPDX-License-Identifier: Apache-2.0
// Recurrent cells: what one step makes of an input and the states.
#pragma once

#include <vector>

#include "import/keras/layer.h"

namespace liteforge {

struct RecurrentCell {
  std::string_view class_name;
  // The weights a cell of this configuration has, in Keras' order.
  Result<std::vector<WeightSpec>> (*weights)(const LayerConfig& config);
  // How many states it has, all of one shape; the first is its output.
  int states;
  // That shape without the batch, for a step's input x, which has one.
  Result<Shape> (*state_shape)(const LayerConfig& config, const Shape& x);
  // x and states, each with the batch in front -> the states after it.
  LayerOutputs (*step)(LayerContext& c, const Tensor& x,
                       const std::vector<Tensor>& states);
  // Zeros for a state that has open dimensions, since x has. nullptr: none has.
  Result<Tensor> (*open_zeros)(const LayerConfig& config,
                               const Tensor& x) = nullptr;
};

// The cells of other files.
extern const RecurrentCell kConvLstm1D, kConvLstm2D, kConvLstm3D;

// By the name of the cell ("LSTMCell") or of its layer ("LSTM"); nullptr when
// there is none.
const RecurrentCell* FindRecurrentCell(std::string_view class_name);

}  // namespace liteforge
