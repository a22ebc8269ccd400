// SPDX-License-Identifier: Apache-2.0
// The detector that finds a pixel's color (detection/color_detector.h), on
// pictures of 2 by 2 pixels with COCO's annotations.
#include "convert/evaluate_detector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "convert/evaluate.h"
#include "convert/example_testing.h"
#include "detection/color_detector.h"
#include "vision/module.h"

namespace liteforge::evaluate_detector_test {

namespace fs = std::filesystem;
using testing::HasSubstr;

class EvaluateDetectorTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!LoadVision()) GTEST_SKIP() << "built without OpenCV";
    // Green above left, blue below right; the rest is background.
    Write("pictures/a.ppm", "P3 2 2 255  0 255 0  255 0 0  255 0 0  0 0 255");
    Write("pictures/more/b.ppm",
          "P3 2 2 255  0 255 0  255 0 0  255 0 0  255 0 0");
  }
  void Write(const std::string& file, const std::string& text) const {
    const fs::path path = folder_.path() / file;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text << "\n";
  }
  // Objects of COCO's numbers: a green and a blue one in a, a green one in b.
  void WriteInstances(int green, int blue, const std::string& crowds = "") {
    const auto object = [](int image, int category, const char* box) {
      return R"({"image_id": )" + std::to_string(image) +
             R"(, "category_id": )" + std::to_string(category) +
             R"(, "bbox": )" + box + "}";
    };
    std::string text = R"({"images": [{"id": 1, "file_name": "a.ppm"},
        {"id": 2, "file_name": "pictures/more/b.ppm"}], "categories": [)";
    text += R"({"id": )" + std::to_string(green) + R"(, "name": "leaf"},)";
    text += R"({"id": )" + std::to_string(blue) + R"(, "name": "sky"}],)";
    text += R"("annotations": [)" + object(1, green, "[0, 0, 1, 1]") + "," +
            object(1, blue, "[1, 1, 1, 1]") + "," +
            object(2, green, "[0, 0, 1, 1]") + crowds + "]}";
    Write("instances.json", text);
  }
  Result<Evaluation> Evaluate(const ColorDetectorOptions& options = {
                                  {0, 1, 2, 3}, {"leaf", "sky"}}) const {
    const auto model = ColorDetector(options);
    EvaluateOptions how;
    if (options.labels.empty()) how.dataset.std = {255};
    return EvaluateBytes({"model", model}, folder_.path(), how);
  }

  ExampleFolder folder_;
};

TEST_F(EvaluateDetectorTest, AllThatIsThereIsFound) {
  WriteInstances(1, 2);
  const auto e = Evaluate();
  ASSERT_TRUE(e) << e.error().ToString();
  EXPECT_TRUE(e->is_detector);
  EXPECT_EQ(e->examples, 2);
  EXPECT_DOUBLE_EQ(e->map, 1);
  EXPECT_DOUBLE_EQ(e->ap50, 1);
  ASSERT_EQ(e->classes.size(), 2u);
  EXPECT_EQ(e->classes[0].name, "leaf");
  EXPECT_EQ(e->classes[0].examples, 2);
  EXPECT_EQ(e->classes[1].name, "sky");
}

// Labels say which category a class is, whatever its number; without labels
// class 0 is category 1, or 0 where there is one.
TEST_F(EvaluateDetectorTest, CategoriesAreFoundByNameOrNumber) {
  WriteInstances(20, 10);
  EXPECT_DOUBLE_EQ(Evaluate()->map, 1);
  EXPECT_DOUBLE_EQ(Evaluate({{0, 1, 2, 3}, {}})->map, 0);
  WriteInstances(0, 1);
  EXPECT_DOUBLE_EQ(Evaluate({{0, 1, 2, 3}, {}})->map, 1);
  WriteInstances(1, 2);
  EXPECT_DOUBLE_EQ(Evaluate({{3, 2, 1, 0}, {}})->map, 1);  // other outputs
  const auto other = Evaluate({{0, 1, 2, 3}, {"tree", "lake"}});
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().message,
              HasSubstr("has no category that is one of the labels; the first "
                        "label is 'tree', the first category 'leaf'"));
}

TEST_F(EvaluateDetectorTest, WhatLiesInACrowdCountsForNothing) {
  WriteInstances(1, 2,
                 R"(, {"image_id": 2, "category_id": 2,
                       "bbox": [0, 0, 2, 2], "iscrowd": 1})");
  const auto e = Evaluate();
  ASSERT_TRUE(e) << e.error().ToString();
  EXPECT_DOUBLE_EQ(e->map, 1);
  EXPECT_EQ(e->classes[1].examples, 1);
}

TEST_F(EvaluateDetectorTest, BadDataSetsAreNamed) {
  const auto expect = [&](const std::string& text) {
    const auto e = Evaluate();
    ASSERT_FALSE(e);
    EXPECT_THAT(e.error().ToString(), HasSubstr(text));
  };
  expect("holds no .json with COCO's instances");
  WriteInstances(1, 2);
  Write("captions.json", "{}");
  EXPECT_TRUE(Evaluate());  // instances*.json is the one
  fs::rename(folder_.path() / "instances.json", folder_.path() / "other.json");
  expect("holds 2 .json files; leave one, or name one instances.json");
  fs::remove(folder_.path() / "captions.json");
  fs::remove(folder_.path() / "pictures/more/b.ppm");
  expect("holds no image 'pictures/more/b.ppm'");
  Write("pictures/more/b.ppm", "no picture");
  expect("b.ppm");
  Write("other.json", R"({"images": [], "categories": [], "annotations": []})");
  expect("speaks of no image");
}

}  // namespace liteforge::evaluate_detector_test
