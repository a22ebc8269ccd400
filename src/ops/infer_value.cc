// SPDX-License-Identifier: Apache-2.0
// Operators whose output's shape is the value of an input: FILL, RANGE,
// BROADCAST_TO, BROADCAST_ARGS.
#include <cmath>
#include <cstring>
#include <string>

#include "base/try.h"
#include "ops/all_infer_rules.h"
#include "ops/infer_checks.h"

namespace liteforge {
namespace {

Result<void> Fill(InferContext& c) {
  TRY_ASSIGN(const Shape shape, ShapeHeldBy(c, 0));
  if (c.input(1).shape.has_rank() && c.input(1).shape.elements() != 1) {
    return InvalidModel("value must be one element");
  }
  c.SetOutput(0, c.input(1).type, shape);
  return {};
}

Result<void> BroadcastTo(InferContext& c) {
  TRY_ASSIGN(const Shape shape, ShapeHeldBy(c, 1));
  const Shape& input = c.input(0).shape;
  TRY_ASSIGN(const Shape merged, Broadcast(input, shape));
  if (shape.IsStatic() && input.IsStatic() && merged != shape) {
    return InvalidModel("input " + input.ToString() +
                        " cannot be broadcast to " + shape.ToString());
  }
  c.SetOutput(0, c.input(0).type, shape);
  return {};
}

Result<void> BroadcastArgs(InferContext& c) {
  const Shape& a = c.input(0).shape;
  const Shape& b = c.input(1).shape;
  int32_t rank = Shape::kUnknownDim;
  if (a.rank() == 1 && b.rank() == 1 && a[0] >= 0 && b[0] >= 0) {
    rank = std::max(a[0], b[0]);
  }
  c.SetOutput(0, c.input(0).type, Shape{rank});
  return {};
}

template <class T>
double ScalarAs(const TensorInfo& tensor) {
  T value;
  std::memcpy(&value, tensor.data, sizeof(value));
  return static_cast<double>(value);
}

bool GetScalar(const TensorInfo& tensor, double& value) {
  if (tensor.data == nullptr || tensor.shape.elements() != 1) return false;
  switch (tensor.type) {
    case DataType::kFloat32:
      value = ScalarAs<float>(tensor);
      return true;
    case DataType::kInt32:
      value = ScalarAs<int32_t>(tensor);
      return true;
    case DataType::kInt64:
      value = ScalarAs<int64_t>(tensor);
      return true;
    default:
      return false;
  }
}

// ceil((limit - start) / delta) elements, none when delta points away.
Result<void> Range(InferContext& c) {
  double start = 0, limit = 0, delta = 0;
  const bool known = GetScalar(c.input(0), start) &&
                     GetScalar(c.input(1), limit) &&
                     GetScalar(c.input(2), delta);
  Shape shape{Shape::kUnknownDim};
  if (known) {
    if (delta == 0) return InvalidModel("delta is 0");
    const double count = std::ceil((limit - start) / delta);
    if (std::isnan(count) || count > INT32_MAX) {
      return InvalidModel("the range is too long");
    }
    shape.set_dim(0, count > 0 ? static_cast<int32_t>(count) : 0);
  }
  c.SetOutput(0, c.input(0).type, shape);
  return {};
}

constexpr InferRule kRules[] = {
    {Op::kBroadcastArgs, BroadcastArgs},
    {Op::kBroadcastTo, BroadcastTo},
    {Op::kFill, Fill},
    {Op::kRange, Range},
};

}  // namespace

std::span<const InferRule> ValueRules() { return kRules; }

}  // namespace liteforge
