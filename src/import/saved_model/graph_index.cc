// SPDX-License-Identifier: Apache-2.0
#include "import/saved_model/graph_index.h"

#include <fmt/format.h>

#include "base/try.h"
#include "function/output_names.h"

namespace liteforge {
namespace {

// How many tensors an output argument is.
int64_t Count(const tf::OpDef::ArgDef& argument, const tf::NodeDef& node) {
  if (!argument.number_attr().empty()) {
    const auto* attribute = FindAttribute(node, argument.number_attr().c_str());
    return attribute == nullptr ? 1 : attribute->i();
  }
  if (!argument.type_list_attr().empty()) {
    const auto* attribute =
        FindAttribute(node, argument.type_list_attr().c_str());
    return attribute == nullptr ? 1 : attribute->list().type_size();
  }
  return 1;
}

}  // namespace

const tf::AttrValue* FindAttribute(const tf::NodeDef& node, const char* name) {
  const auto found = node.attr().find(name);
  return found == node.attr().end() ? nullptr : &found->second;
}

Result<GraphIndex> GraphIndex::Of(
    std::shared_ptr<const tf::MetaGraphDef> meta) {
  GraphIndex graph;
  for (const tf::NodeDef& node : meta->graph_def().node()) {
    if (!graph.nodes_.emplace(node.name(), &node).second) {
      return InvalidModel(fmt::format(
          "two nodes are named '{}'; the graph is damaged", node.name()));
    }
  }
  graph.node_count_ = meta->graph_def().node_size();
  for (const auto& function : meta->graph_def().library().function()) {
    graph.node_count_ += function.node_def_size();
    const std::string& name = function.signature().name();
    if (!graph.functions_.emplace(name, &function).second) {
      return InvalidModel(fmt::format(
          "two functions are named '{}'; the graph is damaged", name));
    }
  }
  for (const tf::OpDef& op : meta->meta_info_def().stripped_op_list().op())
    graph.ops_.emplace(op.name(), &op);
  graph.meta_ = std::move(meta);
  return graph;
}

const tf::NodeDef* GraphIndex::FindNode(std::string_view name) const {
  const auto found = nodes_.find(name);
  return found == nodes_.end() ? nullptr : found->second;
}

const tf::FunctionDef* GraphIndex::FindFunction(std::string_view name) const {
  const auto found = functions_.find(name);
  return found == functions_.end() ? nullptr : found->second;
}

Result<int> GraphIndex::OutputIndex(const tf::NodeDef& node,
                                    std::string_view argument,
                                    int offset) const {
  const tf::OpDef* op = nullptr;
  if (const tf::FunctionDef* function = FindFunction(node.op())) {
    op = &function->signature();
  } else if (const auto found = ops_.find(node.op()); found != ops_.end()) {
    op = found->second;
  }
  if (op != nullptr && op->output_arg_size() > 0) {
    int64_t index = 0;
    for (const auto& output : op->output_arg()) {
      if (output.name() == argument && index + offset <= INT32_MAX)
        return static_cast<int>(index + offset);
      index += std::max<int64_t>(0, Count(output, node));
    }
    return InvalidModel(fmt::format("node '{}' ({}) has no output '{}'",
                                    node.name(), node.op(), argument));
  }
  return OutputIndexOf(node.op(), argument, offset);
}

}  // namespace liteforge
