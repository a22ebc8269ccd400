// SPDX-License-Identifier: Apache-2.0
// What the file of a layer family gives and gets. To add a layer: a KerasLayer
// in a file of its family, and one row in all_layers.cc.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "formats/keras/keras_file.h"
#include "function/builder.h"
#include "import/keras/layer_config.h"
#include "liteforge/result.h"

namespace liteforge {

// A weight a layer has, in Keras 2's words and order.
struct WeightSpec {
  std::string_view name;  // "kernel"
  bool trainable = true;
};

struct KerasLayer;

// One layer of a model, with its weights; shared by all of its calls.
struct LayerInstance {
  std::string name;                        // "conv1"
  std::string path;                        // "outer/conv1"
  std::string class_name;                  // as the file says, "Convolution2D"
  const nlohmann::json* config = nullptr;  // an object
  const KerasLayer* kind = nullptr;        // nullptr: not known
  bool trainable = true;
  std::vector<WeightSpec> specs;            // of `kind`
  std::vector<const KerasWeight*> weights;  // as many as specs, once assigned
  std::map<std::string, Tensor, std::less<>> constants;  // already in the graph
};

// What a call is given, as the file writes it. A tensor stands as
// {"tensor": i}, counted over the positional ones and then the named.
struct CallArguments {
  nlohmann::json positional = nlohmann::json::array();
  nlohmann::json named = nlohmann::json::object();
};

// One call of a layer.
class LayerContext {
 public:
  // `masks`: one for each input, empty where there is none; or none at all.
  LayerContext(FunctionBuilder& builder, const KerasFile& file,
               LayerInstance& layer, std::span<const Tensor> inputs,
               std::span<const Tensor> masks = {})
      : f(builder),
        file(file),
        config(*layer.config, file.generation),
        inputs(inputs),
        layer_(layer),
        masks_(masks) {}

  // The same of a call with arguments. `tensors` are all of them; the first
  // `inputs` are positional.
  LayerContext(FunctionBuilder& builder, const KerasFile& file,
               LayerInstance& layer, std::span<const Tensor> tensors,
               size_t inputs, std::span<const Tensor> masks,
               const CallArguments& arguments)
      : LayerContext(builder, file, layer, tensors.first(inputs), masks) {
    tensors_ = tensors;
    arguments_ = &arguments;
  }

  FunctionBuilder& f;
  const KerasFile& file;
  const LayerConfig config;
  const std::span<const Tensor> inputs;  // the positional tensors
  const LayerInstance& layer() const { return layer_; }

  // The mask of an input or, where the call names it, the argument "mask":
  // bool, true for the steps that count. Empty: all do.
  Tensor MaskOf(size_t input) const;
  // The mask of the first output, of layers that make one.
  Tensor output_mask;

  // An argument of the call by name; nullptr when it is missing or null.
  const nlohmann::json* Argument(std::string_view name) const;
  // The tensor that stands for {"tensor": i}; nullptr for other values.
  const Tensor* TensorIn(const nlohmann::json& value) const;
  // The tensors of an argument, one or a list. Errors when there are others.
  Result<std::vector<Tensor>> TensorArguments(std::string_view name) const;
  const CallArguments* arguments() const { return arguments_; }

  // The layer's only input, in its own type. Errors when there are more.
  Result<Tensor> Input() const;
  // The same in float32, for layers that compute.
  Result<Tensor> FloatInput() const;
  // The same, checked to have `rank` dimensions.
  Result<Tensor> FloatInput(int rank) const;

  bool HasWeight(std::string_view name) const;
  // A stored weight in float32, checked against `wanted` (unknown dimensions
  // fit all; unknown rank fits any shape).
  Result<ConstantValue> WeightValue(std::string_view name,
                                    const Shape& wanted) const;
  // The same as the graph's constant. Made once, however often the layer is
  // called.
  Result<Tensor> Weight(std::string_view name, const Shape& wanted);
  // A constant the layer computes from its weights, made once under `name`.
  Tensor Constant(std::string_view name, ConstantValue value);
  // The constant of that name if an earlier call made it.
  const Tensor* FindConstant(std::string_view name) const;
  Tensor Scalar(double value);

 private:
  LayerInstance& layer_;
  std::span<const Tensor> masks_;
  std::span<const Tensor> tensors_;
  const CallArguments* arguments_ = nullptr;
};

// What a call returns: one tensor per output.
using LayerOutputs = Result<std::vector<Tensor>>;
inline LayerOutputs One(Tensor tensor) {
  return std::vector<Tensor>{std::move(tensor)};
}

// What a layer does with the masks of its inputs.
enum class Masking {
  kDrops,   // its output has none
  kPasses,  // its output has that of its first input
  kUses,    // it looks at them itself and sets output_mask
};

struct KerasLayer {
  std::string_view class_name;
  // Writes one call. kUnsupported errors are collected over all layers.
  LayerOutputs (*build)(LayerContext& context);
  // The weights a layer of this configuration has. Null: none.
  Result<std::vector<WeightSpec>> (*weights)(const LayerConfig& config) =
      nullptr;
  Masking masking = Masking::kDrops;
  // The arguments of a call that it knows, separated by spaces; "*": all, and
  // constants in place of tensors.
  std::string_view arguments = "";
};

// The layer of a class name, spelled as any Keras spells it; nullptr when
// there is none.
const KerasLayer* FindKerasLayer(std::string_view class_name);

// The specs of `kernel` and, unless use_bias is false, `bias`.
Result<std::vector<WeightSpec>> KernelAndBias(const LayerConfig& config);

}  // namespace liteforge
