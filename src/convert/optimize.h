// SPDX-License-Identifier: Apache-2.0
// Pruning, clustering and quantization of a module, as the options say.
#pragma once

#include <string>
#include <vector>

#include "ir/graph.h"
#include "liteforge/converter.h"
#include "liteforge/result.h"

namespace liteforge {

// Whether weights are to be set to zero.
inline bool Prunes(const OptimizeOptions& options) {
  return options.prune != 0 || !options.prune_pattern.empty();
}

// What was done, and which operators stay float and why, goes to `notices`.
// Errors: kInvalidArgument for options that contradict each other and for
// representative data that does not fit the model.
Result<void> OptimizeModule(ir::Module& module, const OptimizeOptions& options,
                            std::vector<std::string>& notices);

}  // namespace liteforge
