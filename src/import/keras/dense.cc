// SPDX-License-Identifier: Apache-2.0
// Dense: y = activation(x · kernel + bias) over the last axis.
//   x [batch, …, in]   kernel [in, units]   bias [units]
// TernaryDense: the same with sign(kernel) where |kernel| > threshold and 0
// elsewhere; without a threshold it is half the mean of |kernel|, and the
// product is scaled by that mean.
#include <algorithm>
#include <cmath>

#include "base/try.h"
#include "function/ops.h"
#include "import/keras/activations.h"
#include "import/keras/all_layers.h"

namespace liteforge {
namespace {

// With one unknown dimension at most, the leading axes are flattened into one
// and restored: a plain matrix product, which Reshape can undo.
Tensor ProjectLast(const Tensor& x, const Tensor& kernel) {
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

Result<Tensor> PlainKernel(LayerContext& c, const Shape& shape) {
  return c.Weight("kernel", shape);
}

Result<Tensor> TernaryKernel(LayerContext& c, const Shape& shape) {
  if (c.config.Has("quantization_config"))
    return Unsupported("its packed kernel is not supported");
  TRY_ASSIGN(const ConstantValue stored, c.WeightValue("kernel", shape));
  std::vector<float> values = stored.data.ToVector<float>();
  double mean = 0;
  for (const float value : values) mean += std::abs(value);
  if (!values.empty()) mean /= static_cast<double>(values.size());
  TRY_ASSIGN(const double threshold, c.config.Float("threshold", mean / 2));
  const float scale =
      c.config.Has("threshold") ? 1.0f : static_cast<float>(mean);
  for (float& value : values) {
    const bool counts = std::abs(value) > threshold;
    value = counts ? std::copysign(scale, value) : 0.0f;
  }
  return c.Constant("kernel", FloatConstant(stored.shape, std::move(values)));
}

LayerOutputs BuildProduct(LayerContext& c,
                          Result<Tensor> (*kernel_of)(LayerContext&,
                                                      const Shape&)) {
  TRY_ASSIGN(const Tensor x, c.FloatInput());
  if (x.rank() < 2 || x.dim(-1) < 0) {
    return InvalidModel("its input " + x.shape().ToString() +
                        " must have two dimensions or more, the last known");
  }
  TRY_ASSIGN(const int32_t units, c.config.Int("units"));
  TRY_ASSIGN(const Tensor kernel, kernel_of(c, {x.dim(-1), units}));
  Tensor y = ProjectLast(x, kernel);
  if (c.HasWeight("bias")) {
    TRY_ASSIGN(const Tensor bias, c.Weight("bias", {units}));
    y = BiasAdd(y, bias);
  }
  TRY_ASSIGN(y, ApplyActivation(c, y));
  return One(y);
}

LayerOutputs BuildDense(LayerContext& c) {
  return BuildProduct(c, PlainKernel);
}
LayerOutputs BuildTernaryDense(LayerContext& c) {
  return BuildProduct(c, TernaryKernel);
}

}  // namespace

const KerasLayer kTernaryDenseLayer{"TernaryDense", BuildTernaryDense,
                                    KernelAndBias, Masking::kPasses};
const KerasLayer kDenseLayer{"Dense", BuildDense, KernelAndBias,
                             Masking::kPasses};

}  // namespace liteforge
