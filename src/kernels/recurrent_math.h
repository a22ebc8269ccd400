// SPDX-License-Identifier: Apache-2.0
// What the recurrent operators compute alike: products of a weight matrix and
// one vector, in float or, with int8 weights, on a vector quantized on the fly
// (hybrid); activations; checks of their many tensors.
#pragma once

#include <span>

#include "kernels/numerics.h"

namespace liteforge {

// A vector of floats and, for hybrid arithmetic, its quantized twin.
struct FloatVector {
  const float* values = nullptr;
  int size = 0;
  const int8_t* quantized = nullptr;  // nullptr until QuantizeVector
  FloatQuantization quantization;
};

// Fills `bytes` (vector.size of them) and points the vector there.
void QuantizeVector(FloatVector& vector, bool asymmetric, int8_t* bytes);

// sum[r] += sum over c of weights[r, c] * x[c], for a matrix; for a vector of
// weights, a diagonal matrix, sum[r] += weights[r] * x[r]. Float weights, or
// int8 (also declared uint8, which old converters did) with one scale; then a
// matrix needs a quantized x.
void AddProduct(const RuntimeTensor& weights, const FloatVector& x, float* sum);

// Sum over c of (x[c] - zero_point) * weights[c], modulo 2^32.
int32_t IntegerDot(const int8_t* x, int32_t zero_point, const int8_t* weights,
                   int count);

// The activations of recurrent operators: all of TFLite's.
void Activate(Activation activation, float* values, int count);

inline float Sigmoid(float x) { return 1.0f / (1.0f + std::exp(-x)); }

// Whether weights of this type make a float operator hybrid.
inline bool IsHybridWeight(DataType type) {
  return type == DataType::kInt8 || type == DataType::kUInt8;
}

// A tensor that must be there, with this shape; `role` names it in the error.
Result<void> CheckTensor(const KernelContext& k, int input,
                         std::span<const int32_t> shape, const char* role);
// The same, of one type.
Result<void> CheckTensor(const KernelContext& k, int input, DataType type,
                         std::span<const int32_t> shape, const char* role);

// A state that the operator writes: variable, so many elements.
Result<void> CheckState(const KernelContext& k, int input, DataType type,
                        int64_t elements, const char* role);

}  // namespace liteforge
