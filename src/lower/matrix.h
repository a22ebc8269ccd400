// SPDX-License-Identifier: Apache-2.0
// Products of matrices.
#pragma once

#include "lower/ir_builder.h"

namespace liteforge {

// [.., m, k] x [.., k, n] -> [.., m, n], in the type of `a`: BATCH_MATMUL of
// floats; of integers, which TFLite has no kernel for, the sums of products
// [.., m, k, n] over k. kUnsupported for integers of unknown rank and for
// other types.
Result<Value*> EmitMatrixProduct(IrBuilder& ir, Value* a, Value* b,
                                 const BatchMatMulOptions& options = {});

}  // namespace liteforge
