// SPDX-License-Identifier: Apache-2.0
#include "convert/recipe.h"

#include <nlohmann/json.hpp>

#include "base/mapped_file.h"
#include "base/try.h"

namespace liteforge {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::pair<std::string_view, QuantizeMode> kModes[] = {
    {"float", QuantizeMode::kFloat},     {"dynamic", QuantizeMode::kDynamic},
    {"float16", QuantizeMode::kFloat16}, {"int4", QuantizeMode::kInt4},
    {"int8", QuantizeMode::kInt8},       {"int16x8", QuantizeMode::kInt16x8},
};

Result<QuantizeMode> ModeFrom(const Json& value) {
  if (value.is_string()) {
    for (const auto& [name, mode] : kModes) {
      if (value.get_ref<const std::string&>() == name) return mode;
    }
  }
  return InvalidArgument("is " + value.dump() +
                         "; modes are \"float\", \"dynamic\", \"float16\", "
                         "\"int4\", \"int8\" and \"int16x8\"");
}

Result<Recipe> Parse(std::string_view text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object())
    return InvalidArgument(
        "is no recipe, which is a JSON object of "
        "\"default\" and \"layers\"");
  Recipe recipe;
  for (const auto& [key, value] : json.items()) {
    if (key == "default") {
      auto mode = ModeFrom(value);
      if (!mode) return tl::unexpected(std::move(mode.error()).In("default"));
      recipe.mode = *mode;
    } else if (key == "layers" && value.is_object()) {
      for (const auto& [layer, of_layer] : value.items()) {
        auto mode = ModeFrom(of_layer);
        if (!mode)
          return tl::unexpected(
              std::move(mode.error()).In("layers: '" + layer + "'"));
        recipe.layers.emplace_back(layer, *mode);
      }
    } else {
      return InvalidArgument("has '" + key +
                             "', a recipe holds \"default\" and an object "
                             "\"layers\"");
    }
  }
  return recipe;
}

}  // namespace

Result<Recipe> ReadRecipe(const std::filesystem::path& path) {
  TRY_ASSIGN(const Blob file, MapFile(path));
  auto recipe =
      Parse({reinterpret_cast<const char*>(file.data()), file.size()});
  if (recipe) return recipe;
  return tl::unexpected(std::move(recipe.error()).In(path.string()));
}

}  // namespace liteforge
