// SPDX-License-Identifier: Apache-2.0
#include "convert/check_outputs.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/try.h"

namespace liteforge {
namespace {

bool IsConstant(const std::pair<std::string, ir::Value*>& output) {
  return output.second->is_constant();
}

// Whether the output is a variable's value, handed on.
bool IsVariable(const ConcreteFunction& function,
                const FunctionArgument& output) {
  std::string_view tensor = ParseInput(output.tensor).node;
  for (int steps = 0; steps < function.graph.node_size(); ++steps) {
    if (function.variables.contains(std::string(tensor))) return true;
    const auto node = std::ranges::find_if(
        function.graph.node(),
        [&](const tf::NodeDef& n) { return n.name() == tensor; });
    if (node == function.graph.node().end() || node->op() != "Identity" ||
        node->input_size() < 1)
      return false;
    tensor = ParseInput(node->input(0)).node;
  }
  return false;
}

Result<void> CheckSizes(const ir::Signature& signature) {
  for (const auto& [name, value] : signature.outputs) {
    const auto dims = value->shape.dims();
    if (!value->shape.has_rank() || std::ranges::find(dims, 0) == dims.end())
      continue;
    return InvalidModel(fmt::format(
        "output '{}' of '{}' would be {}, which has no elements; an input or a "
        "slice of the model is empty: give inputs their sizes with "
        "--input-shape, or --allow-constant-outputs if this is meant",
        name, signature.key, value->shape.ToString()));
  }
  return {};
}

}  // namespace

Result<void> CheckOutputs(const ConcreteFunction& function,
                          const ir::Signature& signature) {
  const bool shows_variable = std::ranges::any_of(
      function.outputs, [&](const FunctionArgument& output) {
        return IsVariable(function, output);
      });
  const auto& outputs = signature.outputs;
  if (!shows_variable && !outputs.empty() &&
      std::ranges::all_of(outputs, IsConstant)) {
    return InvalidModel(fmt::format(
        "no output of '{}' depends on an input, all are constants; name the "
        "model's real inputs and outputs (--inputs, --outputs, --signature), "
        "or give --allow-constant-outputs if this is meant",
        signature.key));
  }
  return CheckSizes(signature);
}

}  // namespace liteforge
