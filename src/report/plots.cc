// SPDX-License-Identifier: Apache-2.0
#include "report/plots.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/page.h"

namespace liteforge {
namespace {

constexpr double kWidth = 400;
constexpr double kTextRoom = 84;  // behind a bar
constexpr int kKinds = 6;

std::string Svg(double height, const std::string& content,
                std::string_view what) {
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {:.0f}\" "
      "role=\"img\" aria-label=\"{}\">\n{}</svg>\n",
      kWidth, height, what, content);
}

std::string Rect(double x, double y, double width, double height,
                 std::string_view kind, const std::string& title) {
  return fmt::format(
      "<rect class=\"{}\" x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" "
      "height=\"{:.2f}\" rx=\"1.5\"><title>{}</title></rect>\n",
      kind, x, y, std::max(width, 0.75), height, Escaped(title));
}

std::string Label(double x, double y, std::string_view text,
                  std::string_view attributes = "") {
  return fmt::format("<text x=\"{:.2f}\" y=\"{:.2f}\" {}>{}</text>\n", x, y,
                     attributes, Escaped(text));
}

std::string Line(double x1, double y1, double x2, double y2) {
  return fmt::format(
      "<line class=\"g\" x1=\"{:.2f}\" y1=\"{:.2f}\" x2=\"{:.2f}\" "
      "y2=\"{:.2f}\"/>\n",
      x1, y1, x2, y2);
}

// The end of a long name says more than its beginning. Cut between UTF-8
// characters.
std::string Shortened(const std::string& text, size_t most) {
  if (text.size() <= most) return text;
  size_t from = text.size() - most + 1;
  while (from < text.size() &&
         (static_cast<unsigned char>(text[from]) & 0xC0u) == 0x80u)
    ++from;
  return "…" + text.substr(from);
}

std::string_view KindClass(size_t i) {
  static constexpr std::string_view kClasses[kKinds] = {"b", "c", "d",
                                                        "e", "f", "a"};
  return kClasses[std::min<size_t>(i, kKinds - 1)];
}

// A step of 1, 2 or 5 times a power of ten that divides `span` into about
// `parts`.
double NiceStep(double span, int parts) {
  if (!(span > 0) || !std::isfinite(span)) return 1;
  const double raw = span / parts;
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (raw <= factor * power) return factor * power;
  }
  return 10 * power;
}

}  // namespace

std::string PlotBarPairs(std::span<const BarPair> rows) {
  double most = 0;
  for (const BarPair& row : rows)
    most = std::max({most, row.values[0], row.values[1]});
  const double scale = most > 0 ? (kWidth - kTextRoom) / most : 0;
  std::string svg;
  double y = 0;
  for (const BarPair& row : rows) {
    svg += Label(0, y + 12, Shortened(row.label, 60));
    y += 16;
    for (int side = 0; side < 2; ++side) {
      if (row.texts[side].empty()) continue;
      const double width = row.values[side] * scale;
      svg += Rect(0, y, width, 8, side == 0 ? "a" : "b",
                  row.label + ": " + row.texts[side]);
      svg += Label(width + 4, y + 8, row.texts[side], "class=\"t\"");
      y += 10;
    }
    y += 4;
  }
  return Svg(std::max(y, 1.0), svg, "bars before and after");
}

std::string PlotStackedBars(std::span<const std::string> kinds,
                            std::span<const StackedBar> rows) {
  double most = 0;
  for (const StackedBar& row : rows) {
    double sum = 0;
    for (const double part : row.parts) sum += part;
    most = std::max(most, sum);
  }
  const double scale = most > 0 ? kWidth / most : 0;
  std::string svg;
  double y = 0;
  for (const StackedBar& row : rows) {
    svg += Label(0, y + 12, row.label + "  " + row.text);
    double x = 0;
    for (size_t i = 0; i < row.parts.size() && i < kinds.size(); ++i) {
      if (row.parts[i] <= 0) continue;
      const double width = row.parts[i] * scale;
      svg += Rect(x, y + 17, width, 16, KindClass(i),
                  kinds[i] + ": " + BytesText(row.parts[i]));
      x += width;
    }
    y += 42;
  }
  for (size_t i = 0; i < kinds.size(); ++i) {
    svg += Rect(0, y + 2, 10, 10, KindClass(i), kinds[i]);
    svg += Label(16, y + 11, kinds[i], "class=\"t\"");
    y += 16;
  }
  return Svg(std::max(y, 1.0), svg, "bars of several parts");
}

