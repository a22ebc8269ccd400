// SPDX-License-Identifier: Apache-2.0
// `liteforge detect` from pictures to boxes, without a camera: images,
// directories, videos; and real detectors on real
// photographs, against the boxes Google's TensorFlow Lite gives.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <string>
#include <thread>
#include <vector>

#include "detection/color_detector.h"
#include "liteforge/detection.h"
#include "liteforge/image.h"
#include "liteforge/npy.h"
#include "tests/command.h"

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using liteforge::Image;
using liteforge_tests::CommandResult;
using liteforge_tests::ReadText;
using liteforge_tests::RunLiteforge;
using testing::HasSubstr;

// Green in the quarter above left, blue below right, else gray.
Image Quarters(int width, int height) {
  Image image{width, height, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const bool top = y < height / 2, left = x < width / 2;
      const std::array<uint8_t, 3> color =
          top && left     ? std::array<uint8_t, 3>{0, 255, 0}
          : !top && !left ? std::array<uint8_t, 3>{0, 0, 255}
                          : std::array<uint8_t, 3>{100, 100, 100};
      image.pixels.insert(image.pixels.end(), color.begin(), color.end());
    }
  }
  return image;
}

std::vector<Json> Lines(const std::string& text) {
  std::vector<Json> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);)
    lines.push_back(Json::parse(line));
  return lines;
}

class Detect : public testing::Test {
 protected:
  void SetUp() override {
    const fs::path probe = folder_.path() / "quarters.png";
    const auto written = liteforge::WriteImage(probe, Quarters(64, 48));
    if (!written) GTEST_SKIP() << written.error().ToString();
    const auto model =
        liteforge::ColorDetector({{2, 0, 3, 1}, {"leaf", "sky"}});
    std::ofstream(folder_.path() / "model.tflite", std::ios::binary)
        .write(reinterpret_cast<const char*>(model.data()),
               static_cast<std::streamsize>(model.size()));
  }

  // A directory of `count` frames.
  void MakeFrames(int count) const {
    fs::create_directory(folder_.path() / "frames");
    for (int k = 0; k < count; ++k)
      ASSERT_TRUE(liteforge::WriteImage(
          folder_.path() / "frames" / ("f" + std::to_string(k) + ".png"),
          Quarters(64, 48)));
  }
  CommandResult Run(const std::string& arguments) const {
    return RunLiteforge("detect " + arguments, folder_.path());
  }

  liteforge_tests::TemporaryFolder folder_;
};

TEST_F(Detect, AnImageAsJson) {
  const auto run = Run("model.tflite --source quarters.png --json");
  ASSERT_EQ(run.exit_status, 0) << run.err;
  EXPECT_EQ(run.err, "");
  const auto lines = Lines(run.out);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["width"], 64);
  EXPECT_EQ(lines[0]["file"], "quarters.png");
  EXPECT_EQ(lines[0]["task"], "detection");
  EXPECT_GE(lines[0]["ms"]["infer"], 0.0);
  const Json& objects = lines[0]["objects"];
  ASSERT_EQ(objects.size(), 2u);
  EXPECT_EQ(objects[0]["label"], "leaf");
  EXPECT_GT(objects[0]["score"], 0.8);  // the quarters blend a little
  EXPECT_EQ(objects[0]["box"], Json({0.0, 0.0, 0.5, 0.5}));
  EXPECT_EQ(objects[1]["label"], "sky");
  EXPECT_EQ(objects[1]["box"], Json({0.5, 0.5, 1.0, 1.0}));
}

TEST_F(Detect, AnImageAsTextWithLabels) {
  std::ofstream(folder_.path() / "labels.txt") << "???\nkiwi\nplum\n";
  const auto run =
      Run("model.tflite --source quarters.png --labels labels.txt");
  ASSERT_EQ(run.exit_status, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr(" ms (capture "));
  EXPECT_THAT(run.out, HasSubstr("\n  kiwi "));
  EXPECT_THAT(run.out, HasSubstr("at 0.500 0.500 1.000 1.000\n"));
}

TEST_F(Detect, RefusesWithAWayOut) {
  MakeFrames(2);
  std::ofstream(folder_.path() / "text.mp4") << "no video";
  std::ofstream(folder_.path() / "text.jpg") << "no image";
  fs::create_directory(folder_.path() / "empty");
  const struct {
    const char* arguments;
    const char* error;
  } kCases[] = {
      {"--source none.jpg", "error: none.jpg: there is no such file"},
      {"--source text.jpg", "error: text.jpg: is no image"},
      {"--source text.mp4", "error: text.mp4: is no video or image"},
      {"--source empty", "error: empty: holds no images"},
      {"--source camera:77", "error: camera:77: there is no such camera"},
      {"--source 'nosuchsource ! fakesink'", "GStreamer cannot run"},
      {"--source frames --save a.png", "keeps one image"},
      {"--source frames --save frames", "would be overwritten"},
      {"--source quarters.png --save quarters.png", "would be overwritten"},
      {"--source frames --save none/a.avi", "none/a.avi: cannot be written"},
      {"--source frames --serve 99999", "'99999' is no place to serve at"},
      {"--source frames --serve 203.0.113.7:8080", "cannot be served"},
      {"--source frames --labels none.txt", "error: none.txt"},
  };
  for (const auto& row : kCases) {
    const auto run = Run(std::string("model.tflite ") + row.arguments);
    EXPECT_EQ(run.exit_status, 1) << row.arguments << run.err;
    EXPECT_THAT(run.err, HasSubstr(row.error)) << row.arguments;
  }
  EXPECT_FALSE(fs::exists(folder_.path() / "a.png"));
  EXPECT_EQ(Run("model.tflite").exit_status, 2);
}

