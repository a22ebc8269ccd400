// SPDX-License-Identifier: Apache-2.0
#include "function/detection_postprocess.h"

#include <fmt/format.h>

#include <map>
#include <set>

#include "function/op_helpers.h"
#include "function/ops.h"

namespace liteforge {

Detections DetectionPostProcess(Tensor encodings, Tensor scores, Tensor anchors,
                                const DetectionPostProcessAttributes& a) {
  if (!AllPresent({encodings, scores, anchors})) return {};
  const int32_t slots = a.max_detections * a.max_classes_per_detection;
  const FunctionBuilder::OutputType outputs[] = {
      {DataType::kFloat32, {1, slots, 4}},
      {DataType::kFloat32, {1, slots}},
      {DataType::kFloat32, {1, slots}},
      {DataType::kFloat32, {1}}};
  const Tensor inputs[] = {encodings, scores, anchors};
  const auto results = encodings.builder()->AddNode(
      kDetectionPostProcess, inputs,
      Attributes()
          .Int("max_detections", a.max_detections)
          .Int("max_classes_per_detection", a.max_classes_per_detection)
          .Bool("use_regular_nms", a.use_regular_nms)
          .Float("nms_score_threshold", a.score_threshold)
          .Float("nms_iou_threshold", a.iou_threshold)
          .Float("y_scale", a.y_scale)
          .Float("x_scale", a.x_scale)
          .Float("h_scale", a.h_scale)
          .Float("w_scale", a.w_scale)
          .Int("num_classes", a.num_classes),
      outputs);
  return {results[0], results[1], results[2], results[3]};
}

namespace {

using Nodes = std::map<std::string_view, const tf::NodeDef*>;

// Where a tensor comes from, through Identities.
InputReference Origin(const Nodes& nodes, std::string_view tensor) {
  InputReference at = ParseInput(tensor);
  for (size_t steps = 0; steps < nodes.size(); ++steps) {
    const auto node = nodes.find(at.node);
    if (node == nodes.end() || node->second->op() != "Identity" ||
        node->second->input_size() < 1)
      break;
    at = ParseInput(node->second->input(0));
  }
  return at;
}

}  // namespace

std::vector<int> DetectionOutputsOf(const ConcreteFunction& function) {
  if (function.outputs.size() != kDetectionOutputs) return {};
  Nodes nodes;
  for (const tf::NodeDef& node : function.graph.node())
    nodes[node.name()] = &node;
  std::vector<int> outputs;
  std::string_view first;
  for (const FunctionArgument& output : function.outputs) {
    const InputReference at = Origin(nodes, output.tensor);
    const auto node = nodes.find(at.node);
    if (node == nodes.end() || node->second->op() != kDetectionPostProcess ||
        at.output >= kDetectionOutputs || (!first.empty() && at.node != first))
      return {};
    first = node->first;
    outputs.push_back(at.output);
  }
  const std::set<int> distinct(outputs.begin(), outputs.end());
  return distinct.size() == kDetectionOutputs ? outputs : std::vector<int>();
}

void KeepDetectionOrder(ConcreteFunction& function) {
  const std::vector<int> order = DetectionOutputsOf(function);
  if (order.empty()) return;
  std::vector<FunctionArgument> ordered(order.size());
  for (size_t i = 0; i < order.size(); ++i)
    ordered[static_cast<size_t>(order[i])] = std::move(function.outputs[i]);
  function.outputs = std::move(ordered);
}

std::string ImplementsText(const tf::NodeDef& node) {
  std::string text = fmt::format("name: \"{}\"", node.op());
  for (const char* key :
       {"max_detections", "max_classes_per_detection", "use_regular_nms",
        "nms_score_threshold", "nms_iou_threshold", "y_scale", "x_scale",
        "h_scale", "w_scale", "num_classes", "detections_per_class"}) {
    const auto found = node.attr().find(key);
    if (found == node.attr().end()) continue;
    const tf::AttrValue& value = found->second;
    std::string written;
    if (value.value_case() == tf::AttrValue::kI)
      written = fmt::format("i: {}", value.i());
    if (value.value_case() == tf::AttrValue::kB)
      written = fmt::format("b: {}", value.b());
    if (value.value_case() == tf::AttrValue::kF)
      written = fmt::format("f: {:.9g}", value.f());
    text += fmt::format(" attr {{ key: \"{}\" value {{ {} }} }}", key, written);
  }
  return text;
}

}  // namespace liteforge
