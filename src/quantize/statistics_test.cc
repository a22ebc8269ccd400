// SPDX-License-Identifier: Apache-2.0
#include "quantize/statistics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "quantize/calibration.h"

namespace liteforge::statistics_test {

std::vector<float> Normal(size_t count, uint32_t seed, float scale = 1) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal(0, scale);
  std::vector<float> values(count);
  for (float& v : values) v = normal(generator);
  return values;
}

TEST(Statistics, MinMaxIsWhatWasSeenWithZero) {
  Statistics s;
  ASSERT_TRUE(s.Add(std::vector<float>{2, 3, 5}, 1));
  EXPECT_EQ(s.Range(CalibrationMethod::kMinMax), (ValueRange{0, 5}));
  ASSERT_TRUE(s.Add(std::vector<float>{-1.5f, 4}, 1));
  EXPECT_EQ(s.Range(CalibrationMethod::kMinMax), (ValueRange{-1.5f, 5}));
  EXPECT_EQ(s.Range(CalibrationMethod::kAverage), (ValueRange{0, 4.5f}));
}

TEST(Statistics, JoiningIsAsSeeingEverythingInOnePlace) {
  Statistics whole, left, right;
  for (uint32_t i = 0; i < 6; ++i) {
    // Of very different sizes, so that the bins have to grow on either side.
    const auto values = Normal(300, i, std::pow(10.0f, static_cast<float>(i)));
    ASSERT_TRUE(whole.Add(values, 3));
    ASSERT_TRUE((i % 2 == 0 ? left : right).Add(values, 3));
  }
  right.Merge(left);
  EXPECT_EQ(right.bins, whole.bins);
  EXPECT_EQ(right.exponent, whole.exponent);
  EXPECT_EQ(right.min, whole.min);
  EXPECT_EQ(right.max, whole.max);
  EXPECT_EQ(right.examples, whole.examples);
  EXPECT_EQ(right.channel_count, whole.channel_count);
  ASSERT_EQ(right.channel_sums.size(), 3u);
  for (size_t c = 0; c < 3; ++c)
    EXPECT_NEAR(right.channel_sums[c], whole.channel_sums[c], 1e-3);
}

TEST(Statistics, PercentileLeavesOutOneInTenThousand) {
  Statistics s;
  std::vector<float> values(100000, 0.5f);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(i) / static_cast<float>(values.size());
  for (size_t i = 0; i < 5; ++i) values[i * 1000] = 1000;  // outliers
  ASSERT_TRUE(s.Add(values, 1));
  const ValueRange range = s.Range(CalibrationMethod::kPercentile);
  EXPECT_EQ(range.min, 0);
  EXPECT_GE(range.max, 0.98f);
  EXPECT_LE(range.max, 1.6f);  // a bin is half a unit wide
}

// The error of rounding to 256 levels of a range, by doing it.
double ErrorOf(const std::vector<float>& values, ValueRange range) {
  const double step = static_cast<double>(range.max - range.min) / 255;
  double sum = 0;
  for (const float v : values) {
    const double level =
        std::round((static_cast<double>(v - range.min)) / step);
    const double back =
        std::clamp(level, 0.0, 255.0) * step + static_cast<double>(range.min);
    sum += (back - static_cast<double>(v)) * (back - static_cast<double>(v));
  }
  return sum;
}

TEST(Statistics, MseRangeErrsLessThanAllOfTheValues) {
  std::vector<float> values = Normal(200000, 7);
  values[0] = 60;
  values[1] = -45;
  Statistics s;
  ASSERT_TRUE(s.Add(values, 1));
  const double all = ErrorOf(values, s.Range(CalibrationMethod::kMinMax));
  const double best = ErrorOf(values, s.Range(CalibrationMethod::kMse));
  EXPECT_LT(best, all);
  // And less than windows that are clearly too narrow.
  EXPECT_LT(best, ErrorOf(values, {-2, 2}));
}

TEST(Statistics, KlRangeCutsALoneOutlier) {
  std::vector<float> values = Normal(200000, 8);
  values[0] = 500;
  Statistics s;
  ASSERT_TRUE(s.Add(values, 1));
  const ValueRange range = s.Range(CalibrationMethod::kKl);
  EXPECT_LT(range.max, 250);
  EXPECT_LT(range.min, -2);
}

