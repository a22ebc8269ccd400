// SPDX-License-Identifier: Apache-2.0
// `liteforge detect` from files to boxes: images, directories, videos; what it
// writes, and what it refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "liteforge/image.h"
#include "tests/workflow/detect_testing.h"

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using liteforge::Image;
using liteforge_tests::Lines;
using liteforge_tests::Quarters;
using testing::HasSubstr;

class Detect : public liteforge_tests::DetectTest {};

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
  std::ofstream(At("labels.txt")) << "???\nkiwi\nplum\n";
  const auto run =
      Run("model.tflite --source quarters.png --labels labels.txt");
  ASSERT_EQ(run.exit_status, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr(" ms (capture "));
  EXPECT_THAT(run.out, HasSubstr("\n  kiwi "));
  EXPECT_THAT(run.out, HasSubstr("at 0.500 0.500 1.000 1.000\n"));
}

// How many pixels of a rectangle are not what they were.
int Changed(const Image& image, const Image& before, int left, int top,
            int right, int bottom) {
  int changed = 0;
  for (int y = top; y < bottom; ++y) {
    for (int x = left; x < right; ++x) {
      const auto at = static_cast<size_t>((y * image.width + x) * 3);
      changed += !std::equal(&image.pixels[at], &image.pixels[at] + 3,
                             &before.pixels[at]);
    }
  }
  return changed;
}

// 640 x 480: the boxes are 320 x 240, and their lines two pixels wide.
TEST_F(Detect, SavedPictureHasTheBoxes) {
  const Image before = Quarters(640, 480);
  ASSERT_TRUE(liteforge::WriteImage(At("large.png"), before));
  const auto run =
      Run("model.tflite --source large.png --save drawn.png --json");
  ASSERT_EQ(run.exit_status, 0) << run.err;
  const auto drawn = liteforge::ReadImage(At("drawn.png"));
  ASSERT_TRUE(drawn) << drawn.error().ToString();
  ASSERT_EQ(drawn->width, 640);
  ASSERT_EQ(drawn->height, 480);
  // Each side of each box, away from the corners and from where the other
  // box's label lies.
  const struct {
    const char* side;
    int left, top, right, bottom, pixels;
  } kSides[] = {{"left of the leaf", 0, 60, 5, 180, 120},
                {"right of the leaf", 315, 60, 325, 180, 120},
                {"bottom of the leaf", 60, 235, 260, 245, 200},
                {"right of the sky", 635, 300, 640, 420, 120},
                {"left of the sky", 315, 300, 325, 420, 120},
                {"bottom of the sky", 380, 474, 580, 480, 200}};
  for (const auto& side : kSides)
    EXPECT_GE(
        Changed(*drawn, before, side.left, side.top, side.right, side.bottom),
        side.pixels)
        << side.side;
  // A caption on each, and nothing else: inside and outside of the boxes the
  // picture is as it was.
  EXPECT_GT(Changed(*drawn, before, 0, 0, 110, 30), 800);
  EXPECT_GT(Changed(*drawn, before, 320, 215, 430, 260), 800);
  EXPECT_EQ(Changed(*drawn, before, 30, 60, 290, 210), 0);
  EXPECT_EQ(Changed(*drawn, before, 350, 280, 610, 450), 0);
  EXPECT_EQ(Changed(*drawn, before, 350, 10, 630, 200), 0);
  EXPECT_EQ(Changed(*drawn, before, 10, 260, 290, 470), 0);
}

TEST_F(Detect, DirectoryBecomesAVideoOrADirectory) {
  MakeFrames(5);
  const auto video = Run("model.tflite --source frames --save out.avi --json");
  ASSERT_EQ(video.exit_status, 0) << video.err;
  const auto first = Lines(video.out);
  ASSERT_EQ(first.size(), 5u);
  EXPECT_EQ(first[3]["frame"], 3);
  EXPECT_EQ(first[3]["file"], "frames/f3.png");
  EXPECT_THAT(video.err, HasSubstr("5 frames in "));

  // What was written is a video of the same pictures, drawn on: read again it
  // holds what was found.
  const auto again =
      Run("model.tflite --source out.avi --save pictures/ --json");
  ASSERT_EQ(again.exit_status, 0) << again.err;
  const auto second = Lines(again.out);
  ASSERT_EQ(second.size(), 5u);
  for (const Json& line : second) {
    EXPECT_EQ(line["width"], 64);
    EXPECT_EQ(line["height"], 48);
    EXPECT_FALSE(line.contains("file"));
    EXPECT_EQ(line["dropped"], 0);
  }
  for (const char* name : {"frame_000000.png", "frame_000004.png"})
    EXPECT_TRUE(liteforge::ReadImage(At("pictures") / name)) << name;

  // Images keep their names.
  ASSERT_EQ(Run("model.tflite --source frames --save named/").exit_status, 0);
  EXPECT_TRUE(liteforge::ReadImage(At("named/f4.png")));
}

TEST_F(Detect, RefusesWithAWayOut) {
  MakeFrames(2);
  std::ofstream(At("text.mp4")) << "no video";
  std::ofstream(At("text.jpg")) << "no image";
  fs::create_directory(At("empty"));
  unsetenv("DISPLAY");
  unsetenv("WAYLAND_DISPLAY");
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
      {"--source http://127.0.0.1:9/stream", "cannot be opened; look whether"},
      {"--source frames --save a.png", "keeps one image"},
      {"--source frames --save frames", "would be overwritten"},
      {"--source quarters.png --save quarters.png", "would be overwritten"},
      {"--source frames --save none/a.avi", "none/a.avi: cannot be written"},
      {"--source frames --serve 99999", "'99999' is no place to serve at"},
      {"--source frames --serve 203.0.113.7:8080", "cannot be served"},
      {"--source frames --labels none.txt", "error: none.txt"},
      {"--source frames --display",
       "there is no screen for a window (DISPLAY is not set); use --serve"},
  };
  for (const auto& row : kCases) {
    const auto run = Run(std::string("model.tflite ") + row.arguments);
    EXPECT_EQ(run.exit_status, 1) << row.arguments << run.err;
    EXPECT_THAT(run.err, HasSubstr(row.error)) << row.arguments;
  }
  setenv("DISPLAY", ":77", 1);
  EXPECT_THAT(Run("model.tflite --source frames --display").err,
              HasSubstr("nothing answers at DISPLAY :77); use --serve"));
  unsetenv("DISPLAY");
  EXPECT_FALSE(fs::exists(At("a.png")));
  EXPECT_EQ(Run("model.tflite").exit_status, 2);
}

}  // namespace
