// SPDX-License-Identifier: Apache-2.0
#include "import/keras/function_call.h"

#include <algorithm>
#include <cmath>

#include "base/try.h"
#include "function/ops.h"
#include "import/keras/axes.h"

namespace liteforge {
namespace {

using nlohmann::json;

std::string_view FirstWord(std::string_view& words) {
  const size_t end = std::min(words.find(' '), words.size());
  const std::string_view word = words.substr(0, end);
  words.remove_prefix(std::min(end + 1, words.size()));
  return word;
}

tl::unexpected<Error> MissingArgument(std::string_view names) {
  return InvalidModel("its argument '" + std::string(FirstWord(names)) +
                      "' is missing");
}

// Numbers of a nested list, row-major, and its shape; false for other things.
bool AddNumbers(const json& value, size_t depth, Shape& shape,
                std::vector<double>& numbers) {
  const json& inner = Unwrapped(value);
  if (inner.is_boolean() || inner.is_number()) {
    if (depth != static_cast<size_t>(shape.rank())) return false;
    numbers.push_back(inner.is_boolean() ? inner.get<bool>()
                                         : inner.get<double>());
    return true;
  }
  if (!inner.is_array() || depth >= Shape::kMaxRank) return false;
  const auto size = static_cast<int32_t>(inner.size());
  if (depth == static_cast<size_t>(shape.rank())) {
    if (!numbers.empty()) return false;
    shape.Append(size);
  }
  if (shape[static_cast<int>(depth)] != size) return false;
  return std::all_of(inner.begin(), inner.end(), [&](const json& part) {
    return AddNumbers(part, depth + 1, shape, numbers);
  });
}

bool HasFraction(const json& value) {
  const json& inner = Unwrapped(value);
  if (inner.is_array())
    return std::any_of(inner.begin(), inner.end(), HasFraction);
  return inner.is_number_float();
}

bool IsFloat(DataType type) {
  return type == DataType::kFloat32 || type == DataType::kFloat16 ||
         type == DataType::kFloat64 || type == DataType::kBFloat16;
}

Result<Tensor> ConstantOf(FunctionBuilder& f, const json& value,
                          const Tensor& like) {
  Shape shape;
  std::vector<double> numbers;
  if (!AddNumbers(value, 0, shape, numbers))
    return Unsupported("an argument is neither a tensor nor numbers");
  const bool integers =
      !HasFraction(value) && !like.empty() && !IsFloat(like.type());
  if (integers) {
    std::vector<int32_t> whole;
    for (const double number : numbers) {
      if (!(std::abs(number) <= INT32_MAX))
        return Unsupported("an argument is too large a number");
      whole.push_back(static_cast<int32_t>(number));
    }
    return Cast(f.Constant(IntConstant(shape, std::move(whole))), like.type());
  }
  return f.Constant(
      FloatConstant(shape, std::vector<float>(numbers.begin(), numbers.end())));
}

std::vector<Tensor> OneType(std::vector<Tensor> tensors) {
  const bool same = std::all_of(
      tensors.begin(), tensors.end(),
      [&](const Tensor& tensor) { return tensor.type() == tensors[0].type(); });
  if (same) return tensors;
  for (Tensor& tensor : tensors) tensor = Cast(tensor, DataType::kFloat32);
  return tensors;
}

// A view of one value as a configuration, for its checked getters.
json Named(const json& value) { return {{"value", value}}; }

}  // namespace

const json* FunctionCall::Find(size_t place, std::string_view names) const {
  const json& positional = arguments_.positional;
  if (place < positional.size() && !positional[place].is_null())
    return &positional[place];
  while (!names.empty()) {
    const std::string_view name = FirstWord(names);
    const auto found = arguments_.named.find(name);
    if (found != arguments_.named.end() && !found->is_null()) return &*found;
    if (!in_config_) continue;
    if (const json* value = c.config.Find(name)) return value;
  }
  return nullptr;
}

Result<Tensor> FunctionCall::Operand(size_t place, std::string_view names,
                                     const Tensor& like) const {
  const json* value = Find(place, names);
  if (value == nullptr) return MissingArgument(names);
  if (const Tensor* tensor = c.TensorIn(*value)) return *tensor;
  return ConstantOf(c.f, *value, like);
}

Result<Tensor> FunctionCall::FloatOperand(size_t place,
                                          std::string_view names) const {
  TRY_ASSIGN(const Tensor x, Operand(place, names));
  return Cast(x, DataType::kFloat32);
}

Result<FunctionCall::Pair> FunctionCall::Operands() const {
  const json* first = Find(0, "x1 x a");
  const json* second = Find(1, "x2 y b");
  if (first == nullptr || second == nullptr) return MissingArgument("x y");
  const Tensor* a = c.TensorIn(*first);
  const Tensor* b = c.TensorIn(*second);
  Pair pair;
  TRY_ASSIGN(pair.a, Operand(0, "x1 x a", b == nullptr ? Tensor() : *b));
  TRY_ASSIGN(pair.b, Operand(1, "x2 y b", a == nullptr ? Tensor() : *a));
  if (pair.a.type() != pair.b.type()) {
    pair.a = Cast(pair.a, DataType::kFloat32);
    pair.b = Cast(pair.b, DataType::kFloat32);
  }
  return pair;
}

Result<std::vector<Tensor>> FunctionCall::List(size_t place,
                                               std::string_view names) const {
  const json* value = Find(place, names);
  if (value == nullptr) return MissingArgument(names);
  const json list = value->is_array() ? *value : json::array({*value});
  Tensor like;
  for (const json& part : list) {
    const Tensor* tensor = c.TensorIn(part);
    if (tensor != nullptr && like.empty()) like = *tensor;
  }
  std::vector<Tensor> tensors;
  for (const json& part : list) {
    if (const Tensor* tensor = c.TensorIn(part)) {
      tensors.push_back(*tensor);
      continue;
    }
    TRY_ASSIGN(tensors.emplace_back(), ConstantOf(c.f, part, like));
  }
  if (tensors.empty()) return InvalidModel("its list of tensors is empty");
  return OneType(std::move(tensors));
}

Result<int32_t> FunctionCall::Int(size_t place, std::string_view names,
                                  std::optional<int32_t> fallback) const {
  const json* value = Find(place, names);
  if (value == nullptr)
    return fallback ? *fallback : Result<int32_t>(MissingArgument(names));
  const json named = Named(*value);
  return LayerConfig(named, 3).Int("value");
}

Result<double> FunctionCall::Float(size_t place, std::string_view names,
                                   std::optional<double> fallback) const {
  const json* value = Find(place, names);
  if (value == nullptr)
    return fallback ? *fallback : Result<double>(MissingArgument(names));
  const json named = Named(*value);
  return LayerConfig(named, 3).Float("value");
}

Result<bool> FunctionCall::Bool(size_t place, std::string_view names,
                                bool fallback) const {
  const json* value = Find(place, names);
  if (value == nullptr) return fallback;
  const json named = Named(*value);
  return LayerConfig(named, 3).Bool("value", fallback);
}

Result<std::string> FunctionCall::String(size_t place, std::string_view names,
                                         std::string_view fallback) const {
  const json* value = Find(place, names);
  if (value == nullptr) return std::string(fallback);
  const json named = Named(*value);
  return LayerConfig(named, 3).String("value");
}

Result<DataType> FunctionCall::Type(size_t place, std::string_view names,
                                    DataType fallback) const {
  if (Find(place, names) == nullptr) return fallback;
  TRY_ASSIGN(std::string name, String(place, names, ""));
  // As attributes of operations say it: DT_FLOAT.
  if (name == "DT_FLOAT" || name == "DT_HALF") name = "float32";
  if (name.starts_with("DT_")) {
    name = name.substr(3);
    std::transform(name.begin(), name.end(), name.begin(), [](char letter) {
      return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + 32)
                                            : letter;
    });
  }
  const DataType type = DataTypeFromName(name);
  if (type == DataType::kNone)
    return Unsupported("the type '" + name + "' is not supported");
  return IsFloat(type) ? DataType::kFloat32 : type;
}