std::string PlotPoints(std::span<const Point> points, const std::string& unit,
                       double attention) {
  constexpr double kTop = 14, kBottom = 170, kLeft = 34;
  double low = 0, high = 1;
  for (const Point& p : points) {
    if (!std::isfinite(p.value)) continue;
    low = std::min(low, p.value);
    high = std::max(high, p.value);
  }
  const double step = NiceStep(high - low, 5);
  low = std::floor(low / step) * step;
  high = std::ceil(high / step) * step;
  const auto place = [&](double value) {
    const double v = std::clamp(value, low, high);
    return kBottom - (v - low) / (high - low) * (kBottom - kTop);
  };
  std::string svg;
  for (double tick = low; tick <= high + step / 2; tick += step) {
    svg += Line(kLeft, place(tick), kWidth, place(tick));
    svg += Label(kLeft - 4, place(tick) + 4, fmt::format("{:.4g}", tick),
                 "class=\"t\" text-anchor=\"end\"");
  }
  const double pitch = (kWidth - kLeft) /
                       static_cast<double>(std::max<size_t>(points.size(), 1));
  for (size_t i = 0; i < points.size(); ++i) {
    const Point& p = points[i];
    if (std::isnan(p.value)) continue;
    const double x = kLeft + (static_cast<double>(i) + 0.5) * pitch;
    const double y = place(p.value);
    const double width = std::clamp(pitch * 0.7, 1.0, 14.0);
    svg += Rect(
        x - width / 2, std::min(y, place(0)), width, std::abs(place(0) - y),
        p.value < attention ? "w" : "b",
        p.label + ": " +
            (std::isinf(p.value) ? "equal"
                                 : fmt::format("{:.1f} {}", p.value, unit)));
  }
  svg += Label(kLeft, kBottom + 16, "first layer", "class=\"t\"");
  svg += Label(kWidth, kBottom + 16, "last", "class=\"t\" text-anchor=\"end\"");
  svg += Label(0, 9, unit, "class=\"t\"");
  return Svg(kBottom + 22, svg, "one bar a layer, from first to last");
}

std::string PlotSpans(std::span<const Span> rows) {
  constexpr double kRow = 34;
  double most = 0;
  for (const Span& row : rows) {
    for (const double v :
         {row.inner[0], row.inner[1], row.outer[0], row.outer[1]}) {
      if (std::isfinite(v)) most = std::max(most, std::abs(v));
    }
  }
  // asinh(v / knee): a decade below the knee takes next to no room.
  const double knee = std::max(most / 1000, 1e-30);
  const double reach = std::asinh(most / knee);
  const auto place = [&](double v) {
    const double c = std::clamp(v, -most, most);
    return kWidth / 2 +
           (reach > 0 ? std::asinh(c / knee) / reach : 0) * (kWidth / 2 - 2);
  };
  const double height = 18 + kRow * static_cast<double>(rows.size());
  std::string svg;
  for (double tick = most > 0 ? std::pow(10, std::floor(std::log10(most))) : 0;
       tick > knee; tick /= 10) {
    for (const double v : {-tick, tick}) {
      svg += Line(place(v), 14, place(v), height);
      svg += Label(place(v), 10, fmt::format("{:g}", v),
                   "class=\"t\" text-anchor=\"middle\"");
    }
  }
  svg += Line(place(0), 14, place(0), height);
  svg += Label(place(0), 10, "0", "class=\"t\" text-anchor=\"middle\"");
  double y = 18;
  for (const Span& row : rows) {
    svg += Label(0, y + 12, Shortened(row.label, 60));
    const auto bar = [&](const double* span, double top, double thick,
                         std::string_view kind) {
      return Rect(place(span[0]), top, place(span[1]) - place(span[0]), thick,
                  kind, row.label + ": " + row.text);
    };
    svg += bar(row.outer, y + 17, 10, "a") + bar(row.inner, y + 20, 4, "b");
    y += kRow;
  }
  return Svg(height, svg, "spans of values");
}

}  // namespace liteforge
