// SPDX-License-Identifier: Apache-2.0
// Source: tensorflow.org/lite/performance/quantization_spec.
#include "quantize/parameters.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace liteforge {
namespace {

// Of a range, so that a tensor of zeros has steps that are no coarser than its
// neighbours', and no multiplier overflows.
constexpr double kLeastWidth = 1e-4;

struct Limits {
  double low, high;
};

Limits LimitsOf(DataType type) {
  switch (type) {
    case DataType::kUInt8:
      return {0, 255};
    case DataType::kInt16:
      return {-32768, 32767};
    case DataType::kInt4:
      return {-8, 7};
    default:
      return {-128, 127};
  }
}

template <class T>
Blob Stored(std::span<const float> values, const Parameters& to) {
  const Limits limits = LimitsOf(to.type);
  std::vector<T> stored(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const double q = std::round(static_cast<double>(values[i]) /
                                static_cast<double>(to.scale)) +
                     static_cast<double>(to.zero_point);
    stored[i] = static_cast<T>(std::clamp(q, limits.low, limits.high));
  }
  return Blob::Own(std::move(stored));
}

template <class T>
Blob StoredBias(std::span<const float> bias, std::span<const float> scale,
                double limit) {
  std::vector<T> stored(bias.size());
  for (size_t i = 0; i < bias.size(); ++i) {
    const double of = static_cast<double>(scale[scale.size() > 1 ? i : 0]);
    stored[i] = static_cast<T>(std::clamp(
        std::round(static_cast<double>(bias[i]) / of), -limit, limit));
  }
  return Blob::Own(std::move(stored));
}

Blob PackNibbles(const std::vector<int8_t>& values) {
  std::vector<uint8_t> packed((values.size() + 1) / 2);
  for (size_t i = 0; i < values.size(); ++i) {
    const auto nibble = static_cast<unsigned>(values[i]) & 0xFu;
    packed[i / 2] =
        static_cast<uint8_t>(packed[i / 2] | nibble << (i % 2 == 0 ? 0 : 4));
  }
  return Blob::Own(std::move(packed));
}

std::vector<int8_t> UnpackNibbles(const Blob& packed, size_t count) {
  std::vector<int8_t> values(count);
  const auto bytes = packed.ToVector<uint8_t>();
  for (size_t i = 0; i < count; ++i) {
    const int nibble = bytes[i / 2] >> (i % 2 == 0 ? 0 : 4) & 0xF;
    values[i] = static_cast<int8_t>(nibble > 7 ? nibble - 16 : nibble);
  }
  return values;
}

}  // namespace

Quantization Parameters::ToQuantization() const {
  Quantization quantization;
  quantization.scale = {scale};
  quantization.zero_point = {zero_point};
  return quantization;
}

Quantization Symmetric(std::vector<float> scale, int axis) {
  Quantization quantization;
  quantization.zero_point.resize(scale.size());
  quantization.scale = std::move(scale);
  quantization.axis = std::max(axis, 0);
  return quantization;
}

Parameters ParametersFor(ValueRange range, DataType type) {
  const double low = std::min(0.0, static_cast<double>(range.min));
  double high = std::max(0.0, static_cast<double>(range.max));
  const Limits limits = LimitsOf(type);
  if (high - low < kLeastWidth) high = low + kLeastWidth;
  if (type == DataType::kInt16)
    return {type, static_cast<float>(std::max(-low, high) / limits.high), 0};
  const double scale = (high - low) / (limits.high - limits.low);
  const double zero = std::round(limits.low - low / scale);
  return {type, static_cast<float>(scale),
          static_cast<int64_t>(std::clamp(zero, limits.low, limits.high))};
}

ValueRange RangeOf(std::span<const float> values) {
  ValueRange range;
  for (const float value : values) {
    range.min = std::min(range.min, value);
    range.max = std::max(range.max, value);
  }
  return range;
}

Blob QuantizeValues(std::span<const float> values, const Parameters& to) {
  switch (to.type) {
    case DataType::kInt16:
      return Stored<int16_t>(values, to);
    case DataType::kUInt8:
      return Stored<uint8_t>(values, to);
    default:
      return Stored<int8_t>(values, to);
  }
}

Slices SlicesOf(const Shape& shape, int axis) {
  Slices slices;
  if (axis < 0) {
    slices.inner = static_cast<size_t>(std::max<int64_t>(shape.elements(), 1));
    return slices;
  }
  slices.count = static_cast<size_t>(shape[axis]);
  for (int i = axis + 1; i < shape.rank(); ++i)
    slices.inner *= static_cast<size_t>(shape[i]);
  return slices;
}

QuantizedWeights QuantizeWeights(std::span<const float> values,
                                 const Shape& shape, int axis, DataType type,
                                 std::span<const float> least) {
  const Slices slices = SlicesOf(shape, axis);
  const float limit = static_cast<float>(LimitsOf(type).high);
  std::vector<float> largest(slices.count, 0.0f);
  for (size_t i = 0; i < values.size(); ++i) {
    float& of_slice = largest[slices.Of(i)];
    of_slice = std::max(of_slice, std::abs(values[i]));
  }
  QuantizedWeights weights;
  for (size_t s = 0; s < slices.count; ++s) {
    float scale = largest[s] / limit;
    if (!least.empty()) scale = std::max(scale, least[s]);
    weights.scale.push_back(std::isnormal(scale) ? scale : 1.0f);
  }
  std::vector<int8_t> stored(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const float q = std::round(values[i] / weights.scale[slices.Of(i)]);
    stored[i] = static_cast<int8_t>(std::clamp(q, -limit, limit));
  }
  weights.data = type == DataType::kInt4 ? PackNibbles(stored)
                                         : Blob::Own(std::move(stored));
  return weights;
}

std::vector<float> DequantizeWeights(const QuantizedWeights& weights,
                                     const Shape& shape, int axis,
                                     DataType type) {
  const auto count = static_cast<size_t>(shape.elements());
  const std::vector<int8_t> stored = type == DataType::kInt4
                                         ? UnpackNibbles(weights.data, count)
                                         : weights.data.ToVector<int8_t>();
  const Slices slices = SlicesOf(shape, axis);
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i)
    values[i] = stored[i] * weights.scale[slices.Of(i)];
  return values;
}

Blob QuantizeBias(std::span<const float> bias, std::span<const float> scale,
                  DataType type) {
  if (type == DataType::kInt64) return StoredBias<int64_t>(bias, scale, 9.2e18);
  return StoredBias<int32_t>(bias, scale, 2147483647.0);
}

}  // namespace liteforge
