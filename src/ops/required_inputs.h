// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/op.h"

namespace liteforge {

// How many inputs, from the first on, no node of this operator can do
// without. What may be left out or repeated beyond them is the operator's own
// affair. Source: the input counts TensorFlow Lite's kernels insist on.
int RequiredInputs(Op op);

}  // namespace liteforge
