// SPDX-License-Identifier: Apache-2.0
// Quantization-aware training leaves FAKE_QUANT behind what is to be
// quantized: its min and max are the range that the weights were trained for.
#include "quantize/steps.h"

namespace liteforge {

RangeByValue TakeFakeQuantRanges(ir::Graph& graph,
                                 const QuantizeSettings& settings) {
  RangeByValue ranges;
  if (!QuantizesActivations(settings.mode)) return ranges;
  for (ir::Node* node : graph.Nodes()) {
    if (node->op() != Op::kFakeQuant) continue;
    const auto& options = node->Options<FakeQuantOptions>();
    ir::Value* input = node->input(0);
    const bool returned = node->output()->is_graph_output();
    if (returned && (input->producer() == nullptr || input->is_graph_output()))
      continue;
    if (returned) std::swap(input->name, node->output()->name);
    ranges[input] = {options.min, options.max};
    graph.ReplaceAllUses(node->output(), input);
    graph.RemoveNode(node);
  }
  return ranges;
}

}  // namespace liteforge
