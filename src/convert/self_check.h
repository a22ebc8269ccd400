// SPDX-License-Identifier: Apache-2.0
// What was converted, run against its source.
//
// The source is the function lowered operator by operator, before any pass has
// seen it, run with the reference kernels. It shares neither rewrites nor
// vector code nor quantization with the .tflite that is written.
#pragma once

#include <cstddef>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "ir/graph.h"
#include "liteforge/converter.h"
#include "liteforge/npy.h"
#include "liteforge/result.h"

namespace liteforge {

class SelfCheck {
 public:
  // Runs `source`, of which the model is going to be made, on drawn inputs,
  // once for each signature, and keeps what it gives. What cannot be run, or
  // takes too much work, is noted and not checked.
  // Large constants of `source` are in what is run from then on.
  void RunSource(ir::Module& source);

  // Runs the model on the same inputs and compares. `must_agree`: whether
  // nothing but the order of float operations may differ. Models that compare,
  // round or sort floats may differ all the same.
  // kInternal when it differs more than that explains, naming the output.
  Result<CheckReport> Compare(std::span<const std::byte> model,
                              bool must_agree) const;

  // The largest difference that rounding explains, in parts of the largest
  // magnitude of the output.
  static constexpr double kBound = 1e-3;
  // Differences that are rounding for certain, whatever the magnitude.
  static constexpr double kLeast = 1e-6;

 private:
  struct Output {
    std::string name;
    DataType type = DataType::kNone;
    std::vector<float> values;
  };
  // One signature, or the first graph of a model that has none.
  struct Example {
    std::string signature;
    std::vector<NpyArray> inputs;
    std::vector<Output> outputs;
  };
  class Runner;

  Result<Example> RunExample(Runner& runner) const;
  static Result<void> CompareOutput(const Output& source, const Output& model,
                                    bool must_agree, CheckReport& report);

  std::vector<Example> examples_;
  std::string skipped_;
  std::set<std::string> whole_;  // inputs of whole numbers that are floats
  bool reference_kernels_ = true;
  bool jumps_ = false;  // whether rounding can change all
};

}  // namespace liteforge
