// SPDX-License-Identifier: Apache-2.0
// The configuration of one Keras layer, in the words of Keras 2 whichever
// generation wrote it: filters() of Keras 1's nb_filter, and so on.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "liteforge/result.h"
#include "liteforge/types.h"

namespace liteforge {

// A view: the JSON must outlive it. Every getter checks the type and the range
// of what the file says; errors (kInvalidModel) name the key. Without a
// fallback a missing key is an error. A key whose value is null counts as
// missing.
class LayerConfig {
 public:
  LayerConfig(const nlohmann::json& config, int generation)
      : config_(&config), generation_(generation) {}

  int generation() const { return generation_; }

  // The value under a Keras 2/3 key or its Keras 1 name; nullptr when missing.
  // Keras 3's wrappers around tuples and numpy values are taken off.
  const nlohmann::json* Find(std::string_view key) const;
  bool Has(std::string_view key) const { return Find(key) != nullptr; }

  Result<int32_t> Int(std::string_view key,
                      std::optional<int32_t> fallback = {}) const;
  Result<double> Float(std::string_view key,
                       std::optional<double> fallback = {}) const;
  Result<bool> Bool(std::string_view key, bool fallback) const;
  Result<std::string> String(std::string_view key,
                             std::optional<std::string> fallback = {}) const;

  // `count` integers of at least `least`; a single integer stands for all.
  Result<std::vector<int32_t>> Ints(
      std::string_view key, int count, int32_t least,
      std::optional<std::vector<int32_t>> fallback = {}) const;
  // Any number of integers, or one.
  Result<std::vector<int32_t>> IntList(
      std::string_view key,
      std::optional<std::vector<int32_t>> fallback = {}) const;
  // A number, or numbers nested as in numpy, in row-major order.
  Result<std::vector<float>> Floats(std::string_view key,
                                    std::optional<float> fallback = {}) const;

  // data_format / dim_ordering.
  Result<bool> ChannelsFirst() const;
  // padding / border_mode: "VALID", "SAME" or, when `causal`, "CAUSAL".
  Result<std::string> Padding(bool causal = false) const;
  // The extents of a convolution kernel.
  Result<std::vector<int32_t>> KernelSize(int rank) const;

 private:
  const nlohmann::json* config_;
  int generation_;
};

// A shape with the batch dimension, null meaning unknown. Errors when it is no
// list, has more than 8 dimensions, or one that is not positive.
Result<Shape> ShapeFromJson(const nlohmann::json& value);

// Takes off Keras 3's {"class_name": "__tuple__", "items": […]} and
// {"class_name": "__numpy__", "config": {"value": …}}.
const nlohmann::json& Unwrapped(const nlohmann::json& value);

// The configuration of what has none: {}.
const nlohmann::json& EmptyObject();

// Whether `wanted` is one of `words`, which stand separated by spaces.
bool HoldsWord(std::string_view words, std::string_view wanted);

}  // namespace liteforge
