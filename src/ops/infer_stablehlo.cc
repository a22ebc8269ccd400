// SPDX-License-Identifier: Apache-2.0
// The StableHLO operators that TFLite has kernels for, and DILATE and
// REDUCE_WINDOW, whose window arithmetic they share. The elementwise ones are
// in infer_elementwise.cc. Sizes stand in 64-bit options.
// Source: the StableHLO specification; tflite/kernels/stablehlo_*.cc,
// dilate.cc.
#include <algorithm>
#include <string>

#include "base/try.h"
#include "ops/all_infer_rules.h"
#include "ops/infer_checks.h"

namespace liteforge {
namespace {

// Options are from a file: numbers this small cannot overflow in the formulas.
constexpr int64_t kLargest = INT32_MAX;

Result<void> CheckNumbers(const std::vector<int64_t>& values, int rank,
                          int64_t least, std::string_view role) {
  if (values.size() != static_cast<size_t>(rank)) {
    return InvalidModel(std::string(role) + " must have " +
                        std::to_string(rank) + " values");
  }
  for (const int64_t value : values) {
    if (value < least || value > kLargest) {
      return InvalidModel(std::string(role) + " holds " +
                          std::to_string(value));
    }
  }
  return {};
}

// Elements with `step - 1` holes between neighbours.
int64_t Spread(int64_t size, int64_t step) {
  return size == 0 ? 0 : (size - 1) * step + 1;
}

// low + high + input with interior_padding holes between elements; negative
// edges crop.
Result<void> StablehloPad(InferContext& c) {
  TRY(NeedInputs(c, 2));
  const Shape& input = c.input(0).shape;
  if (!input.has_rank()) {
    c.SetOutput(0, c.input(0).type, input);
    return {};
  }
  const auto& o = c.options<StablehloPadOptions>();
  TRY(CheckNumbers(o.edge_padding_low, input.rank(), -kLargest, "low padding"));
  TRY(CheckNumbers(o.edge_padding_high, input.rank(), -kLargest,
                   "high padding"));
  TRY(CheckNumbers(o.interior_padding, input.rank(), 0, "interior padding"));
  Shape output = input;
  bool nothing_left = false;
  for (int axis = 0; axis < input.rank(); ++axis) {
    if (input[axis] < 0) continue;
    const auto at = static_cast<size_t>(axis);
    const int64_t size = Spread(input[axis], o.interior_padding[at] + 1) +
                         o.edge_padding_low[at] + o.edge_padding_high[at];
    TRY_ASSIGN(const int32_t dim,
               ToDim(std::max<int64_t>(0, size), "a padded dimension"));
    output.set_dim(axis, dim);
    nothing_left = nothing_left || dim == 0;
  }
  // TFLite calls every dimension 0 where one is.
  for (int axis = 0; nothing_left && axis < output.rank(); ++axis) {
    output.set_dim(axis, 0);
  }
  c.SetOutput(0, c.input(0).type, output);
  return {};
}

// (size - 1) * dilation + 1 along every axis.
Result<void> Dilate(InferContext& c) {
  TRY(NeedInputs(c, 3));
  const Shape& input = c.input(0).shape;
  std::vector<int64_t> dilations;
  if (!input.has_rank() || !c.GetIntegers(1, dilations)) {
    c.SetOutput(0, c.input(0).type, UnknownOfRank(input.rank()));
    return {};
  }
  TRY(CheckNumbers(dilations, input.rank(), 1, "dilations"));
  Shape output = input;
  for (int axis = 0; axis < input.rank(); ++axis) {
    if (input[axis] < 0) continue;
    const int64_t size =
        Spread(input[axis], dilations[static_cast<size_t>(axis)]);
    TRY_ASSIGN(const int32_t dim, ToDim(size, "a dilated dimension"));
    output.set_dim(axis, dim);
  }
  c.SetOutput(0, c.input(0).type, output);
  return {};
}

// The windows of REDUCE_WINDOW, one entry an axis of the input.
struct Windows {
  std::vector<int64_t> shape, strides, dilations;
  std::vector<int64_t> base_dilations;  // holes put into the input first
  std::vector<int64_t> padding;         // [rank, 2], then around it
};

Result<Shape> SlideWindows(const Shape& input, const Windows& w) {
  TRY(CheckNumbers(w.shape, input.rank(), 1, "window dimensions"));
  TRY(CheckNumbers(w.strides, input.rank(), 1, "window strides"));
  TRY(CheckNumbers(w.dilations, input.rank(), 1, "window dilations"));
  TRY(CheckNumbers(w.base_dilations, input.rank(), 1, "base dilations"));
  TRY(CheckNumbers(w.padding, 2 * input.rank(), -kLargest, "padding"));
  Shape output = input;
  for (int axis = 0; axis < input.rank(); ++axis) {
    if (input[axis] < 0) continue;
    const auto at = static_cast<size_t>(axis);
    const int64_t size = Spread(input[axis], w.base_dilations[at]) +
                         w.padding[2 * at] + w.padding[2 * at + 1];
    const int64_t reach = Spread(w.shape[at], w.dilations[at]);
    TRY_ASSIGN(const int32_t dim,
               ToDim(size < reach ? 0 : (size - reach) / w.strides[at] + 1,
                     "a reduced dimension"));
    output.set_dim(axis, dim);
  }
  return output;
}

Result<void> ReduceWindow(InferContext& c) {
  TRY(NeedInputs(c, 5));
  const Shape& input = c.input(0).shape;
  Windows w;
  const bool known = c.GetIntegers(2, w.shape) && c.GetIntegers(3, w.strides) &&
                     c.GetIntegers(4, w.dilations);
  if (!input.has_rank() || !known) {
    c.SetOutput(0, c.input(0).type, UnknownOfRank(input.rank()));
    return {};
  }
  w.base_dilations.assign(w.shape.size(), 1);
  w.padding.assign(2 * w.shape.size(), 0);
  TRY_ASSIGN(const Shape output, SlideWindows(input, w));
  c.SetOutput(0, c.input(0).type, output);
  return {};
}

// The same from options, where an absent list means ones (padding: none).
Result<void> StablehloReduceWindow(InferContext& c) {
  TRY(NeedInputs(c, 2));
  const Shape& input = c.input(0).shape;
  if (!input.has_rank()) {
    c.SetOutput(0, c.input(0).type, input);
    return {};
  }
  const auto& o = c.options<StablehloReduceWindowOptions>();
  Windows w{o.window_dimensions, o.window_strides, o.window_dilations,
            o.base_dilations, o.padding};
  const auto rank = static_cast<size_t>(input.rank());
  for (auto* list : {&w.strides, &w.dilations, &w.base_dilations}) {
    if (list->empty()) list->assign(rank, 1);
  }
  if (w.padding.empty()) w.padding.assign(2 * rank, 0);
  TRY_ASSIGN(const Shape output, SlideWindows(input, w));
  c.SetOutput(0, c.input(0).type, output);
  return {};
}

bool Contains(const std::vector<int64_t>& values, int64_t value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

// The output's axes are those of the indices without index_vector_dim, in
// order, and those of the slice without its collapsed ones, which stand at
// offset_dims.
Result<void> StablehloGather(InferContext& c) {
  TRY(NeedInputs(c, 2));
  const Shape& operand = c.input(0).shape;
  const Shape& indices = c.input(1).shape;
  if (!operand.has_rank() || !indices.has_rank()) {
    c.SetOutput(0, c.input(0).type, Shape::UnknownRank());
    return {};
  }
  const auto& o = c.options<StablehloGatherOptions>();
  TRY(CheckNumbers(o.slice_sizes, operand.rank(), 0, "slice_sizes"));
  if (o.index_vector_dim < 0 || o.index_vector_dim > indices.rank()) {
    return InvalidModel("index_vector_dim does not fit the indices");
  }
  std::vector<int32_t> slice, batch;
  for (int axis = 0; axis < operand.rank(); ++axis) {
    const int64_t size = o.slice_sizes[static_cast<size_t>(axis)];
    if (operand[axis] >= 0 && size > operand[axis]) {
      return InvalidModel("a slice is larger than operand " +
                          operand.ToString());
    }
    if (Contains(o.collapsed_slice_dims, axis)) continue;
    slice.push_back(static_cast<int32_t>(size));
  }
  for (int axis = 0; axis < indices.rank(); ++axis) {
    if (axis != o.index_vector_dim) batch.push_back(indices[axis]);
  }
  const size_t rank = slice.size() + batch.size();
  if (slice.size() != o.offset_dims.size()) {
    return InvalidModel("offset_dims do not fit the slice");
  }
  if (rank > Shape::kMaxRank) {
    return Unsupported("the output would have too many dimensions");
  }
  Shape output;
  size_t from_slice = 0, from_batch = 0;
  for (size_t axis = 0; axis < rank; ++axis) {
    const bool offset = Contains(o.offset_dims, static_cast<int64_t>(axis));
    if ((offset ? from_slice : from_batch) ==
        (offset ? slice.size() : batch.size())) {
      return InvalidModel("offset_dims are not distinct axes of the output");
    }
    output.Append(offset ? slice[from_slice++] : batch[from_batch++]);
  }
  c.SetOutput(0, c.input(0).type, output);
  return {};
}

// operand, indices, updates -> operand with some values replaced.
Result<void> StablehloScatter(InferContext& c) {
  TRY(NeedInputs(c, 3));
  c.SetOutput(0, c.input(0).type, c.input(0).shape);
  return {};
}

}  // namespace

std::span<const InferRule> StablehloRules() {
  static constexpr InferRule kRules[] = {
      {Op::kDilate, Dilate},
      {Op::kReduceWindow, ReduceWindow},
      {Op::kStablehloGather, StablehloGather},
      {Op::kStablehloPad, StablehloPad},
      {Op::kStablehloReduceWindow, StablehloReduceWindow},
      {Op::kStablehloScatter, StablehloScatter},
  };
  return kRules;
}

}  // namespace liteforge
