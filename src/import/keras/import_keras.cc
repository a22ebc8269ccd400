// SPDX-License-Identifier: Apache-2.0
// Read the architecture, give every layer its weights, then write the calls in
// an order in which their inputs exist. A call that cannot be imported leaves
// its outputs empty, calls that need them are passed over, and all problems
// are reported at the end.
#include "import/keras/import_keras.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "base/try.h"
#include "import/keras/all_layers.h"
#include "import/keras/model_graph.h"
#include "import/keras/steps.h"

namespace liteforge {
namespace {

// Models inside models may be called often, each time with all their layers.
constexpr int kMaxCalls = 100'000;

//------------------------------------------------------------------- problems

struct Hint {
  std::string_view class_name;
  std::string_view text;
};

constexpr std::string_view kExport =
    "; export the model as a SavedModel, which holds the computation: "
    "model.export(directory)";

constexpr Hint kHints[] = {
    {"Lambda", "its Python code cannot be read"},
};

// What tells one layer of a class from another; weights' settings do not.
std::string ConfigText(const nlohmann::json& config) {
  constexpr size_t kShown = 200;
  nlohmann::json shown = nlohmann::json::object();
  for (const auto& [key, value] : config.items()) {
    const bool plain = key != "name" && key != "trainable" && key != "dtype" &&
                       key != "batch_input_shape" && key != "function" &&
                       !key.ends_with("_initializer") &&
                       !key.ends_with("_regularizer") &&
                       !key.ends_with("_constraint");
    if (plain && !value.is_null()) shown[key] = value;
  }
  if (shown.empty()) return "";
  std::string text =
      shown.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (text.size() > kShown) text = text.substr(0, kShown - 3) + "...";
  return " with " + text;
}

std::string WhyUnknown(const LayerInstance& layer) {
  for (const Hint& hint : kHints) {
    if (layer.class_name == hint.class_name) {
      return std::string(hint.text) + std::string(kExport);
    }
  }
  return "layers of class " + layer.class_name + " cannot be imported" +
         ConfigText(*layer.config) + std::string(kExport) +
         ". If it does nothing at inference: --skip-layer " + layer.name;
}

// What cannot be imported, one entry per layer.
class Problems {
 public:
  void Add(const LayerInstance& layer, const std::string& why) {
    if (!seen_.insert(layer.path).second) return;
    list_.push_back(Describe(layer) + ": " + why);
  }
  bool empty() const { return list_.empty(); }

  Error ToError() const {
    if (list_.size() == 1) return {ErrorCode::kUnsupported, list_[0], ""};
    std::string text =
        std::to_string(list_.size()) + " layers cannot be imported:";
    for (const std::string& problem : list_) text += "\n  " + problem;
    return {ErrorCode::kUnsupported, text, ""};
  }

 private:
  std::set<std::string> seen_;
  std::vector<std::string> list_;
};

//---------------------------------------------------------------------- names

// Names of models inside models add up.
constexpr size_t kMaxNodeName = 100;

// TensorFlow's rule for node names: [A-Za-z0-9.][A-Za-z0-9_.\-/]*.
std::string NodeName(std::string_view name) {
  const auto alphanumeric = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '.';
  };
  std::string node;
  for (char c : name.substr(0, kMaxNodeName)) {
    const bool fine = alphanumeric(c) || c == '_' || c == '-' || c == '/';
    node += fine ? c : '_';
  }
  if (node.empty() || !alphanumeric(node[0])) node.insert(0, "layer");
  return node;
}

// "dense", then "dense_1", as tf.keras keeps output names apart.
std::string Unique(const std::string& name, std::set<std::string>& taken) {
  std::string unique = name;
  for (int i = 1; !taken.insert(unique).second; ++i) {
    unique = name + "_" + std::to_string(i);
  }
  return unique;
}

//------------------------------------------------------------------- building

// Takes the layers of these names for ones that do nothing.
void Skip(ModelGraph& graph, const std::string& name, bool& found) {
  for (ModelLayer& layer : graph.layers) {
    if (layer.kind == ModelLayer::Kind::kModel) Skip(*layer.model, name, found);
    if (layer.kind != ModelLayer::Kind::kLayer) continue;
    LayerInstance& instance = layer.instance;
    if (instance.name != name && instance.path != name) continue;
    instance.kind = &kSkippedLayer;
    found = true;
  }
}

Result<void> SkipLayers(ModelGraph& graph, const KerasImportOptions& options) {
  for (const std::string& name : options.skip_layers) {
    bool found = false;
    Skip(graph, name, found);
    if (!found)
      return InvalidArgument("the model has no layer '" + name + "' to skip");
  }
  return {};
}

// Which classes are known and which weights they have.
Result<void> Specify(const KerasFile& file, ModelGraph& graph,
                     Problems& problems) {
  for (ModelLayer& layer : graph.layers) {
    LayerInstance& instance = layer.instance;
    if (layer.kind == ModelLayer::Kind::kModel) {
      TRY(Specify(file, *layer.model, problems));
    }
    if (layer.kind != ModelLayer::Kind::kLayer) continue;
    if (instance.kind == nullptr) {
      problems.Add(instance, WhyUnknown(instance));
    } else if (instance.kind->weights != nullptr) {
      const LayerConfig config(*instance.config, file.generation);
      auto specs = instance.kind->weights(config);
      TRY_IN(Describe(instance), specs);
      instance.specs = *std::move(specs);
    }
  }
  return {};
}

// An output of a call and its mask; empty where there is none.
struct Traced {
  Tensor tensor;
  Tensor mask;
};
using TracedTensors = std::vector<Traced>;

class ModelBuilder {
 public:
  ModelBuilder(const KerasFile& file, Problems& problems)
      : file_(file), problems_(problems) {}

