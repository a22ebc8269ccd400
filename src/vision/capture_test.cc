// SPDX-License-Identifier: Apache-2.0
// Video as the module gives it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "vision/module.h"

namespace liteforge::capture_test {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr int kWidth = 64, kHeight = 48;

// Soft slopes, brighter from frame to frame: what JPEG keeps well.
Image Slope(int frame) {
  Image image{kWidth, kHeight, {}};
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      for (const int value : {60 + 2 * x, 200 - 3 * y, 20 + 10 * frame})
        image.pixels.push_back(static_cast<uint8_t>(value));
    }
  }
  return image;
}

int FurthestPixel(const Image& a, const Image& b) {
  int most = 0;
  for (size_t i = 0; i < a.pixels.size(); ++i)
    most = std::max(most, std::abs(a.pixels[i] - b.pixels[i]));
  return most;
}

class Captured : public testing::Test {
 protected:
  void SetUp() override {
    const auto loaded = LoadVision();
    if (!loaded) GTEST_SKIP() << loaded.error().ToString();
    vision_ = *loaded;
    std::string pattern =
        (fs::temp_directory_path() / "liteforge-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  void TearDown() override {
    std::error_code ignored;
    if (!folder_.empty()) fs::remove_all(folder_, ignored);
  }
  std::vector<std::byte> Jpeg(int frame) const {
    const auto file = vision_->Encode(Slope(frame), ".jpg");
    EXPECT_TRUE(file) << file.error().ToString();
    return file ? *file : std::vector<std::byte>();
  }
  // JPEG files one behind the other.
  std::string WriteStream(const std::vector<std::vector<std::byte>>& files) {
    const fs::path path = folder_ / "stream.mjpeg";
    std::ofstream stream(path, std::ios::binary);
    for (const auto& file : files)
      stream.write(reinterpret_cast<const char*>(file.data()),
                   static_cast<std::streamsize>(file.size()));
    return path.string();
  }
  std::unique_ptr<FrameSource> Open(const std::string& file) const {
    auto source = vision_->Capture({CaptureKind::kVideo, file, 0, 0});
    EXPECT_TRUE(source) << source.error().ToString();
    return source ? *std::move(source) : nullptr;
  }

  const Vision* vision_ = nullptr;
  fs::path folder_;
};

// To the letter as an image file of the same bytes.
TEST_F(Captured, MotionJpegIsAsItsPicturesAre) {
  std::vector<std::vector<std::byte>> files;
  for (int k = 0; k < 5; ++k) files.push_back(Jpeg(k));
  const auto source = Open(WriteStream(files));
  ASSERT_NE(source, nullptr);
  for (const int round : {0, 1}) {
    for (int k = 0; k < 5; ++k) {
      Image frame;
      const auto is_there = source->Next(frame);
      ASSERT_TRUE(is_there) << is_there.error().ToString();
      ASSERT_TRUE(*is_there) << round << " " << k;
      const auto image = vision_->Decode(files[static_cast<size_t>(k)]);
      ASSERT_TRUE(image);
      EXPECT_EQ(frame, *image) << round << " " << k;
    }
    Image frame;
    const auto over = source->Next(frame);
    EXPECT_TRUE(over && !*over);
    ASSERT_TRUE(source->Rewind());
  }
}

// ITU-R BT.601 in [16, 235] and [16, 240], chroma of each 2 x 2 pixels.
std::vector<uint8_t> LumaAndChroma(const Image& image) {
  const int half_width = (image.width + 1) / 2;
  const int half_height = (image.height + 1) / 2;
  const auto at = [&](int x, int y, int channel) {
    x = std::min(x, image.width - 1), y = std::min(y, image.height - 1);
    return static_cast<double>(
        image.pixels[static_cast<size_t>((y * image.width + x) * 3 + channel)]);
  };
  const auto mix = [](double r, double g, double b, const double(&by)[4]) {
    return by[3] + (by[0] * r + by[1] * g + by[2] * b) / 255;
  };
  const auto byte = [](double x) {
    return static_cast<uint8_t>(std::lround(std::clamp(x, 0.0, 255.0)));
  };
  constexpr double kLuma[] = {65.481, 128.553, 24.966, 16};
  constexpr double kBlue[] = {-37.797, -74.203, 112, 128};
  constexpr double kRed[] = {112, -93.786, -18.214, 128};
  std::vector<uint8_t> planes;
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x)
      planes.push_back(byte(mix(at(x, y, 0), at(x, y, 1), at(x, y, 2), kLuma)));
  }
  for (const auto* by : {&kBlue, &kRed}) {
    for (int y = 0; y < half_height; ++y) {
      for (int x = 0; x < half_width; ++x) {
        double sum[3] = {};
        for (int k = 0; k < 12; ++k)
          sum[k % 3] += at(2 * x + k / 3 % 2, 2 * y + k / 6, k % 3) / 4;
        planes.push_back(byte(mix(sum[0], sum[1], sum[2], *by)));
      }
    }
  }
  return planes;
}

