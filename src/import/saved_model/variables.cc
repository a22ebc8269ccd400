// SPDX-License-Identifier: Apache-2.0
#include "import/saved_model/variables.h"

#include <fmt/format.h>

#include <set>

#include "base/try.h"
#include "formats/tensorflow/tensor_proto.h"
#include "function/concrete_function.h"
#include "import/saved_model/slice_spec.h"

namespace liteforge {
namespace {

constexpr std::string_view kObjectGraphKey = "_CHECKPOINTABLE_OBJECT_GRAPH";
constexpr std::string_view kVariableValue = "VARIABLE_VALUE";
// Identities between a restored tensor and its variable; more is a loop.
constexpr int kMaxVariableIdentities = 8;

bool Assigns(const tf::NodeDef& node) {
  return (node.op() == "Assign" || node.op() == "AssignVariableOp") &&
         node.input_size() >= 2;
}

// "node", "node:1", "node:output:1" -> "node" and the last number.
InputReference ParseReference(std::string_view text) {
  InputReference reference = ParseInput(text);
  const size_t colon = reference.node.find(':');
  if (colon != std::string_view::npos)
    reference.node = reference.node.substr(0, colon);
  return reference;
}

// Nodes of a graph or of a function body by name.
using NodesByName = std::unordered_map<std::string_view, const tf::NodeDef*>;

const tf::NodeDef* FindNode(const NodesByName& nodes, std::string_view name) {
  const auto found = nodes.find(name);
  return found == nodes.end() ? nullptr : found->second;
}

// Follows Identity to where a value comes from.
InputReference TraceVariable(const NodesByName& nodes, std::string_view input) {
  InputReference at = ParseReference(input);
  for (int i = 0; i < kMaxVariableIdentities; ++i) {
    const tf::NodeDef* node = FindNode(nodes, at.node);
    if (node == nullptr || node->op() != "Identity" || node->input_size() == 0)
      break;
    at = ParseReference(node->input(0));
  }
  return at;
}

std::string StringAt(const NodesByName& nodes, const std::string& input,
                     int index) {
  const tf::NodeDef* node = FindNode(nodes, ParseReference(input).node);
  if (node == nullptr) return "";
  const tf::AttrValue* value = FindAttribute(*node, "value");
  if (value == nullptr || !value->has_tensor()) return "";
  const auto strings = DecodeStrings(value->tensor());
  if (!strings || index < 0 || static_cast<size_t>(index) >= strings->size())
    return "";
  return (*strings)[static_cast<size_t>(index)];
}

}  // namespace

Variables::Variables(const GraphIndex& graph, TensorBundle bundle)
    : bundle_(std::move(bundle)) {
  ScanAssignments(graph);
  ScanRestoreFunction(graph);
  ScanObjects(graph);
}

//------------------------------------------------------- the saver's nodes

void Variables::ScanAssignments(const GraphIndex& graph) {
  NodesByName nodes;
  for (const tf::NodeDef& node : graph.meta().graph_def().node())
    nodes[node.name()] = &node;
  for (const tf::NodeDef& node : graph.meta().graph_def().node()) {
    if (!Assigns(node)) continue;
    const InputReference value = TraceVariable(nodes, node.input(1));
    const tf::NodeDef* restore = FindNode(nodes, value.node);
    if (restore == nullptr || restore->op() != "RestoreV2" ||
        restore->input_size() < 3)
      continue;
    const std::string key = StringAt(nodes, restore->input(1), value.output);
    if (key.empty()) continue;
    by_node_[std::string(TraceVariable(nodes, node.input(0)).node)] = {
        key, StringAt(nodes, restore->input(2), value.output)};
  }
}

void Variables::ScanRestoreFunction(const GraphIndex& graph) {
  const std::string& name = graph.meta().saver_def().restore_op_name();
  const tf::NodeDef* call = graph.FindNode(ParseReference(name).node);
  if (call == nullptr) return;
  const tf::AttrValue* called = FindAttribute(*call, "f");
  if (called == nullptr) return;
  const tf::FunctionDef* function = graph.FindFunction(called->func().name());
  if (function == nullptr) return;
  NodesByName nodes;
  for (const tf::NodeDef& node : function->node_def())
    nodes[node.name()] = &node;
  std::map<std::string_view, int> arguments;
  for (int i = 0; i < function->signature().input_arg_size(); ++i)
    arguments[function->signature().input_arg(i).name()] = i;
  for (const tf::NodeDef& node : function->node_def()) {
    if (!Assigns(node)) continue;
    const InputReference value = TraceVariable(nodes, node.input(1));
    const tf::NodeDef* restore = FindNode(nodes, value.node);
    const auto argument =
        arguments.find(TraceVariable(nodes, node.input(0)).node);
    if (restore == nullptr || restore->op() != "RestoreV2" ||
        restore->input_size() < 3 || argument == arguments.end() ||
        argument->second >= call->input_size())
      continue;
    const std::string key = StringAt(nodes, restore->input(1), value.output);
    if (key.empty()) continue;
    const std::string variable(
        ParseReference(call->input(argument->second)).node);
    by_node_[variable] = {key,
                          StringAt(nodes, restore->input(2), value.output)};
  }
}

//--------------------------------------------------------- the object graph

// The SavedModel's objects and the checkpoint's are numbered on their own;
// both are walked from the root along edges of the same names.
void Variables::ScanObjects(const GraphIndex& graph) {
  const tf::SavedObjectGraph& objects = graph.meta().object_graph_def();
  if (objects.nodes_size() == 0 || !bundle_->Contains(kObjectGraphKey)) return;
  const auto stored = bundle_->ReadStrings(kObjectGraphKey);
  tf::TrackableObjectGraph checkpoint;
  if (!stored || stored->size() != 1 ||
      !checkpoint.ParseFromString((*stored)[0]) || checkpoint.nodes_size() == 0)
    return;
  std::set<int> seen = {0};
  std::vector<std::pair<int, int>> stack = {{0, 0}};
  while (!stack.empty()) {
    const auto [object_id, stored_id] = stack.back();
    stack.pop_back();
    const tf::SavedObject& object = objects.nodes(object_id);
    const auto& node = checkpoint.nodes(stored_id);
    for (const auto& attribute : node.attributes()) {
      if (!object.has_variable() || attribute.name() != kVariableValue)
        continue;
      by_object_[object_id] = attribute.checkpoint_key();
      by_variable_name_.emplace(object.variable().name(),
                                attribute.checkpoint_key());
    }
    std::map<std::string_view, int> children;
    for (const auto& child : node.children())
      children[child.local_name()] = child.node_id();
    for (const auto& child : object.children()) {
      const auto found = children.find(child.local_name());
      if (found == children.end() || child.node_id() < 0 ||
          child.node_id() >= objects.nodes_size() || found->second < 0 ||
          found->second >= checkpoint.nodes_size() ||
          !seen.insert(child.node_id()).second)
        continue;
      stack.emplace_back(child.node_id(), found->second);
    }
  }
}

//------------------------------------------------------------------ values

std::optional<Variables::Source> Variables::SourceOf(
    const tf::NodeDef& variable) const {
  if (const auto found = by_node_.find(variable.name());
      found != by_node_.end())
    return found->second;
  const tf::AttrValue* shared = FindAttribute(variable, "shared_name");
  const std::string& name =
      shared == nullptr || shared->s().empty() ? variable.name() : shared->s();
  if (const auto found = by_variable_name_.find(name);
      found != by_variable_name_.end())
    return Source{found->second, ""};
  if (bundle_->Contains(name)) return Source{name, ""};
  return std::nullopt;
}

Result<StoredTensor> Variables::ValueOf(const tf::NodeDef& variable) const {
  const std::string place = fmt::format("variable '{}'", variable.name());
  if (!bundle_) {
    return tl::unexpected(
        Error{ErrorCode::kInvalidModel,
              "has no value: there is no checkpoint with the graph; freeze the "
              "graph or give the whole SavedModel directory",
              place});
  }
  const auto source = SourceOf(variable);
  if (!source) {
    return tl::unexpected(
        Error{ErrorCode::kInvalidModel,
              "is not in the checkpoint; the SavedModel is incomplete", place});
  }
  auto tensor = bundle_->Read(source->key);
  if (tensor && !source->slice.empty())
    tensor = TakeSlice(*std::move(tensor), source->slice);
  if (!tensor) return tl::unexpected(std::move(tensor.error()).In(place));
  return tensor;
}

Result<StoredTensor> Variables::ValueOfObject(int node_id) const {
  const auto found = by_object_.find(node_id);
  if (!bundle_ || found == by_object_.end()) {
    return InvalidModel(fmt::format(
        "object {} of the SavedModel is not in its checkpoint", node_id));
  }
  return bundle_->Read(found->second);
}

}  // namespace liteforge
