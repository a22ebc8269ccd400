// SPDX-License-Identifier: Apache-2.0
// SLICE, STRIDED_SLICE and DYNAMIC_UPDATE_SLICE.
#include <algorithm>
#include <cstdlib>
#include <string>

#include "base/try.h"
#include "ops/all_infer_rules.h"
#include "ops/infer_checks.h"

namespace liteforge {
namespace {

Result<void> Slice(InferContext& c) {
  const Shape& input = c.input(0).shape;
  if (!input.has_rank()) {
    c.SetOutput(0, c.input(0).type, input);
    return {};
  }
  std::vector<int64_t> begin, size;
  const bool has_begin = c.GetIntegers(1, begin);
  const bool has_size = c.GetIntegers(2, size);
  const auto rank = static_cast<size_t>(input.rank());
  if ((has_begin && begin.size() != rank) ||
      (has_size && size.size() != rank)) {
    return InvalidModel("begin and size must have " + std::to_string(rank) +
                        " values");
  }
  Shape output;
  for (size_t a = 0; a < rank; ++a) {
    const int64_t whole = input[static_cast<int>(a)];
    int64_t extent = has_size ? size[a] : Shape::kUnknownDim;
    if (has_size && extent < -1) return InvalidModel("a size is negative");
    if (has_begin && begin[a] < 0) return InvalidModel("a begin is negative");
    if (has_size && extent == -1 && has_begin && whole >= 0) {
      extent = whole - begin[a];
      if (extent < 0) return InvalidModel("a begin lies past the end");
    }
    if (has_begin && extent >= 0 && whole >= 0 && begin[a] > whole - extent) {
      return InvalidModel("axis " + std::to_string(a) + " of " +
                          input.ToString() + " has no " +
                          std::to_string(extent) + " elements from " +
                          std::to_string(begin[a]) + " on");
    }
    if (extent > INT32_MAX) return InvalidModel("a size is too large");
    output.Append(static_cast<int32_t>(extent));
  }
  c.SetOutput(0, c.input(0).type, output);
  return {};
}

bool HasBit(int32_t mask, size_t bit) {
  return bit < 32 && ((mask >> bit) & 1);
}

// Keeps sums of values from a file from overflowing; no axis reaches 2^40.
int64_t Tame(int64_t value) {
  constexpr int64_t kFar = int64_t{1} << 40;
  return std::clamp(value, -kFar, kFar);
}

struct Bounds {
  std::vector<int64_t> begin, end, strides;
  bool known_bounds = false;
};

// Elements of begin : end : stride along an axis of `size`; unknown when a
// bound or the size it is clamped to is.
Result<int32_t> CountAlong(const StridedSliceOptions& o, const Bounds& b,
                           size_t i, int32_t size) {
  if (b.strides.empty()) return Shape::kUnknownDim;
  const int64_t stride = b.strides[i];
  if (stride == 0) return InvalidModel("a stride is 0");
  const bool open_begin = HasBit(o.begin_mask, i);
  const bool open_end = HasBit(o.end_mask, i);
  if (size < 0 || (!b.known_bounds && !(open_begin && open_end))) {
    return Shape::kUnknownDim;
  }
  const bool up = stride > 0;
  const int64_t first = up ? 0 : -1, last = up ? size : int64_t{size} - 1;
  const auto bound = [&](int64_t at) {
    return std::clamp(at < 0 ? at + size : at, first, last);
  };
  const int64_t begin = open_begin ? (up ? 0 : size - 1) : bound(b.begin[i]);
  const auto end = [&] {
    // With `offset` the end counts from where the slice really begins.
    return o.offset ? begin + Tame(b.end[i]) : b.end[i];
  };
  const int64_t stop = open_end ? (up ? size : -1) : bound(end());
  const int64_t span = up ? stop - begin : begin - stop;
  const int64_t step = std::abs(Tame(stride));
  return static_cast<int32_t>(span <= 0 ? 0 : (span + step - 1) / step);
}

// The axis of the input that entry i indexes must have that index.
Result<void> CheckIndex(const StridedSliceOptions& o, const Bounds& b, size_t i,
                        int32_t size) {
  if (!b.known_bounds || size < 0 || HasBit(o.begin_mask, i)) return {};
  if (b.begin[i] >= -int64_t{size} && b.begin[i] < size) return {};
  return InvalidModel("index " + std::to_string(b.begin[i]) +
                      " is out of range for an axis of " +
                      std::to_string(size));
}

// How many axes the ellipsis stands for. Where more axes are named than there
// are, TFLite gives it one and ignores the entries for which none is left.
int EllipsisAxes(const StridedSliceOptions& o, size_t entries, int rank) {
  int named = 0;
  for (size_t i = 0; i < entries; ++i) {
    named += !HasBit(o.ellipsis_mask, i) && !HasBit(o.new_axis_mask, i);
  }
  return named > rank ? 1 : rank - named;
}

Result<Shape> StridedShape(const Shape& input, const StridedSliceOptions& o,
                           const Bounds& b, size_t entries) {
  const int ellipsis_axes = EllipsisAxes(o, entries, input.rank());
  std::vector<int32_t> output;
  int axis = 0;
  for (size_t i = 0; i < entries; ++i) {
    if (HasBit(o.ellipsis_mask, i)) {
      for (int n = 0; n < ellipsis_axes && axis < input.rank(); ++n) {
        output.push_back(input[axis++]);
      }
    } else if (HasBit(o.new_axis_mask, i)) {
      output.push_back(1);
    } else if (axis == input.rank()) {
      if (o.ellipsis_mask != 0) continue;
      return InvalidModel("more axes are sliced than input " +
                          input.ToString() + " has");
    } else if (HasBit(o.shrink_axis_mask, i)) {
      TRY(CheckIndex(o, b, i, input[axis++]));
    } else {
      TRY_ASSIGN(const int32_t count, CountAlong(o, b, i, input[axis++]));
      output.push_back(count);
    }
  }
  while (axis < input.rank()) output.push_back(input[axis++]);
  if (output.size() <= Shape::kMaxRank) return Shape(output);
  return Unsupported("the output would have too many dimensions");
}

Result<void> StridedSlice(InferContext& c) {
  const Shape& input = c.input(0).shape;
  const auto& o = c.options<StridedSliceOptions>();
  Bounds b;
  const bool has_begin = c.GetIntegers(1, b.begin);
  const bool has_end = c.GetIntegers(2, b.end);
  c.GetIntegers(3, b.strides);
  b.known_bounds = has_begin && has_end;
  int64_t entries = -1;
  for (int i = 1; i <= 3; ++i) {
    const int64_t count = c.input(i).shape.elements();
    if (count >= 0 && entries >= 0 && count != entries) {
      return InvalidModel("begin, end and strides differ in length");
    }
    if (count >= 0) entries = count;
  }
  if (!input.has_rank() || entries < 0) {
    c.SetOutput(0, c.input(0).type, Shape::UnknownRank());
    return {};
  }
  if (entries > 32) return InvalidModel("too many axes are sliced");
  TRY_ASSIGN(const Shape output,
             StridedShape(input, o, b, static_cast<size_t>(entries)));
  c.SetOutput(0, c.input(0).type, output);
  return {};
}

// operand with `update` written over it at start_indices, moved so as to fit.
Result<void> DynamicUpdateSlice(InferContext& c) {
  TRY(NeedInputs(c, 3));
  const Shape& operand = c.input(0).shape;
  const Shape& update = c.input(1).shape;
  TRY(NeedRank(c, 2, 1, "start_indices"));
  TRY(NeedEqual(operand.rank(), DimOf(c.input(2).shape, 0),
                "the dimensions of operand and start_indices"));
  TRY(NeedEqual(operand.rank(), update.rank(),
                "the dimensions of operand and update"));
  for (int axis = 0; axis < operand.rank() && update.has_rank(); ++axis) {
    if (operand[axis] >= 0 && update[axis] > operand[axis]) {
      return InvalidModel("update " + update.ToString() +
                          " is larger than operand " + operand.ToString());
    }
  }
  c.SetOutput(0, c.input(0).type, operand);
  return {};
}

}  // namespace

std::span<const InferRule> SliceRules() {
  static constexpr InferRule kRules[] = {
      {Op::kDynamicUpdateSlice, DynamicUpdateSlice},
      {Op::kSlice, Slice},
      {Op::kStridedSlice, StridedSlice},
  };
  return kRules;
}

}  // namespace liteforge
