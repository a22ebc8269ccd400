// SPDX-License-Identifier: Apache-2.0
// Read back by a parser of JSON.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "liteforge/detection.h"

namespace liteforge::to_json_test {

using Json = nlohmann::json;

FrameReport Frame() {
  FrameReport frame;
  frame.index = 3;
  frame.seconds = 1.25;
  frame.dropped = 2;
  frame.fps = 29.5;
  frame.times = {0.5, 1, 2, 0.25};
  frame.width = 640;
  frame.height = 480;
  return frame;
}

TEST(ToJson, FrameOfADetector) {
  FrameReport frame = Frame();
  frame.findings.task = ModelTask::kDetection;
  frame.findings.objects = {{7, "dog", 0.75f, {0.25f, 0, 1, 0.5f}}};
  const std::string line = ToJson(frame);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_EQ(Json::parse(line), Json::parse(R"({
    "frame": 3, "seconds": 1.25, "width": 640, "height": 480, "fps": 29.5,
    "dropped": 2, "ms": {"capture": 0.5, "pre": 1, "infer": 2, "post": 0.25},
    "task": "detection", "objects": [{"label": "dog", "class": 7,
    "score": 0.75, "box": [0.25, 0, 1, 0.5]}]})"));
}

TEST(ToJson, NothingFoundIsAnEmptyList) {
  FrameReport frame = Frame();
  frame.file = "street.jpg";
  frame.findings.task = ModelTask::kDetection;
  const Json json = Json::parse(ToJson(frame));
  EXPECT_EQ(json["file"], "street.jpg");
  EXPECT_EQ(json["objects"], Json::array());
}

TEST(ToJson, OtherTasks) {
  FrameReport frame = Frame();
  frame.findings.task = ModelTask::kPose;
  frame.findings.points = {{-0.5f, 0.25f, 1}};
  Json json = Json::parse(ToJson(frame));
  EXPECT_EQ(json["task"], "pose");
  EXPECT_EQ(json["points"],
            Json::parse(R"([{"y": -0.5, "x": 0.25, "score": 1}])"));
  for (const ModelTask task :
       {ModelTask::kClassification, ModelTask::kSegmentation}) {
    frame.findings.task = task;
    frame.findings.classes = {{1, "cat", 0.5f}};
    json = Json::parse(ToJson(frame));
    EXPECT_EQ(json["task"], Name(task));
    EXPECT_EQ(json["classes"],
              Json::parse(R"([{"label": "cat", "class": 1, "score": 0.5}])"));
    EXPECT_FALSE(json.contains("objects"));
  }
}

// Labels come from files of anybody.
TEST(ToJson, LabelsOfAnyBytes) {
  FrameReport frame = Frame();
  frame.findings.task = ModelTask::kDetection;
  frame.findings.objects = {{0, "a\xFF\"\n", 1, {}}};
  const Json json = Json::parse(ToJson(frame));
  EXPECT_EQ(json["objects"][0]["label"], "a\xEF\xBF\xBD\"\n");
}

}  // namespace liteforge::to_json_test
