// SPDX-License-Identifier: Apache-2.0
// The version of an operator that a model must ask for. A runtime refuses
// versions newer than it knows, so the lowest one that expresses the operator
// runs in most places.
#pragma once

#include <span>
#include <vector>

#include "liteforge/types.h"
#include "ops/op.h"
#include "ops/options.h"

namespace liteforge {

// What a version may depend on of an operand or a result.
struct OperandSpec {
  DataType type = DataType::kNone;  // kNone: omitted
  Shape shape;
  Quantization quantization;
  bool is_sparse = false;
};

struct OperatorSpec {
  Op op;
  OpOptions options;
  std::vector<OperandSpec> inputs;
  std::vector<OperandSpec> outputs;
};

// At least 1. Custom operators are version 1.
int LowestVersion(const OperatorSpec& spec);

// The highest version of the operator that has anything to do with these types:
// what a runtime with a kernel for them can run.
int HighestVersion(Op op, std::span<const DataType> types);

}  // namespace liteforge
