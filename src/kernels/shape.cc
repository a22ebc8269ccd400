// SPDX-License-Identifier: Apache-2.0
// SHAPE: the input's dimensions, i32 | i64 [rank] (option out_type).
// RANK: their count, i32 [].
// Source: TFLite schema ShapeOptions, RankOptions.
#include "kernels/kernel.h"

namespace liteforge {
namespace {

Result<void> PrepareShape(KernelContext& k) {
  const DataType type = k.Output(0).type;
  if (type == DataType::kInt32 || type == DataType::kInt64) return {};
  return InvalidModel("the output must be int32 or int64");
}

void EvalShape(KernelContext& k) noexcept {
  const Shape& shape = k.Input(0).shape;
  RuntimeTensor& output = k.Output(0);
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (output.type == DataType::kInt32) {
      output.MutableData<int32_t>()[axis] = shape[axis];
    } else {
      output.MutableData<int64_t>()[axis] = shape[axis];
    }
  }
}

Result<void> PrepareRank(KernelContext& k) {
  if (k.Output(0).type == DataType::kInt32) return {};
  return InvalidModel("the output must be int32");
}

void EvalRank(KernelContext& k) noexcept {
  *k.Output(0).MutableData<int32_t>() = k.Input(0).shape.rank();
}

}  // namespace

extern const Kernel kShape{Op::kShape, "all", PrepareShape, EvalShape};
extern const Kernel kRank{Op::kRank, "all", PrepareRank, EvalRank};

}  // namespace liteforge
