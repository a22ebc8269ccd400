// SPDX-License-Identifier: Apache-2.0
// A .keras archive:
//
//   metadata.json      {"keras_version": "3.1.1", …}
//   config.json        {"class_name": …, "config": {"layers": […]}, …}
//   model.weights.h5
//     /layers/NAME/vars/0, 1, …            a layer's own weights
//     /layers/NAME/PART/vars/0, 1, …       those of its parts: cell,
//                                          forward_layer, query_dense, …
//     /layers/NAME/layers/…                of a model in the model
//   or model.weights.npz, the same tree (npz_weights.h)
//
// NAME is not the layer's name but its class in snake case, numbered in the
// order of the configuration: dense, dense_1, conv2d. Until Keras 2.13
// "_layer_checkpoint_dependencies" stands for "layers".
// Source: keras/src/saving/saving_lib.py, tf_keras/saving/saving_lib.py.
#include <algorithm>
#include <cctype>
#include <map>
#include <utility>

#include "base/try.h"
#include "formats/keras/keras_file.h"
#include "formats/keras/keras_model.h"
#include "formats/keras/npz_weights.h"
#include "formats/keras/unpacked_member.h"
#include "formats/keras/zip.h"

namespace liteforge {
namespace {

using nlohmann::json;

constexpr char kWeights[] = "model.weights.h5";
constexpr char kArrays[] = "model.weights.npz";
constexpr size_t kMaxTextBytes = size_t{1} << 28;

// ---------------------------------------------------------------- the weights

Result<H5Group> ReadWeights(const ZipReader& zip) {
  const char* member =
      zip.Has(kWeights) || !zip.Has(kArrays) ? kWeights : kArrays;
  UnpackedMember file;
  TRY(file.Unpack(zip, member));
  // libhdf5 wants a file with a name. The mapping outlives it.
  auto tree = member == kWeights ? ReadUnnamedH5(file.path())
                                 : ReadNpzWeights(file.path());
  if (!tree) return tl::unexpected(std::move(tree.error()).In(member));
  return tree;
}

// -------------------------------------------------------------- group names

bool IsLower(char c) {
  return std::islower(static_cast<unsigned char>(c)) != 0;
}
bool IsUpper(char c) {
  return std::isupper(static_cast<unsigned char>(c)) != 0;
}

// "MaxPooling2D" is max_pooling2d, "PReLU" is p_re_lu: a word begins at a
// capital after a small letter, and at one before a small letter.
std::string SnakeCase(std::string_view name) {
  std::string snake;
  for (size_t i = 0; i < name.size(); ++i) {
    const bool word =
        i > 0 && IsUpper(name[i]) &&
        (IsLower(name[i - 1]) || (i + 1 < name.size() && IsLower(name[i + 1])));
    if (word && name[i - 1] != '_') snake += '_';
    snake +=
        static_cast<char>(std::tolower(static_cast<unsigned char>(name[i])));
  }
  return snake;
}

// Names in one list, each after the first of a kind numbered.
class GroupNames {
 public:
  std::string Next(const std::string& name) {
    const int count = used_[name]++;
    return count == 0 ? name : name + "_" + std::to_string(count);
  }

