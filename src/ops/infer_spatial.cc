// SPDX-License-Identifier: Apache-2.0
// Operators that rescale or rearrange the spatial axes of [N, H, W, C].
#include <string>

#include "base/try.h"
#include "ops/all_infer_rules.h"

namespace liteforge {
namespace {

Result<void> CheckImages(const InferContext& c) {
  const Shape& input = c.input(0).shape;
  if (!c.has_input(0)) return InvalidModel("input is missing");
  if (!input.has_rank() || input.rank() == 4) return {};
  return InvalidModel("input must be [N, H, W, C], it is " + input.ToString());
}

Result<int32_t> Positive(int64_t value, std::string_view what) {
  if (value > 0 && value <= INT32_MAX) return static_cast<int32_t>(value);
  return InvalidModel(std::string(what) + " is " + std::to_string(value));
}

Result<void> Resize(InferContext& c) {
  TRY(CheckImages(c));
  Shape output = c.input(0).shape;
  if (!output.has_rank()) {
    c.SetOutput(0, c.input(0).type, output);
    return {};
  }
  std::vector<int64_t> size;
  if (c.GetIntegers(1, size)) {
    if (size.size() != 2) return InvalidModel("size must be [height, width]");
    TRY_ASSIGN(const int32_t height, Positive(size[0], "height"));
    TRY_ASSIGN(const int32_t width, Positive(size[1], "width"));
    output.set_dim(1, height);
    output.set_dim(2, width);
  } else {
    output.set_dim(1, Shape::kUnknownDim);
    output.set_dim(2, Shape::kUnknownDim);
  }
  c.SetOutput(0, c.input(0).type, output);
  return {};
}

Result<void> SpaceToDepth(InferContext& c) {
  TRY(CheckImages(c));
  Shape shape = c.input(0).shape;
  TRY_ASSIGN(
      const int32_t block,
      Positive(c.options<SpaceToDepthOptions>().block_size, "block_size"));
  for (int axis = 1; shape.has_rank() && axis <= 2; ++axis) {
    if (shape[axis] < 0) continue;
    if (shape[axis] % block != 0) {
      return InvalidModel(shape.ToString() +
                          " does not divide into blocks of " +
                          std::to_string(block));
    }
    shape.set_dim(axis, shape[axis] / block);
  }
  if (shape.has_rank() && shape[3] >= 0) {
    const int64_t area = int64_t{block} * block;
    if (shape[3] > INT32_MAX / area) {
      return InvalidModel("block_size is too large");
    }
    shape.set_dim(3, static_cast<int32_t>(shape[3] * area));
  }
  c.SetOutput(0, c.input(0).type, shape);
  return {};
}

Result<void> DepthToSpace(InferContext& c) {
  TRY(CheckImages(c));
  Shape shape = c.input(0).shape;
  TRY_ASSIGN(
      const int32_t block,
      Positive(c.options<DepthToSpaceOptions>().block_size, "block_size"));
  const int64_t area = int64_t{block} * block;
  if (shape.has_rank() && shape[3] >= 0) {
    if (shape[3] % area != 0) {
      return InvalidModel(std::to_string(shape[3]) +
                          " channels do not divide into blocks of " +
                          std::to_string(area));
    }
    shape.set_dim(3, static_cast<int32_t>(shape[3] / area));
  }
  for (int axis = 1; shape.has_rank() && axis <= 2; ++axis) {
    if (shape[axis] < 0) continue;
    if (shape[axis] > INT32_MAX / block) {
      return InvalidModel("block_size is too large");
    }
    shape.set_dim(axis, shape[axis] * block);
  }
  c.SetOutput(0, c.input(0).type, shape);
  return {};
}

// block_shape [M] and paddings or crops [M, 2] of the axes 1 … M.
struct Blocks {
  std::vector<int64_t> shape;
  std::vector<int64_t> borders;
};

Result<bool> GetBlocks(InferContext& c, Blocks& blocks) {
  const Shape& input = c.input(0).shape;
  const bool known =
      c.GetIntegers(1, blocks.shape) && c.GetIntegers(2, blocks.borders);
  if (!known || !input.has_rank()) return false;
  const size_t axes = blocks.shape.size();
  if (blocks.borders.size() != 2 * axes ||
      axes >= static_cast<size_t>(input.rank())) {
    return InvalidModel("block_shape and its borders do not fit input " +
                        input.ToString());
  }
  for (int64_t block : blocks.shape) TRY(Positive(block, "block_shape"));
  for (int64_t border : blocks.borders) {
    if (border < 0 || border > INT32_MAX) {
      return InvalidModel("a border is " + std::to_string(border));
    }
  }
  return true;
}

// Blocks not known yet: the batch is unknown, and the axes they may cover.
void SetUnknown(InferContext& c) {
  Shape shape = c.input(0).shape;
  const int64_t blocks = c.input(1).shape.elements();
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (blocks < 0 || axis <= blocks) shape.set_dim(axis, Shape::kUnknownDim);
  }
  c.SetOutput(0, c.input(0).type, shape);
}

Result<void> SpaceToBatch(InferContext& c) {
  Blocks blocks;
  TRY_ASSIGN(const bool known, GetBlocks(c, blocks));
  if (!known) {
    SetUnknown(c);
    return {};
  }
  Shape shape = c.input(0).shape;
  int64_t batch = shape[0];
  for (size_t i = 0; i < blocks.shape.size(); ++i) {
    const int axis = static_cast<int>(i) + 1;
    batch = batch < 0 ? batch : batch * blocks.shape[i];
    if (batch > INT32_MAX) return InvalidModel("block_shape is too large");
    if (shape[axis] < 0) continue;
    const int64_t padded =
        shape[axis] + blocks.borders[2 * i] + blocks.borders[2 * i + 1];
    if (padded % blocks.shape[i] != 0 || padded > INT32_MAX) {
      return InvalidModel("axis " + std::to_string(axis) + " of " +
                          shape.ToString() +
                          " with its paddings does not "
                          "divide into blocks of " +
                          std::to_string(blocks.shape[i]));
    }
    shape.set_dim(axis, static_cast<int32_t>(padded / blocks.shape[i]));
  }
  shape.set_dim(0, static_cast<int32_t>(batch));
  c.SetOutput(0, c.input(0).type, shape);
  return {};
}

Result<void> BatchToSpace(InferContext& c) {
  Blocks blocks;
  TRY_ASSIGN(const bool known, GetBlocks(c, blocks));
  if (!known) {
    SetUnknown(c);
    return {};
  }
  Shape shape = c.input(0).shape;
  int64_t batch = shape[0];
  for (size_t i = 0; i < blocks.shape.size(); ++i) {
    const int axis = static_cast<int>(i) + 1;
    if (batch >= 0) {
      if (batch % blocks.shape[i] != 0) {
        return InvalidModel("batch of " + shape.ToString() +
                            " does not divide by block_shape");
      }
      batch /= blocks.shape[i];
    }
    if (shape[axis] < 0) continue;
    const int64_t size = shape[axis] * blocks.shape[i] - blocks.borders[2 * i] -
                         blocks.borders[2 * i + 1];
    if (size < 0 || size > INT32_MAX) {
      return InvalidModel("crops are larger than axis " + std::to_string(axis));
    }
    shape.set_dim(axis, static_cast<int32_t>(size));
  }
  shape.set_dim(0, static_cast<int32_t>(batch));
  c.SetOutput(0, c.input(0).type, shape);
  return {};
}

}  // namespace

std::span<const InferRule> SpatialRules() {
  static constexpr InferRule kRules[] = {
      {Op::kBatchToSpaceND, BatchToSpace}, {Op::kDepthToSpace, DepthToSpace},
      {Op::kResizeBilinear, Resize},       {Op::kResizeNearestNeighbor, Resize},
      {Op::kSpaceToBatchND, SpaceToBatch}, {Op::kSpaceToDepth, SpaceToDepth},
  };
  return kRules;
}

}  // namespace liteforge
