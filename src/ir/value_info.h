// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ir/graph.h"
#include "ops/infer.h"

namespace liteforge::ir {

// What inference may know of a value; nothing for an omitted one. Valid as
// long as the value is.
TensorInfo InfoOf(const Value* value);

}  // namespace liteforge::ir
