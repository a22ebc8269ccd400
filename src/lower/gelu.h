// SPDX-License-Identifier: Apache-2.0
// GELU written out in TensorFlow: x * (1 + erf(x / sqrt(2))) / 2.
//
// TFLite has the operator, but no erf; once Erf is written as polynomials
// nothing could recognise it. So lowering Erf notes what it is the erf of, and
// lowering Mul asks here.
#pragma once

#include "lower/ir_builder.h"

namespace liteforge {

// The x of which a * b is the exact GELU; nullptr when it is not one. The
// factor 1/2 may stand anywhere in the product.
Value* MatchGelu(const IrBuilder& ir, const Value* a, const Value* b);

}  // namespace liteforge