TEST(Statistics, ZerosAndNothingGiveAnEmptyRange) {
  Statistics s;
  EXPECT_EQ(s.Range(CalibrationMethod::kMse), ValueRange());
  ASSERT_TRUE(s.Add(std::vector<float>(10, 0.0f), 1));
  for (const auto method :
       {CalibrationMethod::kMinMax, CalibrationMethod::kPercentile,
        CalibrationMethod::kMse, CalibrationMethod::kKl})
    EXPECT_EQ(s.Range(method), ValueRange());
}

TEST(Statistics, WhatIsNotFiniteIsRefused) {
  Statistics s;
  for (const float bad : {std::numeric_limits<float>::infinity(),
                          std::numeric_limits<float>::quiet_NaN()}) {
    EXPECT_FALSE(s.Add(std::vector<float>{1, bad, 2}, 1));
    EXPECT_EQ(s.examples, 0);
  }
}

TEST(Statistics, ExtremesOfFloatFallIntoBins) {
  Statistics s;
  const float most = std::numeric_limits<float>::max();
  ASSERT_TRUE(s.Add(std::vector<float>{-most, most, 1e-45f}, 1));
  int64_t total = 0;
  for (const int64_t count : s.bins) total += count;
  EXPECT_EQ(total, 3);
}

TEST(Calibration, TextComesBackAsItWas) {
  Calibration calibration;
  ASSERT_TRUE(calibration.At("main", "x").Add(Normal(50, 1), 5));
  ASSERT_TRUE(calibration.At("main", "y").Add(Normal(50, 2, 1e6f), 5));
  const std::string text = calibration.ToJson();
  const auto again = Calibration::FromJson(text);
  ASSERT_TRUE(again) << again.error().ToString();
  EXPECT_EQ(again->ToJson(), text);
}

TEST(Calibration, FilesOfOtherModelsAndOtherFilesAreRefused) {
  Calibration a, b;
  ASSERT_TRUE(a.At("main", "x").Add(Normal(5, 1), 5));
  ASSERT_TRUE(b.At("main", "y").Add(Normal(5, 1), 5));
  EXPECT_FALSE(a.Merge(b));
  // Another signature's, of which nothing need be in common.
  Calibration c;
  ASSERT_TRUE(c.At("second", "y").Add(Normal(5, 1), 5));
  EXPECT_TRUE(a.Merge(c));
  EXPECT_TRUE(a.Knows("second"));
  for (const char* text :
       {"", "{}", "[1", R"({"liteforge_calibration": 3})",
        R"({"liteforge_calibration": 2})",
        R"({"liteforge_calibration": 2, "graphs": {"g": 7}})",
        R"({"liteforge_calibration": 2,
            "graphs": {"g": {"x": {"examples": 1}}}})",
        R"({"liteforge_calibration": 2, "graphs": {"g": {"x": {"examples": 1,
            "min": 2, "max": 1, "sum_of_min": 0, "sum_of_max": 0,
            "exponent": 0, "first_bin": 99999999, "bins": [1],
            "channel_count": 0, "channel_sums": []}}}})"})
    EXPECT_FALSE(Calibration::FromJson(text)) << text;
}

TEST(Calibration, CountsAreIntegers) {
  Calibration calibration;
  ASSERT_TRUE(calibration.At("main", "x").Add(Normal(50, 1), 5));
  const std::string text = calibration.ToJson();
  for (const std::string key :
       {"examples", "exponent", "first_bin", "bins", "channel_count"}) {
    for (const char* number : {"1e300", "-1e300", "0.5"}) {
      const std::string start = "\"" + key + "\":";
      const size_t at = text.find(start);
      ASSERT_NE(at, std::string::npos) << key;
      size_t from = at + start.size();
      if (text[from] == '[') ++from;
      std::string damaged = text;
      damaged.replace(from, text.find_first_of(",]", from) - from, number);
      const auto read = Calibration::FromJson(damaged);
      ASSERT_FALSE(read) << key;
      EXPECT_THAT(read.error().ToString(),
                  testing::HasSubstr("type must be integer"));
    }
  }
}

}  // namespace liteforge::statistics_test
