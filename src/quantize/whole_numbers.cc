// SPDX-License-Identifier: Apache-2.0
#include "quantize/whole_numbers.h"

#include <algorithm>

namespace liteforge {
namespace {

bool IsInteger(DataType type) {
  switch (type) {
    case DataType::kInt8:
    case DataType::kUInt8:
    case DataType::kInt16:
    case DataType::kUInt16:
    case DataType::kInt32:
    case DataType::kUInt32:
    case DataType::kInt64:
    case DataType::kUInt64:
      return true;
    default:
      return false;
  }
}

}  // namespace

bool BecomesIntegers(const ir::Value& value) {
  return value.type == DataType::kFloat32 && !value.users().empty() &&
         !value.is_graph_output() &&
         std::ranges::all_of(value.users(), [](const ir::Node* user) {
           return user->op() == Op::kCast && IsInteger(user->output()->type);
         });
}

}  // namespace liteforge