// Of even sizes as they come, of odd ones through OpenCV.
TEST_F(Captured, LumaAndChromaBecomeColors) {
  for (const int fewer : {0, 1}) {
    const int width = kWidth - fewer, height = kHeight - fewer;
    const auto picture = [&](int k) {
      const Image whole = Slope(k);
      Image image{width, height, {}};
      for (int y = 0; y < height; ++y) {
        const auto* row = &whole.pixels[static_cast<size_t>(y * kWidth * 3)];
        image.pixels.insert(image.pixels.end(), row, row + width * 3);
      }
      return image;
    };
    const fs::path path = folder_ / "raw.y4m";
    std::ofstream file(path, std::ios::binary);
    file << "YUV4MPEG2 W" << width << " H" << height << " F25:1 C420jpeg\n";
    for (int k = 0; k < 3; ++k) {
      const auto planes = LumaAndChroma(picture(k));
      file << "FRAME\n";
      file.write(reinterpret_cast<const char*>(planes.data()),
                 static_cast<std::streamsize>(planes.size()));
    }
    file.close();
    const auto source = Open(path.string());
    ASSERT_NE(source, nullptr);
    for (const int round : {0, 1}) {
      Image frame;
      for (int k = 0; k < 3; ++k) {
        const auto is_there = source->Next(frame);
        ASSERT_TRUE(is_there && *is_there) << round << " " << k;
        EXPECT_EQ(frame.width, width);
        EXPECT_EQ(frame.height, height);
        EXPECT_LT(FurthestPixel(frame, picture(k)), 10)
            << round << " " << k << " of " << width;
      }
      const auto over = source->Next(frame);
      EXPECT_TRUE(over && !*over);
      ASSERT_TRUE(source->Rewind());
    }
  }
}

TEST_F(Captured, DamagedPicturesAreLeftOut) {
  // 200 colors, says the frame's header.
  auto damaged = Jpeg(1);
  const std::byte header[] = {std::byte{0xFF}, std::byte{0xC0}};
  const auto found = std::search(damaged.begin(), damaged.end(),
                                 std::begin(header), std::end(header));
  ASSERT_NE(found, damaged.end());
  *(found + 9) = std::byte{200};
  const auto source = Open(WriteStream({Jpeg(0), damaged, Jpeg(2)}));
  ASSERT_NE(source, nullptr);
  Image frame;
  for (const int k : {0, 2}) {
    const auto is_there = source->Next(frame);
    ASSERT_TRUE(is_there && *is_there) << k;
    EXPECT_LT(FurthestPixel(frame, Slope(k)), 8) << k;
  }
  const auto over = source->Next(frame);
  EXPECT_TRUE(over && !*over);
}

TEST_F(Captured, VideosAreReadAsTheyWereWritten) {
  for (const char* name : {"a.avi", "a.mp4"}) {
    const std::string file = (folder_ / name).string();
    auto writer = vision_->WriteVideo(file, 10, kWidth, kHeight);
    ASSERT_TRUE(writer) << writer.error().ToString();
    for (int k = 0; k < 4; ++k) ASSERT_TRUE((*writer)->Write(Slope(k)));
    (*writer)->Finish();
    const auto source = Open(file);
    ASSERT_NE(source, nullptr) << name;
    EXPECT_FALSE(source->is_live());
    EXPECT_EQ(source->fps(), 10);
    Image frame;
    for (int k = 0; k < 4; ++k) {
      const auto is_there = source->Next(frame);
      ASSERT_TRUE(is_there && *is_there) << name << " " << k;
      EXPECT_LT(FurthestPixel(frame, Slope(k)), 24) << name << " " << k;
    }
  }
}

TEST_F(Captured, WhatIsNoVideoIsNamed) {
  const fs::path path = folder_ / "a.avi";
  std::ofstream(path) << "this is no video";
  const auto source =
      vision_->Capture({CaptureKind::kVideo, path.string(), 0, 0});
  ASSERT_FALSE(source);
  EXPECT_THAT(source.error().message, HasSubstr("no video or image"));
}

}  // namespace liteforge::capture_test
