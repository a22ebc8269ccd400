// SPDX-License-Identifier: Apache-2.0
// Constants made smaller while the arithmetic stays in float32.
//
//   int8 and int4   where the kernel takes such weights beside float32
//                   activations (rules.cc, hybrid), these; a GATHER from a
//                   table picks int8 numbers, which are dequantized after;
//                   elsewhere a DEQUANTIZE comes between
//   float16         always with a DEQUANTIZE
//
// As in TensorFlow Lite, int8 is for weights of 1024 elements and more.
#include <algorithm>
#include <map>
#include <utility>

#include "base/half.h"
#include "quantize/modes.h"
#include "quantize/parameters.h"
#include "quantize/rules.h"
#include "quantize/steps.h"

namespace liteforge {
namespace {

constexpr int64_t kLeastElements = 1024;
// Below, the DEQUANTIZE takes more room in the file than it saves.
constexpr int64_t kLeastHalfElements = 64;

class WeightCompressor {
 public:
  WeightCompressor(ir::Graph& graph, const QuantizeSettings& settings,
                   QuantizeReport& report)
      : graph_(graph), settings_(settings), report_(report) {}

  void Run() {
    for (ir::Node* node : graph_.Nodes()) {
      switch (const QuantizeMode mode = ModeOf(*node, settings_)) {
        case QuantizeMode::kFloat16:
          UseHalves(node);
          break;
        case QuantizeMode::kDynamic:
        case QuantizeMode::kInt4:
          UseIntegers(node, mode);
          break;
        default:
          break;
      }
    }
  }

 private:
  static bool IsFloatConstant(const ir::Value* value) {
    return value != nullptr && value->is_constant() && !value->is_variable &&
           value->type == DataType::kFloat32;
  }

  // A constant takes part once; its readers share what it becomes.
  template <class Make>
  ir::Value* Once(ir::Value* value, int kind, Make make) {
    const auto [known, is_new] = made_.emplace(std::pair(value, kind), nullptr);
    if (is_new) {
      known->second = make();
      ++report_.weights;
    }
    return known->second;
  }

  void UseHalves(ir::Node* node) {
    for (int i = 0; i < static_cast<int>(node->inputs().size()); ++i) {
      ir::Value* value = node->input(i);
      if (!IsFloatConstant(value) ||
          value->shape.elements() < kLeastHalfElements)
        continue;
      node->SetInput(i, Once(value, kHalf, [&] { return AsHalf(value); }));
    }
  }

  ir::Value* AsHalf(const ir::Value* value) {
    std::vector<Float16> halves;
    for (const float number : value->ToVector<float>())
      halves.push_back(Float16(number));
    ir::Value* stored =
        graph_.AddConstant(value->name, DataType::kFloat16, value->shape,
                           Blob::Own(std::move(halves)));
    return Dequantized(stored);
  }

  // In front of everything, as constants are.
  ir::Value* Dequantized(ir::Value* stored) {
    return AddConversion(graph_, Op::kDequantize, stored, DataType::kFloat32,
                         {}, stored->name + "_dequantized",
                         graph_.nodes().front().get());
  }

  void UseIntegers(ir::Node* node, QuantizeMode mode) {
    const QuantizeRule* rule = FindQuantizeRule(node->op());
    if (rule != nullptr && !rule->hybrid.empty()) {
      UseHybridKernel(node, *rule, mode);
      return;
    }
    if (node->op() == Op::kGather && IsLarge(node->input(0))) {
      GatherIntegers(node);
      return;
    }
    if (node->op() != Op::kTransposeConv && node->op() != Op::kConv3D) return;
    ir::Value* weights = node->input(1);
    if (!IsLarge(weights)) return;
    node->SetInput(1, Once(weights, kDequantizedInt8, [&] {
                     return Dequantized(AsIntegers(*weights, DataType::kInt8,
                                                   /*axis=*/-1));
                   }));
  }

  static bool IsLarge(const ir::Value* value) {
    return IsFloatConstant(value) && value->shape.elements() >= kLeastElements;
  }

