// SPDX-License-Identifier: Apache-2.0
// Along the last axis:
//   L2_NORMALIZATION  x / max(sqrt(sum x^2), 1e-6): f32; u8 and i8 with an
//     output scale of 1/128 (zero_point 128 or 0), the root in fixed point
//   LOCAL_RESPONSE_NORMALIZATION
//     x * (bias + alpha * sum over c - radius … c + radius of x^2)^-beta: f32.
//     TFLite's reference kernel, and so reference mode, leaves the last
//     neighbour out.
//   LOG_SOFTMAX       x - max - log(sum e^(x - max)): f32; u8 and i8 with an
//     output scale of 1/16 (zero_point 255 or 127), computed in float
// Source: tflite/kernels/{l2norm,local_response_norm,activations}.cc,
// kernels/internal/reference/{,integer_ops/}l2normalization.h, optimized_ops.h
// (LogSoftmax).
#include <cmath>
#include <string>

#include "kernels/fixed_point.h"

namespace liteforge {
namespace {

bool IsByte(DataType type) {
  return type == DataType::kInt8 || type == DataType::kUInt8;
}

// f32, or bytes of that output scale with the zero point at the middle or the
// end of the range.
Result<void> CheckFixedOutput(KernelContext& k, float scale, bool at_end) {
  const RuntimeTensor& input = k.Input(0);
  const RuntimeTensor& output = k.Output(0);
  if (output.type != input.type)
    return InvalidModel("the output must have the input's type");
  if (input.shape.rank() < 1)
    return InvalidModel("the input must have an axis");
  if (input.type == DataType::kFloat32) return {};
  if (!IsByte(input.type))
    return Unsupported(std::string(Name(input.type)) + " is not supported");
  TRY(CheckQuantized(input, "input"));
  TRY(CheckQuantized(output, "output"));
  const Range<int32_t> range = RangeOf(output.type);
  const int32_t zero = at_end ? range.max : (range.min + range.max + 1) / 2;
  if (output.scale() == scale && output.zero_point() == zero) return {};
  return InvalidModel("the output's scale must be " + std::to_string(scale) +
                      " and its zero_point " + std::to_string(zero));
}

// Calls row(input row, output row, length) for each.
template <class T, class Row>
void ForEachRow(KernelContext& k, const Row& row) {
  const RuntimeTensor& input = k.Input(0);
  const int32_t depth = input.shape[input.shape.rank() - 1];
  if (input.elements() == 0) return;
  const int64_t rows = input.elements() / depth;
  for (int64_t r = 0; r < rows; ++r)
    row(input.Data<T>() + r * depth, k.Output(0).MutableData<T>() + r * depth,
        depth);
}

//-------------------------------------------------------- L2_NORMALIZATION

Result<void> PrepareL2(KernelContext& k) {
  if (k.options<L2NormOptions>().fused_activation_function != Activation::kNone)
    return Unsupported("a fused activation is not supported");
  return CheckFixedOutput(k, 1.0f / 128, false);
}

void L2OfFloats(const float* x, float* y, int32_t depth) {
  float squares = 0;
  for (int32_t c = 0; c < depth; ++c) squares += x[c] * x[c];
  const float length = std::max(std::sqrt(squares), 1e-6f);
  for (int32_t c = 0; c < depth; ++c) y[c] = x[c] / length;
}

template <class T>
void L2OfBytes(KernelContext& k) {
  const int32_t in_zero = k.Input(0).zero_point();
  const int32_t out_zero = k.Output(0).zero_point();
  const Range<int32_t> range = RangeOf(k.Output(0).type);
  ForEachRow<T>(k, [=](const T* x, T* y, int32_t depth) {
    uint32_t squares = 0;
    for (int32_t c = 0; c < depth; ++c)
      squares += static_cast<uint32_t>((x[c] - in_zero) * (x[c] - in_zero));
    FixedScale inverse = InverseSquareRoot(static_cast<int32_t>(squares));
    // The factor of 128 is part of the scale for i8, and of the value for u8.
    const int32_t factor = std::is_signed_v<T> ? 1 : 128;
    if (std::is_signed_v<T>) inverse.shift += 7;
    for (int32_t c = 0; c < depth; ++c) {
      const int32_t value = Multiply(factor * (x[c] - in_zero), inverse);
      y[c] = static_cast<T>(Clamp(value + out_zero, range));
    }
  });
}

void EvalL2(KernelContext& k) noexcept {
  switch (k.Input(0).type) {
    case DataType::kInt8:
      return L2OfBytes<int8_t>(k);
    case DataType::kUInt8:
      return L2OfBytes<uint8_t>(k);
    default:
      return ForEachRow<float>(k, L2OfFloats);
  }
}

//------------------------------------------- LOCAL_RESPONSE_NORMALIZATION

Result<void> PrepareLocal(KernelContext& k) {
  if (k.Input(0).type != DataType::kFloat32 ||
      k.Output(0).type != DataType::kFloat32)
    return Unsupported("only float32 is supported");
  if (k.Input(0).shape.rank() < 1)
    return InvalidModel("the input must have an axis");
  return {};
}

void EvalLocal(KernelContext& k) noexcept {
  const auto& o = k.options<LocalResponseNormalizationOptions>();
  const int64_t after = int64_t{o.radius} + (k.reference() ? 0 : 1);
  ForEachRow<float>(k, [&](const float* x, float* y, int32_t depth) {
    for (int32_t c = 0; c < depth; ++c) {
      const auto begin = std::max<int64_t>(0, int64_t{c} - o.radius);
      const auto end = std::min<int64_t>(depth, c + after);
      float squares = 0;
      for (int64_t i = begin; i < end; ++i) squares += x[i] * x[i];
      y[c] = x[c] * std::pow(o.bias + o.alpha * squares, -o.beta);
    }
  });
}

//-------------------------------------------------------------- LOG_SOFTMAX

Result<void> PrepareLogSoftmax(KernelContext& k) {
  return CheckFixedOutput(k, 1.0f / 16, true);
}

void LogSoftmaxOfFloats(const float* x, float* y, int32_t depth) {
  const float largest = *std::max_element(x, x + depth);
  float sum = 0;
  for (int32_t c = 0; c < depth; ++c) sum += std::exp(x[c] - largest);
  const float log_sum = std::log(sum);
  for (int32_t c = 0; c < depth; ++c) y[c] = x[c] - largest - log_sum;
}

template <class T>
void LogSoftmaxOfBytes(KernelContext& k) {
  const float in = k.Input(0).scale(), out = k.Output(0).scale();
  const int32_t zero = k.Output(0).zero_point();
  ForEachRow<T>(k, [=](const T* x, T* y, int32_t depth) {
    const T largest = *std::max_element(x, x + depth);
    float sum = 0;
    for (int32_t c = 0; c < depth; ++c)
      sum += std::exp(-in * static_cast<float>(largest - x[c]));
    const float shift =
        (in * static_cast<float>(largest) + std::log(sum)) / out;
    for (int32_t c = 0; c < depth; ++c) {
      const float steps =
          std::rint(in / out * static_cast<float>(x[c]) - shift);
      const float value = steps + static_cast<float>(zero);
      y[c] = static_cast<T>(
          std::clamp(std::isnan(value) ? 0.0f : value,
                     static_cast<float>(std::numeric_limits<T>::min()),
                     static_cast<float>(std::numeric_limits<T>::max())));
    }
  });
}

void EvalLogSoftmax(KernelContext& k) noexcept {
  switch (k.Input(0).type) {
    case DataType::kInt8:
      return LogSoftmaxOfBytes<int8_t>(k);
    case DataType::kUInt8:
      return LogSoftmaxOfBytes<uint8_t>(k);
    default:
      return ForEachRow<float>(k, LogSoftmaxOfFloats);
  }
}

}  // namespace

extern const Kernel kL2Normalization{Op::kL2Normalization, "f32 i8 u8",
                                     PrepareL2, EvalL2};
extern const Kernel kLocalResponseNormalization{Op::kLocalResponseNormalization,
                                                "f32", PrepareLocal, EvalLocal};
extern const Kernel kLogSoftmax{Op::kLogSoftmax, "f32 i8 u8", PrepareLogSoftmax,
                                EvalLogSoftmax};

}  // namespace liteforge
