// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>

#include "base/try.h"
#include "convert/compile.h"
#include "convert/inspect_sources.h"
#include "import/saved_model/import_saved_model.h"
#include "import/saved_model/narrow_types.h"

namespace liteforge {
namespace {

std::vector<TensorDetails> DetailsOfArguments(
    const std::vector<FunctionArgument>& arguments) {
  std::vector<TensorDetails> details;
  for (const FunctionArgument& argument : arguments) {
    details.push_back({argument.name,
                       static_cast<int>(details.size()),
                       argument.shape,
                       argument.shape,
                       argument.type,
                       {}});
  }
  return details;
}

void CountNodes(const ConcreteFunction& function,
                std::map<std::string, int>& counts) {
  for (const tf::NodeDef& node : function.graph.node()) {
    if (node.op() != "Const" && node.op() != "Placeholder") ++counts[node.op()];
  }
  for (const auto& [name, called] : function.functions)
    CountNodes(*called, counts);
}

// What the function is made of, and whether it compiles.
void DescribeFunction(ConcreteFunction function, ModelDescription& model) {
  model.inputs = DetailsOfArguments(function.inputs);
  model.outputs = DetailsOfArguments(function.outputs);
  std::map<std::string, int> counts;
  CountNodes(function, counts);
  for (const auto& [name, count] : counts)
    model.operators.push_back({name, 0, count});
  for (const tf::NodeDef& node : function.graph.node()) {
    const auto value = node.attr().find("value");
    if (node.op() != "Const" || value == node.attr().end()) continue;
    const Shape shape = FromTensorFlow(value->second.tensor().tensor_shape());
    if (shape.IsStatic()) model.parameters += shape.elements();
  }
  std::vector<std::string> notices;
  const auto narrowed = NarrowTypes(function, notices);
  const auto compiled = Compile(function);
  model.converts = narrowed.has_value() && compiled.has_value();
  if (!narrowed) model.problem = narrowed.error().ToString();
  if (!compiled) model.problem = compiled.error().ToString();
}

}  // namespace

Result<void> DescribeSavedModel(const std::filesystem::path& path,
                                ModelDescription& model) {
  TRY_ASSIGN(const SavedModelSummary summary, SummarizeSavedModel(path));
  model.writer = fmt::format(
      "TensorFlow {}, tags {}, signatures {}", summary.tensorflow_version,
      fmt::join(summary.tags, ","), fmt::join(summary.signatures, ", "));
  auto imported = ImportSavedModel(path, {});
  if (!imported) {
    model.problem = imported.error().ToString();
    return {};
  }
  DescribeFunction(std::move(imported->functions[0]), model);
  return {};
}

Result<void> DescribeGraph(const std::filesystem::path& path,
                           ModelDescription& model) {
  auto function = ImportGraph(path, {});
  if (!function) {
    model.problem = function.error().ToString();
    return {};
  }
  DescribeFunction(*std::move(function), model);
  return {};
}

}  // namespace liteforge
