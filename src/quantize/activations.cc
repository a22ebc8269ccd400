// SPDX-License-Identifier: Apache-2.0
// Weights and activations in 8 bits, or 8 and 16.
//
// First it is decided which operators are quantized. Then values that have to
// have one scale (what a RESHAPE reads and writes, what a CONCATENATION joins)
// are put into groups, and each group gets the range of all its members. At
// last the operators are rewritten in place: their outputs become int8, their
// constants are stored anew, and where an operand is in other terms than its
// reader wants, a QUANTIZE or DEQUANTIZE comes between.
// Source: tensorflow.org/lite/performance/quantization_spec.
#include <algorithm>
#include <cmath>
#include <optional>
#include <tuple>
#include <unordered_map>

#include "base/try.h"
#include "quantize/lstm.h"
#include "quantize/modes.h"
#include "quantize/parameters.h"
#include "quantize/rules.h"
#include "quantize/shape_only.h"
#include "quantize/steps.h"

namespace liteforge {
namespace {

// Biases are stored in 32 bits; this much of them is used at most, so that
// sums of products still fit.
constexpr float kMostBias = 1 << 30;
// A channel of zeros has no scale of its own: its bias gets this many steps.
constexpr float kBiasSteps = 1 << 20;

class ActivationQuantizer {
 public:
  ActivationQuantizer(ir::Graph& graph, const Calibration& calibration,
                      const RangeByValue& known,
                      const QuantizeSettings& settings, QuantizeReport& report)
      : graph_(graph),
        calibration_(calibration),
        known_(known),
        settings_(settings),
        report_(report) {}

  Result<void> Run() {
    Choose();
    Group();
    for (ir::Node* node : graph_.Nodes()) {
      if (const auto chosen = chosen_.find(node); chosen != chosen_.end())
        Rewrite(node, *chosen->second.rule, chosen->second.type);
    }
    DequantizeForOthers();
    return {};
  }

 private:
  struct Chosen {
    const QuantizeRule* rule;
    DataType type;
  };

  //------------------------------------------------------------- the choice

  std::optional<ValueRange> RangeSeen(const ir::Value* value) const {
    if (const auto found = known_.find(value); found != known_.end())
      return found->second;
    if (value->is_constant())
      return liteforge::RangeOf(value->ToVector<float>());
    const Statistics* s = calibration_.Find(graph_, *value);
    if (s == nullptr) return std::nullopt;
    // What goes in and out of the graph is not cut off: the largest score of
    // all is what a classifier is asked for.
    const bool at_border =
        value->is_graph_output() || value->producer() == nullptr;
    return s->Range(at_border ? CalibrationMethod::kMinMax : settings_.method);
  }

  static bool IsFloatConstant(const ir::Value* value) {
    return value != nullptr && value->is_constant() && !value->is_variable &&
           value->type == DataType::kFloat32;
  }

  std::string WhyNoActivation(const ir::Value* value) const {
    if (value == nullptr) return "an operand is left out";
    if (value->type != DataType::kFloat32)
      return "'" + value->name + "' is " + std::string(Name(value->type));
    if (value->is_variable) return "'" + value->name + "' is a variable";
    if (!RangeSeen(value))
      return "no representative data has reached '" + value->name + "'";
    return "";
  }

  std::string WhyNoOperand(const ir::Node& node, int i,
                           OperandRole role) const {
    const ir::Value* value = node.input(i);
    switch (role) {
      case OperandRole::kActivation:
        return WhyNoActivation(value);
      case OperandRole::kWeight:
        if (!IsFloatConstant(value)) return "its weights are no constant";
        return "";
      case OperandRole::kBias:
        if (value != nullptr && !IsFloatConstant(value))
          return "its bias is no constant";
        return "";
      default:
        return "";
    }
  }

  // Empty: it can be quantized.
  std::string WhyNot(const ir::Node& node, const QuantizeRule* rule,
                     DataType type) const {
    if (rule == nullptr || rule->operands.empty())
      return "there is no int8 " + std::string(Name(node.op()));
    if (type == DataType::kInt16 && !rule->int16)
      return "there is no 16x8 " + std::string(Name(node.op()));
    for (int i = 0; i < static_cast<int>(node.inputs().size()); ++i) {
      std::string reason = WhyNoOperand(node, i, rule->RoleOf(i));
      if (!reason.empty()) return reason;
    }
    if (rule->is_lstm) {
      std::string reason = WhyNoIntegerLstm(graph_, node, calibration_, type);
      if (!reason.empty()) return reason;
    }
    if (rule->output == OutputScale::kOwn)
      return WhyNoActivation(node.output());
    if (rule->output != OutputScale::kNone &&
        node.output()->type != DataType::kFloat32)
      return "its output is " + std::string(Name(node.output()->type));
    return "";
  }

