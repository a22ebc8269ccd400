// SPDX-License-Identifier: Apache-2.0
// Pruning, clustering and quantization of a module, as the options say.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "ir/graph.h"
#include "liteforge/converter.h"
#include "liteforge/result.h"
#include "quantize/calibration.h"
#include "quantize/quantize.h"

namespace liteforge {

// What was done to a module.
struct Optimized {
  std::string mode;  // "int8 weights and activations, 50 % pruned"
  std::vector<FloatOperator> left_float;
  Calibration calibration;  // what the examples showed, where that was asked
};

// Whether the options ask for anything to be done to the module.
bool AsksForOptimization(const OptimizeOptions& options);

// Whether weights are to be set to zero.
inline bool Prunes(const OptimizeOptions& options) {
  return options.prune != 0 || !options.prune_pattern.empty();
}

// What the files say together. Errors name the file.
Result<Calibration> ReadCalibrations(
    std::span<const std::filesystem::path> paths);

// What was done, and which operators stay float and why, goes to `notices` as
// well. Errors: kInvalidArgument for options that contradict each other and for
// representative data that does not fit the model.
Result<Optimized> OptimizeModule(ir::Module& module,
                                 const OptimizeOptions& options,
                                 std::vector<std::string>& notices);

}  // namespace liteforge
