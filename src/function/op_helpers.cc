// SPDX-License-Identifier: Apache-2.0
#include "function/op_helpers.h"

#include <algorithm>

namespace liteforge {

Tensor FailOp(const Tensor& operand, std::string_view op, std::string message) {
  if (operand.empty()) return {};
  return operand.builder()->Fail(
      {ErrorCode::kInvalidModel, std::string(op) + ": " + message, ""});
}

bool AllPresent(std::initializer_list<Tensor> operands) {
  return std::none_of(operands.begin(), operands.end(),
                      [](const Tensor& t) { return t.empty(); });
}

int WrapAxis(int32_t axis, int rank) {
  const int wrapped = axis < 0 ? axis + rank : axis;
  return wrapped >= 0 && wrapped < rank ? wrapped : -1;
}

bool BroadcastShapes(const Shape& a, const Shape& b, Shape& result) {
  result = Shape();
  if (!a.has_rank() || !b.has_rank()) {
    result = Shape::UnknownRank();
    return true;
  }
  const int rank = std::max(a.rank(), b.rank());
  for (int axis = 0; axis < rank; ++axis) {
    const int in_a = axis - (rank - a.rank()), in_b = axis - (rank - b.rank());
    const int32_t x = in_a < 0 ? 1 : a[in_a], y = in_b < 0 ? 1 : b[in_b];
    if (x > 1 && y > 1 && x != y) return false;
    if ((x == 0 && y > 1) || (y == 0 && x > 1)) return false;
    result.Append(x == 1 ? y : (y == 1 || y < 0 ? x : (x < 0 ? y : x)));
  }
  return true;
}

}  // namespace liteforge
