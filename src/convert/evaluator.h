// SPDX-License-Identifier: Apache-2.0
// Constant folding by the real interpreter, so that a folded value is the one
// that would have been computed at run time.
#pragma once

#include "lower/lower.h"

namespace liteforge {

// Makes a model of the one node, in memory, and runs it.
class InterpreterEvaluator : public ConstantEvaluator {
 public:
  Result<std::vector<Output>> Evaluate(const ir::Node& node) override;
};

}  // namespace liteforge
