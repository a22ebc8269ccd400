// SPDX-License-Identifier: Apache-2.0
#include "convert/compile.h"

#include <algorithm>

#include "base/try.h"
#include "convert/check_outputs.h"
#include "convert/evaluator.h"
#include "emit/emit.h"
#include "passes/pass.h"

namespace liteforge {

namespace {

// Functions may have been left out.
Result<void> CheckAllOutputs(std::span<const ConcreteFunction> functions,
                             const ir::Module& module) {
  for (const ir::Signature& signature : module.signatures) {
    const auto function =
        std::ranges::find(functions, signature.key, &ConcreteFunction::name);
    if (function != functions.end()) TRY(CheckOutputs(*function, signature));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<ir::Module>> CompileModule(
    std::span<const ConcreteFunction> functions, bool allow_constant_outputs,
    const std::function<void(ir::Module&)>& lowered,
    const LowerOptions& options) {
  InterpreterEvaluator evaluator;
  TRY_ASSIGN(auto module, Lower(functions, evaluator, options));
  if (!allow_constant_outputs) TRY(CheckAllOutputs(functions, *module));
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
