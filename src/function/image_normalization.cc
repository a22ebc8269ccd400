// SPDX-License-Identifier: Apache-2.0
#include "function/image_normalization.h"

namespace liteforge {
namespace {

constexpr const char* kMean = "_image_mean";
constexpr const char* kStd = "_image_std";

tf::AttrValue ListOf(const std::vector<float>& values) {
  tf::AttrValue value;
  for (const float v : values) value.mutable_list()->add_f(v);
  return value;
}

std::vector<float> ValuesOf(const tf::NodeDef& node, const char* key) {
  const auto found = node.attr().find(key);
  if (found == node.attr().end()) return {};
  const auto& list = found->second.list().f();
  return {list.begin(), list.end()};
}

}  // namespace

void SetNormalization(ConcreteFunction& function,
                      const ImageNormalization& normalization) {
  for (tf::NodeDef& node : *function.graph.mutable_node()) {
    if (function.inputs.size() != 1 ||
        node.name() != ParseInput(function.inputs[0].tensor).node)
      continue;
    (*node.mutable_attr())[kMean] = ListOf(normalization.mean);
    (*node.mutable_attr())[kStd] = ListOf(normalization.std);
  }
}

std::optional<ImageNormalization> NormalizationOf(
    const ConcreteFunction& function) {
  if (function.inputs.size() != 1) return std::nullopt;
  for (const tf::NodeDef& node : function.graph.node()) {
    if (node.name() != ParseInput(function.inputs[0].tensor).node) continue;
    ImageNormalization found{ValuesOf(node, kMean), ValuesOf(node, kStd)};
    if (found.mean.empty() || found.mean.size() != found.std.size())
      return std::nullopt;
    return found;
  }
  return std::nullopt;
}

}  // namespace liteforge