// A run in the background, ended by `signal`.
class Background {
 public:
  Background(const fs::path& folder, const std::string& arguments)
      : err_(folder / "err.txt"), status_(folder / "status.txt") {
    const std::string command =
        "cd '" + folder.string() + "' && (('" LITEFORGE_EXECUTABLE "' detect " +
        arguments + " >out.txt 2>err.txt & echo $! >pid.txt; wait $!; " +
        "echo $? >status.txt) &)";
    EXPECT_EQ(std::system(command.c_str()), 0);
    pid_file_ = folder / "pid.txt";
  }
  // Waits for the address on stderr; empty when there is none.
  std::string Url() const {
    const std::regex url("serving (http://\\S+)");
    for (int i = 0; i < 400; ++i) {
      const std::string text = ReadText(err_);
      std::smatch match;
      if (std::regex_search(text, match, url)) return match[1];
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return {};
  }
  int End(int signal) const {
    kill(std::stoi(ReadText(pid_file_)), signal);
    for (int i = 0; i < 400 && ReadText(status_).empty(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const std::string status = ReadText(status_);
    return status.empty() ? -1 : std::stoi(status);
  }
  std::string err() const { return ReadText(err_); }

 private:
  fs::path err_, status_, pid_file_;
};

TEST_F(Detect, CtrlCEndsWithAWholeVideo) {
  MakeFrames(2);
  const Background run(folder_.path(),
                       "model.tflite --source frames --loop --save out.avi "
                       "--serve 0");
  ASSERT_NE(run.Url(), "") << run.err();
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_EQ(run.End(SIGINT), 0) << run.err();
  EXPECT_THAT(run.err(), HasSubstr(" ms a frame"));
  const auto again = Run("model.tflite --source out.avi --json");
  EXPECT_EQ(again.exit_status, 0) << again.err;
  EXPECT_GT(Lines(again.out).size(), 2u);
}

//---------------------------------------------------------------- real models

std::vector<float> Golden(const fs::path& file) {
  const auto array = liteforge::ReadNpy(file);
  if (!array) return {};
  std::vector<float> values(array->data.size() / sizeof(float));
  std::memcpy(values.data(), array->data.data(), array->data.size());
  return values;
}

// How much of two boxes' union both cover.
float Overlap(const Json& object, const float* b) {
  const auto a = object.get<std::array<float, 4>>();
  const auto area = [](float t, float l, float o, float r) {
    return std::max(0.0f, o - t) * std::max(0.0f, r - l);
  };
  const float both = area(std::max(a[0], b[0]), std::max(a[1], b[1]),
                          std::min(a[2], b[2]), std::min(a[3], b[3]));
  const float one = area(a[0], a[1], a[2], a[3]);
  return both / (one + area(b[0], b[1], b[2], b[3]) - both);
}

TEST_F(Detect, RealDetectorsFindTheGoldenBoxes) {
  const fs::path shared = liteforge_tests::SharedFolder();
  if (shared.empty()) GTEST_SKIP() << "no real models here";
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
    const fs::path models = shared / "models/tflite";
    const fs::path golden = models / (row.model + "_" + row.photograph);
    const auto output = [&](int k) {
      return Golden(golden / ("output_" + std::to_string(k) + ".npy"));
    };
    const auto boxes = output(row.boxes), classes = output(row.classes),
               scores = output(row.scores);
    ASSERT_FALSE(boxes.empty()) << golden;
    const auto run =
        Run((models / row.model / "model.tflite").string() +
            " --threshold 0.5 --json --source " +
            (shared / "models/images" / row.photograph).string() + ".jpg");
    ASSERT_EQ(run.exit_status, 0) << run.err;
    const Json objects = Lines(run.out).at(0)["objects"];
    // Resizing differs by a gray level or so from the golden input's, which
    // moves a score by a few quanta of 1/256.
    constexpr float kScore = 0.06f;
    size_t expected = 0;
    for (size_t k = 0; k < scores.size(); ++k) {
      if (scores[k] < 0.5f + kScore) continue;
      ++expected;
      bool found = false;
      for (const Json& object : objects)
        found |= object["class"] == std::lround(classes[k]) &&
                 std::abs(object["score"].get<float>() - scores[k]) < kScore &&
                 Overlap(object["box"], &boxes[k * 4]) > 0.85f;
      EXPECT_TRUE(found) << row.photograph << ": class " << classes[k]
                         << " score " << scores[k] << "\n"
                         << run.out;
    }
    EXPECT_GT(expected, 0u) << row.photograph;
  }
}

}  // namespace
