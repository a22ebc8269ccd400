// SPDX-License-Identifier: Apache-2.0
// Functions that TFLite lacks, as polynomials.
#pragma once

#include "lower/formula.h"

namespace liteforge {

// The x of which erf(x) is y in (-1, 1), within 3e-7 of it.
Value* InverseErf(Formula& f, Value* y);

}  // namespace liteforge
