// SPDX-License-Identifier: Apache-2.0
// Annotations of images in COCO's format.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "data/average_precision.h"
#include "liteforge/result.h"

namespace liteforge {

struct CocoImage {
  int64_t id = 0;
  std::string file;
};

struct CocoCategory {
  int64_t id = 0;
  std::string name;
};

struct CocoData {
  std::vector<CocoImage> images;
  std::vector<CocoCategory> categories;
  std::vector<TrueObject> objects;
};

// Reads "images" (id, file_name), "categories" (id, name) and "annotations"
// (image_id, category_id, bbox = [left, top, width, height] in pixels,
// iscrowd) of an instances file. Errors: kInvalidModel naming the entry that is
// missing, of another type, or speaks of an image or category there is not.
// Source: cocodataset.org/#format-data.
Result<CocoData> ReadCoco(const std::filesystem::path& path);
Result<CocoData> ParseCoco(std::string_view text);

}  // namespace liteforge
