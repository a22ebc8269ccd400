// SPDX-License-Identifier: Apache-2.0
// Conversions that "succeed" with outputs that cannot be meant.
#pragma once

#include "ir/graph.h"
#include "liteforge/result.h"

namespace liteforge {

// kInvalidModel when all outputs of a signature are constants (unless
// `allow_constants`) or one has no elements; the message says the likely
// cause.
Result<void> CheckOutputs(const ir::Module& module, bool allow_constants);

}  // namespace liteforge
