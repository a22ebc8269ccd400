// SPDX-License-Identifier: Apache-2.0
// Sums of products of one or two arrays, in Einstein's notation.
#pragma once

#include <string>
#include <vector>

#include "lower/ir_builder.h"

namespace liteforge {

// "ab,bc->ac" of as many operands as the equation has. kUnsupported for more
// than two operands and for what has no shape, kInvalidModel where operands
// and labels do not fit.
Result<Value*> EmitEinsum(IrBuilder& ir, const std::string& equation,
                          const std::vector<Value*>& operands);

}  // namespace liteforge
