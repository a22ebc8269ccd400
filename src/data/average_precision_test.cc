// SPDX-License-Identifier: Apache-2.0
// Expected values are worked out by hand from the definitions of
// cocodataset.org/#detection-eval.
#include "data/average_precision.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace liteforge::average_precision_test {

using testing::DoubleNear;

constexpr double kExact = 1e-12;

TrueObject Object(int64_t image, int64_t category, PixelBox box,
                  bool crowd = false) {
  return {image, category, box, crowd};
}
FoundObject Found(int64_t image, int64_t category, double score, PixelBox box) {
  return {image, category, box, score};
}

TEST(AveragePrecision, AllFoundIsOne) {
  const TrueObject objects[] = {Object(1, 3, {0, 0, 10, 10}),
                                Object(2, 3, {5, 5, 20, 10})};
  const FoundObject found[] = {Found(1, 3, 0.9, {0, 0, 10, 10}),
                               Found(2, 3, 0.8, {5, 5, 20, 10})};
  const auto ap = MeasureAveragePrecision(objects, found);
  EXPECT_DOUBLE_EQ(ap.map, 1);
  EXPECT_DOUBLE_EQ(ap.ap50, 1);
  EXPECT_DOUBLE_EQ(ap.ap75, 1);
  ASSERT_EQ(ap.categories.size(), 1u);
  EXPECT_EQ(ap.categories[0].category, 3);
  EXPECT_EQ(ap.categories[0].objects, 2);
}

TEST(AveragePrecision, NothingFoundOrNothingToFind) {
  const TrueObject objects[] = {Object(1, 1, {0, 0, 10, 10})};
  EXPECT_EQ(MeasureAveragePrecision(objects, {}).map, 0);
  const FoundObject found[] = {Found(1, 1, 0.9, {0, 0, 10, 10})};
  EXPECT_EQ(MeasureAveragePrecision({}, found).map, 0);
  EXPECT_TRUE(MeasureAveragePrecision({}, found).categories.empty());
}

// Two objects; the best detection is wrong, the next right, the other object
// missed: precision 1/2 up to recall 1/2, which are the recalls 0 … 0.50, 51 of
// 101.
TEST(AveragePrecision, OneOfTwoBehindAWrongOne) {
  const TrueObject objects[] = {Object(1, 1, {0, 0, 10, 10}),
                                Object(1, 1, {50, 50, 10, 10})};
  const FoundObject found[] = {Found(1, 1, 0.9, {200, 200, 10, 10}),
                               Found(1, 1, 0.5, {0, 0, 10, 10})};
  const auto ap = MeasureAveragePrecision(objects, found);
  EXPECT_THAT(ap.ap50, DoubleNear(0.5 * 51 / 101, kExact));
  EXPECT_THAT(ap.map, DoubleNear(0.5 * 51 / 101, kExact));
}

// Precisions 1, 1/2, 2/3 at recalls 1/3, 1/3, 2/3: the best at that recall or
// above is 1 for the recalls 0 … 0.33 (34), 2/3 for 0.34 … 0.66 (33), 0 above.
TEST(AveragePrecision, PrecisionIsTheBestAtThatRecallOrAbove) {
  const TrueObject objects[] = {Object(1, 1, {0, 0, 10, 10}),
                                Object(1, 1, {50, 50, 10, 10}),
                                Object(2, 1, {0, 0, 10, 10})};
  const FoundObject found[] = {Found(1, 1, 0.9, {0, 0, 10, 10}),
                               Found(1, 1, 0.8, {200, 0, 10, 10}),
                               Found(2, 1, 0.7, {0, 0, 10, 10})};
  EXPECT_THAT(MeasureAveragePrecision(objects, found).ap50,
              DoubleNear((34 * 1 + 33 * 2.0 / 3) / 101, kExact));
}

// A box 10 by 10 against one moved by 2: IoU 80 / 120 = 0.667, right at 0.50,
// 0.55, 0.60 and 0.65 and wrong at the other six.
TEST(AveragePrecision, EachThresholdCounts) {
  const TrueObject objects[] = {Object(1, 1, {0, 0, 10, 10})};
  const FoundObject found[] = {Found(1, 1, 0.9, {2, 0, 10, 10})};
  const auto ap = MeasureAveragePrecision(objects, found);
  EXPECT_DOUBLE_EQ(ap.ap50, 1);
  EXPECT_DOUBLE_EQ(ap.ap75, 0);
  EXPECT_THAT(ap.map, DoubleNear(0.4, kExact));
}

