// SPDX-License-Identifier: Apache-2.0
// Looking at a model file: what it is, its inputs and outputs, what it is
// made of, whether it converts.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "liteforge/interpreter.h"
#include "liteforge/result.h"

namespace liteforge {

struct LayerDescription {
  std::string name;
  std::string type;    // "Conv2D"
  std::string output;  // "[?,96,96,8]"; "" when not known
  int64_t parameters = 0;
  bool converts = true;
};

struct OperatorDescription {
  // "CONV_2D", a custom operator's registered name; TensorFlow's "Conv2D"
  std::string name;
  int version = 1;  // 0: TensorFlow's have none
  int count = 0;
};

struct ModelDescription {
  std::string kind;    // "TFLite model", "Keras HDF5 model", …
  std::string writer;  // "Keras 2.4.0 (tf.keras), backend tensorflow"
  int64_t file_bytes = 0;
  std::vector<TensorDetails> inputs;
  std::vector<TensorDetails> outputs;
  std::vector<SignatureDetails> signatures;
  std::vector<OperatorDescription> operators;  // not Keras: one row a kind
  std::vector<std::string> operator_sequence;  // .tflite: subgraph 0, in order
  std::vector<LayerDescription> layers;        // Keras
  int64_t parameters = 0;                      // elements of weights
  std::string min_runtime_version;             // .tflite, where stated
  bool converts = false;  // .tflite: whether liteforge runs it
  std::string problem;    // why not
};

// Errors: kIo; kInvalidModel for a file that is damaged or of no known kind.
// A sound file that does not convert is described, with `problem`.
Result<ModelDescription> Inspect(const std::filesystem::path& path);

// As `liteforge inspect` and `liteforge inspect --json` print it.
std::string ToText(const ModelDescription& model);
std::string ToJson(const ModelDescription& model);

}  // namespace liteforge