  // Writes the whole model. What is built before an error stays noted in the
  // graph's layers.
  Result<ConcreteFunction> Build(ModelGraph& graph);

 private:
  Result<TracedTensors> MakeInputs(ModelGraph& graph);
  Result<TracedTensors> Run(ModelGraph& graph, const TracedTensors& arguments);
  Result<TracedTensors> Call(ModelLayer& layer, const LayerCall& call,
                             const TracedTensors& inputs);
  Result<TracedTensors> CallLayer(ModelLayer& layer, const LayerCall& call,
                                  const TracedTensors& inputs);
  Result<TracedTensors> CallModel(ModelLayer& layer,
                                  const TracedTensors& inputs);

  const KerasFile& file_;
  Problems& problems_;
  FunctionBuilder f_{"serving_default"};
  int calls_ = 0;
};

bool AnyEmpty(const TracedTensors& values) {
  return std::any_of(values.begin(), values.end(),
                     [](const Traced& value) { return value.tensor.empty(); });
}

std::string ShapesOf(const TracedTensors& values) {
  std::string text;
  for (const Traced& value : values) {
    text += (text.empty() ? "" : ", ") + value.tensor.shape().ToString();
  }
  return text;
}

// One output of a call; empty when the call could not be imported.
Result<Traced> OutputOf(const TracedTensors& outputs, int index,
                        const LayerInstance& layer) {
  if (outputs.empty()) return Traced();
  const auto at = static_cast<size_t>(index);
  if (at < outputs.size()) return outputs[at];
  return InvalidModel(Describe(layer) + " has no output " +
                      std::to_string(index));
}

bool HoldsConstant(const nlohmann::json& value) {
  if (value.is_object() && value.size() == 1 && value.contains("tensor"))
    return false;
  if (!value.is_structured()) return !value.is_null();
  return std::any_of(value.begin(), value.end(), HoldsConstant);
}

// An argument that the layer does not know would change what it computes.
Result<void> CheckArguments(const KerasLayer& kind,
                            const CallArguments& arguments) {
  if (kind.arguments == "*") return {};
  for (const auto& [name, value] : arguments.named.items()) {
    const bool known = HoldsWord(kind.arguments, name) ||
                       (name == "mask" && kind.masking != Masking::kDrops);
    if (known || value == false) continue;
    return Unsupported("it is called with the argument '" + name +
                       "', which is not supported");
  }
  if (HoldsConstant(arguments.positional))
    return Unsupported("it is called with a constant, which is not supported");
  return {};
}

// Layers that keep states between calls do so for a fixed number of examples.
bool IsStateful(const ModelGraph& graph) {
  return std::any_of(graph.layers.begin(), graph.layers.end(),
                     [](const ModelLayer& layer) {
                       if (layer.kind == ModelLayer::Kind::kModel)
                         return IsStateful(*layer.model);
                       const nlohmann::json& config = *layer.instance.config;
                       const auto stateful = config.find("stateful");
                       return stateful != config.end() && *stateful == true;
                     });
}

Result<TracedTensors> ModelBuilder::MakeInputs(ModelGraph& graph) {
  const bool stateful = IsStateful(graph);
  TracedTensors inputs;
  for (const TensorReference& input : graph.inputs) {
    ModelLayer& layer = graph.layers[static_cast<size_t>(input.layer)];
    if (!layer.shape.has_rank()) {
      return InvalidModel(
          Describe(layer.instance) +
          ": the model does not say what shape its input has; call it once "
          "on data, or give the first layer an input_shape, and save it again");
    }
    // How many examples come at once is the caller's choice, whatever number
    // the model was trained with.
    Shape shape = layer.shape;
    if (shape.rank() > 0 && shape[0] > 1 && !stateful)
      shape.set_dim(0, Shape::kUnknownDim);
    inputs.push_back(
        {f_.Input(NodeName(layer.instance.name), layer.type, shape), {}});
  }
  return inputs;
}

Result<TracedTensors> ModelBuilder::CallLayer(ModelLayer& layer,
                                              const LayerCall& call,
                                              const TracedTensors& inputs) {
  LayerInstance& instance = layer.instance;
  if (instance.kind == nullptr) return TracedTensors{};
  const FunctionBuilder::Scope scope(f_, NodeName(instance.name));
  std::vector<Tensor> tensors, masks;
  for (const Traced& input : inputs) {
    tensors.push_back(input.tensor);
    masks.push_back(input.mask);
  }
  LayerContext context(f_, file_, instance, tensors, call.positional, masks,
                       call.arguments);
  auto outputs = [&]() -> LayerOutputs {
    TRY(CheckArguments(*instance.kind, call.arguments));
    return instance.kind->build(context);
  }();
  if (!f_.ok()) {
    Error error = f_.Finish().error();
    error.where.clear();
    return tl::unexpected(std::move(error).In(Describe(instance)));
  }
  if (outputs) {
    if (instance.kind->masking == Masking::kPasses)
      context.output_mask = context.MaskOf(0);
    TracedTensors traced;
    for (Tensor& output : *outputs) traced.push_back({std::move(output), {}});
    if (!traced.empty()) traced[0].mask = context.output_mask;
    if (layer.output_shape.empty()) layer.output_shape = ShapesOf(traced);
    return traced;
  }
  if (outputs.error().code == ErrorCode::kUnsupported) {
    problems_.Add(instance, outputs.error().message);
    return TracedTensors{};
  }
  return tl::unexpected(std::move(outputs.error()).In(Describe(instance)));
}

Result<TracedTensors> ModelBuilder::CallModel(ModelLayer& layer,
                                              const TracedTensors& inputs) {
  const size_t wanted = layer.model->inputs.size();
  if (inputs.size() != wanted) {
    return InvalidModel(Describe(layer.instance) + " takes " +
                        std::to_string(wanted) + " inputs, it is given " +
                        std::to_string(inputs.size()));
  }
  const FunctionBuilder::Scope scope(f_, NodeName(layer.instance.name));
  if (!layer.per_step) return Run(*layer.model, inputs);
  const Tensor& x = inputs[0].tensor;
  if (x.rank() < 2 || inputs.size() != 1)
    return InvalidModel(Describe(layer.instance) +
                        " takes one input [batch, time, …]");
  TRY_ASSIGN(TracedTensors outputs, Run(*layer.model, {{StepsAsBatch(x), {}}}));
  for (Traced& output : outputs) {
    if (!output.tensor.empty()) output.tensor = BatchAsSteps(output.tensor, x);
    output.mask = inputs[0].mask;
  }
  return outputs;
}

Result<TracedTensors> ModelBuilder::Call(ModelLayer& layer,
                                         const LayerCall& call,
                                         const TracedTensors& inputs) {
  if (++calls_ > kMaxCalls) {
    return InvalidModel("the model has more than " + std::to_string(kMaxCalls) +
                        " calls of layers");
  }
  if (inputs.empty()) {
    return InvalidModel(Describe(layer.instance) + " is given no input");
  }
  if (AnyEmpty(inputs))
    return TracedTensors{};  // that problem is noted already
  if (layer.kind == ModelLayer::Kind::kModel) return CallModel(layer, inputs);
  return CallLayer(layer, call, inputs);
}

// Tensors that could not be made are empty, in what is returned as well.
Result<TracedTensors> ModelBuilder::Run(ModelGraph& graph,
                                        const TracedTensors& arguments) {
  std::vector<std::vector<TracedTensors>> values(graph.layers.size());
  for (size_t i = 0; i < values.size(); ++i) {
    values[i].resize(graph.layers[i].calls.size());
  }
  std::set<const ModelLayer*> bound;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const auto at = static_cast<size_t>(graph.inputs[i].layer);
    values[at][0] = {arguments[i]};
    ModelLayer& layer = graph.layers[at];
    layer.output_shape = arguments[i].tensor.shape().ToString();
    bound.insert(&layer);
  }
  const auto values_of = [&](const std::vector<TensorReference>& references)
      -> Result<TracedTensors> {
    TracedTensors tensors;
    for (const TensorReference& reference : references) {
      const auto layer = static_cast<size_t>(reference.layer);
      TRY_ASSIGN(tensors.emplace_back(),
                 OutputOf(values[layer][static_cast<size_t>(reference.call)],
                          reference.tensor, graph.layers[layer].instance));
    }
    return tensors;
  };
  for (const auto& [layer_at, call_at] : graph.order) {
    ModelLayer& layer = graph.layers[static_cast<size_t>(layer_at)];
    if (layer.kind == ModelLayer::Kind::kInput) {
      if (bound.contains(&layer)) continue;
      return InvalidModel(Describe(layer.instance) +
                          " is not among the model's input_layers");
    }
    const LayerCall& call = layer.calls[static_cast<size_t>(call_at)];
    TRY_ASSIGN(const TracedTensors inputs, values_of(call.inputs));
    auto outputs = Call(layer, call, inputs);
    layer.refused |= !outputs || (outputs->empty() && !AnyEmpty(inputs));
    TRY_ASSIGN(
        values[static_cast<size_t>(layer_at)][static_cast<size_t>(call_at)],
        std::move(outputs));
  }
  return values_of(graph.outputs);
}

