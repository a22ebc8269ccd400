// SPDX-License-Identifier: Apache-2.0
// A subgraph as a drawing.
#pragma once

#include <string>

#include "liteforge/inspect.h"

namespace liteforge {

// One line an operator, in the order in which they run, from its name to what
// it gives. A line at the left joins an operator to each later one that reads
// its output, unless that is the next.
std::string DrawGraph(const SubgraphDescription& graph);

}  // namespace liteforge
