// SPDX-License-Identifier: Apache-2.0
// float32 graphs -> graphs whose weights, or weights and activations, are
// small numbers.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ir/graph.h"
#include "liteforge/result.h"
#include "quantize/calibration.h"

namespace liteforge {

enum class QuantizeMode : uint8_t {
  kFloat,    // as it is
  kDynamic,  // int8 weights, float activations
  kFloat16,  // float16 constants
  kInt4,     // int4 weights of convolutions and dense layers, int8 of others
  kInt8,     // int8 weights and activations
  kInt16x8,  // int8 weights, int16 activations
};

// "int8 weights and activations"
std::string_view Name(QuantizeMode mode);

// Whether the mode needs to know the range of every activation.
inline bool QuantizesActivations(QuantizeMode mode) {
  return mode == QuantizeMode::kInt8 || mode == QuantizeMode::kInt16x8;
}

struct QuantizeSettings {
  QuantizeMode mode = QuantizeMode::kFloat;
  // Other modes for some operators: those whose source or output name is the
  // first string or begins with it and a '/'; "conv*" for any name that begins
  // so. The first that fits counts.
  std::vector<std::pair<std::string, QuantizeMode>> layers;
  CalibrationMethod method = CalibrationMethod::kPercentile;
  bool strict = false;  // an operator that would stay float is an error
  bool bias_correction = false;
  // Of the model's float32 inputs and outputs: float32, int8, uint8, int16.
  DataType input_type = DataType::kFloat32;
  DataType output_type = DataType::kFloat32;
};

// An operator on float32 numbers that stays so.
struct FloatOperator {
  std::string op;
  std::string name;  // of its first output
  std::string reason;
};

struct QuantizeReport {
  int quantized = 0;  // operators on int8 or int16
  int weights = 0;    // constants made smaller
  std::vector<FloatOperator> left_float;
};

// FAKE_QUANT operators give the ranges of what they read, which count more
// than `calibration`. Errors: kInvalidArgument for a layer name that fits
// nothing, for `strict`, and for border types that the model cannot have.
Result<QuantizeReport> Quantize(ir::Module& module,
                                const Calibration& calibration,
                                const QuantizeSettings& settings);

}  // namespace liteforge
