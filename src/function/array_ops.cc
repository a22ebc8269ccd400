// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "function/op_helpers.h"
#include "function/ops.h"

namespace liteforge {
namespace {

Shape ShapeOfDims(const std::vector<int32_t>& dims) {
  return Shape(std::span<const int32_t>(dims));
}

Shape UnknownDims(int rank) {
  Shape shape;
  while (shape.rank() < rank) shape.Append(Shape::kUnknownDim);
  return shape;
}

// Dimensions two tensors share, each as far as it is known; false when they
// differ in another axis than `except`.
bool Merge(Shape& into, const Shape& other, int except) {
  if (!other.has_rank()) return true;
  if (!into.has_rank()) {
    into = other;
    return true;
  }
  if (into.rank() != other.rank()) return false;
  for (int axis = 0; axis < into.rank(); ++axis) {
    if (axis == except || other[axis] < 0) continue;
    if (into[axis] >= 0 && into[axis] != other[axis]) return false;
    into.set_dim(axis, other[axis]);
  }
  return true;
}

// The values' common shape, or an error recorded.
bool CommonShape(std::string_view op, std::span<const Tensor> values,
                 int except, Shape& common) {
  common = Shape::UnknownRank();
  for (const Tensor& value : values) {
    if (value.empty()) return false;
    if (value.type() != values[0].type() ||
        !Merge(common, value.shape(), except)) {
      FailOp(value, op,
             "inputs " + values[0].shape().ToString() + " and " +
                 value.shape().ToString() + " do not go together");
      return false;
    }
  }
  return !values.empty();
}

}  // namespace

Tensor Reshape(Tensor x, std::vector<int32_t> dims) {
  if (x.empty()) return {};
  Shape shape = ShapeOfDims(dims);
  const auto stretch = std::find(dims.begin(), dims.end(), -1);
  if (stretch != dims.end()) {
    shape.set_dim(static_cast<int>(stretch - dims.begin()), 1);
  }
  const int64_t have = x.shape().elements(), given = shape.elements();
  const bool stretches = stretch != dims.end();
  const bool sizes = given >= 0 && std::ranges::count(dims, -1) <= 1;
  const bool fits = have < 0 || (!stretches && have == given) ||
                    (stretches && given > 0 && have % given == 0 &&
                     have / given <= INT32_MAX);
  if (!sizes || !fits) {
    return FailOp(
        x, "Reshape",
        x.shape().ToString() + " does not fit " + ShapeOfDims(dims).ToString());
  }
  if (stretch != dims.end()) {
    shape.set_dim(
        static_cast<int>(stretch - dims.begin()),
        have < 0 ? Shape::kUnknownDim : static_cast<int32_t>(have / given));
  }
  const Tensor target =
      x.builder()->Constant(IntVector(std::move(dims)), "Reshape/shape");
  return Reshape(x, target, shape);
}

Tensor Reshape(Tensor x, Tensor dims, const Shape& result) {
  if (!AllPresent({x, dims})) return {};
  return x.builder()->AddNode(
      "Reshape", {x, dims},
      Attributes().Type("T", x.type()).Type("Tshape", dims.type()), x.type(),
      result);
}

Tensor Reshape(Tensor x, Tensor dims) {
  if (!AllPresent({x, dims})) return {};
  if (dims.type() != DataType::kInt32 || dims.rank() != 1)
    return FailOp(x, "Reshape",
                  "the shape must be int32 of rank 1, it is " +
                      Describe(dims.type(), dims.shape()));
  return Reshape(x, dims,
                 dims.dim(0) < 0 || dims.dim(0) > Shape::kMaxRank
                     ? Shape::UnknownRank()
                     : UnknownDims(dims.dim(0)));
}

Tensor ShapeOf(Tensor x) {
  if (x.empty()) return {};
  return x.builder()->AddNode(
      "Shape", {x},
      Attributes().Type("T", x.type()).Type("out_type", DataType::kInt32),
      DataType::kInt32, Shape{x.rank()});
}

Tensor Transpose(Tensor x, std::vector<int32_t> permutation) {
  if (x.empty()) return {};
  Shape shape = Shape::UnknownRank();
  if (x.shape().has_rank()) {
    std::vector<int32_t> sorted = permutation;
    std::sort(sorted.begin(), sorted.end());
    bool valid = static_cast<int>(sorted.size()) == x.rank();
    for (size_t i = 0; valid && i < sorted.size(); ++i) {
      valid = sorted[i] == static_cast<int32_t>(i);
    }
    if (!valid) {
      return FailOp(x, "Transpose",
                    "the permutation does not fit " + x.shape().ToString());
    }
    shape = Shape();
    for (int32_t axis : permutation) shape.Append(x.shape()[axis]);
  }
  const Tensor order = x.builder()->Constant(IntVector(std::move(permutation)),
                                             "transpose/perm");
  return x.builder()->AddNode(
      "Transpose", {x, order},
      Attributes().Type("T", x.type()).Type("Tperm", DataType::kInt32),
      x.type(), shape);
}

Tensor ExpandDims(Tensor x, int32_t axis) {
  if (x.empty()) return {};
  Shape shape = Shape::UnknownRank();
  if (x.shape().has_rank()) {
    const int at = WrapAxis(axis, x.rank() + 1);
    if (at < 0 || x.rank() == Shape::kMaxRank) {
      return FailOp(x, "ExpandDims",
                    "axis " + std::to_string(axis) + " is out of range");
    }
    shape = Shape();
    for (int a = 0; a <= x.rank(); ++a) {
      if (a == at) shape.Append(1);
      if (a < x.rank()) shape.Append(x.shape()[a]);
    }
  }
  const Tensor where = x.builder()->Constant(IntScalar(axis), "ExpandDims/dim");
  return x.builder()->AddNode(
      "ExpandDims", {x, where},
      Attributes().Type("T", x.type()).Type("Tdim", DataType::kInt32), x.type(),
      shape);
}

Tensor Squeeze(Tensor x, std::vector<int32_t> axes) {
  if (x.empty()) return {};
  Shape shape = Shape::UnknownRank();
  if (x.shape().has_rank()) {
    shape = Shape();
    for (int32_t& axis : axes) {
      const int wrapped = WrapAxis(axis, x.rank());
      if (wrapped < 0 || x.shape()[wrapped] > 1 || x.shape()[wrapped] == 0) {
        return FailOp(x, "Squeeze",
                      "axis " + std::to_string(axis) + " of " +
                          x.shape().ToString() + " is not 1");
      }
      axis = wrapped;
    }
    for (int a = 0; a < x.rank(); ++a) {
      const bool gone =
          axes.empty() ? x.shape()[a] == 1
                       : std::find(axes.begin(), axes.end(), a) != axes.end();
      if (!gone) shape.Append(x.shape()[a]);
    }
  }
  const std::vector<int64_t> dims(axes.begin(), axes.end());
  return x.builder()->AddNode(
      "Squeeze", {x},
      Attributes().Type("T", x.type()).Ints("squeeze_dims", dims), x.type(),
      shape);
}

Tensor Concat(std::span<const Tensor> values, int32_t axis) {
  if (values.empty() || values[0].empty()) return {};
  FunctionBuilder* builder = values[0].builder();
  Shape shape = values[0].shape();
  for (const Tensor& value : values) {
    if (!shape.has_rank() && !value.empty()) shape = value.shape();
  }
  const int at = shape.has_rank() ? WrapAxis(axis, shape.rank()) : -1;
  if (shape.has_rank() && at < 0) {
    return FailOp(values[0], "ConcatV2",
                  "axis " + std::to_string(axis) + " is out of range for " +
                      shape.ToString());
  }
  if (!CommonShape("ConcatV2", values, at, shape)) return {};
  if (shape.has_rank()) {
    int64_t total = 0;
    for (const Tensor& value : values) {
      const int32_t size =
          value.shape().has_rank() ? value.shape()[at] : Shape::kUnknownDim;
      total = size < 0 || total < 0 ? Shape::kUnknownDim : total + size;
    }
    if (total > INT32_MAX) return FailOp(values[0], "ConcatV2", "too large");
    shape.set_dim(at, static_cast<int32_t>(total));
  }
  std::vector<Tensor> inputs(values.begin(), values.end());
  inputs.push_back(builder->Constant(IntScalar(axis), "concat/axis"));
  const FunctionBuilder::OutputType output{values[0].type(), shape};
  return builder->AddNode("ConcatV2", inputs,
                          Attributes()
                              .Type("T", values[0].type())
                              .Type("Tidx", DataType::kInt32)
                              .Int("N", static_cast<int64_t>(values.size())),
                          std::span(&output, 1))[0];
}

Tensor Pack(std::span<const Tensor> values, int32_t axis) {
  if (values.empty() || values[0].empty()) return {};
  Shape common, shape = Shape::UnknownRank();
  if (!CommonShape("Pack", values, -1, common)) return {};
  if (common.has_rank()) {
    const int at = WrapAxis(axis, common.rank() + 1);
    if (at < 0 || common.rank() == Shape::kMaxRank) {
      return FailOp(values[0], "Pack", "axis is out of range");
    }
    shape = Shape();
    for (int a = 0; a <= common.rank(); ++a) {
      if (a == at) shape.Append(static_cast<int32_t>(values.size()));
      if (a < common.rank()) shape.Append(common[a]);
    }
  }
  const FunctionBuilder::OutputType output{values[0].type(), shape};
  return values[0].builder()->AddNode(
      "Pack", values,
      Attributes()
          .Type("T", values[0].type())
          .Int("N", static_cast<int64_t>(values.size()))
          .Int("axis", axis),
      std::span(&output, 1))[0];
}

std::vector<Tensor> Split(Tensor x, int32_t axis, int32_t count) {
  std::vector<Tensor> failed(static_cast<size_t>(std::max(count, 0)));
  if (x.empty() || count < 1) return failed;
  Shape shape = x.shape();
  if (shape.has_rank()) {
    const int at = WrapAxis(axis, shape.rank());
    if (at < 0 || (shape[at] >= 0 && shape[at] % count != 0)) {
      FailOp(x, "Split",
             shape.ToString() + " does not split into " +
                 std::to_string(count) + " along axis " + std::to_string(axis));
      return failed;
    }
    if (shape[at] >= 0) shape.set_dim(at, shape[at] / count);
  }
  const Tensor where =
      x.builder()->Constant(IntScalar(axis), "split/split_dim");
  const std::vector<FunctionBuilder::OutputType> outputs(
      static_cast<size_t>(count), {x.type(), shape});
  const Tensor inputs[] = {where, x};
  return x.builder()->AddNode(
      "Split", inputs, Attributes().Type("T", x.type()).Int("num_split", count),
      outputs);
}

Tensor Pad(Tensor x, std::vector<std::pair<int32_t, int32_t>> paddings,
           float value) {
  if (x.empty()) return {};
  const auto rank = static_cast<int>(paddings.size());
  Shape shape = UnknownDims(rank);
  if (x.shape().has_rank() && x.rank() != rank) {
    return FailOp(x, "Pad", "paddings do not fit " + x.shape().ToString());
  }
  std::vector<int32_t> flat;
  for (int a = 0; a < rank; ++a) {
    const auto [before, after] = paddings[static_cast<size_t>(a)];
    if (before < 0 || after < 0)
      return FailOp(x, "Pad", "a padding is negative");
    flat.push_back(before);
    flat.push_back(after);
    if (!x.shape().has_rank() || x.shape()[a] < 0) continue;
    const int64_t size = int64_t{x.shape()[a]} + before + after;
    if (size > INT32_MAX) return FailOp(x, "Pad", "too large");
    shape.set_dim(a, static_cast<int32_t>(size));
  }
  FunctionBuilder& f = *x.builder();
  const Tensor amounts =
      f.Constant(IntConstant({rank, 2}, std::move(flat)), "Pad/paddings");
  const auto attributes =
      Attributes().Type("T", x.type()).Type("Tpaddings", DataType::kInt32);
  if (value == 0.0f) {
    return f.AddNode("Pad", {x, amounts}, attributes, x.type(), shape);
  }
  const Tensor filling =
      Cast(f.Constant(FloatScalar(value), "Pad/constant_values"), x.type());
  return f.AddNode("PadV2", {x, amounts, filling}, attributes, x.type(), shape);
}

namespace {

int32_t CountInRange(const Range& range, int32_t size) {
  if (size < 0) return Shape::kUnknownDim;
  const bool up = range.stride > 0;
  const int64_t first = up ? 0 : -1, last = up ? size : int64_t{size} - 1;
  const auto bound = [&](int64_t at) {
    return std::clamp(at < 0 ? at + size : at, first, last);
  };
  const int64_t begin = bound(range.begin);
  const int64_t end =
      range.end == Range::kToEnd ? (up ? size : -1) : bound(range.end);
  const int64_t span = up ? end - begin : begin - end;
  const int64_t step = up ? range.stride : -int64_t{range.stride};
  return static_cast<int32_t>(span <= 0 ? 0 : (span + step - 1) / step);
}

Tensor StridedSliceNode(const Tensor& x, const std::vector<Range>& ranges,
                        int64_t shrink_mask, const Shape& shape) {
  std::vector<int32_t> begin, end, strides;
  int64_t end_mask = 0;
  for (size_t i = 0; i < ranges.size(); ++i) {
    const bool open = ranges[i].end == Range::kToEnd;
    begin.push_back(ranges[i].begin);
    end.push_back(open ? 0 : ranges[i].end);
    strides.push_back(ranges[i].stride);
    if (open) end_mask |= int64_t{1} << i;
  }
  FunctionBuilder& f = *x.builder();
  const Tensor b = f.Constant(IntVector(begin), "strided_slice/stack");
  const Tensor e = f.Constant(IntVector(end), "strided_slice/stack_1");
  const Tensor s = f.Constant(IntVector(strides), "strided_slice/stack_2");
  return f.AddNode("StridedSlice", {x, b, e, s},
                   Attributes()
                       .Type("T", x.type())
                       .Type("Index", DataType::kInt32)
                       .Int("begin_mask", 0)
                       .Int("end_mask", end_mask)
                       .Int("ellipsis_mask", 0)
                       .Int("new_axis_mask", 0)
                       .Int("shrink_axis_mask", shrink_mask),
                   x.type(), shape);
}

}  // namespace

Tensor StridedSlice(Tensor x, std::vector<Range> ranges) {
  if (x.empty()) return {};
  Shape shape = x.shape();
  if (shape.has_rank() && static_cast<int>(ranges.size()) > shape.rank()) {
    return FailOp(x, "StridedSlice", "too many ranges for " + shape.ToString());
  }
  for (size_t i = 0; i < ranges.size(); ++i) {
    if (ranges[i].stride == 0)
      return FailOp(x, "StridedSlice", "a stride is 0");
    const int axis = static_cast<int>(i);
    if (shape.has_rank()) {
      shape.set_dim(axis, CountInRange(ranges[i], shape[axis]));
    }
  }
  return StridedSliceNode(x, ranges, 0, shape);
}

Tensor Index(Tensor x, int32_t axis, int32_t i) {
  if (x.empty()) return {};
  const int at = x.shape().has_rank() ? WrapAxis(axis, x.rank()) : -1;
  const int32_t size = at < 0 ? 0 : x.shape()[at];
  if (at < 0 || (size >= 0 && (i < -size || i >= size))) {
    return FailOp(x, "StridedSlice",
                  "there is no element " + std::to_string(i) + " along axis " +
                      std::to_string(axis) + " of " + x.shape().ToString());
  }
  std::vector<Range> ranges(static_cast<size_t>(at) + 1);
  ranges.back() = {i, i == -1 ? Range::kToEnd : i + 1, 1};
  Shape shape;
  for (int a = 0; a < x.rank(); ++a) {
    if (a != at) shape.Append(x.shape()[a]);
  }
  return StridedSliceNode(x, ranges, int64_t{1} << at, shape);
}

Tensor Tile(Tensor x, std::vector<int32_t> multiples) {
  if (x.empty()) return {};
  if (std::ranges::any_of(multiples, [](int32_t m) { return m < 0; })) {
    return FailOp(x, "Tile", "a multiple is negative");
  }
  Shape shape = UnknownDims(static_cast<int>(multiples.size()));
  if (x.shape().has_rank()) {
    if (static_cast<int>(multiples.size()) != x.rank()) {
      return FailOp(x, "Tile", "multiples do not fit " + x.shape().ToString());
    }
    for (int a = 0; a < x.rank(); ++a) {
      const int64_t size =
          int64_t{x.shape()[a]} * multiples[static_cast<size_t>(a)];
      if (size > INT32_MAX) return FailOp(x, "Tile", "too large");
      if (x.shape()[a] >= 0) shape.set_dim(a, static_cast<int32_t>(size));
    }
  }
  const Tensor times =
      x.builder()->Constant(IntVector(std::move(multiples)), "Tile/multiples");
  return x.builder()->AddNode(
      "Tile", {x, times},
      Attributes().Type("T", x.type()).Type("Tmultiples", DataType::kInt32),
      x.type(), shape);
}

Tensor Gather(Tensor params, Tensor indices, int32_t axis) {
  if (!AllPresent({params, indices})) return {};
  Shape shape = Shape::UnknownRank();
  if (params.shape().has_rank() && indices.shape().has_rank()) {
    const int at = WrapAxis(axis, params.rank());
    if (at < 0) return FailOp(params, "GatherV2", "axis is out of range");
    shape = Shape();
    for (int a = 0; a < at; ++a) shape.Append(params.shape()[a]);
    for (int32_t dim : indices.shape().dims()) shape.Append(dim);
    for (int a = at + 1; a < params.rank(); ++a)
      shape.Append(params.shape()[a]);
  }
  const Tensor where =
      params.builder()->Constant(IntScalar(axis), "GatherV2/axis");
  return params.builder()->AddNode("GatherV2", {params, indices, where},
                                   Attributes()
                                       .Type("Tparams", params.type())
                                       .Type("Tindices", indices.type())
                                       .Type("Taxis", DataType::kInt32)
                                       .Int("batch_dims", 0),
                                   params.type(), shape);
}

namespace {

Tensor Resize(std::string_view op, const Tensor& images, const Tensor& size,
              const Shape& result, bool half_pixel_centers) {
  if (!AllPresent({images, size})) return {};
  if (images.shape().has_rank() && images.rank() != 4) {
    return FailOp(
        images, op,
        "images must be [N,H,W,C], they are " + images.shape().ToString());
  }
  const bool bilinear = op == "ResizeBilinear";
  return images.builder()->AddNode(
      op, {images, size},
      Attributes()
          .Type("T", images.type())
          .Bool("align_corners", false)
          .Bool("half_pixel_centers", half_pixel_centers),
      bilinear ? DataType::kFloat32 : images.type(), result);
}

Tensor ResizeTo(std::string_view op, const Tensor& images, int32_t height,
                int32_t width, bool half_pixel_centers) {
  if (images.empty()) return {};
  const bool known = images.shape().has_rank() && images.rank() == 4;
  const Shape shape{known ? images.dim(0) : Shape::kUnknownDim, height, width,
                    known ? images.dim(3) : Shape::kUnknownDim};
  const Tensor size = images.builder()->Constant(IntVector({height, width}),
                                                 std::string(op) + "/size");
  return Resize(op, images, size, shape, half_pixel_centers);
}

}  // namespace

Tensor ResizeNearest(Tensor images, int32_t height, int32_t width,
                     bool half_pixel_centers) {
  return ResizeTo("ResizeNearestNeighbor", images, height, width,
                  half_pixel_centers);
}
Tensor ResizeBilinear(Tensor images, int32_t height, int32_t width,
                      bool half_pixel_centers) {
  return ResizeTo("ResizeBilinear", images, height, width, half_pixel_centers);
}
Tensor ResizeNearest(Tensor images, Tensor size, const Shape& result,
                     bool half_pixel_centers) {
  return Resize("ResizeNearestNeighbor", images, size, result,
                half_pixel_centers);
}
Tensor ResizeBilinear(Tensor images, Tensor size, const Shape& result,
                      bool half_pixel_centers) {
  return Resize("ResizeBilinear", images, size, result, half_pixel_centers);
}

}  // namespace liteforge