  static bool ComputesFloats(const ir::Node& node) {
    const auto is_float = [](const ir::Value* value) {
      return value != nullptr && value->type == DataType::kFloat32;
    };
    return std::ranges::any_of(node.inputs(), is_float) ||
           std::ranges::any_of(node.outputs(), is_float);
  }

  // Between integers and floats at the graph's border, where numbers are
  // float32 in any case: nothing that could be quantized.
  static bool IsBorderCast(const ir::Node& node) {
    if (node.op() != Op::kCast) return false;
    const ir::Value* from = node.input(0);
    const ir::Value* to = node.output();
    const bool enters = from->producer() == nullptr && !from->is_constant();
    return enters || (to->is_graph_output() && to->users().empty());
  }

  void Choose() {
    std::unordered_map<const ir::Node*, std::string> reasons;
    for (const auto& node : graph_.nodes()) {
      if (IsOfShapesOnly(*node) || IsBorderCast(*node)) continue;
      const QuantizeMode mode = ModeOf(*node, settings_);
      if (!QuantizesActivations(mode)) {
        if (QuantizesActivations(settings_.mode) && ComputesFloats(*node))
          reasons[node.get()] = "it is to stay so";
        continue;
      }
      const DataType type =
          mode == QuantizeMode::kInt16x8 ? DataType::kInt16 : DataType::kInt8;
      const QuantizeRule* rule = FindQuantizeRule(node->op());
      std::string reason = WhyNot(*node, rule, type);
      if (reason.empty()) {
        chosen_[node.get()] = {rule, type};
      } else if (ComputesFloats(*node)) {
        reasons[node.get()] = std::move(reason);
      }
    }
    while (DropIslands(reasons)) {
    }
    report_.quantized += static_cast<int>(chosen_.size());
    for (const auto& node : graph_.nodes()) {
      const auto found = reasons.find(node.get());
      if (found == reasons.end()) continue;
      report_.left_float.push_back(
          {std::string(Name(node->op())), node->output()->name, found->second});
    }
  }

  bool IsChosen(const ir::Node* node) const { return chosen_.contains(node); }

  // Moving numbers about in int8 is no gain where they come as float32 and are
  // wanted as float32.
  bool DropIslands(std::unordered_map<const ir::Node*, std::string>& reasons) {
    bool dropped = false;
    for (const auto& node : graph_.nodes()) {
      const auto chosen = chosen_.find(node.get());
      if (chosen == chosen_.end()) continue;
      const OutputScale output = chosen->second.rule->output;
      if (output != OutputScale::kShared && output != OutputScale::kNone)
        continue;
      const bool fed =
          std::ranges::any_of(node->inputs(), [&](const ir::Value* value) {
            return value != nullptr && value->producer() != nullptr &&
                   IsChosen(value->producer());
          });
      if (fed || (output == OutputScale::kShared && AllWantIt(*node))) continue;
      reasons[node.get()] = "its neighbours are float32";
      chosen_.erase(chosen);
      dropped = true;
    }
    return dropped;
  }

  bool AllWantIt(const ir::Node& node) const {
    bool any = false;
    for (const ir::Value* output : node.outputs()) {
      if (output->is_graph_output()) return false;
      for (const ir::Node* user : output->users()) {
        if (IsOfShapesOnly(*user)) continue;
        if (!IsChosen(user)) return false;
        any = true;
      }
    }
    return any;
  }

  //-------------------------------------------------------------- the groups

  // Values of one scale, found by the value that stands for them.
  struct Terms {
    std::optional<ValueRange> range;
    std::optional<Parameters> fixed;
  };

  const ir::Value* Leader(const ir::Value* value) {
    auto found = leaders_.find(value);
    if (found == leaders_.end()) {
      leaders_[value] = value;
      Terms& terms = terms_[value];
      terms.range = RangeSeen(value);
      return value;
    }
    if (found->second == value) return value;
    const ir::Value* leader = Leader(found->second);
    leaders_[value] = leader;
    return leader;
  }

  void Unite(const ir::Value* a, const ir::Value* b) {
    a = Leader(a);
    b = Leader(b);
    if (a == b) return;
    Terms& to = terms_[a];
    const Terms from = terms_[b];
    if (!to.range) to.range = from.range;
    if (from.range) {
      to.range = ValueRange{std::min(to.range->min, from.range->min),
                            std::max(to.range->max, from.range->max)};
    }
    if (!to.fixed) to.fixed = from.fixed;
    leaders_[b] = a;
  }

