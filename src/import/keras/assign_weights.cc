// SPDX-License-Identifier: Apache-2.0
// A layer's weights are stored in a group of its name, in the layer's order. A
// model that is a layer has one group for all of its layers' weights, the
// trainable ones first:
//   a/kernel a/bias bn/gamma bn/beta | bn/moving_mean bn/moving_variance
// (tf_keras/saving/legacy/hdf5_format.py: _legacy_weights.) Their names lead
// to the layers, unless two layers share a name or TensorFlow renamed the
// weights; then this order does. Keras 1 gave the layers of a Sequential model
// in a Sequential model groups of their own, and .keras archives all layers.
#include <algorithm>
#include <string>
#include <vector>

#include "base/try.h"
#include "import/keras/model_graph.h"

namespace liteforge {
namespace {

using Stored = std::vector<const KerasWeight*>;

Stored Pointers(const KerasLayerWeights& group) {
  Stored weights;
  for (const KerasWeight& weight : group.weights) weights.push_back(&weight);
  return weights;
}

// The layers of a model, those of models inside included.
void AddLeaves(ModelGraph& graph, std::vector<LayerInstance*>& leaves) {
  for (ModelLayer& layer : graph.layers) {
    if (layer.kind == ModelLayer::Kind::kModel) AddLeaves(*layer.model, leaves);
    if (layer.kind == ModelLayer::Kind::kLayer) {
      leaves.push_back(&layer.instance);
    }
  }
}

std::string NamesOf(const LayerInstance& layer) {
  std::string names;
  for (const WeightSpec& spec : layer.specs) {
    names += (names.empty() ? "" : ", ") + std::string(spec.name);
  }
  return names.empty() ? "none" : names;
}

// Layers of unknown class take what there is, and so do layers without
// weights: a Dropout may have the state of its random numbers stored.
bool IsComplete(const LayerInstance& layer, size_t stored) {
  const bool asks = layer.kind != nullptr && layer.kind->weights != nullptr;
  return !asks || stored == layer.specs.size();
}

Result<void> Give(LayerInstance& layer, Stored weights) {
  if (!IsComplete(layer, weights.size())) {
    return InvalidModel(
        Describe(layer) + " has " + std::to_string(weights.size()) +
        " weights stored, it needs " + std::to_string(layer.specs.size()) +
        " (" + NamesOf(layer) + "); save the model again");
  }
  layer.weights = std::move(weights);
  return {};
}

//-------------------------------------------------------------------- by name

// Layers by name; nullptr where several share one.
using NameIndex = std::map<std::string_view, LayerInstance*>;

NameIndex IndexOf(const std::vector<LayerInstance*>& leaves) {
  NameIndex index;
  for (LayerInstance* leaf : leaves) {
    const auto [entry, added] = index.emplace(leaf->name, leaf);
    if (!added) entry->second = nullptr;
  }
  return index;
}

// The layer that a weight's name names: "…/conv1/kernel:0", or in Keras 1
// "conv1_W". nullptr when none or more than one does.
LayerInstance* OwnerOf(std::string_view weight, const NameIndex& index) {
  const auto find = [&](std::string_view name) -> LayerInstance* {
    const auto found = index.find(name);
    return found == index.end() ? nullptr : found->second;
  };
  size_t end = weight.rfind('/');
  while (end != std::string_view::npos && end > 0) {
    const size_t slash = weight.rfind('/', end - 1);
    const size_t begin = slash == std::string_view::npos ? 0 : slash + 1;
    if (auto* owner = find(weight.substr(begin, end - begin))) return owner;
    end = slash;
  }
  size_t mark = weight.rfind('_');
  while (mark != std::string_view::npos && mark > 0) {
    if (auto* owner = find(weight.substr(0, mark))) return owner;
    mark = weight.rfind('_', mark - 1);
  }
  return nullptr;
}

bool AssignByName(const Stored& weights,
                  const std::vector<LayerInstance*>& leaves) {
  const NameIndex index = IndexOf(leaves);
  std::map<LayerInstance*, Stored> shares;
  for (const KerasWeight* weight : weights) {
    LayerInstance* owner = OwnerOf(weight->name, index);
    if (owner == nullptr) return false;
    shares[owner].push_back(weight);
  }
  for (LayerInstance* leaf : leaves) {
    if (!IsComplete(*leaf, shares[leaf].size())) return false;
  }
  for (LayerInstance* leaf : leaves) leaf->weights = shares[leaf];
  return true;
}

//------------------------------------------------------------------- by order

// One place per weight, in the order in which Keras stores them.
struct Place {
  LayerInstance* layer;
  size_t index;
};

std::vector<Place> StoredOrder(const std::vector<LayerInstance*>& leaves) {
  std::vector<Place> trainable, fixed;
  for (LayerInstance* leaf : leaves) {
    for (size_t i = 0; i < leaf->specs.size(); ++i) {
      const bool first = leaf->trainable && leaf->specs[i].trainable;
      (first ? trainable : fixed).push_back({leaf, i});
    }
  }
  trainable.insert(trainable.end(), fixed.begin(), fixed.end());
  return trainable;
}

Result<void> AssignByOrder(const Stored& weights,
                           const std::vector<LayerInstance*>& leaves,
                           const LayerInstance& model) {
  const std::vector<Place> places = StoredOrder(leaves);
  if (places.size() != weights.size()) {
    return InvalidModel(
        Describe(model) + " has " + std::to_string(weights.size()) +
        " weights stored, its layers need " + std::to_string(places.size()) +
        ", and the weights' names do not lead to the layers; save the model "
        "again");
  }
  for (LayerInstance* leaf : leaves) leaf->weights.resize(leaf->specs.size());
  for (size_t i = 0; i < places.size(); ++i) {
    places[i].layer->weights[places[i].index] = weights[i];
  }
  return {};
}

//------------------------------------------------------------------------ all

class Assigner {
 public:
  explicit Assigner(const KerasFile& file) : file_(file) {}

  Result<void> Assign(ModelGraph& graph) {
    for (ModelLayer& layer : graph.layers) {
      if (layer.kind == ModelLayer::Kind::kLayer) Keep(Leaf(layer.instance));
      if (layer.kind == ModelLayer::Kind::kModel) Keep(Model(layer));
    }
    return std::move(first_error_);
  }

 private:
  void Keep(Result<void> result) {
    if (first_error_ && !result) first_error_ = std::move(result);
  }

  Result<void> Leaf(LayerInstance& layer) {
    const KerasLayerWeights* group = file_.FindWeights(layer.path);
    if (group == nullptr) group = file_.FindWeights(layer.name);
    return Give(layer, group == nullptr ? Stored{} : Pointers(*group));
  }

  Result<void> Model(ModelLayer& layer) {
    std::vector<LayerInstance*> leaves;
    AddLeaves(*layer.model, leaves);
    const KerasLayerWeights* group = file_.FindWeights(layer.instance.name);
    if (group == nullptr) {
      for (LayerInstance* leaf : leaves) Keep(Leaf(*leaf));
      return {};
    }
    const Stored weights = Pointers(*group);
    if (AssignByName(weights, leaves)) return {};
    const bool all_known =
        std::all_of(leaves.begin(), leaves.end(),
                    [](const LayerInstance* l) { return l->kind != nullptr; });
    if (!all_known) return {};  // their classes are what is wrong
    return AssignByOrder(weights, leaves, layer.instance);
  }

  const KerasFile& file_;
  Result<void> first_error_;
};

}  // namespace

Result<void> AssignWeights(const KerasFile& file, ModelGraph& graph) {
  return Assigner(file).Assign(graph);
}

}  // namespace liteforge
