// SPDX-License-Identifier: Apache-2.0
#include "report/plots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <regex>

#include "report/xml_testing.h"

namespace liteforge::plots_test {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;

// Numbers of an attribute of all rectangles of a class.
std::vector<double> Of(const std::string& svg, const std::string& kind,
                       const std::string& attribute) {
  const std::regex rect("<rect class=\"" + kind + "\"[^>]* " + attribute +
                        "=\"([-0-9.]+)\"");
  std::vector<double> values;
  for (auto at = std::sregex_iterator(svg.begin(), svg.end(), rect);
       at != std::sregex_iterator(); ++at)
    values.push_back(std::stod((*at)[1]));
  return values;
}

TEST(Plots, BarsAreAsLongAsTheirValues) {
  const BarPair rows[] = {{"a & b", {200, 50}, {"200", "50"}},
                          {"new", {0, 100}, {"", "100"}}};
  const std::string svg = PlotBarPairs(rows);
  EXPECT_EQ(XmlReader(svg).problem(), "");
  const auto before = Of(svg, "a", "width"), after = Of(svg, "b", "width");
  ASSERT_EQ(before.size(), 1u);
  ASSERT_EQ(after.size(), 2u);
  EXPECT_THAT(after[0], DoubleNear(before[0] / 4, 0.02));
  EXPECT_THAT(after[1], DoubleNear(before[0] / 2, 0.02));
  EXPECT_THAT(XmlReader(svg).text(), HasSubstr("a & b"));
}

TEST(Plots, StackedPartsFollowEachOther) {
  const std::string kinds[] = {"float32", "rest"};
  const StackedBar rows[] = {{"before", {300, 100}, "400"},
                             {"after", {0, 100}, "100"}};
  const std::string svg = PlotStackedBars(kinds, rows);
  EXPECT_EQ(XmlReader(svg).problem(), "");
  // 400 units for 400 bytes; the last of each list is the legend's.
  EXPECT_THAT(Of(svg, "b", "width"), ElementsAre(300, 10));
  EXPECT_THAT(Of(svg, "c", "x"), ElementsAre(300, 0, 0));
}

TEST(Plots, PointsThatWantAttentionAreMarked) {
  const Point points[] = {{"good", 40},
                          {"bad", 10},
                          {"equal", std::numeric_limits<double>::infinity()},
                          {"none", std::nan("")}};
  const std::string svg = PlotPoints(points, "dB", 20);
  EXPECT_EQ(XmlReader(svg).problem(), "");
  const auto good = Of(svg, "b", "height"), bad = Of(svg, "w", "height");
  ASSERT_EQ(good.size(), 2u);
  ASSERT_EQ(bad.size(), 1u);
  EXPECT_THAT(bad[0], DoubleNear(good[0] / 4, 0.02));
  EXPECT_GE(good[1], good[0]);
  EXPECT_THAT(XmlReader(svg).text(), HasSubstr("bad: 10.0 dB"));
}

// Spans that lie within each other are drawn so, whatever their magnitude.
TEST(Plots, SpansKeepTheirOrder) {
  const Span rows[] = {{"x", {-0.5, 2}, {-1, 3}, ""},
                       {"y", {0, 1000}, {-1000, 1000}, ""}};
  const std::string svg = PlotSpans(rows);
  EXPECT_EQ(XmlReader(svg).problem(), "");
  const auto inner = Of(svg, "b", "x"), outer = Of(svg, "a", "x");
  const auto inner_width = Of(svg, "b", "width");
  const auto outer_width = Of(svg, "a", "width");
  ASSERT_EQ(inner.size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_LE(outer[i], inner[i]);
    EXPECT_LE(inner[i] + inner_width[i], outer[i] + outer_width[i] + 0.02);
  }
  EXPECT_THAT(inner[1], DoubleNear(200, 0.01));  // zero is in the middle
}

TEST(Plots, NothingToPlot) {
  EXPECT_EQ(XmlReader(PlotBarPairs({})).problem(), "");
  EXPECT_EQ(XmlReader(PlotStackedBars({}, {})).problem(), "");
  EXPECT_EQ(XmlReader(PlotPoints({}, "dB", 20)).problem(), "");
  EXPECT_EQ(XmlReader(PlotSpans({})).problem(), "");
  const BarPair zero[] = {{"z", {0, 0}, {"0", "0"}}};
  EXPECT_EQ(XmlReader(PlotBarPairs(zero)).problem(), "");
  const Span flat[] = {{"z", {0, 0}, {0, 0}, ""}};
  EXPECT_EQ(XmlReader(PlotSpans(flat)).problem(), "");
}

}  // namespace liteforge::plots_test
