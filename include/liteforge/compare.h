// SPDX-License-Identifier: Apache-2.0
// How far two models' numbers lie apart.
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

// How long one operator takes, before and after; 0 where it is not there.
struct OperatorTime {
  std::string op;    // "CONV_2D"
  std::string name;  // of its first output
  double us[2] = {0, 0};
};

struct CompareOptions {
  // Examples; where there are none, `random_examples` are drawn, inputs
  // uniform from -1 to 1 (integers from 0 to 7, 8-bit ones from all values).
  std::filesystem::path data;
  DatasetOptions dataset;
  int random_examples = 8;
  uint64_t seed = 1;
  int most_examples = 0;  // of `data`; 0: all
  // Tensors inside that both models have by the same name, in the order in
  // which the first computes them.
  bool per_layer = false;
};

struct Comparison {
  std::string models[2];  // their paths
  int64_t examples = 0;
  bool random = false;  // the examples were drawn
  std::vector<Difference> outputs;
  std::vector<Difference> layers;
  int64_t bytes[2] = {0, 0};     // of the .tflite files
  double median_us[2] = {0, 0};  // of an invoke, taken in turns, one thread
  std::vector<OperatorTime> operators;  // with per_layer, in the file's order
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

// As `liteforge compare --json` and `--html` give it; the page needs nothing
// but itself.
std::string ToJson(const Comparison& comparison);
std::string ToHtml(const Comparison& comparison);

}  // namespace liteforge
