// SPDX-License-Identifier: Apache-2.0
// Images as examples, and classifiers and detectors measured on folders of
// them, from the command line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/command.h"
#include "tests/workflow/quarter_detections.h"

namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

// Each has a picture of 128 by 128 beside its array.
const fs::path kSamples =
    fs::path(LITEFORGE_SOURCE_DIR) / "examples/digits/samples";

class Images : public testing::Test {
 protected:
  void SetUp() override {
    const auto tried = Run("run " + h5_ + " --input none.png");
    if (tried.err.find("need the module") != std::string::npos)
      GTEST_SKIP() << "built without OpenCV";
  }
  liteforge_tests::CommandResult Run(const std::string& arguments) {
    return liteforge_tests::RunLiteforge(arguments, folder_.path());
  }
  std::string Do(const std::string& arguments) {
    const auto result = Run(arguments);
    EXPECT_EQ(result.exit_status, 0) << arguments << "\n" << result.err;
    notes_ = result.err;
    return result.out;
  }
  json Json(const std::string& arguments) {
    return json::parse(Do(arguments), nullptr, false);
  }
  std::string Fail(const std::string& arguments) {
    const auto result = Run(arguments);
    EXPECT_EQ(result.exit_status, 1) << arguments;
    return result.err;
  }
  void WriteText(const std::string& file, const std::string& text) {
    const fs::path path = folder_.path() / file;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text << "\n";
  }
  // Pictures alone, in a folder for each digit below `folder`.
  void CopyPictures(const std::string& folder) {
    for (const auto& entry : fs::directory_iterator(kSamples)) {
      if (entry.path().extension() != ".png") continue;
      const fs::path to = folder_.path() / folder /
                          std::string(1, entry.path().filename().string()[6]);
      fs::create_directories(to);
      fs::copy(entry.path(), to);
    }
  }

  liteforge_tests::TemporaryFolder folder_;
  std::string notes_;
  const std::string h5_ =
      (fs::path(LITEFORGE_SOURCE_DIR) / "examples/digits/digits.h5").string();
};

TEST_F(Images, AreRepresentativeData) {
  CopyPictures("seen");
  Do("convert " + h5_ +
     " -o q.tflite --optimize int8 --representative-data seen --std 255 "
     "--report r.json");
  const json report =
      json::parse(liteforge_tests::ReadText(folder_.path() / "r.json"));
  // Gray pictures of 0 to 255 have become 0 to 1, a little less by blurring.
  EXPECT_EQ(report["ranges"][0]["seen"][0], 0.0);
  EXPECT_NEAR(report["ranges"][0]["seen"][1], 1.0, 0.06);
  EXPECT_EQ(report["ranges"][0]["examples"], 10);
  EXPECT_EQ(report["comparison"]["examples"], 10);
  EXPECT_EQ(Json("compare " + h5_ + " q.tflite --json --data " +
                 kSamples.string())["same_top1"],
            1.0);
  // Neither the model nor the user says how they are normalized.
  Do("convert " + h5_ +
     " -o q.tflite --optimize int8 --representative-data seen");
  EXPECT_THAT(notes_, HasSubstr("0 to 255"));
}

TEST_F(Images, AreEvaluated) {
  CopyPictures("set");
  const json score =
      Json("evaluate " + h5_ + " --dataset set --std 255 --json");
  EXPECT_EQ(score["examples"], 10);
  EXPECT_GE(score["top1"], 0.9);  // one of them is blurred beyond reading
  EXPECT_EQ(score["top5"], 1.0);
  EXPECT_EQ(score["classes"][3]["name"], "3");
  EXPECT_EQ(score["classes"][3]["right"], 1);
}

TEST_F(Images, AreRun) {
  Do("convert " + h5_ + " -o f.tflite");
  const auto scores = [&](const std::string& arguments) {
    return Json("run f.tflite --json " +
                arguments)["outputs"][0]["first_values"]
        .get<std::vector<double>>();
  };
  const auto of_image =
      scores("--std 255 --input " + (kSamples / "digit_3_03.png").string());
  const auto of_array =
      scores("--input " + (kSamples / "digit_3_03.npy").string());
  ASSERT_EQ(of_image.size(), of_array.size());
  // The picture is a smooth enlargement of the array.
  for (size_t i = 0; i < of_array.size(); ++i)
    EXPECT_NEAR(of_image[i], of_array[i], 0.02) << i;
  EXPECT_GT(of_image[3], 0.9);
}

TEST_F(Images, ThatAreNoneAreNamed) {
  const std::string convert =
      "convert " + h5_ + " -o q.tflite --optimize int8 --representative-data ";
  CopyPictures("seen");
  WriteText("seen/4/broken.png", "this is no picture");
  EXPECT_THAT(Fail(convert + "seen"), HasSubstr("seen/4/broken.png: "));
  fs::create_directory(folder_.path() / "empty");
  EXPECT_THAT(Fail(convert + "empty"),
              HasSubstr("empty: holds no .npy or .npz file and no image"));
  EXPECT_FALSE(fs::exists(folder_.path() / "q.tflite"));
  WriteText("vector.pbtxt", R"(
      node { name: "x" op: "Placeholder"
        attr { key: "dtype" value { type: DT_FLOAT } }
        attr { key: "shape" value { shape { dim { size: 2 } } } } }
      node { name: "y" op: "Relu" input: "x" })");
  EXPECT_THAT(Fail("convert vector.pbtxt -o q.tflite --optimize int8 "
                   "--representative-data " +
                   (kSamples / "digit_0_00.png").string()),
              HasSubstr("input 'x' is float32[2]; an image is"));
}

