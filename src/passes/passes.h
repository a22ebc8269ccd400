// SPDX-License-Identifier: Apache-2.0
// The passes' functions; what each does heads its file, and pipeline.cc puts
// them in order. Every one returns how many rewrites it made.
#pragma once

#include "ir/graph.h"
#include "liteforge/result.h"

namespace liteforge {

Result<int> FuseActivation(ir::Graph& graph);
Result<int> FuseBatchNorm(ir::Graph& graph);
Result<int> FuseBias(ir::Graph& graph);
Result<int> FusePad(ir::Graph& graph);
Result<int> MergeConstants(ir::Graph& graph);
Result<int> MergeDuplicates(ir::Graph& graph);
Result<int> RecognizeActivations(ir::Graph& graph);
Result<int> ReorderDenseWeights(ir::Graph& graph);
Result<int> RemoveDead(ir::Graph& graph);
Result<int> RemoveIdentities(ir::Graph& graph);
Result<int> RemoveTransposes(ir::Graph& graph);

}  // namespace liteforge