Result<ConcreteFunction> ModelBuilder::Build(ModelGraph& graph) {
  TRY_ASSIGN(const TracedTensors inputs, MakeInputs(graph));
  TRY_ASSIGN(const TracedTensors outputs, Run(graph, inputs));
  if (!problems_.empty()) return tl::unexpected(problems_.ToError());
  if (AnyEmpty(outputs)) {
    return InvalidModel("an output of the model is never computed");
  }
  std::set<std::string> taken;
  for (size_t i = 0; i < outputs.size(); ++i) {
    const auto at = static_cast<size_t>(graph.outputs[i].layer);
    f_.Output(Unique(graph.layers[at].instance.name, taken), outputs[i].tensor);
  }
  TRY_ASSIGN(ConcreteFunction function, f_.Finish());
  for (size_t i = 0; i < function.inputs.size(); ++i) {
    const auto at = static_cast<size_t>(graph.inputs[i].layer);
    function.inputs[i].name = graph.layers[at].instance.name;
  }
  function.source = file_.path;
  return function;
}

//-------------------------------------------------------------------- summary

void Summarize(const ModelGraph& graph, std::vector<KerasLayerSummary>& out) {
  for (const ModelLayer& layer : graph.layers) {
    if (layer.kind == ModelLayer::Kind::kModel) {
      Summarize(*layer.model, out);
      continue;
    }
    KerasLayerSummary row;
    row.name = layer.instance.path;
    row.class_name = layer.instance.class_name;
    row.output_shape = layer.output_shape;
    for (const KerasWeight* weight : layer.instance.weights) {
      if (weight != nullptr) {
        row.parameters += std::max<int64_t>(0, weight->shape.elements());
      }
    }
    const bool input = layer.kind == ModelLayer::Kind::kInput;
    row.converts = input || (layer.instance.kind != nullptr && !layer.refused);
    out.push_back(std::move(row));
  }
}

}  // namespace

Result<ConcreteFunction> ImportKeras(const KerasFile& file,
                                     const KerasImportOptions& options) {
  TRY_ASSIGN(ModelGraph graph, ReadModelGraph(file));
  TRY(SkipLayers(graph, options));
  Problems problems;
  TRY(Specify(file, graph, problems));
  TRY(AssignWeights(file, graph));
  return ModelBuilder(file, problems).Build(graph);
}

std::vector<KerasLayerSummary> SummarizeKeras(const KerasFile& file) {
  std::vector<KerasLayerSummary> rows;
  auto graph = ReadModelGraph(file);
  if (!graph) return rows;
  // What goes wrong is ImportKeras' to tell; here it leaves rows unfinished.
  Problems problems;
  const auto specified = Specify(file, *graph, problems);
  static_cast<void>(AssignWeights(file, *graph));
  if (specified) static_cast<void>(ModelBuilder(file, problems).Build(*graph));
  Summarize(*graph, rows);
  return rows;
}

}  // namespace liteforge
