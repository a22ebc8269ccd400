// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "liteforge/image.h"

namespace liteforge::resize_test {

using testing::ElementsAre;

// Gray values as an image of three equal channels.
Image Grays(int width, int height, const std::vector<int>& values) {
  Image image{width, height, {}};
  for (const int value : values)
    image.pixels.insert(image.pixels.end(), 3, static_cast<uint8_t>(value));
  return image;
}

std::vector<int> Reds(const Image& image) {
  std::vector<int> values;
  for (size_t i = 0; i < image.pixels.size(); i += 3)
    values.push_back(image.pixels[i]);
  return values;
}

// Halving: centers at 1, 3 with a reach of 2, so the weights of inputs at
// 1/2, 3/2, 5/2 (and mirrored) are 3/4, 3/4, 1/4: (3 a + 3 b + c) / 7.
TEST(Resize, ShrinkingSeesEveryPixel) {
  const Image half = Resize(Grays(4, 1, {0, 70, 140, 210}), 2, 1);
  EXPECT_THAT(Reds(half), ElementsAre((3 * 0 + 3 * 70 + 140) / 7,
                                      (70 + 3 * 140 + 3 * 210) / 7));
}

// Doubling: outputs at input positions -1/4, 1/4, 3/4, 5/4; the ends repeat.
TEST(Resize, EnlargingInterpolates) {
  EXPECT_THAT(Reds(Resize(Grays(2, 1, {0, 100}), 4, 1)),
              ElementsAre(0, 25, 75, 100));
  EXPECT_THAT(Reds(Resize(Grays(1, 2, {0, 100}), 1, 4)),
              ElementsAre(0, 25, 75, 100));
}

TEST(Resize, KeepsChannelsApart) {
  const Image image{2, 1, {10, 20, 30, 10, 20, 30}};
  const Image large = Resize(image, 5, 3);
  ASSERT_EQ(large.pixels.size(), 45u);
  for (size_t i = 0; i < large.pixels.size(); ++i)
    EXPECT_EQ(large.pixels[i], 10 * (i % 3 + 1));
}

TEST(Resize, EvenAreaKeepsItsColor) {
  const Image image = Grays(101, 67, std::vector<int>(101 * 67, 255));
  EXPECT_THAT(Reds(Resize(image, 37, 29)), testing::Each(255));
}

TEST(Resize, SameSizeIsTheImage) {
  const Image image = Grays(2, 2, {1, 2, 3, 4});
  EXPECT_EQ(Resize(image, 2, 2), image);
}

TEST(Place, StretchFills) {
  EXPECT_EQ(Place(640, 480, 300, 300, Fit::kStretch),
            (Placement{0, 0, 300, 300}));
}

TEST(Place, LetterboxCenters) {
  EXPECT_EQ(Place(640, 480, 320, 320, Fit::kLetterbox),
            (Placement{0, 40, 320, 240}));
  EXPECT_EQ(Place(300, 600, 320, 320, Fit::kLetterbox),
            (Placement{80, 0, 160, 320}));
  // Enlarged as well; a sliver keeps one pixel.
  EXPECT_EQ(Place(100, 50, 320, 320, Fit::kLetterbox),
            (Placement{0, 80, 320, 160}));
  EXPECT_EQ(Place(10000, 1, 32, 32, Fit::kLetterbox),
            (Placement{0, 15, 32, 1}));
}

TEST(Resize, LetterboxIsGrayBesideThePicture) {
  const Image boxed = Resize(Grays(2, 1, {200, 200}), 2, 3, Fit::kLetterbox);
  EXPECT_THAT(Reds(boxed), ElementsAre(128, 128, 200, 200, 128, 128));
}

}  // namespace liteforge::resize_test
