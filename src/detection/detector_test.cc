// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/atomic_file.h"
#include "detection/color_detector.h"
#include "liteforge/detection.h"

namespace liteforge::detector_test {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class DetectorTest : public testing::Test {
 protected:
  DetectorTest() {
    std::string pattern =
        (fs::temp_directory_path() / "liteforge-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~DetectorTest() override { fs::remove_all(folder_); }

  fs::path Write(const std::vector<std::byte>& model) const {
    EXPECT_TRUE(WriteFileAtomically(folder_ / "model.tflite", model));
    return folder_ / "model.tflite";
  }

  fs::path folder_;
};

// Green above left, blue below right, else red.
const Image kQuarters{2, 2, {0, 255, 0, 255, 0, 0, 255, 0, 0, 0, 51, 204}};

DetectorOptions Plain() {
  DetectorOptions options;
  options.input.std = {255};
  return options;
}

// Roles follow the operator's slots in whatever order the outputs stand.
TEST_F(DetectorTest, RolesAreOfSlots) {
  for (const std::vector<int>& order :
       {std::vector{0, 1, 2, 3}, std::vector{2, 0, 3, 1},
        std::vector{3, 2, 1, 0}, std::vector{1, 0, 2}}) {
    auto detector =
        Detector::FromFile(Write(ColorDetector({order, {}})), Plain());
    ASSERT_TRUE(detector) << detector.error().ToString();
    EXPECT_EQ(detector->task(), ModelTask::kDetection);
    const auto findings = detector->Detect(kQuarters);
    ASSERT_TRUE(findings) << findings.error().ToString();
    ASSERT_EQ(findings->objects.size(), 2u);
    EXPECT_EQ(findings->objects[0].label, 0);
    EXPECT_EQ(findings->objects[0].score, 1);
    EXPECT_EQ(findings->objects[0].box, (Box{0, 0, 0.5f, 0.5f}));
    EXPECT_EQ(findings->objects[1].label, 1);
    EXPECT_EQ(findings->objects[1].score, 204 / 255.0f);
    EXPECT_EQ(findings->objects[1].box, (Box{0.5f, 0.5f, 1, 1}));
  }
}

// Labels and normalization are the model's own.
TEST_F(DetectorTest, MetadataIsUsed) {
  auto detector =
      Detector::FromFile(Write(ColorDetector({{3, 1, 2, 0}, {"leaf", "sky"}})));
  ASSERT_TRUE(detector) << detector.error().ToString();
  EXPECT_THAT(detector->notices(), IsEmpty());
  StageTimes times;
  const auto findings = detector->Detect(kQuarters, &times);
  ASSERT_TRUE(findings);
  ASSERT_EQ(findings->objects.size(), 2u);
  EXPECT_EQ(findings->objects[0].name, "leaf");
  EXPECT_EQ(findings->objects[1].name, "sky");
  EXPECT_GT(times.infer, 0);
}

TEST_F(DetectorTest, WhatIsAssumedIsSaid) {
  auto detector = Detector::FromFile(Write(ColorDetector()));
  ASSERT_TRUE(detector);
  EXPECT_THAT(detector->notices(),
              ElementsAre(HasSubstr("no labels"),
                          HasSubstr("(x - 127.5) / 127.5 is assumed")));
}

TEST_F(DetectorTest, BackgroundOfLabelsIsSkipped) {
  DetectorOptions options = Plain();
  options.labels = {"???", "leaf", "sky"};
  auto detector = Detector::FromFile(Write(ColorDetector()), options);
  ASSERT_TRUE(detector);
  EXPECT_EQ(detector->Detect(kQuarters)->objects[0].name, "leaf");
}

// A model of one RESHAPE from `from` to `to`.
std::vector<std::byte> Reshaping(std::vector<int32_t> from,
                                 std::vector<int32_t> to) {
  tflite::ModelT model;
  model.version = 3;
  Append(model.buffers);
  tflite::SubGraphT& graph = Append(model.subgraphs);
  AppendTensor(graph, "in", std::move(from));
  AppendTensor(graph, "shape", {static_cast<int32_t>(to.size())},
               tflite::TensorType::INT32, AppendBuffer(model, BytesOf(to)));
  AppendTensor(graph, "out", to);
  AppendCode(model, tflite::BuiltinOperator::RESHAPE);
  AppendOperator(graph, 0, {0, 1}, {2});
  graph.inputs = {0};
  graph.outputs = {2};
  return PackPlainly(model).ToVector<std::byte>();
}

TEST_F(DetectorTest, TasksAreToldByOutputs) {
  const auto task_of = [&](std::vector<int32_t> from, std::vector<int32_t> to) {
    auto detector = Detector::FromFile(
        Write(Reshaping(std::move(from), std::move(to))), Plain());
    return detector ? std::string(Name(detector->task()))
                    : detector.error().ToString();
  };
  EXPECT_EQ(task_of({1, 2, 2, 3}, {1, 12}), "classification");
  EXPECT_EQ(task_of({1, 2, 2, 3}, {1, 1, 1, 12}), "classification");
  EXPECT_EQ(task_of({1, 2, 2, 3}, {1, 2, 2, 3}), "segmentation");
  EXPECT_EQ(task_of({1, 17, 1, 3}, {1, 1, 17, 3}), "pose");
  EXPECT_THAT(task_of({1, 2, 2, 3}, {2, 3, 2}),
              HasSubstr("'out' float32[2,3,2]; run it with `liteforge run`"));
  EXPECT_THAT(task_of({1, 12}, {1, 12}), HasSubstr("an image is [1, height"));
}

TEST_F(DetectorTest, ErrorsNameTheFile) {
  EXPECT_THAT(Detector::FromFile(folder_ / "none.tflite").error().ToString(),
              HasSubstr("none.tflite: "));
  EXPECT_THAT(Detector::FromFile(Write(Reshaping({1, 12}, {1, 12})), Plain())
                  .error()
                  .ToString(),
              HasSubstr("model.tflite: input 'in' is float32[1,12]"));
}

}  // namespace liteforge::detector_test