  void Group() {
    for (const auto& node : graph_.nodes()) {
      const auto chosen = chosen_.find(node.get());
      if (chosen == chosen_.end()) continue;
      const auto& [rule, type] = chosen->second;
      if (rule->output == OutputScale::kFixed) {
        terms_[Leader(node->output())].fixed =
            type == DataType::kInt16
                ? Parameters{type, rule->int16_scale, 0}
                : Parameters{type, rule->int8_scale, rule->int8_zero_point};
      }
      if (rule->is_lstm) {
        Terms& terms = terms_[Leader(node->output())];
        terms.fixed = LstmOutputTerms(*node, *terms.range, type);
      }
      if (rule->output == OutputScale::kShared) GroupOperands(*node, *rule);
    }
  }

  // With several operands, one of a prescribed scale keeps it, and is put into
  // the others' terms by a QUANTIZE: it could be too narrow for them.
  void GroupOperands(const ir::Node& node, const QuantizeRule& rule) {
    int activations = 0;
    for (int i = 0; i < static_cast<int>(node.inputs().size()); ++i)
      activations += rule.RoleOf(i) == OperandRole::kActivation;
    for (int i = 0; i < static_cast<int>(node.inputs().size()); ++i) {
      if (rule.RoleOf(i) != OperandRole::kActivation) continue;
      const ir::Value* input = node.input(i);
      if (activations > 1 && terms_[Leader(input)].fixed) continue;
      if (activations > 1 && input->is_constant()) {
        Widen(node.output(), input);
        continue;
      }
      for (const ir::Value* output : node.outputs()) {
        if (output->type == DataType::kFloat32) Unite(input, output);
      }
    }
  }

  void Widen(const ir::Value* value, const ir::Value* by) {
    Terms& terms = terms_[Leader(value)];
    const ValueRange other = *RangeSeen(by);
    if (!terms.range) terms.range = other;
    terms.range = ValueRange{std::min(terms.range->min, other.min),
                             std::max(terms.range->max, other.max)};
  }

  Parameters ParametersOf(const ir::Value* value, DataType type) {
    const Terms& terms = terms_[Leader(value)];
    if (terms.fixed && terms.fixed->type == type) return *terms.fixed;
    return ParametersFor(terms.range.value_or(ValueRange{-1, 1}), type);
  }

  //------------------------------------------------------------- the rewriting

  void Rewrite(ir::Node* node, const QuantizeRule& rule, DataType type) {
    std::vector<Parameters> inputs;
    for (int i = 0; i < static_cast<int>(node->inputs().size()); ++i) {
      inputs.emplace_back();
      if (rule.RoleOf(i) != OperandRole::kActivation) continue;
      ir::Value* value = node->input(i);
      inputs.back() = rule.output == OutputScale::kShared
                          ? ParametersOf(node->output(), type)
                          : ParametersOf(value, type);
      node->SetInput(i, InTerms(value, inputs.back(), node));
    }
    if (type == DataType::kInt16) TakeAnyScale(*node);
    if (rule.is_lstm) {
      RewriteLstm(graph_, node, inputs[0], ParametersOf(node->output(), type),
                  calibration_, settings_.method);
      ++report_.weights;
    } else {
      RewriteWeights(node, rule, inputs, type);
    }
    if (rule.output == OutputScale::kNone) return;
    for (ir::Value* output : node->outputs()) {
      if (output->type != DataType::kFloat32) continue;
      const Parameters parameters = ParametersOf(output, type);
      native_[output] = parameters;
      rewritten_.push_back(output);
    }
  }

  // Scales that are no powers of two.
  static void TakeAnyScale(ir::Node& node) {
    if (node.op() == Op::kAdd)
      node.options.Edit<AddOptions>().pot_scale_int16 = false;
    if (node.op() == Op::kSub)
      node.options.Edit<SubOptions>().pot_scale_int16 = false;
  }

  // The value as the reader wants it.
  ir::Value* InTerms(ir::Value* value, const Parameters& wanted,
                     ir::Node* reader) {
    const auto native = native_.find(value);
    if (native != native_.end() && native->second == wanted) return value;
    const auto key = std::tuple(value, static_cast<int>(wanted.type),
                                wanted.scale, wanted.zero_point);
    if (const auto known = converted_.find(key); known != converted_.end())
      return known->second;
    ir::Value* converted =
        value->is_constant()
            ? StoreConstant(*value, wanted)
            : AddConversion(graph_, Op::kQuantize, value, wanted.type,
                            wanted.ToQuantization(),
                            value->name + "_" + std::string(Name(wanted.type)),
                            reader);
    converted_[key] = converted;
    return converted;
  }

