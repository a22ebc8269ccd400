// SPDX-License-Identifier: Apache-2.0
// How far two models' numbers lie apart, and how often a model is right.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "liteforge/dataset.h"
#include "liteforge/result.h"

namespace liteforge {

// Of one tensor, over all examples; quantized numbers count as what they
// stand for.
struct Difference {
  std::string name;   // in the first model
  std::string dtype;  // in the second
  double max_abs = 0;
  double mean_abs = 0;
  double rmse = 0;
  // 10 log10(mean square of the first / mean square of the difference), in
  // dB; infinite for equal ones.
  double sqnr_db = 0;
  int64_t elements = 0;
};

struct CompareOptions {
  // Examples; where there are none, `random_examples` are drawn, inputs
  // uniform from -1 to 1 (integers from 0 to 7, 8-bit ones from all values).
  std::filesystem::path data;
  DatasetOptions dataset;
  int random_examples = 8;
  uint64_t seed = 1;
  // Tensors inside that both models have by the same name, in the order in
  // which the first computes them.
  bool per_layer = false;
};

struct Comparison {
  int64_t examples = 0;
  std::vector<Difference> outputs;
  std::vector<Difference> layers;
  int64_t bytes[2] = {0, 0};     // of the .tflite files
  double median_us[2] = {0, 0};  // of an invoke, taken in turns
  // Of classifiers: how often both put the same class first; -1 where the
  // first output is no list of scores.
  double same_top1 = -1;
};

// Each model is a .tflite or anything that converts, which is then converted
// as it is. The first model's inputs decide what examples must look like; the
// second's may be quantized. Errors: models of different inputs or outputs.
Result<Comparison> CompareModels(const std::filesystem::path& a,
                                 const std::filesystem::path& b,
                                 const CompareOptions& options = {});

struct Evaluation {
  int64_t examples = 0;
  double top1 = 0;  // part of the examples
  double top5 = 0;
  // By class: examples, and how many of them came first.
  struct Class {
    std::string name;
    int64_t examples = 0;
    int64_t right = 0;
  };
  std::vector<Class> classes;
};

// A classifier on examples with known classes. `directory` holds either a
// folder of .npy files for each class, named by the class's number or by a
// line of `labels` (else classes are counted in the order of the folders'
// names), or examples.npy and labels.npy (integers). Errors: kInvalidArgument
// for a model whose first output is no list of scores, labels beyond it, and
// an empty directory.
struct EvaluateOptions {
  std::filesystem::path labels;  // one class a line
  DatasetOptions dataset;
  int num_threads = 0;
};
Result<Evaluation> EvaluateClassifier(const std::filesystem::path& model,
                                      const std::filesystem::path& directory,
                                      const EvaluateOptions& options = {});

}  // namespace liteforge
