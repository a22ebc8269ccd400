// SPDX-License-Identifier: Apache-2.0
#include "quantize/quantize.h"

#include "base/try.h"
#include "quantize/modes.h"
#include "quantize/steps.h"

namespace liteforge {
namespace {

Result<void> CheckStrict(const QuantizeReport& report) {
  if (report.left_float.empty()) return {};
  std::string list;
  for (const FloatOperator& left : report.left_float)
    list += "\n  " + left.op + " '" + left.name + "': " + left.reason;
  return Unsupported(
      "cannot be quantized throughout; these operators stay "
      "float32 (leave out --strict-int8 to accept that):" +
      list);
}

// Signatures name values, and outputs get new ones.
class SignatureOutputs {
 public:
  explicit SignatureOutputs(ir::Module& module) : module_(module) {
    for (const ir::Signature& signature : module.signatures) {
      const auto outputs = GraphOf(signature).outputs();
      for (const auto& [key, value] : signature.outputs) {
        size_t at = 0;
        while (at < outputs.size() && outputs[at] != value) ++at;
        positions_.push_back(at);
      }
    }
  }

  void Restore() {
    size_t next = 0;
    for (ir::Signature& signature : module_.signatures) {
      const auto outputs = GraphOf(signature).outputs();
      for (auto& [key, value] : signature.outputs) {
        const size_t at = positions_[next++];
        if (at < outputs.size()) value = outputs[at];
      }
    }
  }

 private:
  const ir::Graph& GraphOf(const ir::Signature& signature) const {
    return *module_.graphs[static_cast<size_t>(signature.graph)];
  }
  ir::Module& module_;
  std::vector<size_t> positions_;
};

}  // namespace

ir::Value* AddConversion(ir::Graph& graph, Op op, ir::Value* from,
                         DataType type, const Quantization& quantization,
                         const std::string& name, ir::Node* before) {
  ir::Node* node = graph.AddNodeWithTypes(
      op, OpOptions(), {from}, {{name, type, from->shape}}, name, before);
  node->output()->quantization = quantization;
  return node->output();
}

Result<QuantizeReport> Quantize(ir::Module& module,
                                const Calibration& calibration,
                                const QuantizeSettings& settings) {
  TRY(CheckLayers(module, settings));
  QuantizeReport report;
  SignatureOutputs signatures(module);
  for (const auto& graph : module.graphs) {
    const std::string place = "graph '" + graph->name + "'";
    const RangeByValue known = TakeFakeQuantRanges(*graph, settings);
    TRY_IN(place,
           QuantizeActivations(*graph, calibration, known, settings, report));
    TRY_IN(place, CompressWeights(*graph, settings, report));
  }
  if (settings.strict) TRY(CheckStrict(report));
  TRY(SetBorderTypes(module, calibration, settings));
  signatures.Restore();
  for (const auto& graph : module.graphs) {
    graph->RemoveDead();
    TRY_IN("quantized graph '" + graph->name + "'", ir::Verify(*graph));
  }
  return report;
}

}  // namespace liteforge
