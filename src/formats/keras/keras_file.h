// SPDX-License-Identifier: Apache-2.0
// A Keras model as stored: its architecture as JSON and its weights by layer.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/blob.h"
#include "formats/keras/h5.h"
#include "liteforge/result.h"
#include "liteforge/types.h"

namespace liteforge {

struct KerasWeight {
  std::string name;  // as stored: "dense_1/kernel:0", "dense_1_W"
  DataType type = DataType::kNone;
  Shape shape;
  Blob data;
};

struct KerasLayerWeights {
  // Its name; of a layer in a model in a .keras archive its path,
  // "outer/inner".
  std::string layer;
  std::vector<KerasWeight> weights;  // in the order stored
};

struct KerasFile {
  std::string path;
  int generation = 2;  // 1, 2 or 3: the major version of Keras that wrote it
  std::string
      version;  // "2.4.0", "2.2.4-tf", "3.1.1"; "" in some Keras 1 files
  std::string backend;  // "tensorflow", "theano", "cntk", "" when not stated
  bool tf_keras =
      false;  // written by TensorFlow's own Keras, not by keras.io's
  // {"class_name": "Sequential" | "Model" | "Functional", "config": …}
  nlohmann::json model;
  // In the order stored. Weights of a model inside the model stand under the
  // inner model's name. "top_level_model_weights", which no layer has, comes
  // last and only when there are any.
  std::vector<KerasLayerWeights> weights;

  const KerasLayerWeights* FindWeights(std::string_view layer) const;
  // What wrote it: "Keras 2.4.0 (tf.keras)", "Keras 2.1.3 with theano",
  // "Keras 1".
  std::string Producer() const;
};

// Reads a model of either format, whatever the file is called.
Result<KerasFile> ReadKeras(const std::filesystem::path& path);

// Whether the bytes of a file are a zip archive's.
bool LooksLikeZip(std::span<const std::byte> bytes);

// Reads a .keras archive of tf.keras 2.12 or newer or Keras 3. Errors: kIo;
// kInvalidModel for an archive that is damaged or lacks a part; as ReadH5 for
// its weights.
Result<KerasFile> ReadKerasArchive(const std::filesystem::path& path);

// Reads a .h5 / .hdf5 model of any Keras. Errors: as ReadH5; kUnsupported for
// a file with weights and no model, saying how to save one; kInvalidModel for
// a damaged configuration.
Result<KerasFile> ReadKerasH5(const std::filesystem::path& path);

// JSON as Python writes it: NaN, Infinity and -Infinity as bare words become
// the strings "NaN", "Infinity", "-Infinity". Errors: kInvalidModel for what
// is no JSON (saying where) or is nested deeper than 500.
Result<nlohmann::json> ParsePythonJson(std::string_view text);

}  // namespace liteforge
