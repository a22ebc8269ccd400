// SPDX-License-Identifier: Apache-2.0
#include "convert/store_sparse.h"

#include "emit/sparse_constants.h"

namespace liteforge {
namespace {

bool HasPlainWeights(const ir::Node& node) {
  if (node.op() != Op::kConv2D && node.op() != Op::kFullyConnected)
    return false;
  const ir::Value* w = node.input(1);
  return w != nullptr && w->is_constant() && w->has_one_use();
}

void AddDensify(ir::Graph& graph, ir::Node* node) {
  ir::Value* w = node->input(1);
  ir::Node* densify = graph.AddNodeWithTypes(
      Op::kDensify, OpOptions(), {w}, {{w->name + "_dense", w->type, w->shape}},
      node->source, node);
  densify->output()->quantization = w->quantization;
  node->SetInput(1, densify->output());
}

}  // namespace

std::vector<std::string> StoreSparse(ir::Module& module) {
  std::vector<std::string> layers;
  for (const auto& graph : module.graphs) {
    for (ir::Node* node : graph->Nodes()) {
      if (!HasPlainWeights(*node) || MakeSparse(*node->input(1)) == nullptr)
        continue;
      if (!TakesSparseWeights(*node)) AddDensify(*graph, node);
      layers.push_back(node->output()->name);
    }
  }
  return layers;
}

}  // namespace liteforge
