// SPDX-License-Identifier: Apache-2.0
#include "quantize/shape_only.h"

#include <algorithm>

namespace liteforge {
namespace {

bool IsZeroConstant(const ir::Value& value) {
  return value.type == DataType::kFloat32 && !value.is_variable &&
         std::ranges::count(value.ToVector<float>(), 0.0f) ==
             value.shape.elements();
}

bool AllZero(const ir::Node& node, int operands) {
  for (int i = 0; i < operands; ++i) {
    if (node.input(i) == nullptr || !IsAlwaysZero(*node.input(i))) return false;
  }
  return true;
}

bool ReadsShapeOf(const ir::Node& node) {
  return node.op() == Op::kZerosLike || node.op() == Op::kShape ||
         node.op() == Op::kRank;
}

}  // namespace

bool IsAlwaysZero(const ir::Value& value) {
  if (value.is_constant()) return IsZeroConstant(value);
  const ir::Node* node = value.producer();
  if (node == nullptr || value.type != DataType::kFloat32) return false;
  switch (node->op()) {
    case Op::kZerosLike:
      return true;
    case Op::kFill:
      return node->input(1) != nullptr && IsAlwaysZero(*node->input(1));
    case Op::kAdd:
      return AllZero(*node, 2);
    case Op::kBroadcastTo:
    case Op::kReshape:
    case Op::kSlice:
    case Op::kSqueeze:
    case Op::kTile:
      return AllZero(*node, 1);
    default:
      return false;
  }
}

bool IsOfShapesOnly(const ir::Node& node) {
  return std::ranges::all_of(node.outputs(), [](const ir::Value* output) {
    if (IsAlwaysZero(*output)) return true;
    return !output->is_graph_output() && !output->users().empty() &&
           std::ranges::all_of(output->users(), [](const ir::Node* user) {
             return ReadsShapeOf(*user);
           });
  });
}

}  // namespace liteforge
