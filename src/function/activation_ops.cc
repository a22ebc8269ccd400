// SPDX-License-Identifier: Apache-2.0
// Functions that TensorFlow writes out in its operations too, and operators
// between tensors and numbers.
//   silu(x)  = x sigmoid(x)
//   gelu(x)  = x / 2 (1 + erf(x / sqrt 2))
//            ~ x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))
// Source: tensorflow/python/ops/nn_ops.py.
#include <cmath>
#include <numbers>

#include "base/half.h"
#include "function/op_helpers.h"
#include "function/ops.h"

namespace liteforge {
namespace {

template <class T>
ConstantValue Scalar(DataType type, T value) {
  return {type, Shape(), Blob::Own(std::vector<T>{value})};
}

}  // namespace

Tensor ScalarLike(const Tensor& like, double value) {
  if (like.empty()) return {};
  FunctionBuilder& f = *like.builder();
  const DataType type = like.type();
  switch (type) {
    case DataType::kFloat32:
      return f.Constant(Scalar(type, static_cast<float>(value)));
    case DataType::kFloat64:
      return f.Constant(Scalar(type, value));
    case DataType::kInt8:
      return f.Constant(Scalar(type, static_cast<int8_t>(value)));
    case DataType::kUInt8:
      return f.Constant(Scalar(type, static_cast<uint8_t>(value)));
    case DataType::kInt16:
      return f.Constant(Scalar(type, static_cast<int16_t>(value)));
    case DataType::kInt32:
      return f.Constant(Scalar(type, static_cast<int32_t>(value)));
    case DataType::kInt64:
      return f.Constant(Scalar(type, static_cast<int64_t>(value)));
    default:
      return FailOp(like, "Const",
                    "a number does not go together with a tensor of " +
                        std::string(Name(type)));
  }
}

Tensor operator-(Tensor x) { return Neg(std::move(x)); }

Tensor Silu(Tensor x) { return Mul(x, Sigmoid(x)); }

Tensor Gelu(Tensor x, bool approximate) {
  if (!approximate) return 0.5 * x * (1 + Erf(x / std::numbers::sqrt2));
  const double scale = std::sqrt(2 / std::numbers::pi);
  return 0.5 * x * (1 + Tanh(scale * (x + 0.044715 * (x * x * x))));
}

Tensor Clip(Tensor x, float low, float high) {
  const Tensor bounds[] = {ScalarLike(x, static_cast<double>(low)),
                           ScalarLike(x, static_cast<double>(high))};
  if (!AllPresent({x, bounds[0], bounds[1]})) return {};
  return x.builder()->AddNode("ClipByValue", {x, bounds[0], bounds[1]},
                              Attributes().Type("T", x.type()), x.type(),
                              x.shape());
}

}  // namespace liteforge
