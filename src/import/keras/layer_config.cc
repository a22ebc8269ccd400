// SPDX-License-Identifier: Apache-2.0
// Keras 1's words are those of keras/legacy/interfaces.py and
// legacy/layers.py in Keras 2.
#include "import/keras/layer_config.h"

#include <cmath>
#include <limits>

#include "base/try.h"

namespace liteforge {
namespace {

using nlohmann::json;

constexpr size_t kMaxListLength = 1 << 20;
constexpr int kMaxRank = 8;

struct Alias {
  std::string_view key;
  std::string_view other;
};

// One row per other word for a key.
constexpr Alias kAliases[] = {
    {"data_format", "dim_ordering"},
    {"dilation_rate", "atrous_rate"},
    {"filters", "nb_filter"},
    {"kernel_size", "filter_length"},
    {"negative_slope", "alpha"},
    {"padding", "border_mode"},
    {"pool_size", "pool_length"},
    {"rate", "p"},
    {"recurrent_activation", "inner_activation"},
    {"size", "length"},
    {"strides", "stride"},
    {"strides", "subsample"},
    {"strides", "subsample_length"},
    {"units", "output_dim"},
    {"use_bias", "bias"},
};

const json* FindKey(const json& config, std::string_view key) {
  if (!config.is_object()) return nullptr;
  const auto found = config.find(key);
  if (found == config.end() || found->is_null()) return nullptr;
  const json& value = Unwrapped(*found);
  return value.is_null() ? nullptr : &value;
}

tl::unexpected<Error> Wrong(std::string_view key, std::string_view wanted,
                            const json& value) {
  std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return InvalidModel("'" + std::string(key) + "' is " + text +
                      ", it must be " + std::string(wanted));
}

tl::unexpected<Error> MissingKey(std::string_view key) {
  return InvalidModel("its configuration has no '" + std::string(key) + "'");
}

// Python writes whole numbers as floats at times: 2.0.
std::optional<int32_t> AsInt(const json& value) {
  if (!value.is_number()) return {};
  const double number = value.get<double>();
  constexpr double kLimit = std::numeric_limits<int32_t>::max();
  if (!(number >= -kLimit && number <= kLimit)) return {};
  if (number != std::floor(number)) return {};
  return static_cast<int32_t>(number);
}

// ParsePythonJson turns the bare words into strings.
std::optional<double> AsFloat(const json& value) {
  if (value.is_number()) return value.get<double>();
  if (value == "Infinity") return std::numeric_limits<double>::infinity();
  if (value == "-Infinity") return -std::numeric_limits<double>::infinity();
  if (value == "NaN") return std::numeric_limits<double>::quiet_NaN();
  return {};
}

bool AppendFloats(const json& value, std::vector<float>& out) {
  const json& inner = Unwrapped(value);
  if (const auto number = AsFloat(inner)) {
    out.push_back(static_cast<float>(*number));
    return out.size() <= kMaxListLength;
  }
  if (!inner.is_array()) return false;
  for (const json& part : inner) {
    if (!AppendFloats(part, out)) return false;
  }
  return true;
}

// An integer or a flat list of integers.
std::optional<std::vector<int32_t>> AsInts(const json& value) {
  if (const auto single = AsInt(value)) return std::vector<int32_t>{*single};
  if (!value.is_array() || value.size() > kMaxListLength) return {};
  std::vector<int32_t> all;
  for (const json& part : value) {
    const auto one = AsInt(part);
    if (!one) return {};
    all.push_back(*one);
  }
  return all;
}

}  // namespace

const json& Unwrapped(const json& value) {
  const json* at = &value;
  while (at->is_object() && at->contains("class_name")) {
    const json& kind = (*at)["class_name"];
    if (kind == "__tuple__" && at->contains("items")) {
      at = &(*at)["items"];
      continue;
    }
    const bool array = kind == "__numpy__" || kind == "__tensor__";
    if (!array || !at->contains("config")) break;
    const json& config = (*at)["config"];
    if (!config.is_object() || !config.contains("value")) break;
    at = &config["value"];
  }
  return *at;
}

const json* LayerConfig::Find(std::string_view key) const {
  if (const json* value = FindKey(*config_, key)) return value;
  for (const Alias& alias : kAliases) {
    if (alias.key != key) continue;
    if (const json* value = FindKey(*config_, alias.other)) return value;
  }
  return nullptr;
}

Result<int32_t> LayerConfig::Int(std::string_view key,
                                 std::optional<int32_t> fallback) const {
  const json* value = Find(key);
  if (value == nullptr) {
    if (fallback) return *fallback;
    return MissingKey(key);
  }
  if (const auto number = AsInt(*value)) return *number;
  // Keras 2 writes some one-dimensional extents as lists of one.
  if (value->is_array() && value->size() == 1) {
    if (const auto number = AsInt((*value)[0])) return *number;
  }
  return Wrong(key, "an integer", *value);
}

Result<double> LayerConfig::Float(std::string_view key,
                                  std::optional<double> fallback) const {
  const json* value = Find(key);
  if (value == nullptr) {
    if (fallback) return *fallback;
    return MissingKey(key);
  }
  const auto number = AsFloat(*value);
  if (!number) return Wrong(key, "a number", *value);
  return *number;
}

Result<bool> LayerConfig::Bool(std::string_view key, bool fallback) const {
  const json* value = Find(key);
  if (value == nullptr) return fallback;
  if (value->is_boolean()) return value->get<bool>();
  if (const auto number = AsInt(*value)) return *number != 0;
  return Wrong(key, "true or false", *value);
}

Result<std::string> LayerConfig::String(
    std::string_view key, std::optional<std::string> fallback) const {
  const json* value = Find(key);
  if (value == nullptr) {
    if (fallback) return *fallback;
    return MissingKey(key);
  }
  if (!value->is_string()) return Wrong(key, "a string", *value);
  return value->get<std::string>();
}

Result<std::vector<int32_t>> LayerConfig::Ints(
    std::string_view key, int count, int32_t least,
    std::optional<std::vector<int32_t>> fallback) const {
  const json* value = Find(key);
  if (value == nullptr) {
    if (fallback) return *fallback;
    return MissingKey(key);
  }
  auto numbers = AsInts(*value);
  const auto wanted = static_cast<size_t>(count);
  bool valid = numbers && (numbers->size() == wanted ||
                           (numbers->size() == 1 && !value->is_array()));
  for (size_t i = 0; valid && i < numbers->size(); ++i) {
    valid = (*numbers)[i] >= least;
  }
  if (!valid) {
    return Wrong(key,
                 std::to_string(count) + " integers of at least " +
                     std::to_string(least),
                 *value);
  }
  numbers->resize(wanted, numbers->front());
  return *std::move(numbers);
}

Result<std::vector<int32_t>> LayerConfig::IntList(
    std::string_view key, std::optional<std::vector<int32_t>> fallback) const {
  const json* value = Find(key);
  if (value == nullptr) {
    if (fallback) return *fallback;
    return MissingKey(key);
  }
  auto numbers = AsInts(*value);
  if (!numbers) return Wrong(key, "integers", *value);
  return *std::move(numbers);
}

Result<std::vector<float>> LayerConfig::Floats(
    std::string_view key, std::optional<float> fallback) const {
  const json* value = Find(key);
  if (value == nullptr) {
    if (fallback) return std::vector<float>{*fallback};
    return MissingKey(key);
  }
  std::vector<float> numbers;
  if (!AppendFloats(*value, numbers)) return Wrong(key, "numbers", *value);
  return numbers;
}

Result<bool> LayerConfig::ChannelsFirst() const {
  TRY_ASSIGN(const std::string order, String("data_format", "channels_last"));
  if (order == "channels_first" || order == "th") return true;
  if (order == "channels_last" || order == "tf" || order == "default") {
    return false;
  }
  return Wrong("data_format", "\"channels_last\" or \"channels_first\"", order);
}

Result<std::string> LayerConfig::Padding(bool causal) const {
  TRY_ASSIGN(const std::string padding, String("padding", "valid"));
  if (padding == "valid" || padding == "VALID") return std::string("VALID");
  if (padding == "same" || padding == "SAME") return std::string("SAME");
  if (causal && padding == "causal") return std::string("CAUSAL");
  return Unsupported("padding '" + padding +
                     "' has no TensorFlow equivalent; use 'valid' or 'same'");
}

Result<std::vector<int32_t>> LayerConfig::KernelSize(int rank) const {
  if (rank == 2 && !Has("kernel_size") && Has("nb_row")) {
    TRY_ASSIGN(const auto rows, Ints("nb_row", 1, 1));
    TRY_ASSIGN(const auto cols, Ints("nb_col", 1, 1));
    return std::vector<int32_t>{rows[0], cols[0]};
  }
  return Ints("kernel_size", rank, 1);
}

Result<Shape> ShapeFromJson(const json& value) {
  const json& dims = Unwrapped(value);
  if (!dims.is_array() || dims.size() > kMaxRank) {
    return Wrong("input shape", "a list of at most 8 dimensions", dims);
  }
  Shape shape;
  for (const json& dim : dims) {
    const auto size = AsInt(dim);
    if (!dim.is_null() && (!size || *size < 1)) {
      return Wrong("input shape", "positive dimensions or null", dims);
    }
    shape.Append(size.value_or(Shape::kUnknownDim));
  }
  return shape;
}

const nlohmann::json& EmptyObject() {
  static const nlohmann::json kEmpty = json::object();
  return kEmpty;
}

bool HoldsWord(std::string_view words, std::string_view wanted) {
  while (!words.empty()) {
    const size_t end = words.find(' ');
    if (words.substr(0, end) == wanted) return true;
    words.remove_prefix(end == std::string_view::npos ? words.size() : end + 1);
  }
  return false;
}

}  // namespace liteforge
