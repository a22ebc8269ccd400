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

// One operator of a .tflite, in its place.
struct OperatorUse {
  std::string name;
  int version = 1;
  std::vector<int> inputs;  // indices of tensors; -1: left out
  std::vector<int> outputs;
};

struct SubgraphDescription {
  std::string name;
  std::vector<TensorDetails> tensors;
  std::vector<int64_t> constant_bytes;  // one a tensor; 0: computed
  std::vector<OperatorUse> operators;   // in the order in which they run
  std::vector<int> inputs, outputs;     // indices of tensors
};

struct ModelDescription {
  std::string path;

  std::string kind;    // "TFLite model", "Keras HDF5 model", …
  std::string writer;  // "Keras 2.4.0 (tf.keras), backend tensorflow"
  int64_t file_bytes = 0;
  std::vector<TensorDetails> inputs;
  std::vector<TensorDetails> outputs;
  std::vector<SignatureDetails> signatures;
  std::vector<OperatorDescription> operators;  // not Keras: one row a kind
  std::vector<std::string> operator_sequence;  // .tflite: subgraph 0, in order
  std::vector<SubgraphDescription> subgraphs;  // .tflite
  std::vector<LayerDescription> layers;        // Keras
  int64_t parameters = 0;                      // elements of weights
  std::string min_runtime_version;             // .tflite, where stated
  // .tflite, what TFLite Metadata says: images x in [0, 255] are given as
  // (x - mean) / std, one number or one a channel; names of the classes.
  std::vector<float> image_mean, image_std;
  std::vector<std::string> labels;
  bool converts = false;  // .tflite: whether liteforge runs it
  std::string problem;    // why not
};

// Errors: kIo; kInvalidModel for a file that is damaged or of no known kind.
// A sound file that does not convert is described, with `problem`.
Result<ModelDescription> Inspect(const std::filesystem::path& path);

// As `liteforge inspect` and `liteforge inspect --json` print it, and as
// `--html` writes it: a page that needs nothing but itself.
std::string ToText(const ModelDescription& model);
std::string ToJson(const ModelDescription& model);
std::string ToHtml(const ModelDescription& model);

}  // namespace liteforge
