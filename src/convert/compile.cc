// SPDX-License-Identifier: Apache-2.0
#include "convert/compile.h"

#include "base/try.h"
#include "convert/evaluator.h"
#include "emit/emit.h"
#include "lower/lower.h"
#include "passes/pass.h"

namespace liteforge {

Result<std::vector<std::byte>> Compile(const ConcreteFunction& function) {
  InterpreterEvaluator evaluator;
  TRY_ASSIGN(const auto module, Lower(function, evaluator));
  TRY(RunPasses(*module));
  return Emit(*module);
}

}  // namespace liteforge
