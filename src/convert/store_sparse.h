// SPDX-License-Identifier: Apache-2.0
// Pruned weights stored without their zeros.
#pragma once

#include <string>
#include <vector>

#include "ir/graph.h"

namespace liteforge {

// Puts a DENSIFY behind those weights of convolutions and dense layers that
// are smaller sparse (emit/sparse_constants.h) but that TensorFlow Lite's
// kernel does not take so. Returns the names of all layers whose weights will
// be stored sparse.
std::vector<std::string> StoreSparse(ir::Module& module);

}  // namespace liteforge
