// SPDX-License-Identifier: Apache-2.0
// What may be quantized of each operator: one table, one row an operator.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "ops/op.h"

namespace liteforge {

// What an operand is to quantization.
enum class OperandRole : uint8_t {
  kPlain,       // not a quantized number: indices, shapes, conditions
  kActivation,  // its range comes from calibration, or from the constant
  kWeight,      // constant, symmetric
  kBias,        // constant, in units of input scale times weight scale
};

// Where an operator's output takes its scale from.
enum class OutputScale : uint8_t {
  kOwn,     // its own range
  kShared,  // the activations', all of which have one scale
  kFixed,   // the kernel prescribes it
  kNone,    // no quantized number
};

struct QuantizeRule {
  Op op;
  // One letter an operand: x activation, w weight, b bias, - plain; a + behind
  // the last repeats it. Empty: no int8 kernel.
  std::string_view operands;
  OutputScale output = OutputScale::kOwn;
  // kFixed: of int8 (zero point beside it) and int16.
  float int8_scale = 0;
  int8_t int8_zero_point = 0;
  float int16_scale = 0;
  bool int16 = true;        // has a 16x8 kernel
  int8_t weight_axis = -1;  // per channel along it; -1: per tensor
  // Operands that may be int8 while the activations stay float32, as w.
  std::string_view hybrid = "";
  int8_t hybrid_axis = -1;
  bool is_lstm = false;  // quantize/lstm.h knows the other operands

  OperandRole RoleOf(int operand) const;
  bool IsHybridWeight(int operand) const;
};

// nullptr for an operator that stays float.
const QuantizeRule* FindQuantizeRule(Op op);
// Sorted by name.
std::span<const QuantizeRule> QuantizeRules();

}  // namespace liteforge
