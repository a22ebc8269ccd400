// SPDX-License-Identifier: Apache-2.0
// Operators that join tensors or take one apart: CONCATENATION, PACK, UNPACK,
// SPLIT, SPLIT_V.
#include <string>

#include "base/try.h"
#include "ops/all_infer_rules.h"

namespace liteforge {
namespace {

// The dimensions two tensors share, each as far as it is known.
Result<Shape> Agree(const Shape& a, const Shape& b, int except) {
  if (!a.has_rank()) return b;
  if (!b.has_rank()) return a;
  const auto differ = [&] {
    return InvalidModel("inputs of shapes " + a.ToString() + " and " +
                        b.ToString() + " do not fit together");
  };
  if (a.rank() != b.rank()) return differ();
  Shape agreed = a;
  for (int axis = 0; axis < a.rank(); ++axis) {
    if (axis == except || b[axis] < 0) continue;
    if (a[axis] >= 0 && a[axis] != b[axis]) return differ();
    agreed.set_dim(axis, b[axis]);
  }
  return agreed;
}

Result<void> Concatenation(InferContext& c) {
  Shape common = Shape::UnknownRank();
  for (int i = 0; i < c.input_count(); ++i) {
    if (!c.has_input(i)) {
      return InvalidModel("input " + std::to_string(i) + " is missing");
    }
    if (c.input(i).type != c.input(0).type) {
      return InvalidModel("inputs are of different types");
    }
    if (!common.has_rank()) common = c.input(i).shape;
  }
  if (c.input_count() == 0) return InvalidModel("it has no inputs");
  if (!common.has_rank()) {
    c.SetOutput(0, c.input(0).type, common);
    return {};
  }
  // Scalars count as vectors of one element.
  const bool scalars = common.rank() == 0;
  TRY_ASSIGN(const int axis,
             NormalizeAxis(c.options<ConcatenationOptions>().axis,
                           scalars ? 1 : common.rank(), "axis"));
  if (scalars) {
    for (int i = 0; i < c.input_count(); ++i)
      TRY(Agree(common, c.input(i).shape, -1));
    c.SetOutput(0, c.input(0).type, {c.input_count()});
    return {};
  }
  int64_t total = 0;
  for (int i = 0; i < c.input_count(); ++i) {
    const Shape& shape = c.input(i).shape;
    TRY_ASSIGN(common, Agree(common, shape, axis));
    const int32_t size = shape.has_rank() ? shape[axis] : Shape::kUnknownDim;
    total = size < 0 || total < 0 ? -1 : total + size;
  }
  if (total > INT32_MAX) return InvalidModel("the output is too large");
  common.set_dim(axis, static_cast<int32_t>(total));
  c.SetOutput(0, c.input(0).type, common);
  return {};
}

Result<void> Pack(InferContext& c) {
  Shape common = Shape::UnknownRank();
  if (c.input_count() == 0) return InvalidModel("it has no inputs");
  for (int i = 0; i < c.input_count(); ++i) {
    TRY_ASSIGN(common, Agree(common, c.input(i).shape, -1));
  }
  if (!common.has_rank() || common.rank() == Shape::kMaxRank) {
    c.SetOutput(0, c.input(0).type, Shape::UnknownRank());
    return {};
  }
  TRY_ASSIGN(const int at, NormalizeAxis(c.options<PackOptions>().axis,
                                         common.rank() + 1, "axis"));
  Shape output;
  for (int axis = 0; axis <= common.rank(); ++axis) {
    if (axis == at) output.Append(c.input_count());
    if (axis < common.rank()) output.Append(common[axis]);
  }
  c.SetOutput(0, c.input(0).type, output);
  return {};
}

Result<void> Unpack(InferContext& c) {
  const Shape& input = c.input(0).shape;
  Shape output = Shape::UnknownRank();
  if (input.has_rank()) {
    TRY_ASSIGN(const int at, NormalizeAxis(c.options<UnpackOptions>().axis,
                                           input.rank(), "axis"));
    if (input[at] >= 0 && input[at] != c.output_count()) {
      return InvalidModel("input " + input.ToString() + " has " +
                          std::to_string(input[at]) + " slices for " +
                          std::to_string(c.output_count()) + " outputs");
    }
    output = Shape();
    for (int axis = 0; axis < input.rank(); ++axis) {
      if (axis != at) output.Append(input[axis]);
    }
  }
  for (int i = 0; i < c.output_count(); ++i) {
    c.SetOutput(i, c.input(0).type, output);
  }
  return {};
}

void SetParts(InferContext& c, const TensorInfo& input, int axis,
              const std::vector<int32_t>& sizes) {
  for (int i = 0; i < c.output_count(); ++i) {
    Shape part = input.shape;
    part.set_dim(axis, sizes[static_cast<size_t>(i)]);
    c.SetOutput(i, input.type, part);
  }
}

// The axis is an input; unless its value is known only the rank is.
bool KnowsAxis(InferContext& c, const TensorInfo& input, int axis_input,
               std::vector<int64_t>& axis) {
  if (input.shape.has_rank() && c.GetIntegers(axis_input, axis) &&
      axis.size() == 1) {
    return true;
  }
  Shape unknown = Shape::UnknownRank();
  if (input.shape.has_rank()) {
    unknown = Shape();
    while (unknown.rank() < input.shape.rank())
      unknown.Append(Shape::kUnknownDim);
  }
  for (int i = 0; i < c.output_count(); ++i)
    c.SetOutput(i, input.type, unknown);
  return false;
}

Result<void> CheckSplit(const TensorInfo& input, const TensorInfo& axis) {
  if (input.shape.rank() == 0) return InvalidModel("a scalar has no axis");
  if (axis.shape.IsStatic() && axis.shape.elements() != 1)
    return InvalidModel("axis must be one number, it is " +
                        axis.shape.ToString());
  return {};
}

Result<void> Split(InferContext& c) {
  const TensorInfo& input = c.input(1);
  std::vector<int64_t> axis_value;
  TRY(CheckSplit(input, c.input(0)));
  if (!KnowsAxis(c, input, 0, axis_value)) return {};
  TRY_ASSIGN(const int axis,
             NormalizeAxis(axis_value[0], input.shape.rank(), "axis"));
  const int32_t size = input.shape[axis];
  const int parts = c.output_count();
  if (parts == 0 || (size >= 0 && size % parts != 0)) {
    return InvalidModel("axis " + std::to_string(axis) + " of " +
                        input.shape.ToString() + " does not split into " +
                        std::to_string(parts) + " equal parts");
  }
  SetParts(c, input, axis,
           std::vector<int32_t>(static_cast<size_t>(parts),
                                size < 0 ? size : size / parts));
  return {};
}

Result<void> SplitV(InferContext& c) {
  const TensorInfo& input = c.input(0);
  std::vector<int64_t> axis_value, values;
  TRY(CheckSplit(input, c.input(2)));
  if (!KnowsAxis(c, input, 2, axis_value)) return {};
  TRY_ASSIGN(const int axis,
             NormalizeAxis(axis_value[0], input.shape.rank(), "axis"));
  const auto parts = static_cast<size_t>(c.output_count());
  std::vector<int32_t> sizes(parts, Shape::kUnknownDim);
  if (!c.GetIntegers(1, values)) {
    SetParts(c, input, axis, sizes);
    return {};
  }
  if (values.size() != parts) {
    return InvalidModel("there are " + std::to_string(values.size()) +
                        " sizes for " + std::to_string(parts) + " outputs");
  }
  const int64_t whole = input.shape[axis];
  int64_t sum = 0;
  int open = -1;
  for (size_t i = 0; i < parts; ++i) {
    if (values[i] < -1 || values[i] > INT32_MAX ||
        (values[i] == -1 && open >= 0)) {
      return InvalidModel("the sizes are not valid");
    }
    if (values[i] == -1) {
      open = static_cast<int>(i);
    } else {
      sum += values[i];
    }
    sizes[i] = static_cast<int32_t>(values[i]);
  }
  if (whole >= 0 && (open >= 0 ? sum > whole : sum != whole)) {
    return InvalidModel("the sizes add up to " + std::to_string(sum) +
                        ", the axis has " + std::to_string(whole));
  }
  if (open >= 0) {
    sizes[static_cast<size_t>(open)] =
        whole < 0 ? Shape::kUnknownDim : static_cast<int32_t>(whole - sum);
  }
  SetParts(c, input, axis, sizes);
  return {};
}

}  // namespace

std::span<const InferRule> JoinRules() {
  static constexpr InferRule kRules[] = {
      {Op::kConcatenation, Concatenation},
      {Op::kPack, Pack},
      {Op::kSplit, Split},
      {Op::kSplitV, SplitV},
      {Op::kUnpack, Unpack},
  };
  return kRules;
}

}  // namespace liteforge
