// SPDX-License-Identifier: Apache-2.0
// FILL: every element of the output is the scalar `value`.
//   dims: i32 | i64 [rank], value [] any   output [dims]
// ZEROS_LIKE: zeros in the shape of the input (no element of a string).
// Source: TFLite schema FillOptions, ZerosLikeOptions.
#include <cstring>

#include "kernels/move_elements.h"

namespace liteforge {
namespace {

Result<void> PrepareFill(KernelContext& k) { return CheckMovable(k.Input(1)); }

void EvalFill(KernelContext& k) noexcept {
  RuntimeTensor& output = k.Output(0);
  StridedBox box;
  const auto to = RowMajorStrides(output.shape);
  for (int axis = 0; axis < output.shape.rank(); ++axis) {
    box.AddAxis(output.shape[axis], 0, to[static_cast<size_t>(axis)]);
  }
  MoveBox(k, box, k.Input(1), 0, output);
}

Result<void> PrepareZerosLike(KernelContext& k) {
  if (k.Input(0).type == DataType::kString) {
    return Unsupported("string elements are not supported");
  }
  return CheckMovable(k.Input(0));
}

void EvalZerosLike(KernelContext& k) noexcept {
  RuntimeTensor& output = k.Output(0);
  if (output.bytes > 0) std::memset(output.data, 0, output.bytes);
}

}  // namespace

extern const Kernel kFill{Op::kFill, kEveryType, PrepareFill, EvalFill};
extern const Kernel kZerosLike{Op::kZerosLike,
                               "f32 f16 bf16 f64 i8 i16 i32 i64 u8 bool",
                               PrepareZerosLike, EvalZerosLike};

}  // namespace liteforge
