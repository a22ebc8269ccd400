// SPDX-License-Identifier: Apache-2.0
// BROADCAST_TO, TILE: one tensor repeated.
//   BROADCAST_TO  input, shape: axes of 1 stretch, new axes come in front
//   TILE          input, multiples: the whole repeats along each axis
// Source: TFLite schema BroadcastToOptions, TileOptions.
#include "kernels/move_elements.h"

namespace liteforge {
namespace {

Result<void> Prepare(KernelContext& k) { return CheckMovable(k.Input(0)); }

void EvalBroadcastTo(KernelContext& k) noexcept {
  const RuntimeTensor& input = k.Input(0);
  RuntimeTensor& output = k.Output(0);
  const auto from = RowMajorStrides(input.shape);
  const auto to = RowMajorStrides(output.shape);
  const int lead = output.shape.rank() - input.shape.rank();
  StridedBox box;
  for (int axis = 0; axis < output.shape.rank(); ++axis) {
    const int source = axis - lead;
    const bool repeats = source < 0 || input.shape[source] == 1;
    box.AddAxis(output.shape[axis],
                repeats ? 0 : from[static_cast<size_t>(source)],
                to[static_cast<size_t>(axis)]);
  }
  MoveBox(k, box, input, 0, output);
}

void EvalTile(KernelContext& k) noexcept {
  const RuntimeTensor& input = k.Input(0);
  RuntimeTensor& output = k.Output(0);
  if (output.elements() == 0) return;
  const auto from = RowMajorStrides(input.shape);
  const auto to = RowMajorStrides(output.shape);
  StridedBox box;
  for (int axis = 0; axis < input.shape.rank(); ++axis) {
    const auto a = static_cast<size_t>(axis);
    const int32_t size = input.shape[axis];
    box.AddAxis(output.shape[axis] / size, 0, to[a] * size);
    box.AddAxis(size, from[a], to[a]);
  }
  MoveBox(k, box, input, 0, output);
}

}  // namespace

extern const Kernel kBroadcastTo{Op::kBroadcastTo, kEveryType, Prepare,
                                 EvalBroadcastTo};
extern const Kernel kTile{Op::kTile, kEveryType, Prepare, EvalTile};

}  // namespace liteforge
