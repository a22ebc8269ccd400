// SPDX-License-Identifier: Apache-2.0
// A configuration is one of
//   Sequential  [layer…]  or  {"layers": [layer…], "build_input_shape": shape}
//   functional  {"layers": [layer…], "input_layers": refs,
//                "output_layers": refs}
//   layer       {"class_name": …, "name": …, "config": …, "inbound_nodes": …}
//   ref         ["name", call, tensor] or, with arguments, ["name", call,
//               tensor, {…}]; refs are one, a list, or a list in a list
// inbound_nodes has one entry per call: refs, or in Keras 3
//   {"args": […], "kwargs": {…}} with {"class_name": "__keras_tensor__",
//   "config": {"keras_history": ref}} for each tensor.
// Source: keras/src/models/functional.py, tf_keras/engine/functional.py.
#include "import/keras/model_graph.h"

#include <algorithm>
#include <set>

#include "base/try.h"
#include "import/keras/layer_config.h"

namespace liteforge {
namespace {

using nlohmann::json;

constexpr int kMaxNesting = 32;

// A reference before names are looked up.
struct RawReference {
  std::string layer;
  int64_t call = 0;
  int64_t tensor = 0;
};

struct RawCall {
  std::vector<RawReference> inputs;
  size_t positional = 0;
  CallArguments arguments;
};

// value[key], or null.
const json& Member(const json& value, std::string_view key) {
  static const json kNull;
  if (!value.is_object()) return kNull;
  const auto found = value.find(key);
  return found == value.end() ? kNull : *found;
}

std::string Text(const json& value) {
  return value.is_string() ? value.get<std::string>() : "";
}

//----------------------------------------------------------------- references

bool IsReference(const json& value) {
  return value.is_array() && value.size() >= 3 && value[0].is_string() &&
         value[0] != "_CONSTANT_VALUE" && value[1].is_number_integer() &&
         value[2].is_number_integer();
}

json AddReference(const json& value, RawCall& call) {
  call.inputs.push_back({value[0].get<std::string>(), value[1].get<int64_t>(),
                         value[2].get<int64_t>()});
  return {{"tensor", call.inputs.size() - 1}};
}

// Every reference in a structure of lists and dictionaries, in order.
// ParsePythonJson bounds the depth.
void CollectReferences(const json& value, RawCall& call) {
  if (IsReference(value)) {
    AddReference(value, call);
  } else if (value.is_structured()) {
    for (const json& part : value) CollectReferences(part, call);
  }
}

// The value of an argument, with its tensors taken out of it.
json Argument(const json& wrapped, RawCall& call) {
  const json& value = Unwrapped(wrapped);
  if (IsReference(value)) return AddReference(value, call);
  if (Member(value, "class_name") == "__keras_tensor__") {
    const json& history = Member(Member(value, "config"), "keras_history");
    return IsReference(history) ? AddReference(history, call) : json();
  }
  if (!value.is_structured()) return value;
  json taken = value.is_array() ? json::array() : json::object();
  for (const auto& [key, part] : value.items()) {
    if (value.is_array()) {
      taken.push_back(Argument(part, call));
    } else {
      taken[key] = Argument(part, call);
    }
  }
  return taken;
}

// Those that matter at inference.
json NamedArguments(const json& arguments, RawCall& call) {
  json named = json::object();
  if (!arguments.is_object()) return named;
  for (const auto& [name, value] : arguments.items()) {
    if (name != "training" && !value.is_null())
      named[name] = Argument(value, call);
  }
  return named;
}

// ["name", call, tensor, {…}], or a constant in a tensor's place:
// ["_CONSTANT_VALUE", -1, value, {…}].
bool IsEntry(const json& value) {
  return IsReference(value) || (value.is_array() && value.size() >= 3 &&
                                value[0] == "_CONSTANT_VALUE");
}

void CollectEntries(const json& value, std::vector<const json*>& entries) {
  if (IsEntry(value)) {
    entries.push_back(&value);
  } else if (value.is_structured()) {
    for (const json& part : value) CollectEntries(part, entries);
  }
}

// Keras 1 and 2: the entries are the first argument, one or a list; the others
// stand by name in each of them.
RawCall ReadEntries(const json& node) {
  RawCall call;
  std::vector<const json*> entries;
  CollectEntries(node, entries);
  json first = json::array();
  for (const json* entry : entries) {
    const bool constant = (*entry)[0] == "_CONSTANT_VALUE";
    first.push_back(constant ? Unwrapped((*entry)[2])
                             : AddReference(*entry, call));
  }
  call.positional = call.inputs.size();
  call.arguments.positional.push_back(first.size() == 1 ? first[0] : first);
  if (!entries.empty() && entries[0]->size() > 3)
    call.arguments.named = NamedArguments((*entries[0])[3], call);
  return call;
}

RawCall ReadCall(const json& node) {
  if (!node.is_object() || !node.contains("args")) return ReadEntries(node);
  RawCall call;
  const json positional = Argument(node["args"], call);
  if (positional.is_array()) call.arguments.positional = positional;
  call.positional = call.inputs.size();
  call.arguments.named = NamedArguments(Member(node, "kwargs"), call);
  return call;
}

//--------------------------------------------------------------------- layers

bool IsKerasModule(std::string_view module) {
  return module.empty() || module.starts_with("keras") ||
         module.starts_with("tf_keras") || module.starts_with("tensorflow");
}

// The class under which the layer is looked up; "" for classes that are not
// Keras' own, whatever they are called.
std::string KerasClass(const json& layer, const std::string& class_name) {
  const std::string module = Text(Member(layer, "module"));
  if (module.starts_with("keras.src.ops") || module.starts_with("keras.ops"))
    return "Operation";
  const std::string registered = Text(Member(layer, "registered_name"));
  const bool foreign = registered.find('>') != std::string::npos &&
                       !registered.starts_with("keras");
  if (foreign || !IsKerasModule(module)) return "";
  const size_t mark = class_name.rfind('>');
  if (mark == std::string::npos) return class_name;
  return class_name.starts_with("keras") ? class_name.substr(mark + 1) : "";
}

bool IsModelConfig(const json& config) {
  return config.is_object() && config.contains("layers") &&
         config.contains("input_layers") && config.contains("output_layers");
}

bool IsModel(const std::string& keras_class, const json& config) {
  return keras_class == "Model" || keras_class == "Functional" ||
         keras_class == "Sequential" || IsModelConfig(config);
}

// A data type's name, or a policy with a name in it. Weights and arithmetic
// are float32 whatever kind of float the model was trained in.
DataType InputType(const LayerConfig& config) {
  const json* value = config.Find("dtype");
  if (config.Has("input_dtype")) value = config.Find("input_dtype");
  if (value == nullptr) return DataType::kFloat32;
  const std::string name = value->is_object()
                               ? Text(Member(Member(*value, "config"), "name"))
                               : Text(*value);
  switch (const DataType type = DataTypeFromName(name)) {
    case DataType::kNone:
    case DataType::kFloat16:
    case DataType::kFloat64:
    case DataType::kBFloat16:
      return DataType::kFloat32;
    default:
      return type;
  }
}

// The shape a first layer or an InputLayer states, batch included; unknown
// rank when it states none.
Result<Shape> StatedShape(const LayerConfig& config) {
  for (const char* key : {"batch_shape", "batch_input_shape"}) {
    if (const json* value = config.Find(key)) return ShapeFromJson(*value);
  }
  json inner;
  if (const json* value = config.Find("input_shape")) inner = *value;
  if (const json* value = config.Find("input_dim"); value && inner.is_null()) {
    inner = json::array({*value});
  }
  if (!inner.is_array()) return Shape::UnknownRank();
  inner.insert(inner.begin(), nullptr);
  return ShapeFromJson(inner);
}

class GraphReader {
 public:
  GraphReader(int generation, std::string path, int depth)
      : generation_(generation), path_(std::move(path)), depth_(depth) {}