// IoU of exactly 1/2 is enough at 0.5.
TEST(AveragePrecision, TheThresholdItselfIsEnough) {
  const TrueObject objects[] = {Object(1, 1, {0, 0, 10, 10})};
  const FoundObject found[] = {Found(1, 1, 0.9, {0, 0, 10, 5})};
  EXPECT_THAT(MeasureAveragePrecision(objects, found).map,
              DoubleNear(0.1, kExact));
}

// The second detection of one object is wrong, though it fits as well: right,
// wrong, right gives precisions 1, 1/2, 2/3.
TEST(AveragePrecision, AnObjectIsTakenOnce) {
  const TrueObject objects[] = {Object(1, 1, {0, 0, 10, 10}),
                                Object(1, 1, {50, 0, 10, 10})};
  const FoundObject found[] = {Found(1, 1, 0.9, {0, 0, 10, 10}),
                               Found(1, 1, 0.8, {0, 0, 10, 10}),
                               Found(1, 1, 0.7, {50, 0, 10, 10})};
  EXPECT_THAT(MeasureAveragePrecision(objects, found).ap50,
              DoubleNear((51 * 1 + 50 * 2.0 / 3) / 101, kExact));
}

// Of two objects a detection takes that which it overlaps more.
TEST(AveragePrecision, TheBestOverlapIsTaken) {
  const TrueObject objects[] = {Object(1, 1, {3, 0, 10, 10}),
                                Object(1, 1, {0, 0, 10, 10})};
  const FoundObject found[] = {Found(1, 1, 0.9, {0, 0, 10, 10}),
                               Found(1, 1, 0.8, {3, 0, 10, 10})};
  EXPECT_DOUBLE_EQ(MeasureAveragePrecision(objects, found).map, 1);
}

// A crowd takes any number of detections, which then do not count, and is
// itself not missed. What it must hold is the part of the detection: here all
// of it, though the IoU is 0.01.
TEST(AveragePrecision, WhatLiesInACrowdDoesNotCount) {
  const TrueObject objects[] = {Object(1, 1, {0, 0, 100, 100}, true),
                                Object(1, 1, {200, 200, 10, 10})};
  const FoundObject found[] = {Found(1, 1, 0.9, {20, 20, 10, 10}),
                               Found(1, 1, 0.8, {40, 40, 10, 10}),
                               Found(1, 1, 0.7, {200, 200, 10, 10})};
  const auto ap = MeasureAveragePrecision(objects, found);
  EXPECT_DOUBLE_EQ(ap.map, 1);
  EXPECT_EQ(ap.categories[0].objects, 1);
}

// An object within a crowd is taken before the crowd is.
TEST(AveragePrecision, ObjectsGoBeforeCrowds) {
  const TrueObject objects[] = {Object(1, 1, {0, 0, 100, 100}, true),
                                Object(1, 1, {20, 20, 10, 10})};
  const FoundObject found[] = {Found(1, 1, 0.9, {20, 20, 10, 8})};  // IoU 0.8
  const auto ap = MeasureAveragePrecision(objects, found);
  EXPECT_DOUBLE_EQ(ap.ap75, 1);
  // At 0.85 and above it is in the crowd, and the object is missed.
  EXPECT_THAT(ap.map, DoubleNear(0.7, kExact));
}

// A category that only has crowds is none to be found.
TEST(AveragePrecision, CategoriesAreAveraged) {
  const TrueObject objects[] = {Object(1, 1, {0, 0, 10, 10}),
                                Object(1, 2, {0, 0, 10, 10}),
                                Object(1, 3, {0, 0, 10, 10}, true)};
  const FoundObject found[] = {Found(1, 1, 0.9, {0, 0, 10, 10}),
                               Found(1, 3, 0.9, {0, 0, 10, 10}),
                               Found(1, 4, 0.9, {0, 0, 10, 10})};
  const auto ap = MeasureAveragePrecision(objects, found);
  EXPECT_DOUBLE_EQ(ap.map, 0.5);
  ASSERT_EQ(ap.categories.size(), 2u);
  EXPECT_DOUBLE_EQ(ap.categories[0].ap, 1);
  EXPECT_DOUBLE_EQ(ap.categories[1].ap, 0);
}

// The object is the 101st best detection of its image.
TEST(AveragePrecision, AHundredDetectionsOfAnImageCount) {
  const TrueObject objects[] = {Object(1, 1, {0, 0, 10, 10})};
  std::vector<FoundObject> found(100, Found(1, 1, 0.9, {500, 500, 10, 10}));
  found.push_back(Found(1, 1, 0.1, {0, 0, 10, 10}));
  EXPECT_EQ(MeasureAveragePrecision(objects, found).map, 0);
  found.erase(found.begin());
  EXPECT_THAT(MeasureAveragePrecision(objects, found).map,
              DoubleNear(0.01, kExact));
}

}  // namespace liteforge::average_precision_test
