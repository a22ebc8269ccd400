// SPDX-License-Identifier: Apache-2.0
// Dense: y = activation(x · kernel + bias) over the last axis.
//   x [batch, …, in]   kernel [in, units]   bias [units]
#include <algorithm>

#include "base/try.h"
#include "function/ops.h"
#include "import/keras/activations.h"
#include "import/keras/all_layers.h"

namespace liteforge {
namespace {

// With one unknown dimension at most, the leading axes are flattened into one
// and restored: a plain matrix product, which Reshape can undo.
Tensor Project(const Tensor& x, const Tensor& kernel) {
  if (x.rank() == 2) return MatMul(x, kernel);
  const auto dims = x.shape().dims();
  if (std::count(dims.begin(), dims.end(), Shape::kUnknownDim) > 1) {
    return BatchMatMul(x, kernel);
  }
  std::vector<int32_t> restored(dims.begin(), dims.end());
  restored.back() = kernel.dim(1);
  const Tensor rows = Reshape(x, {-1, kernel.dim(0)});
  return Reshape(MatMul(rows, kernel), std::move(restored));
}

LayerOutputs BuildDense(LayerContext& c) {
  TRY_ASSIGN(const Tensor x, c.FloatInput());
  if (x.rank() < 2 || x.dim(-1) < 0) {
    return InvalidModel("its input " + x.shape().ToString() +
                        " must have two dimensions or more, the last known");
  }
  TRY_ASSIGN(const int32_t units, c.config.Int("units"));
  TRY_ASSIGN(const Tensor kernel, c.Weight("kernel", {x.dim(-1), units}));
  Tensor y = Project(x, kernel);
  if (c.HasWeight("bias")) {
    TRY_ASSIGN(const Tensor bias, c.Weight("bias", {units}));
    y = BiasAdd(y, bias);
  }
  TRY_ASSIGN(y, ApplyActivation(c, y));
  return One(y);
}

}  // namespace

const KerasLayer kDenseLayer{"Dense", BuildDense, KernelAndBias,
                             Masking::kPasses};

}  // namespace liteforge