  // `model`: {"class_name": …, "config": …}
  Result<ModelGraph> Read(const json& model);

 private:
  Result<void> ReadLayer(const json& layer);
  Result<void> ReadLayers(const json& layers);
  Result<void> ReadModel(ModelLayer& layer, const json& json_layer);
  Result<void> ReadSequential(const json& model, const json& config);
  Result<Shape> FirstShape(const json& model, const json& config) const;
  void InsertInput(const Shape& shape);
  void Chain();
  Result<void> ReadFunctional(const json& config);
  Result<void> IndexNames();
  std::vector<std::vector<RawCall>> ReadCalls(const json& layers);
  Result<void> ResolveAll(const RawCall& raw, const std::string& place,
                          std::vector<TensorReference>& out) const;
  Result<void> Connect(const json& config);
  Result<TensorReference> Resolve(const RawReference& raw) const;
  void ShiftModelCalls(std::vector<std::vector<RawCall>>& calls,
                       RawCall& outputs) const;
  Result<void> FindOrder();

  int generation_;
  std::string path_;  // "" or "outer/"
  int depth_;
  ModelGraph graph_;
  std::map<std::string, int, std::less<>> index_;
};

Result<ModelGraph> GraphReader::Read(const json& model) {
  if (depth_ > kMaxNesting) {
    return InvalidModel("models are nested more than " +
                        std::to_string(kMaxNesting) + " deep");
  }
  const json& config = Member(model, "config");
  const std::string class_name = Text(Member(model, "class_name"));
  if (config.is_array() || !IsModelConfig(config)) {
    if (KerasClass(model, class_name) != "Sequential") {
      return Unsupported(
          "a model of class '" + class_name +
          "' stores no list of layers and connections; export it as a "
          "SavedModel: model.export(directory)");
    }
    TRY(ReadSequential(model, config));
  } else {
    TRY(ReadFunctional(config));
  }
  TRY(FindOrder());
  return std::move(graph_);
}

Result<void> GraphReader::ReadLayers(const json& layers) {
  if (!layers.is_array() || layers.empty()) {
    return InvalidModel("the model has no layers");
  }
  for (const json& layer : layers) TRY(ReadLayer(layer));
  return {};
}

Result<void> GraphReader::ReadLayer(const json& json_layer) {
  const std::string class_name = Text(Member(json_layer, "class_name"));
  if (class_name.empty()) {
    return InvalidModel("an entry of 'layers' has no class_name");
  }
  const json& config = Member(json_layer, "config");
  ModelLayer layer;
  LayerInstance& instance = layer.instance;
  instance.class_name = class_name;
  instance.config = config.is_object() ? &config : &EmptyObject();
  instance.name = Text(Member(json_layer, "name"));
  if (instance.name.empty()) instance.name = Text(Member(config, "name"));
  if (instance.name.empty()) {
    instance.name = "layer_" + std::to_string(graph_.layers.size());
  }
  instance.path = path_ + instance.name;
  instance.trainable = Member(config, "trainable") != false;
  const std::string keras_class = KerasClass(json_layer, class_name);
  const json& inner = Member(config, "layer");
  layer.per_step = keras_class == "TimeDistributed" &&
                   IsModel(KerasClass(inner, Text(Member(inner, "class_name"))),
                           Member(inner, "config"));
  if (layer.per_step) {
    TRY(ReadModel(layer, inner));
  } else if (IsModel(keras_class, config)) {
    TRY(ReadModel(layer, json_layer));
  } else if (keras_class == "InputLayer") {
    layer.kind = ModelLayer::Kind::kInput;
    const LayerConfig view(*instance.config, generation_);
    layer.type = InputType(view);
    auto shape = StatedShape(view);
    TRY_IN(Describe(instance), shape);
    layer.shape = *shape;
  } else {
    instance.kind = FindKerasLayer(keras_class);
  }
  graph_.layers.push_back(std::move(layer));
  return {};
}

Result<void> GraphReader::ReadModel(ModelLayer& layer, const json& json_layer) {
  layer.kind = ModelLayer::Kind::kModel;
  GraphReader inner(generation_, layer.instance.path + "/", depth_ + 1);
  auto model = inner.Read(json_layer);
  if (!model) {
    const bool placed = !model.error().where.empty();
    if (placed) return tl::unexpected(std::move(model).error());
    return tl::unexpected(
        std::move(model.error()).In(Describe(layer.instance)));
  }
  layer.model = std::make_unique<ModelGraph>(*std::move(model));
  return {};
}

//----------------------------------------------------------------- Sequential

// From the first layer, or from what build() was called with.
Result<Shape> GraphReader::FirstShape(const json& model,
                                      const json& config) const {
  const ModelLayer& first = graph_.layers.front();
  if (first.kind == ModelLayer::Kind::kModel && !first.per_step) {
    const ModelGraph& inner = *first.model;
    if (inner.inputs.size() != 1) {
      return InvalidModel("a Sequential model starts with a model of " +
                          std::to_string(inner.inputs.size()) + " inputs");
    }
    const auto at = static_cast<size_t>(inner.inputs[0].layer);
    return inner.layers[at].shape;
  }
  TRY_ASSIGN(const Shape stated,
             StatedShape(LayerConfig(*first.instance.config, generation_)));
  if (stated.has_rank()) return stated;
  const json& built = Member(config, "build_input_shape");
  if (built.is_array()) return ShapeFromJson(built);
  const json& built3 = Member(Member(model, "build_config"), "input_shape");
  if (Unwrapped(built3).is_array()) return ShapeFromJson(built3);
  return Shape::UnknownRank();
}

// Keras names the input it makes after the first layer.
void GraphReader::InsertInput(const Shape& shape) {
  const LayerInstance& first = graph_.layers.front().instance;
  ModelLayer input;
  input.kind = ModelLayer::Kind::kInput;
  input.instance.name = first.name + "_input";
  input.instance.path = path_ + input.instance.name;
  input.instance.class_name = "InputLayer";
  input.instance.config = &EmptyObject();
  input.shape = shape;
  input.type = InputType(LayerConfig(*first.config, generation_));
  graph_.layers.insert(graph_.layers.begin(), std::move(input));
}

void GraphReader::Chain() {
  graph_.layers[0].calls = {LayerCall{}};
  for (size_t i = 1; i < graph_.layers.size(); ++i) {
    graph_.layers[i].calls = {
        LayerCall{{TensorReference{static_cast<int>(i) - 1}}, 1, {}}};
  }
  graph_.inputs = {TensorReference{0}};
  graph_.outputs = {
      TensorReference{static_cast<int>(graph_.layers.size()) - 1}};
}

Result<void> GraphReader::ReadSequential(const json& model,
                                         const json& config) {
  TRY(ReadLayers(config.is_array() ? config : Member(config, "layers")));
  const auto is_input = [](const ModelLayer& layer) {
    return layer.kind == ModelLayer::Kind::kInput;
  };
  std::vector<ModelLayer>& layers = graph_.layers;
  if (!is_input(layers.front())) {
    if (Member(*layers.front().instance.config, "layers").is_array() &&
        layers.front().instance.class_name == "Merge") {
      return Unsupported(
          "a Sequential model that starts with a Merge of other models is not "
          "supported; build it with the functional API");
    }
    TRY_ASSIGN(const Shape shape, FirstShape(model, config));
    InsertInput(shape);
  }
  if (std::count_if(layers.begin(), layers.end(), is_input) > 1) {
    return InvalidModel("a Sequential model has more than one InputLayer");
  }
  Chain();
  return {};
}

//----------------------------------------------------------------- functional

Result<void> GraphReader::ReadFunctional(const json& config) {
  TRY(ReadLayers(config["layers"]));
  TRY(IndexNames());
  return Connect(config);
}

Result<void> GraphReader::IndexNames() {
  for (size_t i = 0; i < graph_.layers.size(); ++i) {
    const std::string& name = graph_.layers[i].instance.name;
    if (index_.emplace(name, static_cast<int>(i)).second) continue;
    return InvalidModel("two layers are named '" + name + "'");
  }
  return {};
}

Result<TensorReference> GraphReader::Resolve(const RawReference& raw) const {
  const auto found = index_.find(raw.layer);
  if (found == index_.end()) {
    return InvalidModel("takes the output of layer '" + raw.layer +
                        "', which the model does not have");
  }
  const ModelLayer& layer = graph_.layers[static_cast<size_t>(found->second)];
  const auto calls = static_cast<int64_t>(layer.calls.size());
  if (raw.call < 0 || raw.call >= calls) {
    return InvalidModel("takes the output of call " + std::to_string(raw.call) +
                        " of layer '" + raw.layer + "', which has " +
                        std::to_string(calls));
  }
  const bool model = layer.kind == ModelLayer::Kind::kModel;
  const int64_t outputs =
      model ? static_cast<int64_t>(layer.model->outputs.size()) : INT32_MAX;
  if (raw.tensor < 0 || raw.tensor >= outputs) {
    return InvalidModel("takes output " + std::to_string(raw.tensor) +
                        " of layer '" + raw.layer + "', which does not exist");
  }
  return TensorReference{found->second, static_cast<int>(raw.call),
                         static_cast<int>(raw.tensor)};
}

// Models that are layers mostly count their calls from 1: call 0 was made when
// the model itself was built, and is not stored. Every stored call is used, so
// a reference to call number N of N calls tells.
void GraphReader::ShiftModelCalls(std::vector<std::vector<RawCall>>& calls,
                                  RawCall& outputs) const {
  std::set<std::string> shifted;
  std::vector<RawReference*> all;
  for (auto& of_layer : calls) {
    for (RawCall& call : of_layer) {
      for (RawReference& raw : call.inputs) all.push_back(&raw);
    }
  }
  for (RawReference& raw : outputs.inputs) all.push_back(&raw);
  for (const RawReference* raw : all) {
    const auto found = index_.find(raw->layer);
    if (found == index_.end()) continue;
    const ModelLayer& layer = graph_.layers[static_cast<size_t>(found->second)];
    const bool model = layer.kind == ModelLayer::Kind::kModel;
    if (model && raw->call == static_cast<int64_t>(layer.calls.size())) {
      shifted.insert(raw->layer);
    }
  }
  for (RawReference* raw : all) {
    if (shifted.contains(raw->layer)) --raw->call;
  }
}

// The stored calls of every layer.
std::vector<std::vector<RawCall>> GraphReader::ReadCalls(const json& layers) {
  std::vector<std::vector<RawCall>> raw(graph_.layers.size());
  for (size_t i = 0; i < raw.size(); ++i) {
    ModelLayer& layer = graph_.layers[i];
    const json& nodes = Member(layers[i], "inbound_nodes");
    const bool input = layer.kind == ModelLayer::Kind::kInput;
    if (input) raw[i].emplace_back();
    if (!input && nodes.is_array()) {
      for (const json& node : nodes) raw[i].push_back(ReadCall(node));
    }
    layer.calls.resize(raw[i].size());
  }
  return raw;
}

Result<void> GraphReader::ResolveAll(const RawCall& raw,
                                     const std::string& place,
                                     std::vector<TensorReference>& out) const {
  for (const RawReference& reference : raw.inputs) {
    auto resolved = Resolve(reference);
    TRY_IN(place, resolved);
    out.push_back(*resolved);
  }
  return {};
}

Result<void> GraphReader::Connect(const json& config) {
  auto raw = ReadCalls(config["layers"]);
  RawCall inputs, outputs;
  CollectReferences(config["input_layers"], inputs);
  CollectReferences(config["output_layers"], outputs);
  ShiftModelCalls(raw, outputs);
  for (size_t i = 0; i < raw.size(); ++i) {
    ModelLayer& layer = graph_.layers[i];
    const std::string place = Describe(layer.instance);
    for (size_t k = 0; k < raw[i].size(); ++k) {
      LayerCall& call = layer.calls[k];
      call.positional = raw[i][k].positional;
      call.arguments = std::move(raw[i][k].arguments);
      TRY(ResolveAll(raw[i][k], place, call.inputs));
    }
  }
  TRY(ResolveAll(inputs, "input_layers", graph_.inputs));
  TRY(ResolveAll(outputs, "output_layers", graph_.outputs));
  for (const TensorReference& input : graph_.inputs) {
    const ModelLayer& layer = graph_.layers[static_cast<size_t>(input.layer)];
    if (layer.kind == ModelLayer::Kind::kInput) continue;
    return InvalidModel("input_layers names '" + layer.instance.name +
                        "', which is no InputLayer");
  }
  if (graph_.inputs.empty()) return InvalidModel("the model has no inputs");
  if (graph_.outputs.empty()) return InvalidModel("the model has no outputs");
  return {};
}

// Kahn's algorithm, the lowest (layer, call) first.
Result<void> GraphReader::FindOrder() {
  using Call = std::pair<int, int>;
  std::map<Call, size_t> waiting;
  std::map<Call, std::vector<Call>> readers;
  std::set<Call> ready;
  for (size_t i = 0; i < graph_.layers.size(); ++i) {
    const auto& calls = graph_.layers[i].calls;
    for (size_t k = 0; k < calls.size(); ++k) {
      const Call call(static_cast<int>(i), static_cast<int>(k));
      waiting[call] = calls[k].inputs.size();
      if (calls[k].inputs.empty()) ready.insert(call);
      for (const TensorReference& input : calls[k].inputs) {
        readers[{input.layer, input.call}].push_back(call);
      }
    }
  }
  while (!ready.empty()) {
    const Call call = *ready.begin();
    ready.erase(ready.begin());
    graph_.order.push_back(call);
    waiting.erase(call);
    for (const Call& reader : readers[call]) {
      if (--waiting[reader] == 0) ready.insert(reader);
    }
  }
  if (waiting.empty()) return {};
  const auto at = static_cast<size_t>(waiting.begin()->first.first);
  return InvalidModel("layer '" + graph_.layers[at].instance.path +
                      "' needs its own output: the connections form a cycle");
}

}  // namespace

Result<ModelGraph> ReadModelGraph(const KerasFile& file) {
  return GraphReader(file.generation, "", 0).Read(file.model);
}

std::string Describe(const LayerInstance& layer) {
  return "layer '" + layer.path + "' (" + layer.class_name + ")";
}

}  // namespace liteforge
