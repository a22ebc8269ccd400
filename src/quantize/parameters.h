// SPDX-License-Identifier: Apache-2.0
// Scales and zero points, and numbers put in their terms.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/blob.h"
#include "ir/graph.h"
#include "liteforge/types.h"
#include "quantize/statistics.h"

namespace liteforge {

// How one tensor of activations is stored.
struct Parameters {
  DataType type = DataType::kFloat32;
  float scale = 0;
  int64_t zero_point = 0;
  friend bool operator==(const Parameters&, const Parameters&) = default;
  Quantization ToQuantization() const;
};

// Zero points 0; one scale, or one a slice along `axis`.
Quantization Symmetric(std::vector<float> scale, int axis);

// int8, uint8: [min, max], zero included, onto all 256 numbers, zero onto one
// of them. int16: symmetric, zero point 0.
Parameters ParametersFor(ValueRange range, DataType type);

// The least and largest; zero included.
ValueRange RangeOf(std::span<const float> values);

// round(value / scale) + zero_point, saturated.
Blob QuantizeValues(std::span<const float> values, const Parameters& to);

// Symmetric weights, -limit to limit.
struct QuantizedWeights {
  Blob data;
  std::vector<float> scale;  // one, or one a slice along the axis
};

// Slices of zeros have scale 1. `least`: scales below which to stay not, one a
// slice or none. `type`: int8, int4 (two numbers a byte, the lower bits first).
QuantizedWeights QuantizeWeights(std::span<const float> values,
                                 const Shape& shape, int axis, DataType type,
                                 std::span<const float> least = {});

// The numbers that quantized weights stand for.
std::vector<float> DequantizeWeights(const QuantizedWeights& weights,
                                     const Shape& shape, int axis,
                                     DataType type);

// How often the index along `axis` repeats, and how many slices there are:
// element i belongs to slice (i / inner) % slices. axis -1: one slice.
struct Slices {
  size_t inner = 1;
  size_t count = 1;
  size_t Of(size_t element) const { return element / inner % count; }
};
Slices SlicesOf(const Shape& shape, int axis);

// bias / (input scale * weight scale), int32 or int64, saturated.
Blob QuantizeBias(std::span<const float> bias, std::span<const float> scale,
                  DataType type);

}  // namespace liteforge
