// SPDX-License-Identifier: Apache-2.0
// Operators that keep the elements and change the axes.
#include <algorithm>
#include <string>

#include "base/try.h"
#include "ops/all_infer_rules.h"

namespace liteforge {
namespace {

Result<Shape> ShapeFromValues(const std::vector<int64_t>& values) {
  if (values.size() > Shape::kMaxRank) {
    return Unsupported("tensors of " + std::to_string(values.size()) +
                       " dimensions are not supported; at most " +
                       std::to_string(Shape::kMaxRank) + " are");
  }
  Shape shape;
  for (int64_t value : values) {
    if (value < -1 || value > INT32_MAX) {
      return InvalidModel("a dimension of " + std::to_string(value) +
                          " was asked for");
    }
    shape.Append(static_cast<int32_t>(value));
  }
  return shape;
}

// The product of the dimensions that are neither 0 nor -1; -1 when it exceeds
// 2^62, which no tensor has.
int64_t NonZeroProduct(const Shape& shape) {
  int64_t product = 1;
  for (const int32_t dim : shape.dims()) {
    if (dim <= 0) continue;
    if (product > (int64_t{1} << 62) / dim) return -1;
    product *= dim;
  }
  return product;
}

// Replaces one -1 by what the element count leaves; checks the count. In a
// tensor of no elements the -1 is what the dimensions other than 0 leave, so
// that [4, 0] as [2, 0, -1] is [2, 0, 2].
// Source: tflite/kernels/internal/reshape_utils.h.
Result<Shape> ResolveReshape(const Shape& input, Shape wanted) {
  int stretch = -1;
  bool has_zero = false;
  for (int axis = 0; axis < wanted.rank(); ++axis) {
    has_zero = has_zero || wanted[axis] == 0;
    if (wanted[axis] >= 0) continue;
    if (stretch >= 0) {
      return InvalidModel("shape " + wanted.ToString() +
                          " has more than one -1");
    }
    stretch = axis;
  }
  const int64_t product = NonZeroProduct(wanted);
  if (product < 0) {
    return InvalidModel("shape " + wanted.ToString() + " is too large");
  }
  const int64_t elements = input.elements();
  if (elements < 0) return wanted;
  Shape output = wanted;
  if (stretch >= 0) {
    const bool all_gone = elements == 0 && !has_zero;
    const int64_t left = all_gone ? 0 : NonZeroProduct(input) / product;
    if (left > INT32_MAX) return InvalidModel("a dimension is too large");
    output.set_dim(stretch, static_cast<int32_t>(left));
  }
  if (output.elements() == elements) return output;
  return InvalidModel("input " + input.ToString() + " has " +
                      std::to_string(elements) +
                      " elements, which do not fit shape " + wanted.ToString());
}

Result<void> Reshape(InferContext& c) {
  const TensorInfo& input = c.input(0);
  if (!input.present()) return InvalidModel("input is missing");
  std::vector<int64_t> values;
  const Shape& shape_of_shape = c.input(1).shape;
  const bool from_input = c.has_input(1) && shape_of_shape.rank() == 1;
  if (from_input && !c.GetIntegers(1, values)) {
    // Only how many dimensions there will be is known.
    if (shape_of_shape[0] < 0 || shape_of_shape[0] > Shape::kMaxRank) {
      c.SetOutput(0, input.type, Shape::UnknownRank());
      return {};
    }
    values.assign(static_cast<size_t>(shape_of_shape[0]), -1);
    TRY_ASSIGN(const Shape unknown, ShapeFromValues(values));
    c.SetOutput(0, input.type, unknown);
    return {};
  }
  if (!from_input) {
    const auto& option = c.options<ReshapeOptions>().new_shape;
    values.assign(option.begin(), option.end());
    // Old files say [0] for a scalar.
    if (values.size() == 1 && values[0] == 0) values.clear();
  }
  TRY_ASSIGN(const Shape wanted, ShapeFromValues(values));
  TRY_ASSIGN(const Shape output, ResolveReshape(input.shape, wanted));
  c.SetOutput(0, input.type, output);
  return {};
}

Result<void> Squeeze(InferContext& c) {
  const Shape& input = c.input(0).shape;
  const auto& axes = c.options<SqueezeOptions>().squeeze_dims;
  if (!input.has_rank() || (axes.empty() && !input.IsStatic())) {
    c.SetOutput(0, c.input(0).type, Shape::UnknownRank());
    return {};
  }
  std::vector<bool> drop(static_cast<size_t>(input.rank()));
  for (int32_t requested : axes) {
    TRY_ASSIGN(const int axis,
               NormalizeAxis(requested, input.rank(), "squeeze_dims"));
    if (input[axis] > 1 || input[axis] == 0) {
      return InvalidModel("axis " + std::to_string(axis) + " of " +
                          input.ToString() + " is not 1");
    }
    drop[static_cast<size_t>(axis)] = true;
  }
  Shape output;
  for (int axis = 0; axis < input.rank(); ++axis) {
    const bool gone =
        axes.empty() ? input[axis] == 1 : drop[static_cast<size_t>(axis)];
    if (!gone) output.Append(input[axis]);
  }
  c.SetOutput(0, c.input(0).type, output);
  return {};
}

Result<void> ExpandDims(InferContext& c) {
  const Shape& input = c.input(0).shape;
  std::vector<int64_t> axis_value;
  if (!input.has_rank() || !c.GetIntegers(1, axis_value)) {
    c.SetOutput(0, c.input(0).type, Shape::UnknownRank());
    return {};
  }
  if (axis_value.size() != 1) return InvalidModel("axis must be one value");
  if (input.rank() == Shape::kMaxRank) {
    return Unsupported("the output would have too many dimensions");
  }
  TRY_ASSIGN(const int at,
             NormalizeAxis(axis_value[0], input.rank() + 1, "axis"));
  Shape output;
  for (int axis = 0; axis <= input.rank(); ++axis) {
    if (axis == at) output.Append(1);
    if (axis < input.rank()) output.Append(input[axis]);
  }
  c.SetOutput(0, c.input(0).type, output);
  return {};
}

Result<void> Transpose(InferContext& c) {
  const Shape& input = c.input(0).shape;
  std::vector<int64_t> permutation;
  if (!input.has_rank()) {
    c.SetOutput(0, c.input(0).type, Shape::UnknownRank());
    return {};
  }
  Shape output;
  if (!c.GetIntegers(1, permutation)) {
    while (output.rank() < input.rank()) output.Append(Shape::kUnknownDim);
    c.SetOutput(0, c.input(0).type, output);
    return {};
  }
  if (static_cast<int>(permutation.size()) != input.rank()) {
    return InvalidModel("permutation has " +
                        std::to_string(permutation.size()) +
                        " entries for input " + input.ToString());
  }
  std::vector<bool> seen(permutation.size());
  for (int64_t entry : permutation) {
    TRY_ASSIGN(const int axis,
               NormalizeAxis(entry, input.rank(), "permutation entry"));
    if (seen[static_cast<size_t>(axis)]) {
      return InvalidModel("permutation names axis " + std::to_string(axis) +
                          " twice");
    }
    seen[static_cast<size_t>(axis)] = true;
    output.Append(input[axis]);
  }
  c.SetOutput(0, c.input(0).type, output);
  return {};
}

Result<void> ShapeOf(InferContext& c) {
  const Shape& input = c.input(0).shape;
  const DataType option = c.options<ShapeOptions>().out_type;
  const DataType type =
      option == DataType::kInt64 ? DataType::kInt64 : DataType::kInt32;
  c.SetOutput(
      0, type,
      liteforge::Shape{input.has_rank() ? input.rank() : Shape::kUnknownDim});
  return {};
}

Result<void> Rank(InferContext& c) {
  c.SetOutput(0, DataType::kInt32, Shape());
  return {};
}

Result<void> Reverse(InferContext& c) {
  if (c.op() == Op::kReverseV2 && c.input(0).shape.has_rank()) {
    std::vector<int64_t> axes;
    c.GetIntegers(1, axes);
    for (int64_t axis : axes) {
      TRY(NormalizeAxis(axis, c.input(0).shape.rank(), "axis"));
    }
  }
  c.SetOutput(0, c.input(0).type, c.input(0).shape);
  return {};
}

}  // namespace

std::span<const InferRule> ReshapeRules() {
  static constexpr InferRule kRules[] = {
      {Op::kExpandDims, ExpandDims}, {Op::kRank, Rank},
      {Op::kReshape, Reshape},       {Op::kReverseSequence, Reverse},
      {Op::kReverseV2, Reverse},     {Op::kShape, ShapeOf},
      {Op::kSqueeze, Squeeze},       {Op::kTranspose, Transpose},
  };
  return kRules;
}

}  // namespace liteforge
