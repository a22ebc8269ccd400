// SPDX-License-Identifier: Apache-2.0
#include "convert/compile.h"

#include "base/try.h"
#include "convert/check_outputs.h"
#include "convert/evaluator.h"
#include "emit/emit.h"
#include "lower/lower.h"
#include "passes/pass.h"

namespace liteforge {

Result<std::vector<std::byte>> Compile(const ConcreteFunction& function,
                                       bool allow_constant_outputs,
                                       std::map<std::string, Blob> metadata) {
  InterpreterEvaluator evaluator;
  TRY_ASSIGN(const auto module, Lower(function, evaluator));
  if (!allow_constant_outputs) TRY(CheckOutputs(function, *module));
  TRY(RunPasses(*module));
  module->metadata = std::move(metadata);
  return Emit(*module);
}

}  // namespace liteforge
