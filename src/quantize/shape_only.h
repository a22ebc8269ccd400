// SPDX-License-Identifier: Apache-2.0
// Operators whose numbers do not matter, only how many there are: states that
// begin as zero, for a batch that is known when the model runs.
#pragma once

#include "ir/graph.h"

namespace liteforge {

// Zero whatever the model is given.
bool IsAlwaysZero(const ir::Value& value);

// Whether all it gives is zero, or read by nobody but for its shape. Nothing is
// lost where such an operator stays float32.
bool IsOfShapesOnly(const ir::Node& node);

}  // namespace liteforge
