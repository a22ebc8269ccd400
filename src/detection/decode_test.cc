// SPDX-License-Identifier: Apache-2.0
#include "detection/decode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

namespace liteforge::decode_test {

using testing::ElementsAre;
using testing::FloatNear;

constexpr float kOneUlp = 1.2e-7f;

OutputValues Values(const Shape& shape, std::vector<float> values,
                    DataType type = DataType::kFloat32) {
  return {shape, type, std::move(values)};
}

DecodeContext Square(int side) {
  DecodeContext context;
  context.input_width = context.input_height = side;
  context.place = {0, 0, side, side};
  return context;
}

OutputRoles DetectorRoles() {
  OutputRoles roles;
  roles.task = ModelTask::kDetection;
  roles.scores = 0;
  roles.boxes = 1;
  roles.count = 2;
  roles.classes = 3;
  return roles;
}

TEST(Decode, DetectionTakesRolesThresholdAndCount) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<OutputValues> outputs = {
      Values({1, 4}, {0.7f, 0.9f, 0.8f, 1.0f}),
      Values({1, 4, 4}, {0.1f, 0.2f, 0.3f, 0.4f, -0.5f, 0, 0.5f, 1.5f,  //
                         nan, 0, 1, 1, 0, 0, 1, 1}),
      Values({1}, {3}), Values({1, 4}, {1, 0, 0, 0})};
  DecodeContext context = Square(100);
  context.threshold = 0.6f;
  const std::vector<std::string> labels = {"cat"};
  context.labels = labels;
  const Findings findings = Decode(DetectorRoles(), outputs, context);
  ASSERT_EQ(findings.objects.size(), 2u);
  EXPECT_EQ(findings.objects[0].name, "cat");
  EXPECT_EQ(findings.objects[0].box, (Box{0, 0, 0.5f, 1}));  // clipped
  EXPECT_EQ(findings.objects[1].label, 1);
  EXPECT_EQ(findings.objects[1].name, "1");  // the labels have no such
  EXPECT_THAT(findings.objects[1].box.left, FloatNear(0.2f, kOneUlp));
}

// 200 x 100 in 100 x 100: the picture covers rows 25 to 75.
TEST(Decode, LetterboxIsTakenBack) {
  DecodeContext context = Square(100);
  context.place = Place(200, 100, 100, 100, Fit::kLetterbox);
  const std::vector<OutputValues> outputs = {
      Values({1, 1}, {1}), Values({1, 1, 4}, {0.25f, 0, 0.5f, 0.5f}),
      Values({1}, {1}), Values({1, 1}, {0})};
  const Findings findings = Decode(DetectorRoles(), outputs, context);
  ASSERT_EQ(findings.objects.size(), 1u);
  EXPECT_EQ(findings.objects[0].box, (Box{0, 0, 0.5f, 0.5f}));
}

TEST(Decode, ClassificationGivesTheBest) {
  OutputRoles roles;
  roles.values = 0;
  DecodeContext context = Square(8);
  context.top = 2;
  const std::vector<OutputValues> probabilities = {
      Values({1, 3}, {0.2f, 0.7f, 0.1f})};
  const Findings sure = Decode(roles, probabilities, context);
  ASSERT_EQ(sure.classes.size(), 2u);
  EXPECT_EQ(sure.classes[0].label, 1);
  EXPECT_EQ(sure.classes[0].score, 0.7f);
  EXPECT_EQ(sure.classes[1].label, 0);

  // Logits ln 1, ln 2, ln 5 are 1/8, 2/8, 5/8.
  const std::vector<OutputValues> logits = {
      Values({1, 3}, {0, std::log(2.0f), std::log(5.0f)})};
  EXPECT_THAT(Decode(roles, logits, context).classes[0].score,
              FloatNear(0.625f, 4 * kOneUlp));
}

