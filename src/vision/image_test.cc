// SPDX-License-Identifier: Apache-2.0
#include "liteforge/image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "vision/module.h"

namespace liteforge::image_test {

namespace fs = std::filesystem;
using testing::HasSubstr;

class ImageFiles : public testing::Test {
 protected:
  void SetUp() override {
    if (!LoadVision()) GTEST_SKIP() << LoadVision().error().ToString();
    std::string pattern =
        (fs::temp_directory_path() / "liteforge-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  void TearDown() override {
    std::error_code ignored;
    if (!folder_.empty()) fs::remove_all(folder_, ignored);
  }
  fs::path WriteBytes(const char* name, std::string_view bytes) const {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    return folder_ / name;
  }

  fs::path folder_;
};

const Image kPicture{
    3, 2, {255, 0, 0, 0, 255, 0, 0, 0, 255, 1, 128, 254, 200, 100, 0, 7, 7, 7}};

TEST_F(ImageFiles, PngKeepsEveryPixel) {
  ASSERT_TRUE(WriteImage(folder_ / "a.png", kPicture));
  const auto read = ReadImage(folder_ / "a.png");
  ASSERT_TRUE(read) << read.error().ToString();
  EXPECT_EQ(*read, kPicture);
}

// A bitmap written by hand: blue, green, red from the bottom row.
TEST_F(ImageFiles, ChannelsAndRowsStandInOrder) {
  const std::string_view bmp(
      "BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x02\0\0\0\x02\0\0\0\x01\0\x18\0"
      "\0\0\0\0\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
      "\x01\x02\x03\x04\x05\x06\0\0"
      "\x07\x08\x09\x0a\x0b\x0c\0\0",
      0x46);
  const auto read = ReadImage(WriteBytes("a.bmp", bmp));
  ASSERT_TRUE(read) << read.error().ToString();
  EXPECT_EQ(*read, (Image{2, 2, {9, 8, 7, 12, 11, 10, 3, 2, 1, 6, 5, 4}}));
}

TEST_F(ImageFiles, ErrorsNameTheFile) {
  const auto text = ReadImage(WriteBytes("a.jpg", "no image"));
  ASSERT_FALSE(text);
  EXPECT_THAT(text.error().ToString(),
              HasSubstr("a.jpg: is no image that OpenCV can read"));
  EXPECT_FALSE(ReadImage(WriteBytes("b.jpg", "")));
  EXPECT_FALSE(ReadImage(folder_ / "none.jpg"));
  const auto format = WriteImage(folder_ / "a.txt", kPicture);
  ASSERT_FALSE(format);
  EXPECT_THAT(format.error().ToString(), HasSubstr("name it .png or .jpg"));
  EXPECT_FALSE(fs::exists(folder_ / "a.txt"));
}

// A header that claims 4 * 10^10 pixels: refused before any memory.
TEST_F(ImageFiles, HugeClaimIsRefused) {
  const std::string_view ppm("P6 200000 200000 255\n");
  const auto read = ReadImage(WriteBytes("a.ppm", ppm));
  ASSERT_FALSE(read);
}

TEST(IsImageFile, KnowsEndings) {
  EXPECT_TRUE(IsImageFile("a/b.JPG"));
  EXPECT_TRUE(IsImageFile("b.png"));
  EXPECT_FALSE(IsImageFile("b.npy"));
  EXPECT_FALSE(IsImageFile("jpg"));
}

}  // namespace liteforge::image_test
