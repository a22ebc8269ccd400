// SPDX-License-Identifier: Apache-2.0
#include "data/coco.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "base/mapped_file.h"
#include "base/try.h"

namespace liteforge {
namespace {

using Json = nlohmann::json;

// What the library's exceptions say of a place, without their number.
Error AsError(const std::string& place, const Json::exception& e) {
  const std::string_view what = e.what();
  const size_t text = what.find("] ");
  return {ErrorCode::kInvalidModel,
          std::string(text == std::string_view::npos ? what
                                                     : what.substr(text + 2)),
          place};
}

// Gives every entry of a list to `add`, which may throw nlohmann's exceptions.
template <class Add>
Result<void> ForEach(const Json& json, const std::string& key, Add add) {
  if (!json.contains(key) || !json[key].is_array())
    return InvalidModel("has no list \"" + key +
                        "\"; wanted are COCO's instances");
  size_t i = 0;
  for (const Json& entry : json[key]) {
    const std::string place = key + "[" + std::to_string(i++) + "]";
    try {
      TRY_IN(place, add(entry));
    } catch (const Json::exception& e) {
      return tl::unexpected(AsError(place, e));
    }
  }
  return {};
}

// Some programs write 7.0. Beyond 2^53 doubles are not all integers.
Result<int64_t> IntegerOf(const Json& entry, const char* key) {
  constexpr double kMost = 9007199254740992.0;
  const auto number = entry.at(key).get<double>();
  if (std::abs(number) <= kMost && number == std::trunc(number))
    return static_cast<int64_t>(number);
  return InvalidModel("\"" + std::string(key) + "\" is " +
                      entry.at(key).dump() + ", no integer up to 2^53");
}

bool IsTrue(const Json& entry, const char* key) {
  if (!entry.contains(key)) return false;
  const Json& value = entry.at(key);
  return value.is_boolean() ? value.get<bool>() : value.get<double>() != 0;
}

Result<TrueObject> ObjectOf(const Json& entry) {
  TrueObject object;
  TRY_ASSIGN(object.image, IntegerOf(entry, "image_id"));
  TRY_ASSIGN(object.category, IntegerOf(entry, "category_id"));
  const auto box = entry.at("bbox").get<std::vector<double>>();
  if (box.size() != 4)
    return InvalidModel("\"bbox\" has " + std::to_string(box.size()) +
                        " numbers; wanted are left, top, width, height");
  for (const double number : box) {
    if (!std::isfinite(number))
      return InvalidModel("\"bbox\" is no finite number");
  }
  object.box = {box[0], box[1], box[2], box[3]};
  object.is_crowd = IsTrue(entry, "iscrowd");
  return object;
}

}  // namespace

Result<CocoData> ParseCoco(std::string_view text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return InvalidModel("is no JSON of COCO's instances");
  CocoData data;
  std::set<int64_t> images, categories;
  TRY(ForEach(json, "images", [&](const Json& entry) -> Result<void> {
    TRY_ASSIGN(const int64_t id, IntegerOf(entry, "id"));
    data.images.push_back({id, entry.at("file_name").get<std::string>()});
    if (!images.insert(id).second)
      return InvalidModel("has the id of another image");
    return {};
  }));
  TRY(ForEach(json, "categories", [&](const Json& entry) -> Result<void> {
    TRY_ASSIGN(const int64_t id, IntegerOf(entry, "id"));
    data.categories.push_back({id, entry.at("name").get<std::string>()});
    if (!categories.insert(id).second)
      return InvalidModel("has the id of another category");
    return {};
  }));
  TRY(ForEach(json, "annotations", [&](const Json& entry) -> Result<void> {
    TRY_ASSIGN(const TrueObject object, ObjectOf(entry));
    if (!images.contains(object.image))
      return InvalidModel("there is no image " + std::to_string(object.image));
    if (!categories.contains(object.category))
      return InvalidModel("there is no category " +
                          std::to_string(object.category));
    data.objects.push_back(object);
    return {};
  }));
  return data;
}

Result<CocoData> ReadCoco(const std::filesystem::path& path) {
  TRY_ASSIGN(const Blob file, MapFile(path));
  auto data =
      ParseCoco({reinterpret_cast<const char*>(file.data()), file.size()});
  if (!data) return tl::unexpected(std::move(data.error()).In(path.string()));
  return data;
}

}  // namespace liteforge
