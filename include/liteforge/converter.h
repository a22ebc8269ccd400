// SPDX-License-Identifier: Apache-2.0
// Converting models to .tflite, in the words of tf.lite.TFLiteConverter.
//
//   auto converter = Converter::FromKerasModel("model.h5");
//   auto tflite = converter->Convert();
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "liteforge/result.h"
#include "liteforge/types.h"

namespace liteforge {

// What a conversion can be told beyond its source.
struct ConvertOptions {
  // Fixes unknown dimensions of an input: {"input_1", {1, 224, 224, 3}}.
  std::vector<std::pair<std::string, Shape>> input_shapes;

  // Which part of a SavedModel. Tags: of the graph tagged "serve" when empty.
  // Signature: "serving_default" (or the only one) when empty. Function: one of
  // the library, instead of a signature.
  std::vector<std::string> tags;
  std::string signature;
  std::string function;

  // Which part of a frozen graph: tensors, "node" or "node:1". Found when
  // empty: Placeholders, and what no other node reads.
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;

  // A detector from its training: text merged into pipeline.config, how many
  // objects it finds at the most, and whether boxes suppress each other class
  // by class.
  std::string config_override;
  int32_t max_detections = 10;
  bool use_regular_nms = false;

  // A file of labels, one a line, or a label map of the Object Detection API
  // (.pbtxt): kept within the .tflite as TFLite Metadata. Of a detector's
  // classes, else of places along the last axis of the first output.
  std::filesystem::path labels;

  // A model whose outputs are all constants, or empty, is refused unless this
  // is set.
  bool allow_constant_outputs = false;
};

class Converter {
 public:
  // A .h5 / .hdf5 / .keras of any Keras. Errors: as Error says; every layer
  // that cannot be converted is named at once.
  static Result<Converter> FromKerasModel(const std::filesystem::path& path);
  // A SavedModel's directory, of TensorFlow 1 or 2.
  static Result<Converter> FromSavedModel(
      const std::filesystem::path& directory);
  // A frozen GraphDef, .pb or .pbtxt.
  static Result<Converter> FromFrozenGraph(const std::filesystem::path& path);
  // pipeline.config of the Object Detection API and a directory with
  // checkpoints, or one of them: single-shot detectors and CenterNets.
  static Result<Converter> FromDetectionCheckpoint(
      const std::filesystem::path& pipeline_config,
      const std::filesystem::path& checkpoint);
  // Whatever the path holds, found by looking at it.
  static Result<Converter> FromFile(const std::filesystem::path& path);
  Converter(Converter&&) noexcept;
  Converter& operator=(Converter&&) noexcept;
  ~Converter();

  ConvertOptions& options();

  // The bytes of the .tflite.
  Result<std::vector<std::byte>> Convert();
  // The same into a file, which is whole or not there.
  Result<void> ConvertToFile(const std::filesystem::path& path);

  // The same model as TensorFlow has it: a SavedModel's directory, made if it
  // is not there.
  Result<void> ConvertToSavedModel(const std::filesystem::path& directory);

  // What the user should know of a conversion that worked.
  const std::vector<std::string>& notices() const;

 private:
  class Impl;
  explicit Converter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace liteforge
