// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/try.h"
#include "ir/graph.h"
#include "ir/value_info.h"
#include "ops/infer.h"

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

// Whether two statements about a tensor can both be true.
bool Agree(const InferContext::Output& inferred, const Value& stated) {
  if (inferred.type != DataType::kNone && inferred.type != stated.type)
    return false;
  const Shape& a = inferred.shape;
  const Shape& b = stated.shape;
  if (!a.has_rank() || !b.has_rank()) return true;
  if (a.rank() != b.rank()) return false;
  for (int axis = 0; axis < a.rank(); ++axis) {
    if (a[axis] >= 0 && b[axis] >= 0 && a[axis] != b[axis]) return false;
  }
  return true;
}

// What inference makes of the node now, against what its outputs say. Nodes
// without a rule are believed.
Result<void> VerifyOutputs(const Node& node) {
  std::vector<TensorInfo> inputs, declared;
  for (const Value* input : node.inputs()) inputs.push_back(InfoOf(input));
  for (const Value* output : node.outputs())
    declared.push_back({output->type, output->shape, nullptr, nullptr});
  InferContext context(node.op(), node.options, inputs, declared);
  if (const auto done = InferOutputs(context); !done) {
    if (done.error().code == ErrorCode::kUnsupported) return {};
    return Broken("'" + node.source + "' (" + std::string(Name(node.op())) +
                  ") cannot be: " + done.error().message);
  }
  for (int i = 0; i < context.output_count(); ++i) {
    const auto& inferred = context.outputs()[static_cast<size_t>(i)];
    const Value& stated = *node.output(i);
    if (Agree(inferred, stated)) continue;
    return Broken("'" + stated.name + "' says " +
                  Describe(stated.type, stated.shape) + ", it is " +
                  Describe(inferred.type, inferred.shape));
  }
  return {};
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
    for (const Value* input : node->inputs()) {
      if (input != nullptr && !owned.contains(input)) {
        return Broken("'" + node->source + "' reads a value of another graph");
      }
    }
    TRY(VerifyNode(*node, available));
    TRY(VerifyOutputs(*node));
  }
  for (const Value* output : graph.outputs()) {
    if (!owned.contains(output)) {
      return Broken("output '" + output->name + "' is of another graph");
    }
    if (!available.contains(output) && !output->is_constant()) {
      return Broken("output '" + output->name + "' is never computed");
    }
  }
  return {};
}

}  // namespace liteforge::ir
