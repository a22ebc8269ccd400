// SPDX-License-Identifier: Apache-2.0
// The architecture of a Keras model, read from its configuration: layers, and
// which outputs each call of a layer takes. Sequential models become chains;
// models inside the model stay models.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "formats/keras/keras_file.h"
#include "import/keras/layer.h"
#include "liteforge/result.h"

namespace liteforge {

// Output `tensor` of call `call` of layer `layer`, by position.
struct TensorReference {
  int layer = 0;
  int call = 0;
  int tensor = 0;
};

struct LayerCall {
  std::vector<TensorReference> inputs;  // the positional ones first
  size_t positional = 0;                // how many those are
  CallArguments arguments;
};

struct ModelGraph;

struct ModelLayer {
  enum class Kind { kInput, kLayer, kModel };
  Kind kind = Kind::kLayer;
  LayerInstance instance;  // name, path and class of all kinds
  std::vector<LayerCall> calls;

  // Of an input. Unknown rank where a model inside a model does not say.
  Shape shape = Shape::UnknownRank();
  DataType type = DataType::kFloat32;

  std::unique_ptr<ModelGraph> model;  // of kModel
  bool per_step = false;  // TimeDistributed(model): run on each step

  // What building found out, for summaries.
  std::string output_shape;
  bool refused = false;  // a call of it could not be imported
};

struct ModelGraph {
  std::vector<ModelLayer> layers;
  std::vector<TensorReference> inputs;  // each a kInput
  std::vector<TensorReference> outputs;
  std::vector<std::pair<int, int>> order;  // calls (layer, call), runnable
};

// Errors: kInvalidModel for configurations that contradict themselves (missing
// layers, wrong indices, cycles, models nested deeper than 32), naming the
// layer. Unknown classes are no error; their `instance.kind` is null.
Result<ModelGraph> ReadModelGraph(const KerasFile& file);

// Puts the stored weights in their layers. Layers of a model inside the model
// find theirs by the weights' names, or else in Keras' order, trainable ones
// first. Goes on after an error and returns the first: kInvalidModel when a
// layer has more or fewer weights stored than it needs.
Result<void> AssignWeights(const KerasFile& file, ModelGraph& graph);

// "layer 'outer/conv1' (Conv2D)"
std::string Describe(const LayerInstance& layer);

}  // namespace liteforge
