// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <unordered_set>

#include "base/try.h"
#include "ir/graph.h"

namespace liteforge::ir {
namespace {

tl::unexpected<Error> Broken(const std::string& what) {
  return Fail(ErrorCode::kInternal, what);
}

Result<void> VerifyConstant(const Value& value) {
  const int64_t bytes = ByteSize(value.type, value.shape.elements());
  if (bytes < 0) return {};  // strings, and types of no width
  if (static_cast<int64_t>(value.data().size()) == bytes) return {};
  return Broken("constant '" + value.name + "' " +
                Describe(value.type, value.shape) + " holds " +
                std::to_string(value.data().size()) + " bytes");
}

using ValueSet = std::unordered_set<const Value*>;

Result<void> VerifyNode(const Node& node, ValueSet& available) {
  for (const Value* input : node.inputs()) {
    if (input == nullptr) continue;
    if (!available.contains(input) && !input->is_constant()) {
      return Broken("'" + node.source + "' reads '" + input->name +
                    "' before it is computed");
    }
    const auto uses =
        std::count(node.inputs().begin(), node.inputs().end(), input);
    const auto users = input->users();
    if (std::count(users.begin(), users.end(), &node) != uses) {
      return Broken("the users of '" + input->name + "' are out of step");
    }
  }
  for (const Value* output : node.outputs()) {
    if (output->producer() != &node) {
      return Broken("'" + output->name + "' does not know its producer");
    }
    available.insert(output);
  }
  return {};
}

}  // namespace

Result<void> Verify(const Graph& graph) {
  ValueSet owned, available;
  for (const auto& value : graph.values()) {
    owned.insert(value.get());
    if (value->is_constant()) TRY(VerifyConstant(*value));
    if (value->is_variable) available.insert(value.get());
  }
  for (const Value* input : graph.inputs()) available.insert(input);
  for (const auto& node : graph.nodes()) {
    TRY(VerifyNode(*node, available));
    for (const Value* input : node->inputs()) {
      if (input != nullptr && !owned.contains(input)) {
        return Broken("'" + node->source + "' reads a value of another graph");
      }
    }
  }
  for (const Value* output : graph.outputs()) {
    if (!available.contains(output) && !output->is_constant()) {
      return Broken("output '" + output->name + "' is never computed");
    }
  }
  return {};
}

}  // namespace liteforge::ir