//------------------------------------------------------------------- detectors

// A detector whose four anchors are the quarters of an image of 2 by 2: a
// pixel's green is the score of class 0 there, its blue that of class 1; red is
// background.
constexpr const char* kNetwork = R"(
  node { name: "image" op: "Placeholder"
    attr { key: "dtype" value { type: DT_FLOAT } }
    attr { key: "shape" value { shape {
      dim { size: 1 } dim { size: 2 } dim { size: 2 } dim { size: 3 } } } } }
  node { name: "shape" op: "Const"
    attr { key: "dtype" value { type: DT_INT32 } }
    attr { key: "value" value { tensor { dtype: DT_INT32
      tensor_shape { dim { size: 3 } } int_val: 1 int_val: 4 int_val: 3 } } } }
  node { name: "scores" op: "Reshape" input: "image" input: "shape" }
  node { name: "boxes" op: "Const"
    attr { key: "dtype" value { type: DT_FLOAT } }
    attr { key: "value" value { tensor { dtype: DT_FLOAT
      tensor_shape { dim { size: 1 } dim { size: 4 } dim { size: 4 } }
      float_val: 0 } } } })";

// a: a cat at the top left, found; a dog at the bottom right, missed, and one
// seen at the bottom left. b: a dog at the top left, found.
class Detectors : public Images {
 protected:
  void SetUp() override {
    Images::SetUp();
    if (IsSkipped()) return;
    WriteText("ssd.pbtxt",
              std::string(kNetwork) + liteforge_tests::kQuarterDetections);
    WriteText("coco/images/a.ppm",
              "P3 2 2 255 0 255 0 255 0 0 0 0 200 255 0 0");
    WriteText("coco/images/b.ppm",
              "P3 2 2 255 0 0 255 255 0 0 255 0 0 255 0 0");
    WriteText("coco/instances.json", R"({
      "images": [{"id": 7, "file_name": "a.ppm"},
                 {"id": 9, "file_name": "b.ppm"}],
      "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
      "annotations": [
        {"image_id": 7, "category_id": 1, "bbox": [0, 0, 1, 1]},
        {"image_id": 7, "category_id": 2, "bbox": [1, 1, 1, 1]},
        {"image_id": 9, "category_id": 2, "bbox": [0, 0, 1, 1]}]})");
  }
  const std::string common_ = "evaluate ssd.pbtxt --dataset coco --std 255 ";
};

// Cats: all found. Dogs: precision 1 up to recall 1/2, the recalls 0 to 0.50.
TEST_F(Detectors, AreMeasuredAsCocoDoes) {
  const json score = Json(common_ + "--json");
  EXPECT_EQ(score["examples"], 2);
  EXPECT_NEAR(score["map"], (1 + 51.0 / 101) / 2, 1e-12);
  EXPECT_NEAR(score["ap50"], (1 + 51.0 / 101) / 2, 1e-12);
  ASSERT_EQ(score["classes"].size(), 2u);
  EXPECT_EQ(score["classes"][0]["name"], "cat");
  EXPECT_EQ(score["classes"][0]["ap"], 1.0);
  EXPECT_EQ(score["classes"][1]["examples"], 2);
  EXPECT_NEAR(score["classes"][1]["ap"], 51.0 / 101, 1e-12);
  EXPECT_THAT(Do(common_), HasSubstr("2 images: mAP 75.25, AP50 75.25"));
}

TEST_F(Detectors, LabelsSayWhichCategoryAClassIs) {
  WriteText("labels.txt", "dog\ncat");
  EXPECT_EQ(Json(common_ + "--labels labels.txt --json")["map"], 0.0);
  WriteText("labels.txt", "cat\ndog");
  EXPECT_NEAR(Json(common_ + "--labels labels.txt --json")["map"],
              (1 + 51.0 / 101) / 2, 1e-12);
  WriteText("labels.txt", "bird");
  EXPECT_THAT(Fail(common_ + "--labels labels.txt"),
              HasSubstr("coco: has no category that is one of the labels"));
}

// Green of 255 gives a score of 255 where nothing is divided; what is found
// stays the same.
TEST_F(Detectors, ConvertReportsTheScore) {
  Do("convert ssd.pbtxt -o ssd.tflite --std 255 --evaluate-data coco "
     "--report r.json");
  const json report =
      json::parse(liteforge_tests::ReadText(folder_.path() / "r.json"));
  EXPECT_NEAR(report["evaluation"][1]["map"], (1 + 51.0 / 101) / 2, 1e-12);
}

TEST_F(Detectors, BadDataSetsAreNamed) {
  fs::remove(folder_.path() / "coco/images/b.ppm");
  EXPECT_THAT(Fail(common_), HasSubstr("coco: holds no image 'b.ppm'"));
  fs::remove(folder_.path() / "coco/instances.json");
  EXPECT_THAT(Fail(common_), HasSubstr("coco: holds no .json"));
  WriteText("coco/instances.json", "[]");
  EXPECT_THAT(Fail(common_), HasSubstr("instances.json: is no JSON of COCO"));
}

}  // namespace
