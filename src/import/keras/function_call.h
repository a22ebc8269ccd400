// SPDX-License-Identifier: Apache-2.0
// A function that a model calls between its layers: keras.ops of Keras 3
// (class "Add", module "keras.src.ops.numpy"), TensorFlow's own of Keras 2
// (TFOpLambda "math.add") and single operations of TensorFlow 2.0 to 2.3
// (TensorFlowOpLayer "AddV2"). One table knows them by all their names.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "import/keras/layer.h"

namespace liteforge {

// The arguments of one call. `names` are words separated by spaces, the names
// an argument has in one or the other library.
class FunctionCall {
 public:
  FunctionCall(LayerContext& c, const CallArguments& arguments,
               bool arguments_in_config)
      : c(c), arguments_(arguments), in_config_(arguments_in_config) {}

  LayerContext& c;

  // By place, by name, or, in Keras 3, as the operation was constructed.
  // nullptr when it is not given or null.
  const nlohmann::json* Find(size_t place, std::string_view names) const;

  // A tensor or a constant, in the type of `like` where that is given and it
  // can be. Errors when the argument is missing or no number.
  Result<Tensor> Operand(size_t place, std::string_view names,
                         const Tensor& like = {}) const;
  Result<Tensor> FloatOperand(size_t place, std::string_view names) const;
  // Two, of one type: float32 where they differ.
  struct Pair {
    Tensor a, b;
  };
  Result<Pair> Operands() const;
  // A list of tensors, constants among them, all of one type.
  Result<std::vector<Tensor>> List(size_t place, std::string_view names) const;

  Result<int32_t> Int(size_t place, std::string_view names,
                      std::optional<int32_t> fallback = {}) const;
  Result<double> Float(size_t place, std::string_view names,
                       std::optional<double> fallback = {}) const;
  Result<bool> Bool(size_t place, std::string_view names, bool fallback) const;
  Result<std::string> String(size_t place, std::string_view names,
                             std::string_view fallback) const;
  Result<DataType> Type(size_t place, std::string_view names,
                        DataType fallback) const;
  // An integer or a list of them; empty when it is missing.
  Result<std::vector<int32_t>> Ints(size_t place, std::string_view names) const;
  // Of [-rank, rank) brought to [0, rank); all axes when it is missing.
  Result<std::vector<int32_t>> Axes(size_t place, std::string_view names,
                                    int rank) const;

  // Integers some of which may be computed: int32 [n], and those that are
  // known, the others being -1.
  struct Dims {
    Tensor tensor;
    std::vector<int32_t> known;
    bool all_known = true;
  };
  Result<Dims> DimsOf(size_t place, std::string_view names) const;

 private:
  const CallArguments& arguments_;
  bool in_config_;
};

struct KerasFunction {
  std::string_view names;  // separated by spaces
  LayerOutputs (*build)(const FunctionCall& call);
};

// The tables of the files of functions.
std::span<const KerasFunction> ImageFunctions();
std::span<const KerasFunction> MathFunctions();
std::span<const KerasFunction> ShapeFunctions();

}  // namespace liteforge
