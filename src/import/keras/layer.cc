// SPDX-License-Identifier: Apache-2.0
#include "import/keras/layer.h"

#include <algorithm>

#include "base/half.h"
#include "base/try.h"
#include "function/ops.h"

namespace liteforge {
namespace {

// IEEE half precision: 1 sign, 5 exponent (bias 15) and 10 mantissa bits.
template <class T>
Blob Widened(const Blob& data) {
  const std::vector<T> values = data.ToVector<T>();
  std::vector<float> floats(values.size());
  std::transform(values.begin(), values.end(), floats.begin(),
                 [](T value) { return static_cast<float>(value); });
  return Blob::Own(std::move(floats));
}

Result<Blob> AsFloats(const KerasWeight& weight) {
  switch (weight.type) {
    case DataType::kFloat32:
      return weight.data;
    case DataType::kFloat64:
      return Widened<double>(weight.data);
    case DataType::kFloat16:
      return Widened<Float16>(weight.data);
    case DataType::kBFloat16:
      return Widened<BFloat16>(weight.data);
    case DataType::kInt32:
      return Widened<int32_t>(weight.data);
    case DataType::kInt64:
      return Widened<int64_t>(weight.data);
    default:
      return Unsupported("weight '" + weight.name + "' is " +
                         std::string(Name(weight.type)) +
                         ", only floating-point weights can be read");
  }
}

bool Matches(const Shape& shape, const Shape& wanted) {
  if (!wanted.has_rank()) return true;
  if (shape.rank() != wanted.rank()) return false;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (wanted[axis] >= 0 && wanted[axis] != shape[axis]) return false;
  }
  return true;
}

}  // namespace

Tensor LayerContext::MaskOf(size_t input) const {
  if (const nlohmann::json* given = Argument("mask")) {
    const nlohmann::json& own =
        given->is_array() && input < given->size() ? (*given)[input] : *given;
    const Tensor* tensor = TensorIn(own);
    return tensor == nullptr ? Tensor() : Cast(*tensor, DataType::kBool);
  }
  return input < masks_.size() ? masks_[input] : Tensor();
}

const nlohmann::json* LayerContext::Argument(std::string_view name) const {
  if (arguments_ == nullptr) return nullptr;
  const auto found = arguments_->named.find(name);
  const bool there = found != arguments_->named.end() && !found->is_null();
  return there ? &*found : nullptr;
}

const Tensor* LayerContext::TensorIn(const nlohmann::json& value) const {
  if (!value.is_object() || value.size() != 1) return nullptr;
  const auto index = value.find("tensor");
  if (index == value.end() || !index->is_number_unsigned()) return nullptr;
  const auto at = index->get<size_t>();
  return at < tensors_.size() ? &tensors_[at] : nullptr;
}

Result<std::vector<Tensor>> LayerContext::TensorArguments(
    std::string_view name) const {
  std::vector<Tensor> tensors;
  const nlohmann::json* value = Argument(name);
  if (value == nullptr) return tensors;
  const auto all = value->is_array() ? *value : nlohmann::json::array({*value});
  for (const nlohmann::json& each : all) {
    const Tensor* tensor = TensorIn(each);
    if (tensor == nullptr) {
      return Unsupported("its argument '" + std::string(name) +
                         "' is no output of a layer, which is not supported");
    }
    tensors.push_back(*tensor);
  }
  return tensors;
}

Result<Tensor> LayerContext::Input() const {
  if (inputs.size() == 1) return inputs[0];
  return InvalidModel("it takes one input, the model gives it " +
                      std::to_string(inputs.size()));
}

Result<Tensor> LayerContext::FloatInput() const {
  TRY_ASSIGN(const Tensor input, Input());
  if (input.type() == DataType::kString) {
    return InvalidModel("it computes with numbers, its input holds strings");
  }
  return Cast(input, DataType::kFloat32);
}

Result<Tensor> LayerContext::FloatInput(int rank) const {
  TRY_ASSIGN(const Tensor input, Input());
  if (input.rank() == rank) return FloatInput();
  return InvalidModel("its input must have " + std::to_string(rank) +
                      " dimensions, it is " + input.shape().ToString());
}

bool LayerContext::HasWeight(std::string_view name) const {
  return std::any_of(layer_.specs.begin(), layer_.specs.end(),
                     [&](const WeightSpec& spec) { return spec.name == name; });
}

Result<ConstantValue> LayerContext::WeightValue(std::string_view name,
                                                const Shape& wanted) const {
  for (size_t i = 0; i < layer_.specs.size(); ++i) {
    if (layer_.specs[i].name != name || i >= layer_.weights.size()) continue;
    const KerasWeight& weight = *layer_.weights[i];
    if (!Matches(weight.shape, wanted)) {
      return InvalidModel("weight '" + weight.name + "' is " +
                          weight.shape.ToString() + ", its configuration asks" +
                          " for " + wanted.ToString());
    }
    const int64_t bytes = ByteSize(weight.type, weight.shape.elements());
    if (bytes < 0 || static_cast<uint64_t>(bytes) != weight.data.size()) {
      return InvalidModel("weight '" + weight.name + "' holds " +
                          std::to_string(weight.data.size()) +
                          " bytes, which do not fill " +
                          Describe(weight.type, weight.shape));
    }
    TRY_ASSIGN(Blob data, AsFloats(weight));
    return ConstantValue{DataType::kFloat32, weight.shape, std::move(data)};
  }
  return InvalidModel("its weight '" + std::string(name) + "' is not stored");
}

Result<Tensor> LayerContext::Weight(std::string_view name,
                                    const Shape& wanted) {
  if (const Tensor* made = FindConstant(name)) return *made;
  TRY_ASSIGN(ConstantValue value, WeightValue(name, wanted));
  return Constant(name, std::move(value));
}

Tensor LayerContext::Constant(std::string_view name, ConstantValue value) {
  if (const Tensor* made = FindConstant(name)) return *made;
  Tensor made = f.Variable(std::move(value), name);
  layer_.constants.emplace(name, made);
  return made;
}

const Tensor* LayerContext::FindConstant(std::string_view name) const {
  const auto found = layer_.constants.find(name);
  return found == layer_.constants.end() ? nullptr : &found->second;
}

Tensor LayerContext::Scalar(double value) {
  return f.Constant(FloatScalar(static_cast<float>(value)));
}

Result<std::vector<WeightSpec>> KernelAndBias(const LayerConfig& config) {
  TRY_ASSIGN(const bool bias, config.Bool("use_bias", true));
  std::vector<WeightSpec> specs = {{"kernel"}};
  if (bias) specs.push_back({"bias"});
  return specs;
}

}  // namespace liteforge
