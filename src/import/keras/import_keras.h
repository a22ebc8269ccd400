// SPDX-License-Identifier: Apache-2.0
// Keras models to concrete functions: the layers written in TensorFlow
// operations.
#pragma once

#include <string>
#include <vector>

#include "formats/keras/keras_file.h"
#include "function/concrete_function.h"
#include "liteforge/result.h"

namespace liteforge {

// The model's inputs and outputs keep the order of its own lists; keys are the
// layer names as tf.keras' serving signature gives them. Unknown batch and
// spatial dimensions stay unknown. Every layer that cannot be imported is
// named in one error.
struct KerasImportOptions {
  // Layers, by name or path ("outer/inner"), whose first input is taken for
  // their output. kInvalidArgument when the model has no such layer.
  std::vector<std::string> skip_layers;
};
Result<ConcreteFunction> ImportKeras(const KerasFile& file,
                                     const KerasImportOptions& options = {});

// What `inspect` tells about one layer.
struct KerasLayerSummary {
  std::string name;
  std::string class_name;
  std::string output_shape;  // "[?,96,96,8]"; "" when not importable
  int64_t parameters = 0;
  bool converts = false;
};
// Layers in model order, nested models included (names "outer/inner").
std::vector<KerasLayerSummary> SummarizeKeras(const KerasFile& file);

}  // namespace liteforge
