// SPDX-License-Identifier: Apache-2.0
#include "base/try.h"
#include "convert/inspect_sources.h"
#include "formats/keras/keras_file.h"
#include "import/keras/import_keras.h"

namespace liteforge {
namespace {

std::string WriterOf(const KerasFile& file) {
  std::string writer = "Keras ";
  writer +=
      file.version.empty() ? std::to_string(file.generation) : file.version;
  if (!file.backend.empty()) writer += ", backend " + file.backend;
  return writer;
}

std::vector<TensorDetails> DetailsOf(
    const std::vector<FunctionArgument>& arguments) {
  std::vector<TensorDetails> details;
  for (const FunctionArgument& argument : arguments) {
    details.push_back({argument.name,
                       static_cast<int>(details.size()),
                       argument.shape,
                       argument.shape,
                       argument.type,
                       {}});
  }
  return details;
}

}  // namespace

Result<void> DescribeKeras(const std::filesystem::path& path,
                           ModelDescription& model) {
  TRY_ASSIGN(const KerasFile file, ReadKeras(path));
  model.writer = WriterOf(file);
  for (const KerasLayerSummary& layer : SummarizeKeras(file)) {
    model.layers.push_back({layer.name, layer.class_name, layer.output_shape,
                            layer.parameters, layer.converts});
    model.parameters += layer.parameters;
  }
  const auto function = ImportKeras(file);
  model.converts = function.has_value();
  if (!function) {
    model.problem = function.error().ToString();
    return {};
  }
  model.inputs = DetailsOf(function->inputs);
  model.outputs = DetailsOf(function->outputs);
  return {};
}

}  // namespace liteforge
