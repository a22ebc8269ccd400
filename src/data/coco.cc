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

Result<TrueObject> ObjectOf(const Json& entry) {
  TrueObject object;
  entry.at("image_id").get_to(object.image);
  entry.at("category_id").get_to(object.category);
  const auto box = entry.at("bbox").get<std::vector<double>>();
  if (box.size() != 4)
    return InvalidModel("\"bbox\" has " + std::to_string(box.size()) +
                        " numbers; wanted are left, top, width, height");
  for (const double number : box) {
    if (!std::isfinite(number))
      return InvalidModel("\"bbox\" is no finite number");
  }
  object.box = {box[0], box[1], box[2], box[3]};
  object.is_crowd = entry.value("iscrowd", 0) != 0;
  return object;
}

}  // namespace

Result<CocoData> ParseCoco(std::string_view text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return InvalidModel("is no JSON of COCO's instances");
  CocoData data;
  std::set<int64_t> images, categories;
  TRY(ForEach(json, "images", [&](const Json& entry) -> Result<void> {
    data.images.push_back({entry.at("id").get<int64_t>(),
                           entry.at("file_name").get<std::string>()});
    if (!images.insert(data.images.back().id).second)
      return InvalidModel("has the id of another image");
    return {};
  }));
  TRY(ForEach(json, "categories", [&](const Json& entry) -> Result<void> {
    data.categories.push_back(
        {entry.at("id").get<int64_t>(), entry.at("name").get<std::string>()});
    if (!categories.insert(data.categories.back().id).second)
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