Result<std::vector<int32_t>> FunctionCall::Ints(size_t place,
                                                std::string_view names) const {
  const json* value = Find(place, names);
  if (value == nullptr) return std::vector<int32_t>{};
  const json named = Named(*value);
  return LayerConfig(named, 3).IntList("value");
}

Result<std::vector<int32_t>> FunctionCall::Axes(size_t place,
                                                std::string_view names,
                                                int rank) const {
  TRY_ASSIGN(std::vector<int32_t> axes, Ints(place, names));
  if (Find(place, names) == nullptr) {
    for (int32_t axis = 0; axis < rank; ++axis) axes.push_back(axis);
  }
  TRY(WrapAxes(axes, rank));
  return axes;
}

Result<FunctionCall::Dims> FunctionCall::DimsOf(size_t place,
                                                std::string_view names) const {
  const json* value = Find(place, names);
  if (value == nullptr) return MissingArgument(names);
  Dims dims;
  if (const Tensor* tensor = c.TensorIn(*value)) {
    if (tensor->rank() != 1 || tensor->dim(0) < 0 ||
        tensor->dim(0) > Shape::kMaxRank)
      return Unsupported("a shape of unknown length");
    dims.tensor = Cast(*tensor, DataType::kInt32);
    dims.known.assign(static_cast<size_t>(tensor->dim(0)), -1);
    dims.all_known = false;
    return dims;
  }
  const json list = value->is_array() ? *value : json::array({*value});
  if (list.size() > static_cast<size_t>(Shape::kMaxRank))
    return InvalidModel("its shape has too many dimensions");
  std::vector<Tensor> parts;
  for (const json& part : list) {
    if (const Tensor* tensor = c.TensorIn(part)) {
      parts.push_back(Cast(*tensor, DataType::kInt32));
      dims.known.push_back(-1);
      dims.all_known = false;
      continue;
    }
    const json named = Named(part.is_null() ? json(-1) : part);
    TRY_ASSIGN(const int32_t number, LayerConfig(named, 3).Int("value"));
    dims.known.push_back(number);
    parts.push_back(c.f.Constant(IntScalar(number)));
  }
  dims.tensor = parts.empty() ? c.f.Constant(IntVector({})) : Pack(parts, 0);
  return dims;
}

}  // namespace liteforge
