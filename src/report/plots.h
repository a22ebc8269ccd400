// SPDX-License-Identifier: Apache-2.0
// Plots as SVG elements that take their colours from the page. 400 units wide,
// so that their text is readable on a phone.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace liteforge {

// Two bars under a label: before and after.
struct BarPair {
  std::string label;
  double values[2] = {0, 0};
  std::string texts[2];  // at the bars' ends; no bar where it is empty
};
std::string PlotBarPairs(std::span<const BarPair> rows);

// One bar a row, of parts behind each other. The parts' colours follow their
// place in `kinds`, six at the most.
struct StackedBar {
  std::string label;
  std::vector<double> parts;  // one a kind
  std::string text;
};
std::string PlotStackedBars(std::span<const std::string> kinds,
                            std::span<const StackedBar> rows);

// A point for each label, from left to right in order. Points under
// `attention` are marked. Infinite ones stand at the top.
struct Point {
  std::string label;
  double value = 0;
};
std::string PlotPoints(std::span<const Point> points, const std::string& unit,
                       double attention);

// For each label the span of values seen (inner) within that which numbers can
// hold (outer), on one axis that is linear around zero and logarithmic beyond.
struct Span {
  std::string label;
  double inner[2] = {0, 0};
  double outer[2] = {0, 0};
  std::string text;
};
std::string PlotSpans(std::span<const Span> rows);

}  // namespace liteforge
