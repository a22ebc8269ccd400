// SPDX-License-Identifier: Apache-2.0
// Operations that move, repeat and place elements.
#include <algorithm>

#include "function/op_helpers.h"
#include "function/ops.h"

namespace liteforge {
namespace {

Tensor Dims(FunctionBuilder& f, const std::vector<int32_t>& values,
            std::string_view name) {
  return f.Constant(IntVector(values), name);
}

// [N, H, W, C] with height and width `times` the size, channels `over` of them.
Tensor MoveBlocks(std::string_view op, const Tensor& x, int32_t block,
                  bool to_space) {
  if (x.empty()) return {};
  const int32_t square = block * block;
  Shape shape = x.shape();
  const auto divides = [&](int axis, int32_t by) {
    return shape[axis] < 0 || shape[axis] % by == 0;
  };
  const bool fits =
      block >= 2 && block < 1 << 12 && x.rank() == 4 &&
      (to_space ? divides(3, square) : divides(1, block) && divides(2, block));
  if (!fits)
    return FailOp(x, op,
                  "blocks of " + std::to_string(block) + " do not fit " +
                      shape.ToString());
  const auto scale = [&](int axis, int32_t by, bool up) {
    if (shape[axis] >= 0)
      shape.set_dim(axis, up ? shape[axis] * by : shape[axis] / by);
  };
  scale(1, block, to_space);
  scale(2, block, to_space);
  scale(3, square, !to_space);
  return x.builder()->AddNode(op, {x},
                              Attributes()
                                  .Type("T", x.type())
                                  .Int("block_size", block)
                                  .String("data_format", "NHWC"),
                              x.type(), shape);
}

}  // namespace

Tensor DepthToSpace(Tensor x, int32_t block) {
  return MoveBlocks("DepthToSpace", x, block, true);
}
Tensor SpaceToDepth(Tensor x, int32_t block) {
  return MoveBlocks("SpaceToDepth", x, block, false);
}

Tensor MirrorPad(Tensor x, std::vector<std::pair<int32_t, int32_t>> paddings,
                 Mirror mirror) {
  if (x.empty()) return {};
  Shape shape = x.shape();
  const int32_t kept = mirror == Mirror::kReflect ? 1 : 0;
  std::vector<int32_t> flat;
  bool fits = x.rank() == static_cast<int>(paddings.size());
  for (int axis = 0; fits && axis < x.rank(); ++axis) {
    const auto [before, after] = paddings[static_cast<size_t>(axis)];
    flat.insert(flat.end(), {before, after});
    fits = before >= 0 && after >= 0 &&
           (shape[axis] < 0 || std::max(before, after) <= shape[axis] - kept);
    if (fits && shape[axis] >= 0)
      shape.set_dim(axis, shape[axis] + before + after);
  }
  if (!fits)
    return FailOp(x, "MirrorPad",
                  "the paddings do not fit " + x.shape().ToString());
  FunctionBuilder& f = *x.builder();
  const Tensor amounts = f.Constant(IntConstant({x.rank(), 2}, std::move(flat)),
                                    "MirrorPad/paddings");
  return f.AddNode("MirrorPad", {x, amounts},
                   Attributes()
                       .Type("T", x.type())
                       .Type("Tpaddings", DataType::kInt32)
                       .String("mode", kept == 1 ? "REFLECT" : "SYMMETRIC"),
                   x.type(), shape);
}

Tensor Slice(Tensor x, std::vector<int32_t> begin, std::vector<int32_t> size) {
  if (x.empty()) return {};
  Shape shape;
  bool fits =
      begin.size() == size.size() && x.rank() == static_cast<int>(begin.size());
  for (int axis = 0; fits && axis < x.rank(); ++axis) {
    const int32_t from = begin[static_cast<size_t>(axis)];
    const int32_t count = size[static_cast<size_t>(axis)];
    const int32_t all = x.dim(axis);
    fits = from >= 0 && count >= -1 &&
           (all < 0 || (from <= all && (count < 0 || count <= all - from)));
    shape.Append(count >= 0 ? count
                            : (all < 0 ? Shape::kUnknownDim : all - from));
  }
  if (!fits)
    return FailOp(x, "Slice",
                  "begin and size do not fit " + x.shape().ToString());
  FunctionBuilder& f = *x.builder();
  return f.AddNode(
      "Slice", {x, Dims(f, begin, "Slice/begin"), Dims(f, size, "Slice/size")},
      Attributes().Type("T", x.type()).Type("Index", DataType::kInt32),
      x.type(), shape);
}

std::vector<Tensor> Unpack(Tensor x, int32_t axis) {
  if (x.empty()) return {};
  const int at = WrapAxis(axis, x.rank());
  if (at < 0 || x.dim(at) < 0) {
    FailOp(x, "Unpack",
           "axis " + std::to_string(axis) + " of " + x.shape().ToString() +
               " is not there or not known");
    return {};
  }
  Shape shape;
  for (int i = 0; i < x.rank(); ++i) {
    if (i != at) shape.Append(x.dim(i));
  }
  const std::vector<FunctionBuilder::OutputType> outputs(
      static_cast<size_t>(x.dim(at)), {x.type(), shape});
  return x.builder()->AddNode(
      "Unpack", std::span(&x, 1),
      Attributes().Type("T", x.type()).Int("num", x.dim(at)).Int("axis", at),
      outputs);
}

Tensor BroadcastTo(Tensor x, std::vector<int32_t> dims) {
  if (x.empty()) return {};
  const Shape shape{std::span<const int32_t>(dims)};
  Shape both;
  if (!BroadcastShapes(x.shape(), shape, both) || !(both == shape))
    return FailOp(
        x, "BroadcastTo",
        x.shape().ToString() + " does not become " + shape.ToString());
  FunctionBuilder& f = *x.builder();
  return f.AddNode(
      "BroadcastTo", {x, Dims(f, dims, "BroadcastTo/shape")},
      Attributes().Type("T", x.type()).Type("Tidx", DataType::kInt32), x.type(),
      shape);
}

Tensor OneHot(Tensor indices, int32_t depth, float on, float off) {
  if (indices.empty()) return {};
  const DataType type = indices.type();
  if ((type != DataType::kInt32 && type != DataType::kInt64) || depth < 0)
    return FailOp(indices, "OneHot",
                  "indices must be int32 or int64, the depth not negative");
  Shape shape = indices.shape();
  if (shape.has_rank()) shape.Append(depth);
  FunctionBuilder& f = *indices.builder();
  return f.AddNode("OneHot",
                   {indices, f.Constant(IntScalar(depth), "OneHot/depth"),
                    f.Constant(FloatScalar(on), "OneHot/on_value"),
                    f.Constant(FloatScalar(off), "OneHot/off_value")},
                   Attributes()
                       .Type("T", DataType::kFloat32)
                       .Type("TI", type)
                       .Int("axis", -1),
                   DataType::kFloat32, shape);
}

Tensor ScatterNd(Tensor indices, Tensor updates, std::vector<int32_t> dims) {
  if (!AllPresent({indices, updates})) return {};
  const Shape shape{std::span<const int32_t>(dims)};
  const int depth = indices.rank() > 0 ? indices.dim(-1) : -1;
  if (indices.type() != DataType::kInt32 || depth > shape.rank())
    return FailOp(updates, "ScatterNd",
                  "indices " + Describe(indices.type(), indices.shape()) +
                      " do not address " + shape.ToString());
  FunctionBuilder& f = *updates.builder();
  return f.AddNode(
      "ScatterNd", {indices, updates, Dims(f, dims, "ScatterNd/shape")},
      Attributes().Type("T", updates.type()).Type("Tindices", DataType::kInt32),
      updates.type(), shape);
}

Tensor Where(Tensor condition) {
  if (condition.empty()) return {};
  const Shape shape{Shape::kUnknownDim, condition.rank()};
  return condition.builder()->AddNode("Where", {condition},
                                      Attributes().Type("T", condition.type()),
                                      DataType::kInt64, shape);
}

}  // namespace liteforge
