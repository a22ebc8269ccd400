// SPDX-License-Identifier: Apache-2.0
// Output tensors as findings.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "detection/output_roles.h"
#include "liteforge/detection.h"
#include "liteforge/interpreter.h"

namespace liteforge {

// How the picture lies in the input, and what the labels are called.
struct DecodeContext {
  Placement place;  // in an input of this size, pixels
  int input_width = 0, input_height = 0;
  float threshold = 0;
  int top = 5;
  std::span<const std::string> labels;
};

// One output: its real values, row-major.
struct OutputValues {
  Shape shape;
  DataType type = DataType::kNone;
  std::vector<float> values;
};

// Dequantized; integers without quantization and bool as they are. Errors:
// kUnsupported for other types.
Result<OutputValues> ReadOutput(const TensorDetails& output,
                                std::span<const std::byte> data);

// `outputs` in the model's order. Values that are no numbers are passed over.
Findings Decode(const OutputRoles& roles, std::span<const OutputValues> outputs,
                const DecodeContext& context);

}  // namespace liteforge
