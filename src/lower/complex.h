// SPDX-License-Identifier: Apache-2.0
// Complex numbers as pairs of real ones. TFLite has complex64, but few
// operators for it; what has none is computed in real and imaginary parts.
#pragma once

#include "lower/context.h"

namespace liteforge {

// Of a complex value: noted ones (IrBuilder::NoteParts), a constant's, or those
// of REAL and IMAG.
Result<ComplexParts> PartsOf(IrBuilder& ir, Value* x);

// A value that stands for these parts, and exists as them alone.
Result<Value*> AsComplex(IrBuilder& ir, Value* real, Value* imaginary);

// Lowers an operation that has a complex input. kUnsupported where it is one
// that neither TFLite nor this file can compute.
Result<void> LowerOnComplex(LowerContext& c, const TfOp& op);

bool IsComplex(const Value& x);

}  // namespace liteforge
