// SPDX-License-Identifier: Apache-2.0
// SPACE_TO_BATCH_ND: blocks of the (padded) spatial axes move to the batch.
//   output[o * N + n, j…] = padded[n, j * block + o …], o over the block
// BATCH_TO_SPACE_ND is its inverse, cropping afterwards.
//   input [N, spatial…, rest…], block_shape [M], paddings | crops [M, 2]
// SPACE_TO_DEPTH, DEPTH_TO_SPACE: the same between space and channels of
//   [N, H, W, C]: channel (by * block + bx) * C + c.
// Source: TFLite schema; tensorflow/core/ops SpaceToBatchND, SpaceToDepth.
#include <cstring>

#include "kernels/move_elements.h"

namespace liteforge {
namespace {

Result<void> Prepare(KernelContext& k) {
  for (int i = 1; i < k.input_count(); ++i) {
    if (!IsIndexType(k.Input(i).type)) {
      return InvalidModel("block_shape and borders must be int32 or int64");
    }
  }
  if (k.Input(0).type == DataType::kString) {
    return Unsupported("string elements are not supported");
  }
  return CheckWhole(k.Input(0));
}

int64_t CeilDivide(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Both directions are one walk per place in the block: batch rows of that
// place on the split side, every block-th row on the whole side.
struct Sides {
  const Shape& split;  // the tensor with the larger batch
  const Shape& whole;
};

// Adds spatial axis `axis` for place `place` of its block; the rows of the
// split side for which the whole side exists. False when there are none.
bool AddSpatialAxis(StridedBox& box, const Sides& sides, int axis,
                    int64_t place, int64_t block, int64_t border,
                    bool from_whole, int64_t& split_at, int64_t& whole_at) {
  const auto a = static_cast<size_t>(axis);
  const int64_t split = RowMajorStrides(sides.split)[a];
  const int64_t whole = RowMajorStrides(sides.whole)[a];
  const int64_t first = std::max<int64_t>(0, CeilDivide(border - place, block));
  const int64_t last = std::min<int64_t>(
      sides.split[axis], CeilDivide(sides.whole[axis] + border - place, block));
  if (last <= first) return false;
  split_at += first * split;
  whole_at += (first * block + place - border) * whole;
  const auto steps = static_cast<int32_t>(last - first);
  from_whole ? box.AddAxis(steps, whole * block, split)
             : box.AddAxis(steps, split, whole * block);
  return true;
}

void MoveBlocks(KernelContext& k, bool to_batch) {
  const RuntimeTensor& input = k.Input(0);
  RuntimeTensor& output = k.Output(0);
  const Sides sides{to_batch ? output.shape : input.shape,
                    to_batch ? input.shape : output.shape};
  const auto split_strides = RowMajorStrides(sides.split);
  const auto whole_strides = RowMajorStrides(sides.whole);
  const auto axes = static_cast<int>(k.Input(1).elements());
  const int64_t batch = sides.whole[0];
  int64_t places = 1;
  for (int i = 0; i < axes; ++i) places *= IntegerAt(k.Input(1), i);
  for (int64_t place = 0; place < places; ++place) {
    StridedBox box;
    int64_t split_at = place * batch * split_strides[0], whole_at = 0;
    to_batch ? box.AddAxis(static_cast<int32_t>(batch), whole_strides[0],
                           split_strides[0])
             : box.AddAxis(static_cast<int32_t>(batch), split_strides[0],
                           whole_strides[0]);
    bool any = true;
    int64_t left = place, faster = places;
    for (int i = 0; i < axes && any; ++i) {
      const int64_t block = IntegerAt(k.Input(1), i);
      faster /= block;
      any = AddSpatialAxis(box, sides, i + 1, left / faster, block,
                           IntegerAt(k.Input(2), int64_t{2} * i), to_batch,
                           split_at, whole_at);
      left %= faster;
    }
    for (int axis = axes + 1; axis < sides.whole.rank(); ++axis) {
      const auto a = static_cast<size_t>(axis);
      to_batch
          ? box.AddAxis(sides.whole[axis], whole_strides[a], split_strides[a])
          : box.AddAxis(sides.whole[axis], split_strides[a], whole_strides[a]);
    }
    if (!any) continue;
    MoveBox(k, box, input, to_batch ? whole_at : split_at, output,
            to_batch ? split_at : whole_at);
  }
}

void EvalSpaceToBatch(KernelContext& k) noexcept {
  RuntimeTensor& output = k.Output(0);
  if (output.elements() == 0) return;
  const auto zero =
      static_cast<uint8_t>(ElementBytes(output) == 1 ? output.zero_point() : 0);
  std::memset(output.data, zero, output.bytes);
  MoveBlocks(k, true);
}

void EvalBatchToSpace(KernelContext& k) noexcept {
  if (k.Output(0).elements() > 0) MoveBlocks(k, false);
}

// `space` is the side with the larger height and width.
void MoveDepth(KernelContext& k, const Shape& space, const Shape& depth,
               int32_t block, bool to_depth) {
  const auto s = RowMajorStrides(space), d = RowMajorStrides(depth);
  const int64_t channels = space[3];
  StridedBox box;
  const auto add = [&](int32_t steps, int64_t in_space, int64_t in_depth) {
    to_depth ? box.AddAxis(steps, in_space, in_depth)
             : box.AddAxis(steps, in_depth, in_space);
  };
  add(depth[0], s[0], d[0]);
  add(depth[1], s[1] * block, d[1]);
  add(block, s[1], block * channels);
  add(depth[2], s[2] * block, d[2]);
  add(block, s[2], channels);
  add(static_cast<int32_t>(channels), 1, 1);
  MoveBox(k, box, k.Input(0), 0, k.Output(0));
}

void EvalSpaceToDepth(KernelContext& k) noexcept {
  MoveDepth(k, k.Input(0).shape, k.Output(0).shape,
            k.options<SpaceToDepthOptions>().block_size, true);
}

void EvalDepthToSpace(KernelContext& k) noexcept {
  MoveDepth(k, k.Output(0).shape, k.Input(0).shape,
            k.options<DepthToSpaceOptions>().block_size, false);
}

constexpr const char* kTypes = "f32 f16 i8 i16 i32 i64 u8 bool";

}  // namespace

extern const Kernel kSpaceToBatchND{Op::kSpaceToBatchND, kTypes, Prepare,
                                    EvalSpaceToBatch};
extern const Kernel kBatchToSpaceND{Op::kBatchToSpaceND, kTypes, Prepare,
                                    EvalBatchToSpace};
extern const Kernel kSpaceToDepth{Op::kSpaceToDepth, kTypes, Prepare,
                                  EvalSpaceToDepth};
extern const Kernel kDepthToSpace{Op::kDepthToSpace, kTypes, Prepare,
                                  EvalDepthToSpace};

}  // namespace liteforge
