// SPDX-License-Identifier: Apache-2.0
#include "detection/stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/atomic_file.h"
#include "detection/color_detector.h"
#include "liteforge/detection.h"

namespace liteforge::stream_test {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;

// Frame k has k in its first pixel's red.
class FakeSource : public FrameSource {
 public:
  int frames = 3;
  bool live = false;
  milliseconds pace{0};
  bool breaks = false;                      // an error instead of the end
  std::shared_ptr<std::atomic<bool>> gate;  // blocks until it is true

  Result<bool> Next(Image& frame) override {
    while (gate != nullptr && next_ == frames && !gate->load())
      std::this_thread::sleep_for(milliseconds(5));
    if (next_ == frames && breaks)
      return Fail(ErrorCode::kIo, "gives no more pictures");
    if (next_ == frames) return false;
    std::this_thread::sleep_for(pace);
    frame = {2, 2, std::vector<uint8_t>(12, 0)};
    frame.pixels[0] = static_cast<uint8_t>(next_++);
    return true;
  }
  Result<void> Rewind() override {
    next_ = 0;
    return {};
  }
  bool is_live() const override { return live; }
  double fps() const override { return 0; }

 private:
  int next_ = 0;
};

// What the output saw of each frame, and whether it was completed.
struct Shown {
  std::vector<int> frames;
  bool finished = false;
};
class FakeOutput : public PictureOutput {
 public:
  explicit FakeOutput(Shown& shown) : shown_(shown) {}
  bool wants_picture() const override { return false; }
  Result<bool> Show(const Image& image, const FrameReport&) override {
    shown_.frames.push_back(image.pixels[0]);
    return true;
  }
  Result<void> Finish() override {
    shown_.finished = true;
    return {};
  }

 private:
  Shown& shown_;
};

class StreamTest : public testing::Test {
 protected:
  StreamTest() {
    std::string pattern =
        (fs::temp_directory_path() / "liteforge-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    const fs::path model = folder_ / "model.tflite";
    EXPECT_TRUE(WriteFileAtomically(model, ColorDetector()));
    detector_.emplace(*Detector::FromFile(model));
  }
  ~StreamTest() override { fs::remove_all(folder_); }

  Result<StreamSummary> Run(std::unique_ptr<FakeSource> source,
                            const StreamOptions& options = {}) {
    std::vector<std::unique_ptr<PictureOutput>> outputs;
    outputs.push_back(std::make_unique<FakeOutput>(shown_));
    return RunStream(*detector_, std::move(source), std::move(outputs),
                     options);
  }

  fs::path folder_;
  std::optional<Detector> detector_;
  Shown shown_;
};

TEST_F(StreamTest, EveryFrameOfAFileInOrder) {
  auto source = std::make_unique<FakeSource>();
  source->frames = 50;
  const auto summary = Run(std::move(source));
  ASSERT_TRUE(summary) << summary.error().ToString();
  EXPECT_EQ(summary->frames, 50);
  EXPECT_EQ(summary->dropped, 0);
  ASSERT_EQ(shown_.frames.size(), 50u);
  for (int k = 0; k < 50; ++k)
    EXPECT_EQ(shown_.frames[static_cast<size_t>(k)], k);
  EXPECT_TRUE(shown_.finished);
}

// The output takes 20 ms, the camera gives a frame each millisecond.
TEST_F(StreamTest, OldFramesOfACameraAreDropped) {
  auto source = std::make_unique<FakeSource>();
  source->frames = 200;
  source->live = true;
  source->pace = milliseconds(1);
  StreamOptions options;
  options.on_frame = [](const FrameReport&) {
    std::this_thread::sleep_for(milliseconds(20));
  };
  const auto summary = Run(std::move(source), options);
  ASSERT_TRUE(summary);
  EXPECT_GT(summary->dropped, 100);
  EXPECT_EQ(summary->frames + summary->dropped, 200);
  EXPECT_EQ(shown_.frames.back(), 199);
  EXPECT_TRUE(std::ranges::is_sorted(shown_.frames));
}

TEST_F(StreamTest, WhatWasSeenIsFinishedWhenACameraBreaks) {
  auto source = std::make_unique<FakeSource>();
  source->breaks = true;
  const auto summary = Run(std::move(source));
  ASSERT_FALSE(summary);
  EXPECT_THAT(summary.error().message, HasSubstr("gives no more pictures"));
  EXPECT_THAT(shown_.frames, ElementsAre(0, 1, 2));
  EXPECT_TRUE(shown_.finished);
}

TEST_F(StreamTest, StopEndsALoop) {
  auto source = std::make_unique<FakeSource>();
  std::atomic<bool> stop = false;
  StreamOptions options;
  options.loop = true;
  options.stop = &stop;
  options.on_frame = [&](const FrameReport& frame) {
    if (frame.index == 7) stop = true;
  };
  const auto summary = Run(std::move(source), options);
  ASSERT_TRUE(summary) << summary.error().ToString();
  EXPECT_THAT(shown_.frames, ElementsAre(0, 1, 2, 0, 1, 2, 0, 1));
  EXPECT_TRUE(shown_.finished);
}

TEST_F(StreamTest, StopEndsASourceThatHangs) {
  auto source = std::make_unique<FakeSource>();
  const auto gate = std::make_shared<std::atomic<bool>>(false);
  source->gate = gate;
  source->live = true;
  std::atomic<bool> stop = false;
  StreamOptions options;
  options.stop = &stop;
  std::thread user([&] {
    std::this_thread::sleep_for(milliseconds(100));
    stop = true;
  });
  const auto summary = Run(std::move(source), options);
  user.join();
  EXPECT_TRUE(summary);
  EXPECT_TRUE(shown_.finished);
  *gate = true;
}

}  // namespace liteforge::stream_test
