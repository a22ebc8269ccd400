// SPDX-License-Identifier: Apache-2.0
// A Keras model in HDF5, as all of Keras 1 to 3 save it:
//
//   /            @model_config   the architecture, JSON
//                @keras_version  "2.4.0"; absent means Keras 1
//                @backend        not in Keras 1
//   /model_weights               (or the root, when it has @layer_names)
//                @layer_names    in the model's order
//                @keras_version, @backend    once more
//     /LAYER     @weight_names   paths below LAYER, in the layer's order
//       /WEIGHT…                 datasets
//
// A long list is split: layer_names0, layer_names1, … (an HDF5 object header
// holds 64 kB). Source: keras/saving/legacy/hdf5_format.py.
#include <utility>

#include "base/try.h"
#include "formats/keras/keras_file.h"
#include "formats/keras/keras_model.h"

namespace liteforge {
namespace {

constexpr std::string_view kTopLevel = "top_level_model_weights";

// Attribute `name` of the first of the groups that has it; "" when none has.
std::string FirstText(std::string_view name,
                      std::initializer_list<const H5Group*> groups) {
  for (const H5Group* group : groups) {
    const auto texts = group->Strings(name);
    if (!texts.empty()) return texts.front();
  }
  return "";
}

// Says what the file is instead of a model.
tl::unexpected<Error> NoModel(const H5Group& root) {
  if (!root.Strings("layer_names").empty() ||
      root.groups.contains("model_weights") ||
      root.groups.contains("_layer_checkpoint_dependencies") ||
      root.groups.contains("layers")) {
    return Unsupported(
        "holds weights but no model; save with model.save(...) instead of "
        "save_weights(...)");
  }
  return Unsupported(
      "is an HDF5 file without a Keras model (no attribute model_config); "
      "save one with model.save(...)");
}

// --- The weights ------------------------------------------------------------

Result<KerasWeight> TakeWeight(const H5Group& group, const std::string& name) {
  if (const H5Dataset* stored = group.FindDataset(name)) {
    return KerasWeight{name, stored->type, stored->shape, stored->data};
  }
  if (const std::string* why = group.FindUnread(name)) {
    return Unsupported("weight '" + name + "' " + *why +
                       "; save the model again with model.save(...)");
  }
  return InvalidModel("weight '" + name +
                      "' is listed but not stored; save the model again");
}

Result<KerasLayerWeights> TakeLayer(const H5Group& weights,
                                    const std::string& name) {
  const H5Group* group = weights.FindGroup(name);
  if (group == nullptr) {
    return InvalidModel(
        "the layer is listed but its group is not stored; save the model "
        "again");
  }
  KerasLayerWeights layer{name, {}};
  for (const std::string& weight : group->Strings("weight_names")) {
    TRY_ASSIGN(KerasWeight taken, TakeWeight(*group, weight));
    layer.weights.push_back(std::move(taken));
  }
  return layer;
}

Result<std::vector<KerasLayerWeights>> TakeLayers(const H5Group& weights) {
  const auto names = weights.Strings("layer_names");
  if (names.empty()) {
    return InvalidModel(
        "the weights list no layers (no attribute layer_names); save the "
        "model again with model.save(...)");
  }
  std::vector<KerasLayerWeights> layers;
  auto take = [&](const std::string& name) -> Result<void> {
    auto layer = TakeLayer(weights, name);
    if (!layer) {
      return tl::unexpected(
          std::move(layer.error()).In("weights of layer '" + name + "'"));
    }
    layers.push_back(*std::move(layer));
    return {};
  };
  for (const std::string& name : names) TRY(take(name));
  if (weights.groups.contains(kTopLevel)) {
    TRY(take(std::string(kTopLevel)));
    if (layers.back().weights.empty()) layers.pop_back();
  }
  return layers;
}

Result<KerasFile> TakeModel(const H5Group& root) {
  const std::string config = FirstText("model_config", {&root});
  if (config.empty()) return NoModel(root);
  const H5Group* inner = root.FindGroup("model_weights");
  const bool at_root = inner == nullptr || !root.Strings("layer_names").empty();
  const H5Group& weights = at_root ? root : *inner;

  auto file =
      StartKerasFile(config, FirstText("keras_version", {&root, &weights}));
  if (!file) {
    return tl::unexpected(std::move(file.error()).In("model_config"));
  }
  file->backend = FirstText("backend", {&root, &weights});
  TRY_ASSIGN(file->weights, TakeLayers(weights));
  return file;
}

}  // namespace

Result<KerasFile> ReadKerasH5(const std::filesystem::path& path) {
  TRY_ASSIGN(const H5Group root, ReadH5(path));
  auto file = TakeModel(root);
  if (!file) return tl::unexpected(std::move(file.error()).In(path.string()));
  file->path = path.string();
  return file;
}

}  // namespace liteforge
