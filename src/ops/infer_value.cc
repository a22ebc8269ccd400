// SPDX-License-Identifier: Apache-2.0
// Operators whose output's shape is the value of an input: FILL, RANGE,
// BROADCAST_TO, BROADCAST_ARGS.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <type_traits>

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
T ScalarAs(const TensorInfo& tensor) {
  T value;
  std::memcpy(&value, tensor.data, sizeof(value));
  return value;
}

// ceil((limit - start) / delta), none when delta points away: exact for
// integers; floats in their own precision, as TFLite counts them, so that
// [0, 0.3) in steps of 0.1 has 3 elements. `delta` must not be 0.
template <class T>
double CountBetween(T start, T limit, T delta) {
  if constexpr (std::is_integral_v<T>) {
    const auto distance = static_cast<__int128>(limit) - start;
    const __int128 step = delta;
    if (distance == 0 || (distance > 0) != (step > 0)) return 0;
    return static_cast<double>((distance - (step > 0 ? 1 : -1)) / step + 1);
  } else {
    return static_cast<double>(std::ceil((limit - start) / delta));
  }
}

// The dimension of a range; unknown while one of its three inputs is.
template <class T>
Result<int32_t> RangeLength(const InferContext& c) {
  for (int i = 0; i < 3; ++i) {
    const TensorInfo& scalar = c.input(i);
    if (scalar.data == nullptr || scalar.shape.elements() != 1)
      return Shape::kUnknownDim;
  }
  const T delta = ScalarAs<T>(c.input(2));
  if (delta == 0) return InvalidModel("delta is 0");
  const double count =
      CountBetween(ScalarAs<T>(c.input(0)), ScalarAs<T>(c.input(1)), delta);
  if (std::isnan(count) || count > INT32_MAX)
    return InvalidModel("the range is too long");
  return static_cast<int32_t>(std::max(0.0, count));
}

Result<int32_t> RangeLength(const InferContext& c) {
  switch (c.input(0).type) {
    case DataType::kFloat32:
      return RangeLength<float>(c);
    case DataType::kInt32:
      return RangeLength<int32_t>(c);
    case DataType::kInt64:
      return RangeLength<int64_t>(c);
    default:
      return Shape::kUnknownDim;  // no kernel takes it
  }
}

Result<void> Range(InferContext& c) {
  TRY(NeedInputs(c, 3));
  for (int i = 1; i < 3; ++i) {
    if (c.input(i).type != c.input(0).type)
      return InvalidModel("start, limit and delta must be of one type");
  }
  TRY_ASSIGN(const int32_t length, RangeLength(c));
  c.SetOutput(0, c.input(0).type, Shape{length});
  return {};
}

}  // namespace

std::span<const InferRule> ValueRules() {
  static constexpr InferRule kRules[] = {
      {Op::kBroadcastArgs, BroadcastArgs},
      {Op::kBroadcastTo, BroadcastTo},
      {Op::kFill, Fill},
      {Op::kRange, Range},
  };
  return kRules;
}

}  // namespace liteforge
