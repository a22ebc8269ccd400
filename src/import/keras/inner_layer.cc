// SPDX-License-Identifier: Apache-2.0
#include "import/keras/inner_layer.h"

#include "base/try.h"

namespace liteforge {

namespace {

Result<Inner> InnerFrom(const nlohmann::json* object, int generation,
                        std::string_view key) {
  if (object == nullptr || !object->is_object() ||
      !object->contains("class_name") || !object->contains("config") ||
      !(*object)["class_name"].is_string() || !(*object)["config"].is_object())
    return InvalidModel("its configuration has no '" + std::string(key) + "'");
  Inner inner;
  inner.class_name = (*object)["class_name"];
  inner.config = (*object)["config"];
  inner.kind = FindKerasLayer(inner.class_name);
  if (inner.kind == nullptr) {
    return Unsupported("the layer inside, of class " + inner.class_name +
                       ", cannot be imported");
  }
  if (inner.kind->weights != nullptr) {
    TRY_ASSIGN(inner.specs,
               inner.kind->weights(LayerConfig(inner.config, generation)));
  }
  return inner;
}

}  // namespace

Result<Inner> InnerOf(const LayerConfig& config, std::string_view key) {
  return InnerFrom(config.Find(key), config.generation(), key);
}

Result<std::vector<Inner>> InnerListOf(const LayerConfig& config,
                                       std::string_view key) {
  const nlohmann::json* list = config.Find(key);
  if (list == nullptr || !list->is_array())
    return InvalidModel("its configuration has no '" + std::string(key) + "'");
  std::vector<Inner> layers;
  for (const nlohmann::json& object : *list) {
    TRY_ASSIGN(layers.emplace_back(),
               InnerFrom(&object, config.generation(), key));
  }
  return layers;
}

Result<InnerOutputs> CallInner(LayerContext& c, const Inner& inner,
                               std::vector<const KerasWeight*> weights,
                               std::span<const Tensor> inputs,
                               const Tensor& mask) {
  LayerInstance own = c.layer();
  own.class_name = inner.class_name;
  own.config = &inner.config;
  own.kind = inner.kind;
  own.specs = inner.specs;
  own.constants.clear();
  own.weights = std::move(weights);
  const Tensor masks[] = {mask};
  LayerContext context(c.f, c.file, own, inputs, masks);
  InnerOutputs outputs;
  TRY_ASSIGN(outputs.tensors, inner.kind->build(context));
  outputs.mask =
      inner.kind->masking == Masking::kPasses ? mask : context.output_mask;
  return outputs;
}

}  // namespace liteforge
