// SPDX-License-Identifier: Apache-2.0
// Masking: a step [N, T, …] counts if any of its values is not mask_value;
// those that do not count become 0.
#include "base/try.h"
#include "function/ops.h"
#include "import/keras/all_layers.h"

namespace liteforge {
namespace {

LayerOutputs BuildMasking(LayerContext& c) {
  TRY_ASSIGN(const Tensor x, c.FloatInput());
  TRY_ASSIGN(const std::vector<float> value,
             c.config.Floats("mask_value", 0.0f));
  if (value.size() != 1) return InvalidModel("'mask_value' must be one number");
  if (x.rank() < 2)
    return InvalidModel("its input " + x.shape().ToString() +
                        " must be [batch, time, …]");
  const Tensor counts =
      Any(NotEqual(x, c.Scalar(value[0])), {-1}, /*keep_dims=*/true);
  c.output_mask = Squeeze(counts, {x.rank() - 1});
  return One(Mul(x, Cast(counts, DataType::kFloat32)));
}

}  // namespace

const KerasLayer kMaskingLayer{"Masking", BuildMasking, nullptr,
                               Masking::kUses};

}  // namespace liteforge
