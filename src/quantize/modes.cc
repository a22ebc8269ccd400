// SPDX-License-Identifier: Apache-2.0
#include "quantize/modes.h"

#include <algorithm>

namespace liteforge {
namespace {

bool FitsName(std::string_view pattern, std::string_view name) {
  if (pattern.ends_with('*'))
    return name.starts_with(pattern.substr(0, pattern.size() - 1));
  return name == pattern || (name.starts_with(pattern) &&
                             name.substr(pattern.size()).starts_with('/'));
}

}  // namespace

std::string_view Name(QuantizeMode mode) {
  switch (mode) {
    case QuantizeMode::kFloat:
      return "float32";
    case QuantizeMode::kDynamic:
      return "int8 weights, float32 activations";
    case QuantizeMode::kFloat16:
      return "float16 weights, float32 activations";
    case QuantizeMode::kInt4:
      return "int4 and int8 weights, float32 activations";
    case QuantizeMode::kInt8:
      return "int8 weights and activations";
    case QuantizeMode::kInt16x8:
      return "int8 weights, int16 activations";
  }
  return "";
}

bool FitsLayer(std::string_view pattern, const ir::Node& node) {
  return FitsName(pattern, node.source) ||
         std::ranges::any_of(node.outputs(), [&](const ir::Value* output) {
           return FitsName(pattern, output->name);
         });
}

QuantizeMode ModeOf(const ir::Node& node, const QuantizeSettings& settings) {
  for (const auto& [pattern, mode] : settings.layers) {
    if (FitsLayer(pattern, node)) return mode;
  }
  return settings.mode;
}

Result<void> CheckLayers(const ir::Module& module,
                         const QuantizeSettings& settings) {
  std::string unknown;
  for (const auto& entry : settings.layers) {
    const bool fits =
        std::ranges::any_of(module.graphs, [&](const auto& graph) {
          return std::ranges::any_of(graph->nodes(), [&](const auto& node) {
            return FitsLayer(entry.first, *node);
          });
        });
    if (!fits) unknown += (unknown.empty() ? "'" : ", '") + entry.first + "'";
  }
  if (unknown.empty()) return {};
  return InvalidArgument("has no layer " + unknown +
                         "; inspect lists its operators by name");
}

}  // namespace liteforge