TEST(Decode, SegmentationTakesTheBestClassOfThePicturesCells) {
  OutputRoles roles;
  roles.task = ModelTask::kSegmentation;
  roles.values = 0;
  DecodeContext context = Square(40);
  context.place = Place(80, 40, 40, 40, Fit::kLetterbox);  // rows 10 to 30
  std::vector<float> scores(4 * 4 * 2);
  const auto set = [&](int y, int x, int label) {
    scores[static_cast<size_t>((y * 4 + x) * 2 + label)] = 1;
  };
  for (int x = 0; x < 4; ++x) {
    set(0, x, 1);
    set(1, x, x == 3 ? 1 : 0);
    set(2, x, 0);
    set(3, x, 1);
  }
  const std::vector<OutputValues> outputs = {Values({1, 4, 4, 2}, scores)};
  const Findings findings = Decode(roles, outputs, context);
  EXPECT_EQ(findings.segmentation.width, 4);
  EXPECT_EQ(findings.segmentation.height, 2);
  EXPECT_THAT(findings.segmentation.labels,
              ElementsAre(0, 0, 0, 1, 0, 0, 0, 0));
  ASSERT_EQ(findings.classes.size(), 2u);
  EXPECT_EQ(findings.classes[0].score, 7.0f / 8);
}

TEST(Decode, PointsAndLandmarks) {
  OutputRoles roles;
  roles.task = ModelTask::kPose;
  roles.values = 0;
  DecodeContext context = Square(100);
  context.place = Place(200, 100, 100, 100, Fit::kLetterbox);
  const std::vector<OutputValues> points = {
      Values({1, 1, 1, 3}, {0.5f, 0.25f, 0.9f})};
  const Findings body = Decode(roles, points, context);
  ASSERT_EQ(body.points.size(), 1u);
  EXPECT_EQ(body.points[0].y, 0.5f);
  EXPECT_EQ(body.points[0].x, 0.25f);
  EXPECT_EQ(body.points[0].score, 0.9f);

  roles.pose = PoseKind::kLandmarks;
  const std::vector<OutputValues> landmarks = {
      Values({1, 1, 1, 3}, {50, 75, -3})};
  const Findings face = Decode(roles, landmarks, context);
  EXPECT_EQ(face.points[0].x, 0.5f);
  EXPECT_EQ(face.points[0].y, 1.0f);
}

// A 3 x 3 grid over 100 pixels: cell (1, 2) is at (50, 100), moved by (-10, 5).
TEST(Decode, HeatmapsAddTheirOffsets) {
  OutputRoles roles;
  roles.task = ModelTask::kPose;
  roles.pose = PoseKind::kHeatmaps;
  roles.values = 0;
  roles.offsets = 1;
  std::vector<float> heat(9), offsets(18);
  heat[1 * 3 + 2] = std::log(3.0f);  // sigmoid: 3/4
  offsets[(1 * 3 + 2) * 2] = -10;
  offsets[(1 * 3 + 2) * 2 + 1] = 5;
  const std::vector<OutputValues> outputs = {Values({1, 3, 3, 1}, heat),
                                             Values({1, 3, 3, 2}, offsets)};
  const Findings findings = Decode(roles, outputs, Square(100));
  ASSERT_EQ(findings.points.size(), 1u);
  EXPECT_THAT(findings.points[0].y, FloatNear(0.4f, kOneUlp));
  EXPECT_THAT(findings.points[0].x, FloatNear(1.05f, kOneUlp));
  EXPECT_THAT(findings.points[0].score, FloatNear(0.75f, kOneUlp));
}

TEST(ReadOutput, Dequantizes) {
  TensorDetails output;
  output.dtype = DataType::kUInt8;
  output.shape = {1, 2};
  output.quantization.scale = {0.5f};
  output.quantization.zero_point = {10};
  const std::vector<std::byte> data = {std::byte{10}, std::byte{255}};
  const auto read = ReadOutput(output, data);
  ASSERT_TRUE(read);
  EXPECT_THAT(read->values, ElementsAre(0, 122.5f));
  output.dtype = DataType::kString;
  EXPECT_FALSE(ReadOutput(output, data));
}

}  // namespace liteforge::decode_test
