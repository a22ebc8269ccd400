// SPDX-License-Identifier: Apache-2.0
// Calls of functions, which Keras stores as layers:
//   Keras 3             class "Add", module "keras.src.ops.numpy"; arguments
//                       in the call and, of its constructor, in "config"
//   TFOpLambda          "function": "math.add"; arguments in the call
//   SlicingOpLambda     x[…]: "function": "__operators__.getitem"
//   TensorFlowOpLayer   "node_def": {"op": "AddV2", "input": […], "attr": …},
//                       "constants": {"1": value} for the operands that are no
//                       tensors
// Source: keras/src/ops/operation.py, tf_keras/layers/core/tf_op_layer.py,
// TensorFlow 2.3's python/keras/engine/base_layer.py.
#include <charconv>

#include "base/try.h"
#include "import/keras/all_layers.h"
#include "import/keras/function_call.h"

namespace liteforge {
namespace {

using nlohmann::json;

const KerasFunction* FindFunction(std::string_view name) {
  const size_t dot = name.rfind('.');
  if (dot != std::string_view::npos) name.remove_prefix(dot + 1);
  for (const auto table :
       {ImageFunctions(), MathFunctions(), ShapeFunctions()}) {
    for (const KerasFunction& function : table)
      if (HoldsWord(function.names, name)) return &function;
  }
  return nullptr;
}

LayerOutputs CallFunction(LayerContext& c, const std::string& name,
                          const CallArguments& arguments, bool in_config) {
  const KerasFunction* function = FindFunction(name);
  if (function == nullptr) {
    return Unsupported("the function '" + name +
                       "' cannot be imported; export the model as a "
                       "SavedModel: model.export(directory)");
  }
  auto outputs = function->build(FunctionCall(c, arguments, in_config));
  if (outputs) return outputs;
  outputs.error().message =
      "the function '" + name + "': " + outputs.error().message;
  return outputs;
}

const CallArguments& ArgumentsOf(const LayerContext& c) {
  static const CallArguments kNone;
  return c.arguments() == nullptr ? kNone : *c.arguments();
}

// Keras 3.
LayerOutputs BuildOperation(LayerContext& c) {
  return CallFunction(c, c.layer().class_name, ArgumentsOf(c),
                      /*in_config=*/true);
}

LayerOutputs BuildLambda(LayerContext& c) {
  TRY_ASSIGN(const std::string function, c.config.String("function"));
  return CallFunction(c, function, ArgumentsOf(c), /*in_config=*/false);
}

LayerOutputs BuildSlicing(LayerContext& c) {
  return CallFunction(c, "getitem", ArgumentsOf(c), /*in_config=*/false);
}

//--------------------------------------------------------- TensorFlowOpLayer

// 64-bit integers stand as text.
json Whole(const json& value) {
  if (!value.is_string()) return value;
  const std::string text = value;
  int64_t number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? json(number)
                                                                  : value;
}

// {"b": true}, {"i": "3"}, {"f": 0.5}, {"type": "DT_FLOAT"} and lists of them.
json AttributeValue(const json& value) {
  if (!value.is_object()) return nullptr;
  for (const char* kind : {"b", "f", "i", "type"}) {
    const auto found = value.find(kind);
    if (found != value.end()) return Whole(*found);
  }
  const auto list = value.find("list");
  if (list == value.end() || !list->is_object()) return nullptr;
  for (const char* kind : {"f", "i"}) {
    const auto found = list->find(kind);
    if (found == list->end() || !found->is_array()) continue;
    json numbers = json::array();
    for (const json& each : *found) numbers.push_back(Whole(each));
    return numbers;
  }
  return nullptr;
}

Result<json> NodeDefOf(const LayerConfig& config) {
  const json* stored = config.Find("node_def");
  if (stored == nullptr)
    return InvalidModel("its configuration has no node_def");
  if (!stored->is_string()) return *stored;
  return ParsePythonJson(stored->get<std::string>());
}

// The operands in their places: constants, and tensors between them.
Result<json> OperandsOf(const LayerContext& c, const json& node) {
  const auto inputs = node.find("input");
  const size_t count =
      inputs != node.end() && inputs->is_array() ? inputs->size() : 0;
  const json* constants = c.config.Find("constants");
  json operands = json::array();
  size_t tensor = 0;
  for (size_t place = 0; place < count; ++place) {
    const std::string key = std::to_string(place);
    if (constants != nullptr && constants->is_object() &&
        constants->contains(key)) {
      operands.push_back(Unwrapped((*constants)[key]));
      continue;
    }
    if (tensor == c.inputs.size())
      return InvalidModel("it is given too few tensors");
    operands.push_back({{"tensor", tensor++}});
  }
  return operands;
}

LayerOutputs BuildRawOperation(LayerContext& c) {
  TRY_ASSIGN(const json node, NodeDefOf(c.config));
  if (!node.is_object() || !node.contains("op") || !node["op"].is_string())
    return InvalidModel("its node_def names no operation");
  CallArguments arguments;
  TRY_ASSIGN(arguments.positional, OperandsOf(c, node));
  if (node.contains("attr") && node["attr"].is_object()) {
    for (const auto& [name, value] : node["attr"].items())
      arguments.named[name] = AttributeValue(value);
  }
  return CallFunction(c, node["op"], arguments, /*in_config=*/false);
}

}  // namespace

const KerasLayer kOperationLayer{"Operation", BuildOperation, nullptr,
                                 Masking::kDrops, "*"};
const KerasLayer kSlicingOpLambdaLayer{"SlicingOpLambda", BuildSlicing, nullptr,
                                       Masking::kDrops, "*"};
const KerasLayer kTensorFlowOpLayerLayer{"TensorFlowOpLayer", BuildRawOperation,
                                         nullptr, Masking::kDrops, "*"};
const KerasLayer kTfOpLambdaLayer{"TFOpLambda", BuildLambda, nullptr,
                                  Masking::kDrops, "*"};

}  // namespace liteforge
