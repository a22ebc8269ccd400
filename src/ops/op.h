// SPDX-License-Identifier: Apache-2.0
// The operators TFLite knows, by number and name. The list is ops.def.
#pragma once

#include <cstdint>
#include <string_view>

#include "ops/options.h"

namespace liteforge {

// The number is BuiltinOperator's in the TFLite schema.
enum class Op : int32_t {
#define OP(number, SCHEMA_NAME, kEnumerator, Options) kEnumerator = number,
#include "ops/ops.def"
#undef OP
};

inline constexpr int kOpCount = 210;

// "CONV_2D"
std::string_view Name(Op op);

// Whether a number read from a file is an operator at all.
bool IsOp(int32_t number);

// The options table the schema gives this operator; kNone for none.
OptionsKind OptionsOf(Op op);

}  // namespace liteforge