  ir::Value* StoreConstant(const ir::Value& value, const Parameters& to) {
    ir::Value* stored =
        graph_.AddConstant(value.name, to.type, value.shape,
                           QuantizeValues(value.ToVector<float>(), to));
    stored->quantization = to.ToQuantization();
    return stored;
  }

  void RewriteWeights(ir::Node* node, const QuantizeRule& rule,
                      const std::vector<Parameters>& inputs, DataType type) {
    int weight = -1, bias = -1, activation = -1;
    for (int i = 0; i < static_cast<int>(node->inputs().size()); ++i) {
      const OperandRole role = rule.RoleOf(i);
      if (role == OperandRole::kWeight) weight = i;
      if (role == OperandRole::kBias && node->input(i) != nullptr) bias = i;
      if (role == OperandRole::kActivation) activation = i;
    }
    if (weight < 0) return;
    const float input_scale = inputs[static_cast<size_t>(activation)].scale;
    const ir::Value& w = *node->input(weight);
    const std::vector<float> values = w.ToVector<float>();
    std::vector<float> biases;
    if (bias >= 0) biases = node->input(bias)->ToVector<float>();
    const QuantizedWeights stored = QuantizeWeights(
        values, w.shape, rule.weight_axis, DataType::kInt8,
        LeastScales(values, w.shape, rule.weight_axis, biases, input_scale));
    // Where the bias stands, even if the operator has none yet.
    const int bias_place = bias >= 0 ? bias : BiasPlace(rule);
    if (settings_.bias_correction && bias_place >= 0)
      CorrectBias(*node, activation, weight, rule, values, stored, biases);
    // TensorFlow Lite up to 2.9 sums int16 in 32 bits where there is no bias.
    if (type == DataType::kInt16 && node->op() == Op::kFullyConnected &&
        biases.empty())
      biases.assign(static_cast<size_t>(w.shape[0]), 0.0f);
    node->SetInput(weight, AddWeights(w, stored, rule.weight_axis));
    if (!biases.empty())
      AddBias(node, bias_place, biases, stored.scale, input_scale, type);
    ++report_.weights;
  }

  static int BiasPlace(const QuantizeRule& rule) {
    const size_t at = rule.operands.find('b');
    return at == std::string_view::npos ? -1 : static_cast<int>(at);
  }

  // Biases must fit into 32 bits in steps of input scale * weight scale, and a
  // channel without weights must leave its bias some steps.
  static std::vector<float> LeastScales(const std::vector<float>& values,
                                        const Shape& shape, int axis,
                                        const std::vector<float>& biases,
                                        float input_scale) {
    if (biases.empty() || input_scale <= 0) return {};
    const Slices slices = SlicesOf(shape, axis);
    std::vector<float> least(slices.count, 0.0f), largest(slices.count, 0.0f);
    for (size_t i = 0; i < values.size(); ++i) {
      float& of_slice = largest[slices.Of(i)];
      of_slice = std::max(of_slice, std::abs(values[i]));
    }
    for (size_t i = 0; i < biases.size(); ++i) {
      const size_t s = slices.count == biases.size() ? i : 0;
      const float steps = largest[s] == 0.0f ? kBiasSteps : kMostBias;
      least[s] =
          std::max(least[s], std::abs(biases[i]) / (input_scale * steps));
    }
    return least;
  }

  // With weights W stored as W', the output errs by (W' - W) E[x] on average,
  // which the bias can take back. E[x] is one number a channel of the input.
  // Source: M. Nagel et al., "Data-Free Quantization Through Weight
  // Equalization and Bias Correction", ICCV 2019, section 4.2.
  void CorrectBias(const ir::Node& node, int activation, int weight,
                   const QuantizeRule& rule, const std::vector<float>& values,
                   const QuantizedWeights& stored, std::vector<float>& biases) {
    const ir::Value& w = *node.input(weight);
    const Statistics* s = StatisticsOf(node.input(activation));
    if (s == nullptr || s->channel_sums.empty() || s->channel_count == 0)
      return;
    const std::vector<float> as_stored =
        DequantizeWeights(stored, w.shape, rule.weight_axis, DataType::kInt8);
    const bool depthwise = node.op() == Op::kDepthwiseConv2D;
    const auto outputs =
        static_cast<size_t>(w.shape[depthwise ? w.shape.rank() - 1 : 0]);
    const size_t channels = s->channel_sums.size();
    const size_t per_output = outputs == 0 ? 0 : values.size() / outputs;
    std::vector<double> error(outputs);
    for (size_t i = 0; i < values.size(); ++i) {
      const size_t out = depthwise ? i % outputs : i / per_output;
      const size_t in =
          depthwise ? out * channels / outputs : i % per_output % channels;
      error[out] += static_cast<double>(as_stored[i] - values[i]) *
                    s->channel_sums[in] / static_cast<double>(s->channel_count);
    }
    if (biases.empty()) biases.assign(outputs, 0.0f);
    for (size_t o = 0; o < std::min(outputs, biases.size()); ++o)
      biases[o] -= static_cast<float>(error[o]);
  }

