// SPDX-License-Identifier: Apache-2.0
#include "convert/compile.h"

#include "base/try.h"
#include "convert/check_outputs.h"
#include "convert/evaluator.h"
#include "emit/emit.h"
#include "lower/lower.h"
#include "passes/pass.h"

namespace liteforge {

Result<std::unique_ptr<ir::Module>> CompileModule(
    std::span<const ConcreteFunction> functions, bool allow_constant_outputs,
    const std::function<void(const ir::Module&)>& lowered) {
  InterpreterEvaluator evaluator;
  TRY_ASSIGN(auto module, Lower(functions, evaluator));
  for (size_t i = 0; i < functions.size() && !allow_constant_outputs; ++i)
    TRY(CheckOutputs(functions[i], module->signatures[i]));
  if (lowered) lowered(*module);
  TRY(RunPasses(*module));
  return module;
}

Result<std::vector<std::byte>> Compile(
    std::span<const ConcreteFunction> functions, bool allow_constant_outputs) {
  TRY_ASSIGN(const auto module,
             CompileModule(functions, allow_constant_outputs));
  return Emit(*module);
}

Result<std::vector<std::byte>> Compile(const ConcreteFunction& function,
                                       bool allow_constant_outputs) {
  return Compile(std::span(&function, 1), allow_constant_outputs);
}

}  // namespace liteforge
