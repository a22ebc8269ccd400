// SPDX-License-Identifier: Apache-2.0
// A Keras model as stored: its architecture as JSON and its weights by layer.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
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
  std::string layer;
  std::vector<KerasWeight> weights;  // in the order stored
};

struct KerasFile {
  std::string path;
  int generation = 2;   // 1, 2 or 3: the major version of Keras that wrote it
  std::string version;  // "2.4.0", "2.2.4-tf", "3.1.1"; "" in some Keras 1 files
  std::string backend;  // "tensorflow", "theano", "cntk", "" when not stated
  // {"class_name": "Sequential" | "Model" | "Functional", "config": …}
  nlohmann::json model;
  std::vector<KerasLayerWeights> weights;

  const KerasLayerWeights* FindWeights(std::string_view layer) const;
};

// Whether the file is HDF5 by its signature.
bool LooksLikeH5(std::span<const std::byte> bytes);

// Reads a .h5 / .hdf5 model of any Keras. Errors: as ReadH5; kUnsupported for
// a file with weights and no model, saying how to save one; kInvalidModel for
// a damaged configuration.
Result<KerasFile> ReadKerasH5(const std::filesystem::path& path);

// JSON as Python writes it: NaN, Infinity and -Infinity as bare words become
// the strings "NaN", "Infinity", "-Infinity".
Result<nlohmann::json> ParsePythonJson(std::string_view text);

}  // namespace liteforge
