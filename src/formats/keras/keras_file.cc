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
#include "formats/keras/keras_file.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/try.h"

namespace liteforge {
namespace {

using nlohmann::json;

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

// --- Which Keras wrote it ---------------------------------------------------

struct Version {
  int major = 0;  // 0 when there is none
  int minor = 0;
};

// "2.4.0" and "2.2.4-tf".
Version ParseVersion(std::string_view text) {
  Version version;
  const char* end = text.data() + text.size();
  const auto major = std::from_chars(text.data(), end, version.major);
  if (major.ec == std::errc() && major.ptr != end && *major.ptr == '.') {
    std::from_chars(major.ptr + 1, end, version.minor);
  }
  return version;
}

// keras.io's own Keras 2 ended with 2.3; TensorFlow's says "-tf" up to that
// and drops it from 2.4 on, being the only Keras 2 left.
bool IsTfKeras(std::string_view text, const Version& version) {
  return text.find("-tf") != std::string_view::npos ||
         (version.major == 2 && version.minor >= 4);
}

struct Hint {
  std::string_view key;
  int generation;
};

// Words in a configuration that only one generation of Keras has.
constexpr Hint kHints[] = {
    {"batch_shape", 3},   {"build_config", 2},  {"kernel_initializer", 2},
    {"dilation_rate", 2}, {"data_format", 2},   {"units", 2},
    {"nb_filter", 1},     {"output_dim", 1},    {"border_mode", 1},
    {"dim_ordering", 1},  {"W_regularizer", 1}, {"input_dtype", 1},
};

// The newest generation hinted at anywhere in a configuration; 0 when none is.
// ParsePythonJson bounds the depth.
int HintedGeneration(const json& config) {
  int newest = 0;
  if (config.is_object()) {
    for (const Hint& hint : kHints) {
      if (config.contains(hint.key)) newest = std::max(newest, hint.generation);
    }
  }
  if (config.is_structured()) {
    for (const json& part : config) {
      newest = std::max(newest, HintedGeneration(part));
    }
  }
  return newest;
}

// The version decides; a file without one is Keras 1's unless its words are
// newer, as when a script wrote it.
int Generation(const Version& version, const json& model) {
  if (version.major >= 1 && version.major <= 3) return version.major;
  if (version.major > 3) return 3;
  return std::max(1, HintedGeneration(model));
}

// --- The architecture -------------------------------------------------------

Result<json> ParseModel(const std::string& text) {
  TRY_ASSIGN(json model, ParsePythonJson(text));
  const bool complete = model.is_object() && model.contains("class_name") &&
                        model["class_name"].is_string() &&
                        model.contains("config") &&
                        model["config"].is_structured();
  if (!complete) {
    return InvalidModel(
        "it is not {\"class_name\": …, \"config\": …}; save the model again "
        "with model.save(...)");
  }
  return model;
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

  KerasFile file;
  auto model = ParseModel(config);
  if (!model) {
    return tl::unexpected(std::move(model.error()).In("model_config"));
  }
  file.model = *std::move(model);
  file.version = FirstText("keras_version", {&root, &weights});
  file.backend = FirstText("backend", {&root, &weights});
  const Version version = ParseVersion(file.version);
  file.generation = Generation(version, file.model);
  file.tf_keras = IsTfKeras(file.version, version);
  TRY_ASSIGN(file.weights, TakeLayers(weights));
  return file;
}

}  // namespace

const KerasLayerWeights* KerasFile::FindWeights(std::string_view layer) const {
  const auto found = std::find_if(
      weights.begin(), weights.end(),
      [&](const KerasLayerWeights& entry) { return entry.layer == layer; });
  return found == weights.end() ? nullptr : &*found;
}

std::string KerasFile::Producer() const {
  const std::string name =
      "Keras " + (version.empty() ? std::to_string(generation) : version);
  if (tf_keras) return name + " (tf.keras)";
  const bool usual = backend.empty() || backend == "tensorflow";
  return usual ? name : name + " with " + backend;
}

Result<KerasFile> ReadKerasH5(const std::filesystem::path& path) {
  TRY_ASSIGN(const H5Group root, ReadH5(path));
  auto file = TakeModel(root);
  if (!file) return tl::unexpected(std::move(file.error()).In(path.string()));
  file->path = path.string();
  return file;
}

}  // namespace liteforge