  // All weights of an operator are of one type.
  void UseHybridKernel(ir::Node* node, const QuantizeRule& rule,
                       QuantizeMode mode) {
    int64_t largest = 0;
    for (int i = 0; i < static_cast<int>(node->inputs().size()); ++i) {
      const ir::Value* value = node->input(i);
      if (!rule.IsHybridWeight(i) || value == nullptr) continue;
      if (!IsFloatConstant(value)) return;
      largest = std::max(largest, value->shape.elements());
    }
    if (largest < kLeastElements) return;
    const bool nibbles =
        mode == QuantizeMode::kInt4 && node->op() == Op::kFullyConnected;
    const DataType type = nibbles ? DataType::kInt4 : DataType::kInt8;
    for (int i = 0; i < static_cast<int>(node->inputs().size()); ++i) {
      ir::Value* value = node->input(i);
      if (!rule.IsHybridWeight(i) || value == nullptr) continue;
      const int kind = nibbles ? int{kInt4} : rule.hybrid_axis;
      node->SetInput(i, Once(value, kind, [&] {
                       return AsIntegers(*value, type, rule.hybrid_axis);
                     }));
    }
    TakeInputsAsymmetrically(*node);
  }

  // The kernel then uses all 256 numbers for the activations of a run.
  static void TakeInputsAsymmetrically(ir::Node& node) {
    switch (node.op()) {
      case Op::kFullyConnected:
        node.options.Edit<FullyConnectedOptions>().asymmetric_quantize_inputs =
            true;
        break;
      case Op::kBatchMatMul:
        node.options.Edit<BatchMatMulOptions>().asymmetric_quantize_inputs =
            true;
        break;
      case Op::kSvdf:
        node.options.Edit<SVDFOptions>().asymmetric_quantize_inputs = true;
        break;
      case Op::kRnn:
        node.options.Edit<RNNOptions>().asymmetric_quantize_inputs = true;
        break;
      case Op::kUnidirectionalSequenceRnn:
        node.options.Edit<SequenceRNNOptions>().asymmetric_quantize_inputs =
            true;
        break;
      case Op::kBidirectionalSequenceRnn:
        node.options.Edit<BidirectionalSequenceRNNOptions>()
            .asymmetric_quantize_inputs = true;
        break;
      case Op::kLstm:
        node.options.Edit<LSTMOptions>().asymmetric_quantize_inputs = true;
        break;
      case Op::kUnidirectionalSequenceLstm:
        node.options.Edit<UnidirectionalSequenceLSTMOptions>()
            .asymmetric_quantize_inputs = true;
        break;
      case Op::kBidirectionalSequenceLstm:
        node.options.Edit<BidirectionalSequenceLSTMOptions>()
            .asymmetric_quantize_inputs = true;
        break;
      default:
        break;
    }
  }

  void GatherIntegers(ir::Node* node) {
    ir::Value* table = node->input(0);
    ir::Value* stored = Once(table, kTable, [&] {
      return AsIntegers(*table, DataType::kInt8, /*axis=*/-1);
    });
    node->SetInput(0, stored);
    ir::Value* rows = node->output();
    const std::vector<ir::Node*> readers(rows->users().begin(),
                                         rows->users().end());
    ir::Node* behind = nullptr;
    for (size_t i = 0; i + 1 < graph_.nodes().size(); ++i) {
      if (graph_.nodes()[i].get() == node) behind = graph_.nodes()[i + 1].get();
    }
    ir::Value* dequantized =
        AddConversion(graph_, Op::kDequantize, rows, DataType::kFloat32, {},
                      rows->name + "_dequantized", behind);
    for (ir::Node* reader : readers) {
      for (int i = 0; i < static_cast<int>(reader->inputs().size()); ++i) {
        if (reader->input(i) == rows) reader->SetInput(i, dequantized);
      }
    }
    for (size_t i = 0; i < graph_.outputs().size(); ++i) {
      if (graph_.outputs()[i] != rows) continue;
      graph_.SetOutput(static_cast<int>(i), dequantized);
      rows->name.swap(dequantized->name);
    }
    rows->type = DataType::kInt8;
    rows->quantization = stored->quantization;
  }

  ir::Value* AsIntegers(const ir::Value& value, DataType type, int axis) {
    const QuantizedWeights stored =
        QuantizeWeights(value.ToVector<float>(), value.shape, axis, type);
    ir::Value* made =
        graph_.AddConstant(value.name, type, value.shape, stored.data);
    made->quantization = Symmetric(stored.scale, axis);
    return made;
  }

  // What a constant became; 0 and above: int8 along that axis.
  enum Kind { kHalf = -10, kTable, kDequantizedInt8, kInt4 };

  ir::Graph& graph_;
  const QuantizeSettings& settings_;
  QuantizeReport& report_;
  std::map<std::pair<const ir::Value*, int>, ir::Value*> made_;
};

}  // namespace

Result<void> CompressWeights(ir::Graph& graph, const QuantizeSettings& settings,
                             QuantizeReport& report) {
  WeightCompressor(graph, settings, report).Run();
  return {};
}

}  // namespace liteforge
