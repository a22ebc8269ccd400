// SPDX-License-Identifier: Apache-2.0
// Nodes whose results nobody reads, and constants without users.
#include "passes/passes.h"

namespace liteforge {

Result<int> RemoveDead(ir::Graph& graph) { return graph.RemoveDead(); }

}  // namespace liteforge