 private:
  std::map<std::string, int> used_;
};

// ------------------------------------------------------------ one layer's

// Parts of a layer in the order in which Keras 2 lists their weights.
constexpr std::string_view kParts[] = {"forward_layer", "backward_layer",
                                       "query_dense",   "key_dense",
                                       "value_dense",   "output_dense"};

size_t RankOfPart(std::string_view part) {
  if (part.starts_with('_')) part.remove_prefix(1);
  return static_cast<size_t>(
      std::find(std::begin(kParts), std::end(kParts), part) -
      std::begin(kParts));
}

// "cell_2" before "cell_10".
bool NumberedBefore(const std::string& a, const std::string& b) {
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

std::vector<std::string> PartsOf(const H5Group& layer) {
  std::vector<std::string> parts;
  for (const auto& [name, group] : layer.groups) {
    // The state of a random number generator is no weight.
    const bool weights = name != "vars" && !name.ends_with("_generator");
    if (weights) parts.push_back(name);
  }
  std::sort(parts.begin(), parts.end(),
            [](const std::string& a, const std::string& b) {
              const size_t x = RankOfPart(a), y = RankOfPart(b);
              return x != y ? x < y : NumberedBefore(a, b);
            });
  return parts;
}

// The variables of a layer or a part of one, then those of its parts.
Result<void> Collect(const H5Group& layer, const std::string& path,
                     std::vector<KerasWeight>& weights) {
  if (const H5Group* vars = layer.FindGroup("vars")) {
    if (!vars->unread.empty()) {
      const auto& [name, why] = *vars->unread.begin();
      return Unsupported("weight '" + path + name + "' " + why +
                         "; save the model again");
    }
    std::vector<std::string> names;
    for (const auto& [name, dataset] : vars->datasets) names.push_back(name);
    std::sort(names.begin(), names.end(), NumberedBefore);
    for (const std::string& name : names) {
      const H5Dataset& stored = vars->datasets.find(name)->second;
      weights.push_back({path + name, stored.type, stored.shape, stored.data});
    }
  }
  for (const std::string& part : PartsOf(layer))
    TRY(Collect(layer.groups.find(part)->second, path + part + "/", weights));
  return {};
}

// --------------------------------------------------------------- all layers

const json& MemberOf(const json& value, const char* key) {
  static const json kNull;
  if (!value.is_object()) return kNull;
  const auto found = value.find(key);
  return found == value.end() ? kNull : *found;
}

std::string Text(const json& value) {
  return value.is_string() ? value.get<std::string>() : "";
}

// The layers of a model, by its configuration and its group; ParsePythonJson
// bounds the depth.
Result<void> TakeArchiveLayers(const json& model, const H5Group& group,
                               const std::string& path,
                               std::vector<KerasLayerWeights>& taken) {
  const H5Group* stored = group.FindGroup("layers");
  if (stored == nullptr)
    stored = group.FindGroup("_layer_checkpoint_dependencies");
  const json& layers = MemberOf(MemberOf(model, "config"), "layers");
  if (stored == nullptr || !layers.is_array()) return {};
  GroupNames names;
  for (const json& layer : layers) {
    const std::string name = Text(MemberOf(MemberOf(layer, "config"), "name"));
    const std::string place =
        names.Next(SnakeCase(Text(MemberOf(layer, "class_name"))));
    const auto found = stored->groups.find(place);
    if (found == stored->groups.end()) continue;
    if (MemberOf(MemberOf(layer, "config"), "layers").is_array()) {
      TRY(TakeArchiveLayers(layer, found->second, path + name + "/", taken));
      continue;
    }
    const json& inside = MemberOf(MemberOf(layer, "config"), "layer");
    if (MemberOf(MemberOf(inside, "config"), "layers").is_array()) {
      if (const H5Group* part = found->second.FindGroup("layer"))
        TRY(TakeArchiveLayers(inside, *part, path + name + "/", taken));
      continue;
    }
    KerasLayerWeights weights{path + name, {}};
    TRY_IN("weights of layer '" + weights.layer + "'",
           Collect(found->second, "", weights.weights));
    if (!weights.weights.empty()) taken.push_back(std::move(weights));
  }
  return {};
}

Result<KerasFile> TakeArchive(const ZipReader& zip) {
  TRY_ASSIGN(const std::string about,
             zip.ReadText("metadata.json", kMaxTextBytes));
  auto metadata = ParsePythonJson(about);
  if (!metadata)
    return tl::unexpected(std::move(metadata.error()).In("metadata.json"));
  TRY_ASSIGN(const std::string config,
             zip.ReadText("config.json", kMaxTextBytes));
  auto file =
      StartKerasFile(config, Text(MemberOf(*metadata, "keras_version")));
  if (!file) return tl::unexpected(std::move(file.error()).In("config.json"));
  TRY_ASSIGN(const H5Group weights, ReadWeights(zip));
  TRY_IN("weights", TakeArchiveLayers(file->model, weights, "", file->weights));
  return file;
}

}  // namespace

Result<KerasFile> ReadKerasArchive(const std::filesystem::path& path) {
  auto file = [&]() -> Result<KerasFile> {
    TRY_ASSIGN(const ZipReader zip, ZipReader::Open(path));
    return TakeArchive(zip);
  }();
  if (!file) return tl::unexpected(std::move(file.error()).In(path.string()));
  file->path = path.string();
  return file;
}

}  // namespace liteforge
