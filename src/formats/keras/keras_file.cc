// SPDX-License-Identifier: Apache-2.0
#include "formats/keras/keras_file.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/mapped_file.h"
#include "base/try.h"
#include "formats/keras/keras_model.h"

namespace liteforge {
namespace {

using nlohmann::json;

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

Result<json> ParseModel(std::string_view text) {
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

}  // namespace

Result<KerasFile> StartKerasFile(std::string_view config, std::string version) {
  KerasFile file;
  TRY_ASSIGN(file.model, ParseModel(config));
  const Version parsed = ParseVersion(version);
  file.generation = Generation(parsed, file.model);
  file.tf_keras = IsTfKeras(version, parsed);
  file.version = std::move(version);
  return file;
}

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

Result<KerasFile> ReadKeras(const std::filesystem::path& path) {
  TRY_ASSIGN(const Blob file, MapFile(path));
  return LooksLikeZip(file.bytes()) ? ReadKerasArchive(path)
                                    : ReadKerasH5(path);
}

}  // namespace liteforge
