// SPDX-License-Identifier: Apache-2.0
#include "kernels/recurrent_math.h"

#include <cmath>
#include <string>

#include "kernels/micro/dot.h"

namespace liteforge {
namespace {

void AddDiagonal(const RuntimeTensor& weights, const FloatVector& x,
                 float* sum) {
  if (weights.type == DataType::kFloat32) {
    const float* w = weights.Data<float>();
    for (int r = 0; r < x.size; ++r) sum[r] += w[r] * x.values[r];
    return;
  }
  const float scale = weights.scale();
  const int8_t* w = weights.Data<int8_t>();
  for (int r = 0; r < x.size; ++r) {
    sum[r] += scale * static_cast<float>(w[r]) * x.values[r];
  }
}

float ActivateOne(Activation activation, float x) {
  switch (activation) {
    case Activation::kTanh:
      return std::tanh(x);
    case Activation::kSignBit:
      return std::signbit(x) ? 1.0f : 0.0f;
    default:
      return Clamp(x, FloatActivationRange(activation));
  }
}

std::string Described(const RuntimeTensor& tensor, const char* role) {
  return std::string(role) + " '" + std::string(tensor.name) + "'";
}

}  // namespace

void QuantizeVector(FloatVector& vector, bool asymmetric, int8_t* bytes) {
  vector.quantization =
      asymmetric ? QuantizeAsymmetric(vector.values, vector.size, bytes)
                 : QuantizeSymmetric(vector.values, vector.size, bytes);
  vector.quantized = bytes;
}

void AddProduct(const RuntimeTensor& weights, const FloatVector& x,
                float* sum) {
  if (weights.shape.rank() == 1) return AddDiagonal(weights, x, sum);
  const int rows = weights.shape[0];
  if (weights.type == DataType::kFloat32) {
    const float* w = weights.Data<float>();
    for (int r = 0; r < rows; ++r) {
      sum[r] += DotOfFloats(w + int64_t{r} * x.size, x.values, x.size);
    }
    return;
  }
  const int8_t* w = weights.Data<int8_t>();
  const float scale = x.quantization.scale * weights.scale();
  for (int r = 0; r < rows; ++r) {
    const int32_t product = IntegerDot(x.quantized, x.quantization.offset,
                                       w + int64_t{r} * x.size, x.size);
    sum[r] += static_cast<float>(product) * scale;
  }
}

int32_t IntegerDot(const int8_t* x, int32_t zero_point, const int8_t* weights,
                   int count) {
  return DotOfBytes(x, zero_point, weights, count);
}

void Activate(Activation activation, float* values, int count) {
  for (int i = 0; i < count; ++i) {
    values[i] = ActivateOne(activation, values[i]);
  }
}

Result<void> CheckTensor(const KernelContext& k, int input,
                         std::span<const int32_t> shape, const char* role) {
  if (!k.HasInput(input)) {
    return InvalidModel(std::string(role) + " is missing");
  }
  const RuntimeTensor& tensor = k.Input(input);
  if (tensor.shape == Shape(shape)) return {};
  return InvalidModel(Described(tensor, role) + " has shape " +
                      tensor.shape.ToString() + "; it must be " +
                      Shape(shape).ToString());
}

Result<void> CheckTensor(const KernelContext& k, int input, DataType type,
                         std::span<const int32_t> shape, const char* role) {
  TRY(CheckTensor(k, input, shape, role));
  const RuntimeTensor& tensor = k.Input(input);
  if (tensor.type == type) return {};
  return InvalidModel(Described(tensor, role) + " is " +
                      std::string(Name(tensor.type)) + "; it must be " +
                      std::string(Name(type)));
}

Result<void> CheckState(const KernelContext& k, int input, DataType type,
                        int64_t elements, const char* role) {
  if (!k.HasInput(input)) {
    return InvalidModel(std::string(role) + " is missing");
  }
  const RuntimeTensor& tensor = k.Input(input);
  if (!tensor.is_variable) {
    return InvalidModel(Described(tensor, role) + " must be a variable tensor");
  }
  if (tensor.type != type) {
    return InvalidModel(Described(tensor, role) + " is " +
                        std::string(Name(tensor.type)) + "; it must be " +
                        std::string(Name(type)));
  }
  if (tensor.elements() == elements) return {};
  return InvalidModel(Described(tensor, role) + " has " +
                      std::to_string(tensor.elements()) +
                      " elements; it must have " + std::to_string(elements));
}

}  // namespace liteforge
