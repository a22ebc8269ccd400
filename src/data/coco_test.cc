// SPDX-License-Identifier: Apache-2.0
#include "data/coco.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace liteforge::coco_test {

using testing::HasSubstr;

constexpr const char* kInstances = R"({
  "info": {"year": 2017},
  "images": [{"id": 139, "file_name": "a.jpg", "width": 640, "height": 426},
             {"id": 285, "file_name": "b.jpg"}],
  "categories": [{"id": 18, "name": "dog", "supercategory": "animal"}],
  "annotations": [
    {"id": 1, "image_id": 139, "category_id": 18, "iscrowd": 0, "area": 50.5,
     "bbox": [236.98, 142.51, 24.7, 69.5], "segmentation": [[1, 2, 3, 4]]},
    {"id": 2, "image_id": 285, "category_id": 18, "iscrowd": 1,
     "bbox": [0, 1, 2, 3], "segmentation": {"counts": [1], "size": [4, 4]}}]})";

TEST(Coco, ReadsInstances) {
  const auto data = ParseCoco(kInstances);
  ASSERT_TRUE(data) << data.error().ToString();
  ASSERT_EQ(data->images.size(), 2u);
  EXPECT_EQ(data->images[1].id, 285);
  EXPECT_EQ(data->images[1].file, "b.jpg");
  ASSERT_EQ(data->categories.size(), 1u);
  EXPECT_EQ(data->categories[0].name, "dog");
  ASSERT_EQ(data->objects.size(), 2u);
  EXPECT_EQ(data->objects[0].image, 139);
  EXPECT_EQ(data->objects[0].category, 18);
  EXPECT_DOUBLE_EQ(data->objects[0].box.left, 236.98);
  EXPECT_DOUBLE_EQ(data->objects[0].box.height, 69.5);
  EXPECT_FALSE(data->objects[0].is_crowd);
  EXPECT_TRUE(data->objects[1].is_crowd);
}

TEST(Coco, ReadsNumbersAsOtherProgramsWriteThem) {
  std::string text = kInstances;
  for (const auto& [find, put] :
       {std::pair{"\"image_id\": 139", "\"image_id\": 139.0"},
        std::pair{"\"iscrowd\": 0", "\"iscrowd\": false"},
        std::pair{"\"iscrowd\": 1", "\"iscrowd\": true"}})
    text.replace(text.find(find), std::string_view(find).size(), put);
  const auto data = ParseCoco(text);
  ASSERT_TRUE(data) << data.error().ToString();
  EXPECT_EQ(data->objects[0].image, 139);
  EXPECT_FALSE(data->objects[0].is_crowd);
  EXPECT_TRUE(data->objects[1].is_crowd);
}

struct Wrong {
  std::string find, put, error;
};

TEST(Coco, SaysWhatIsWrong) {
  const Wrong rows[] = {
      {"{\n", "[", "is no JSON of COCO's instances"},
      {"\"images\"", "\"pictures\"", "has no list \"images\""},
      {"\"file_name\": \"b.jpg\"", "\"name\": 1", "images[1]: key 'file_name'"},
      {"285,", "139,", "images[1]: has the id of another image"},
      {"\"image_id\": 285", "\"image_id\": 9",
       "annotations[1]: there is no image 9"},
      {"\"category_id\": 18, \"iscrowd\": 0", "\"category_id\": 1",
       "annotations[0]: there is no category 1"},
      {"\"id\": 18", "\"id\": 3333333333333333333334", "categories[0]: \"id\""},
      {"\"id\": 18", "\"id\": 18.5", "is 18.5, no integer up to 2^53"},
      {"\"id\": 285", "\"id\": true", "images[1]: type must be number"},
      {"[0, 1, 2, 3]", "[0, 1, 2]", "annotations[1]: \"bbox\" has 3 numbers"},
      {"[0, 1, 2, 3]", "[0, 1, \"x\", 3]", "annotations[1]: type must be"}};
  for (const Wrong& row : rows) {
    std::string text = kInstances;
    text.replace(text.find(row.find), row.find.size(), row.put);
    const auto data = ParseCoco(text);
    ASSERT_FALSE(data) << row.put;
    EXPECT_EQ(data.error().code, ErrorCode::kInvalidModel);
    EXPECT_THAT(data.error().ToString(), HasSubstr(row.error));
  }
}

}  // namespace liteforge::coco_test
