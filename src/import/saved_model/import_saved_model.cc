// SPDX-License-Identifier: Apache-2.0
#include "import/saved_model/import_saved_model.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/try.h"
#include "formats/tensorflow/model_files.h"
#include "formats/tensorflow/tensor_proto.h"
#include "function/detection_postprocess.h"
#include "import/saved_model/flatten.h"
#include "import/saved_model/raise_control_flow.h"

namespace liteforge {
namespace {

namespace fs = std::filesystem;

// Signatures that load a model, and are none of its functions.
constexpr std::string_view kInitSignatures[] = {"__saved_model_init_op",
                                                "__saved_model_train_op"};
constexpr std::string_view kDefaultSignature = "serving_default";

Result<std::shared_ptr<tf::MetaGraphDef>> ChooseGraph(
    tf::SavedModel& model, const std::vector<std::string>& tags) {
  const std::vector<std::string> wanted =
      tags.empty() ? std::vector<std::string>{"serve"} : tags;
  std::vector<std::string> there;
  for (tf::MetaGraphDef& meta : *model.mutable_meta_graphs()) {
    const auto& own = meta.meta_info_def().tags();
    const bool fits =
        tags.empty() ? std::ranges::find(own, wanted[0]) != own.end()
                     : std::set<std::string>(own.begin(), own.end()) ==
                           std::set<std::string>(wanted.begin(), wanted.end());
    const bool only = tags.empty() && model.meta_graphs_size() == 1;
    if (fits || only)
      return std::make_shared<tf::MetaGraphDef>(std::move(meta));
    there.push_back(fmt::format("{}", fmt::join(own, ",")));
  }
  return InvalidArgument(
      fmt::format("has no graph with the tags '{}'; it has: {}",
                  fmt::join(wanted, ","), fmt::join(there, "; ")));
}

Result<std::string> TensorName(const tf::TensorInfo& info) {
  if (info.encoding_case() == tf::TensorInfo::kName) return info.name();
  return Unsupported(
      "it is a sparse or composite tensor, which TFLite has not; save the "
      "model with dense inputs and outputs");
}

Result<std::vector<FunctionArgument>> Arguments(
    const google::protobuf::Map<std::string, tf::TensorInfo>& infos) {
  std::vector<FunctionArgument> arguments;
  for (const auto& [key, info] : infos) {
    auto tensor = TensorName(info);
    if (!tensor) {
      return tl::unexpected(
          std::move(tensor.error()).In(fmt::format("'{}'", key)));
    }
    arguments.push_back({key, *std::move(tensor), FromTensorFlow(info.dtype()),
                         FromTensorFlow(info.tensor_shape())});
  }
  std::ranges::sort(arguments, {}, &FunctionArgument::name);
  return arguments;
}

Result<ConcreteFunction> ImportSignature(const FlattenSource& source,
                                         const std::string& key) {
  const tf::SignatureDef& signature =
      source.model.meta().signature_def().at(key);
  TRY_ASSIGN(const auto inputs, Arguments(signature.inputs()));
  TRY_ASSIGN(const auto outputs, Arguments(signature.outputs()));
  return Flattener(source).FlattenGraph(key, inputs, outputs);
}

std::vector<std::string> SignatureKeys(const tf::MetaGraphDef& meta) {
  std::vector<std::string> keys;
  for (const auto& [key, signature] : meta.signature_def()) {
    if (std::ranges::find(kInitSignatures, key) == std::end(kInitSignatures) &&
        signature.outputs_size() > 0)
      keys.push_back(key);
  }
  std::ranges::sort(keys, {}, [](const std::string& key) {
    return std::pair(key != kDefaultSignature, std::string_view(key));
  });
  return keys;
}

// What a concrete function of the object graph captured, as operands behind
// the caller's own.
std::vector<Operand> CapturedOf(const tf::MetaGraphDef& meta,
                                const tf::FunctionDef& function) {
  const auto& objects = meta.object_graph_def();
  const auto found =
      objects.concrete_functions().find(function.signature().name());
  if (found == objects.concrete_functions().end()) return {};
  const auto& bound = found->second.bound_inputs();
  const int own = function.signature().input_arg_size() - bound.size();
  std::vector<Operand> operands(static_cast<size_t>(std::max(0, own)));
  for (const int32_t id : bound) {
    Operand operand;
    if (id >= 0 && id < objects.nodes_size()) {
      const tf::SavedObject& object = objects.nodes(id);
      if (object.has_variable() || object.has_resource()) {
        operand.resource = std::make_shared<Resource>(
            Resource{nullptr, id,
                     object.has_variable() ? object.variable().name()
                                           : fmt::format("resource_{}", id),
                     object.has_resource()});
      }
    }
    operands.push_back(std::move(operand));
  }
  return operands;
}

Result<ConcreteFunction> ImportFunction(const FlattenSource& source,
                                        const std::string& name) {
  const GraphIndex& graph = source.model;
  const tf::FunctionDef* function = graph.FindFunction(name);
  if (function == nullptr) {
    std::vector<std::string> names;
    for (const auto& f : graph.meta().graph_def().library().function())
      names.push_back(f.signature().name());
    constexpr size_t kShown = 20;
    const size_t count = names.size();
    names.resize(std::min(count, kShown));
    return InvalidArgument(fmt::format("has no function '{}'; it has {}: {}",
                                       name, count, fmt::join(names, ", ")));
  }
  return Flattener(source).FlattenFunction(
      *function, CapturedOf(graph.meta(), *function), {});
}

Result<Variables> VariablesOf(const fs::path& directory,
                              const GraphIndex& graph) {
  const fs::path prefix = directory / "variables" / "variables";
  std::error_code ignored;
  if (!fs::exists(prefix.string() + ".index", ignored)) return Variables();
  TRY_ASSIGN(TensorBundle bundle, TensorBundle::Open(prefix));
  return Variables(graph, std::move(bundle));
}

Result<std::vector<std::string>> ChooseSignatures(const tf::MetaGraphDef& meta,
                                                  const std::string& wanted) {
  std::vector<std::string> keys = SignatureKeys(meta);
  if (keys.empty()) {
    return InvalidModel(
        "has no signatures; save it with some, or name a function of it with "
        "--function");
  }
  if (wanted.empty()) return keys;
  if (std::ranges::find(keys, wanted) != keys.end())
    return std::vector<std::string>{wanted};
  return InvalidArgument(fmt::format(
      "has no signature '{}'; it has: {}; name one with --signature", wanted,
      fmt::join(keys, ", ")));
}

// The first signature must do; others that cannot be expressed are left out.
Result<SavedModelFunctions> ImportSignatures(
    const FlattenSource& source, const std::vector<std::string>& keys) {
  SavedModelFunctions imported;
  for (const std::string& key : keys) {
    auto function = ImportSignature(source, key);
    if (function) {
      imported.functions.push_back(*std::move(function));
      continue;
    }
    Error error =
        std::move(function.error()).In(fmt::format("signature '{}'", key));
    if (imported.functions.empty() || error.code != ErrorCode::kUnsupported)
      return tl::unexpected(std::move(error));
    imported.left_out.push_back(std::move(error));
  }
  return imported;
}

Result<SavedModelFunctions> Import(const fs::path& directory,
                                   const SavedModelSelection& selection) {
  TRY_ASSIGN(tf::SavedModel model, ReadSavedModel(directory));
  TRY_ASSIGN(const auto meta, ChooseGraph(model, selection.tags));
  TRY(RaiseControlFlow(*meta->mutable_graph_def()));
  TRY_ASSIGN(const GraphIndex graph, GraphIndex::Of(meta));
  TRY_ASSIGN(const Variables variables, VariablesOf(directory, graph));
  const Tables tables(graph, directory / "assets");
  Effects effects(graph);
  std::set<Resource> assigned;
  const FlattenSource source{graph,   variables, tables, selection.custom_ops,
                             effects, assigned};
  std::vector<std::string> keys;
  if (selection.function.empty()) {
    TRY_ASSIGN(keys, ChooseSignatures(*meta, selection.signature));
  }
  // Once more where it turns out that a variable keeps what is assigned to it.
  for (;;) {
    const size_t known = assigned.size();
    SavedModelFunctions imported;
    if (keys.empty()) {
      TRY_ASSIGN(ConcreteFunction function,
                 ImportFunction(source, selection.function));
      imported.functions.push_back(std::move(function));
    } else {
      TRY_ASSIGN(imported, ImportSignatures(source, keys));
    }
    if (assigned.size() == known) return imported;
  }
}

//------------------------------------------------------------------ graphs

// Operators at the end of a graph that are no results.
bool IsNoResult(const tf::NodeDef& node) {
  static const std::set<std::string_view> kOps = {
      "Assert", "Assign",      "AssignVariableOp", "Const",
      "NoOp",   "Placeholder", "PrintV2",          "SaveV2"};
  return kOps.contains(node.op());
}

std::vector<std::string> Sinks(const tf::GraphDef& graph) {
  std::set<std::string_view> read;
  for (const tf::NodeDef& node : graph.node()) {
    for (const std::string& input : node.input())
      read.insert(ParseInput(input).node);
  }
  std::vector<std::string> sinks;
  for (const tf::NodeDef& node : graph.node()) {
    if (read.contains(node.name()) || IsNoResult(node)) continue;
    sinks.push_back(node.name());
    if (node.op() != kDetectionPostProcess) continue;
    for (int i = 1; i < kDetectionOutputs; ++i)
      sinks.push_back(fmt::format("{}:{}", node.name(), i));
  }
  return sinks;
}

std::vector<FunctionArgument> ArgumentsNamed(
    const std::vector<std::string>& tensors) {
  std::vector<FunctionArgument> arguments;
  for (const std::string& tensor : tensors) {
    arguments.push_back(
        {tensor, tensor, DataType::kNone, Shape::UnknownRank()});
  }
  return arguments;
}

// Placeholders that the outputs depend on, in the graph's order.
std::vector<std::string> Placeholders(const GraphIndex& graph,
                                      const std::vector<std::string>& outputs) {
  std::set<std::string_view> seen;
  std::vector<std::string_view> open;
  for (const std::string& output : outputs)
    open.push_back(ParseInput(output).node);
  while (!open.empty()) {
    const tf::NodeDef* node = graph.FindNode(open.back());
    open.pop_back();
    if (node == nullptr || !seen.insert(node->name()).second) continue;
    for (const std::string& input : node->input()) {
      const InputReference at = ParseInput(input);
      if (!at.control) open.push_back(at.node);
    }
  }
  std::vector<std::string> names;
  for (const tf::NodeDef& node : graph.meta().graph_def().node()) {
    if (node.op() == "Placeholder" && seen.contains(node.name()))
      names.push_back(node.name());
  }
  return names;
}

Result<ConcreteFunction> ImportGraphDef(tf::GraphDef graph_def,
                                        const GraphSelection& selection) {
  TRY(RaiseControlFlow(graph_def));
  auto meta = std::make_shared<tf::MetaGraphDef>();
  *meta->mutable_graph_def() = std::move(graph_def);
  TRY_ASSIGN(const GraphIndex graph, GraphIndex::Of(meta));
  std::vector<std::string> outputs = selection.outputs;
  if (outputs.empty()) outputs = Sinks(meta->graph_def());
  if (outputs.empty()) {
    return InvalidModel(
        "has no node that could be an output; name some with --outputs");
  }
  const std::vector<std::string> inputs = selection.inputs.empty()
                                              ? Placeholders(graph, outputs)
                                              : selection.inputs;
  const Variables none;
  const Tables tables(graph, {});
  Effects effects(graph);
  std::set<Resource> assigned;
  const std::set<std::string> no_custom_ops;
  return Flattener({graph, none, tables, no_custom_ops, effects, assigned})
      .FlattenGraph(std::string(kDefaultSignature), ArgumentsNamed(inputs),
                    ArgumentsNamed(outputs));
}

}  // namespace

Result<SavedModelFunctions> ImportSavedModel(
    const fs::path& directory, const SavedModelSelection& selection) {
  auto imported = Import(directory, selection);
  if (!imported) {
    Error error = std::move(imported.error());
    if (error.where.starts_with(directory.string()))
      return tl::unexpected(std::move(error));
    return tl::unexpected(std::move(error).In(directory.string()));
  }
  for (ConcreteFunction& function : imported->functions) {
    function.source = directory.string();
    KeepDetectionOrder(function);
  }
  return imported;
}

Result<SavedModelSummary> SummarizeSavedModel(const fs::path& directory) {
  TRY_ASSIGN(tf::SavedModel model, ReadSavedModel(directory));
  auto meta = ChooseGraph(model, {});
  if (!meta)
    return tl::unexpected(std::move(meta.error()).In(directory.string()));
  const auto& info = (*meta)->meta_info_def();
  return SavedModelSummary{info.tensorflow_version(),
                           {info.tags().begin(), info.tags().end()},
                           SignatureKeys(**meta)};
}

Result<ConcreteFunction> ImportGraph(const fs::path& path,
                                     const GraphSelection& selection) {
  TRY_ASSIGN(tf::GraphDef graph, ReadGraphDef(path));
  auto function = ImportGraphDef(std::move(graph), selection);
  if (!function)
    return tl::unexpected(std::move(function.error()).In(path.string()));
  function->source = path.string();
  return function;
}

}  // namespace liteforge
