// SPDX-License-Identifier: Apache-2.0
// Converting models to .tflite, in the words of tf.lite.TFLiteConverter.
//
//   auto converter = Converter::FromKerasModel("model.h5");
//   auto tflite = converter->Convert();
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "liteforge/dataset.h"
#include "liteforge/function.h"
#include "liteforge/report.h"
#include "liteforge/result.h"
#include "liteforge/types.h"

namespace liteforge {

// How small and fast a model is to become.
enum class Optimize : uint8_t {
  kNone,     // as it is
  kDefault,  // int8 weights; with representative data, int8 activations too
  kFloat16,  // constants in float16
  kInt8,     // int8 weights and activations; needs representative data
  kInt16x8,  // int8 weights, int16 activations; needs representative data
  kInt4,     // int4 weights in dense layers, int8 weights elsewhere
};

// Smaller numbers for weights and activations. See docs/quantization.md.
struct OptimizeOptions {
  Optimize mode = Optimize::kNone;

  // Examples of what the model will be given: a path as Dataset::Open takes
  // it, or a function.
  std::filesystem::path representative_data;
  RepresentativeDataset representative_dataset;
  // The same of signatures, by key. Where any examples are given, signatures
  // without are left out.
  std::map<std::string, std::filesystem::path> signature_data;
  DatasetOptions dataset;
  // How ranges come from what is seen: "minmax", "average", "percentile",
  // "mse", "kl". Inputs and outputs keep all that is seen.
  std::string calibration = "percentile";
  // What was seen elsewhere, instead of examples; and where to write what is
  // seen here.
  std::vector<std::filesystem::path> calibration_in;
  std::filesystem::path calibration_out;

  bool strict_int8 = false;  // an operator left in float32 is an error
  bool bias_correction = false;
  // Of float32 inputs and outputs: kFloat32, kInt8, kUInt8, kInt16.
  DataType input_type = DataType::kFloat32;
  DataType output_type = DataType::kFloat32;
  // Layers that stay float32, by name ("block1", "block*").
  std::vector<std::string> keep_float;
  // A JSON file that chooses for each layer: docs/quantization.md.
  std::filesystem::path recipe;

  // The part of the weights to set to zero, 0 to 1; and which: "" the least
  // of all layers together, "layer" the least of each, "2:4", "block",
  // "block16".
  float prune = 0;
  std::string prune_pattern;
  // Whether pruned weights are stored without their zeros, where the file gets
  // smaller. TensorFlow Lite reads that; its port to microcontrollers does not.
  bool sparse = true;
  // How many different weights a layer may have; 0: any.
  int cluster = 0;

  // Told of the part that is done, 0 to 1, while examples run.
  std::function<void(double)> progress;
};

// What a conversion can be told beyond its source.
struct ConvertOptions {
  // Fixes unknown dimensions of an input: {"input_1", {1, 224, 224, 3}}.
  std::vector<std::pair<std::string, Shape>> input_shapes;

  // Which part of a SavedModel. Tags: of the graph tagged "serve" when empty.
  // Signature: all of them when empty, "serving_default" first; others that
  // cannot be converted are left out, with a notice. Function: one of the
  // library, instead of signatures.
  std::vector<std::string> tags;
  std::string signature;
  std::string function;

  // Which part of a frozen graph: tensors, "node" or "node:1". Found when
  // empty: Placeholders, and what no other node reads.
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;

  // TensorFlow operations that become custom operators of their names where
  // there is nothing else for them; and functions marked with such a name.
  std::vector<std::string> custom_ops;

  // Layers of a Keras model, by name, whose (first) input is taken for their
  // output: for layers that cannot be converted and do nothing at inference.
  std::vector<std::string> skip_layers;

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

  // The TensorFlow Lite that must run the model, "2.5.0"; "": any. A model that
  // needs a newer one is an error, which names the operators.
  std::string target_runtime;

  // Runs what was converted against its source; see CheckReport.
  bool check = true;

  OptimizeOptions optimize;

  // Convert also measures what it did: Converter::report.
  std::optional<ReportOptions> report;
};

// What running a conversion against its source has shown. Both are run on the
// same drawn inputs, the source operator by operator as it was before any
// rewrite. A float model whose outputs differ by more than a thousandth of
// their largest magnitude is an error; optimized models may differ, and those
// that compare, round or sort what rounding changes.
struct CheckReport {
  std::string skipped;  // why nothing was run; empty when something was
  // The output that differs most for its magnitude, by how much, and the
  // largest magnitude it has in the source.
  std::string output;
  double difference = 0;
  double magnitude = 0;
  // An output that is infinite or no number in the source already.
  std::string not_finite;
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
  // Functions written in C++ (liteforge/function.h), each a signature under
  // its name; the first is the one that runs unasked. Errors: what tracing them
  // said; two of one name, two variables of one name.
  static Result<Converter> FromConcreteFunctions(
      std::span<const Function> functions);
  static Result<Converter> FromConcreteFunctions(
      std::initializer_list<Function> functions) {
    return FromConcreteFunctions(
        std::span(functions.begin(), functions.size()));
  }
  // A float .tflite, to be optimized.
  static Result<Converter> FromTflite(const std::filesystem::path& path);
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

  // Of the last conversion to a .tflite.
  const CheckReport& check() const;

  // What the user should know of a conversion that worked.
  const std::vector<std::string>& notices() const;

  // What the last Convert did, where options().report asked for it.
  const std::optional<Report>& report() const;

 private:
  class Impl;
  explicit Converter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace liteforge
