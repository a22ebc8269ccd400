// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "liteforge/inspect.h"

namespace liteforge {
namespace {

using Json = nlohmann::ordered_json;

// Unknown dimensions print as -1, as tf.lite does.
std::vector<int32_t> Dims(const Shape& shape) {
  return {shape.dims().begin(), shape.dims().end()};
}

Json ToJson(const TensorDetails& tensor) {
  Json json{{"name", tensor.name},
            {"index", tensor.index},
            {"dtype", std::string(Name(tensor.dtype))},
            {"shape", Dims(tensor.shape)},
            {"shape_signature", Dims(tensor.shape_signature)}};
  if (!tensor.quantization.empty()) {
    json["quantization"] = {{"scale", tensor.quantization.scale},
                            {"zero_point", tensor.quantization.zero_point},
                            {"axis", tensor.quantization.axis}};
  }
  return json;
}

Json ToJson(const std::vector<TensorDetails>& tensors) {
  Json json = Json::array();
  for (const TensorDetails& tensor : tensors) json.push_back(ToJson(tensor));
  return json;
}

Json ToJson(const std::vector<std::pair<std::string, int>>& names) {
  Json json = Json::object();
  for (const auto& [name, index] : names) json[name] = index;
  return json;
}

Json ToJson(const SubgraphDescription& subgraph) {
  Json json{{"name", subgraph.name},
            {"inputs", subgraph.inputs},
            {"outputs", subgraph.outputs},
            {"tensors", ToJson(subgraph.tensors)}};
  for (size_t i = 0; i < subgraph.tensors.size(); ++i) {
    if (subgraph.tensors[i].is_constant)
      json["tensors"][i]["bytes"] = subgraph.constant_bytes[i];
  }
  json["operators"] = Json::array();
  for (const OperatorUse& use : subgraph.operators) {
    json["operators"].push_back({{"name", use.name},
                                 {"version", use.version},
                                 {"inputs", use.inputs},
                                 {"outputs", use.outputs}});
  }
  return json;
}

std::string TensorLine(std::string_view role, const TensorDetails& tensor) {
  std::string line =
      fmt::format("  {:7} {}  {}", role, tensor.name,
                  Describe(tensor.dtype, tensor.shape_signature));
  const Quantization& q = tensor.quantization;
  if (q.scale.size() == 1) {
    line += fmt::format("  scale {:.9g}, zero_point {}", q.scale[0],
                        q.zero_point.empty() ? 0 : q.zero_point[0]);
  }
  return line + "\n";
}

std::string BorderLines(const ModelDescription& model) {
  std::string text;
  for (const auto& input : model.inputs) text += TensorLine("input", input);
  for (const auto& output : model.outputs) text += TensorLine("output", output);
  for (const auto& signature : model.signatures) {
    text += fmt::format("  signature {}:", signature.key);
    for (const auto& [name, index] : signature.inputs) text += " " + name;
    text += " ->";
    for (const auto& [name, index] : signature.outputs) text += " " + name;
    text += "\n";
  }
  return text;
}

// "127.5", "123.7, 116.8, 103.9"
std::string Numbers(const std::vector<float>& list) {
  return fmt::format("{:.6g}", fmt::join(list, ", "));
}

std::string MetadataLines(const ModelDescription& model) {
  std::string text;
  if (!model.image_mean.empty())
    text += fmt::format("  images  (x - {}) / {} of x in 0 to 255\n",
                        Numbers(model.image_mean), Numbers(model.image_std));
  if (model.labels.empty()) return text;
  constexpr size_t kShown = 5;
  const size_t shown = std::min(kShown, model.labels.size());
  return text + fmt::format("  labels  {}: {}{}\n", model.labels.size(),
                            fmt::join(model.labels.begin(),
                                      model.labels.begin() +
                                          static_cast<ptrdiff_t>(shown),
                                      ", "),
                            shown < model.labels.size() ? ", …" : "");
}

std::string LayerLines(const ModelDescription& model) {
  size_t name_width = 0, type_width = 0;
  for (const LayerDescription& layer : model.layers) {
    name_width = std::max(name_width, layer.name.size());
    type_width = std::max(type_width, layer.type.size());
  }
  std::string text;
  for (const LayerDescription& layer : model.layers) {
    text +=
        fmt::format("  {:{}}  {:{}}  {:>12}  {}{}\n", layer.name, name_width,
                    layer.type, type_width, layer.parameters, layer.output,
                    layer.converts ? "" : "  does not convert");
  }
  return text;
}

}  // namespace

std::string ToText(const ModelDescription& model) {
  std::string text = model.kind;
  if (!model.writer.empty()) text += " (" + model.writer + ")";
  text += fmt::format(", {} bytes", model.file_bytes);
  if (model.parameters > 0)
    text += fmt::format(", {} parameters", model.parameters);
  if (!model.min_runtime_version.empty())
    text += ", needs TensorFlow Lite " + model.min_runtime_version;
  text += "\n" + BorderLines(model) + MetadataLines(model);
  for (const OperatorDescription& row : model.operators) {
    text += fmt::format("  {:5} x {}", row.count, row.name);
    text += row.version > 0 ? fmt::format(" v{}\n", row.version) : "\n";
  }
  text += LayerLines(model);
  const bool tflite = !model.operator_sequence.empty();
  text += model.converts ? (tflite ? "runs" : "converts")
                         : (tflite ? "does not run: " : "does not convert: ") +
                               model.problem;
  return text;
}

std::string ToJson(const ModelDescription& model) {
  Json json{{"kind", model.kind},
            {"writer", model.writer},
            {"file_bytes", model.file_bytes},
            {"parameters", model.parameters},
            {"converts", model.converts},
            {"problem", model.problem},
            {"min_runtime_version", model.min_runtime_version},
            {"image_mean", model.image_mean},
            {"image_std", model.image_std},
            {"labels", model.labels},
            {"inputs", ToJson(model.inputs)},
            {"outputs", ToJson(model.outputs)}};
  json["signatures"] = Json::array();
  for (const SignatureDetails& signature : model.signatures) {
    json["signatures"].push_back({{"key", signature.key},
                                  {"inputs", ToJson(signature.inputs)},
                                  {"outputs", ToJson(signature.outputs)}});
  }
  json["operators"] = Json::array();
  for (const OperatorDescription& row : model.operators) {
    json["operators"].push_back(
        {{"name", row.name}, {"version", row.version}, {"count", row.count}});
  }
  json["operator_sequence"] = model.operator_sequence;
  json["subgraphs"] = Json::array();
  for (const SubgraphDescription& subgraph : model.subgraphs)
    json["subgraphs"].push_back(ToJson(subgraph));
  json["layers"] = Json::array();
  for (const LayerDescription& layer : model.layers) {
    json["layers"].push_back({{"name", layer.name},
                              {"type", layer.type},
                              {"output", layer.output},
                              {"parameters", layer.parameters},
                              {"converts", layer.converts}});
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace liteforge