  // Of the float value that an operand was made from.
  const Statistics* StatisticsOf(const ir::Value* value) const {
    const ir::Value* source = value;
    if (value->producer() != nullptr &&
        value->producer()->op() == Op::kQuantize)
      source = value->producer()->input(0);
    return calibration_.Find(graph_, *source);
  }

  ir::Value* AddWeights(const ir::Value& from, const QuantizedWeights& stored,
                        int axis) {
    ir::Value* value =
        graph_.AddConstant(from.name, DataType::kInt8, from.shape, stored.data);
    value->quantization = Symmetric(stored.scale, axis);
    return value;
  }

  void AddBias(ir::Node* node, int place, const std::vector<float>& biases,
               const std::vector<float>& weight_scale, float input_scale,
               DataType type) {
    std::vector<float> scale;
    for (const float s : weight_scale) scale.push_back(s * input_scale);
    const DataType stored =
        type == DataType::kInt16 ? DataType::kInt64 : DataType::kInt32;
    const ir::Value* from = node->input(place);
    ir::Value* value = graph_.AddConstant(
        from != nullptr ? from->name : node->output()->name + "/bias", stored,
        Shape{static_cast<int32_t>(biases.size())},
        QuantizeBias(biases, scale, stored));
    value->quantization = Symmetric(scale, 0);
    node->SetInput(place, value);
  }

  // What is int8 now, and is read by operators that stay float or returned.
  void DequantizeForOthers() {
    for (ir::Value* value : rewritten_) {
      const Parameters& parameters = native_[value];
      std::vector<ir::Node*> others;
      for (ir::Node* user : value->users()) {
        if (!IsChosen(user) && user->op() != Op::kQuantize)
          others.push_back(user);
      }
      value->type = parameters.type;
      value->quantization = parameters.ToQuantization();
      if (others.empty() && !value->is_graph_output()) continue;
      ir::Value* dequantized =
          AddConversion(graph_, Op::kDequantize, value, DataType::kFloat32, {},
                        value->name + "_dequantized", FirstOf(others));
      for (ir::Node* user : others) {
        for (int i = 0; i < static_cast<int>(user->inputs().size()); ++i) {
          if (user->input(i) == value) user->SetInput(i, dequantized);
        }
      }
      const auto outputs = graph_.outputs();
      for (size_t i = 0; i < outputs.size(); ++i) {
        if (outputs[i] != value) continue;
        graph_.SetOutput(static_cast<int>(i), dequantized);
        value->name.swap(dequantized->name);
      }
    }
  }

  ir::Node* FirstOf(const std::vector<ir::Node*>& nodes) const {
    for (const auto& node : graph_.nodes()) {
      if (std::ranges::find(nodes, node.get()) != nodes.end())
        return node.get();
    }
    return nullptr;
  }

  ir::Graph& graph_;
  const Calibration& calibration_;
  const RangeByValue& known_;
  const QuantizeSettings& settings_;
  QuantizeReport& report_;
  std::unordered_map<const ir::Node*, Chosen> chosen_;
  std::unordered_map<const ir::Value*, const ir::Value*> leaders_;
  std::unordered_map<const ir::Value*, Terms> terms_;
  std::unordered_map<const ir::Value*, Parameters> native_;
  std::vector<ir::Value*> rewritten_;
  std::map<std::tuple<const ir::Value*, int, float, int64_t>, ir::Value*>
      converted_;
};

}  // namespace

Result<void> QuantizeActivations(ir::Graph& graph,
                                 const Calibration& calibration,
                                 const RangeByValue& known,
                                 const QuantizeSettings& settings,
                                 QuantizeReport& report) {
  return ActivationQuantizer(graph, calibration, known, settings, report).Run();
}

}  // namespace liteforge
