// SPDX-License-Identifier: Apache-2.0
// Conversions that "succeed" with outputs that cannot be meant.
#pragma once

#include "function/concrete_function.h"
#include "ir/graph.h"
#include "liteforge/result.h"

namespace liteforge {

// kInvalidModel when all outputs of `signature`, which `function` became, are
// constants and none is a variable of the model, or when one has no elements;
// the message says the likely cause.
Result<void> CheckOutputs(const ConcreteFunction& function,
                          const ir::Signature& signature);

}  // namespace liteforge
