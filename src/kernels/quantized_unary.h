// SPDX-License-Identifier: Apache-2.0
// Functions of one value on quantized integers, in TensorFlow Lite's own
// arithmetic: a table for 8 bits, a table with interpolation or the
// arithmetic itself for 16.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "kernels/lookup_table.h"

namespace liteforge {

struct QuantizedUnary {
  ByteTable bytes{};               // of i8 and u8
  std::optional<WordTable> words;  // of i16, or:
  std::function<int32_t(int32_t)> steps;
  Range<int32_t> range{0, 0};
  // The function is not defined for stored values below.
  int32_t lowest = std::numeric_limits<int32_t>::min();
};

// Of ABS, ELU, EXP, GELU, HARD_SWISH, LEAKY_RELU, LOG, RSQRT or SQRT, with an
// i8, u8 or i16 input and an output of the same type. Errors: kInvalidModel
// for quantization parameters that do not fit the operator.
Result<QuantizedUnary> PrepareQuantizedUnary(KernelContext& k);

// Fails the invocation for a value below `lowest`.
void EvalQuantizedUnary(KernelContext& k, const QuantizedUnary& f) noexcept;

// x/2 (1 + erf(x / sqrt 2)), and its approximation by tanh.
float Gelu(float x);
float GeluByTanh(float x);

}  // namespace liteforge
