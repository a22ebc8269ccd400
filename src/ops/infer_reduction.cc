// SPDX-License-Identifier: Apache-2.0
// Operators that collapse axes: reductions, ARG_MAX and ARG_MIN, and CUMSUM,
// which runs along one.
#include <string>

#include "base/try.h"
#include "ops/all_infer_rules.h"

namespace liteforge {
namespace {

DataType ReducedType(const InferContext& c) {
  const bool logical = c.op() == Op::kReduceAny || c.op() == Op::kReduceAll;
  return logical ? DataType::kBool : c.input(0).type;
}

Result<void> Reduce(InferContext& c) {
  if (!c.has_input(0) || !c.has_input(1)) {
    return InvalidModel("input or axes are missing");
  }
  const Shape& input = c.input(0).shape;
  const bool keep = c.options<ReducerOptions>().keep_dims;
  std::vector<int64_t> axes;
  Shape output;
  if (!input.has_rank() || (!c.GetIntegers(1, axes) && !keep)) {
    c.SetOutput(0, ReducedType(c), Shape::UnknownRank());
    return {};
  }
  if (!c.GetIntegers(1, axes)) {
    while (output.rank() < input.rank()) output.Append(Shape::kUnknownDim);
    c.SetOutput(0, ReducedType(c), output);
    return {};
  }
  std::vector<bool> reduced(static_cast<size_t>(input.rank()));
  for (int64_t requested : axes) {
    // A scalar has nothing to reduce; files give it an axis all the same.
    if (input.rank() == 0) break;
    TRY_ASSIGN(const int axis, NormalizeAxis(requested, input.rank(), "axis"));
    reduced[static_cast<size_t>(axis)] = true;
  }
  for (int axis = 0; axis < input.rank(); ++axis) {
    if (!reduced[static_cast<size_t>(axis)]) {
      output.Append(input[axis]);
    } else if (keep) {
      output.Append(1);
    }
  }
  c.SetOutput(0, ReducedType(c), output);
  return {};
}

Result<void> ArgMinMax(InferContext& c) {
  const Shape& input = c.input(0).shape;
  const DataType option = c.op() == Op::kArgMax
                              ? c.options<ArgMaxOptions>().output_type
                              : c.options<ArgMinOptions>().output_type;
  const DataType type =
      option == DataType::kInt32 ? DataType::kInt32 : DataType::kInt64;
  std::vector<int64_t> axis_value;
  Shape output;
  if (!input.has_rank() || !c.GetIntegers(1, axis_value)) {
    if (!input.has_rank()) output = Shape::UnknownRank();
    for (int axis = 1; axis < input.rank(); ++axis) {
      output.Append(Shape::kUnknownDim);
    }
    c.SetOutput(0, type, output);
    return {};
  }
  if (axis_value.size() != 1) return InvalidModel("axis must be one value");
  TRY_ASSIGN(const int at, NormalizeAxis(axis_value[0], input.rank(), "axis"));
  for (int axis = 0; axis < input.rank(); ++axis) {
    if (axis != at) output.Append(input[axis]);
  }
  c.SetOutput(0, type, output);
  return {};
}

Result<void> Cumsum(InferContext& c) {
  std::vector<int64_t> axis;
  const Shape& input = c.input(0).shape;
  if (input.has_rank() && c.GetIntegers(1, axis)) {
    if (axis.size() != 1) return InvalidModel("axis must be one value");
    TRY(NormalizeAxis(axis[0], input.rank(), "axis"));
  }
  c.SetOutput(0, c.input(0).type, input);
  return {};
}

}  // namespace

std::span<const InferRule> ReductionRules() {
  static constexpr InferRule kRules[] = {
      {Op::kArgMax, ArgMinMax},  {Op::kArgMin, ArgMinMax},
      {Op::kCumsum, Cumsum},     {Op::kMean, Reduce},
      {Op::kReduceAll, Reduce},  {Op::kReduceAny, Reduce},
      {Op::kReduceMax, Reduce},  {Op::kReduceMin, Reduce},
      {Op::kReduceProd, Reduce}, {Op::kSum, Reduce},
  };
  return kRules;
}

}  // namespace liteforge
