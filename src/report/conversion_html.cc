// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "liteforge/report.h"
#include "report/comparison_sections.h"
#include "report/plots.h"

namespace liteforge {
namespace {

constexpr size_t kPlottedConstants = 10;
constexpr size_t kPlottedRanges = 24;

std::string Arrow(const std::string& before, const std::string& after) {
  return before + " → " + after;
}

std::string BytesOf(int64_t bytes) {
  return BytesText(static_cast<double>(bytes));
}

std::string PercentOf(int64_t part, int64_t whole) {
  return PercentText(static_cast<double>(part), static_cast<double>(whole));
}

//------------------------------------------------------------------ the totals

void AddSizeNumber(Page& page, std::string_view label, const int64_t* bytes,
                   bool optimized) {
  if (bytes[1] <= 0) return;
  optimized ? page.Number(label, Arrow(BytesOf(bytes[0]), BytesOf(bytes[1])),
                          PercentOf(bytes[1], bytes[0]) + " of the float model")
            : page.Number(label, BytesOf(bytes[1]), "");
}

std::string ScoreText(const Evaluation& e) {
  return e.is_detector ? fmt::format("{:.2f} mAP", 100 * e.map)
                       : fmt::format("{:.2f} %", 100 * e.top1);
}

void AddAccuracyNumber(Page& page, const Report& r) {
  if (!r.evaluation[1]) return;
  const Evaluation& after = *r.evaluation[1];
  const std::string note = fmt::format(
      "{}, {} examples", after.is_detector ? "COCO, IoU 0.5 to 0.95" : "top-1",
      after.examples);
  page.Number("accuracy",
              r.evaluation[0]
                  ? Arrow(ScoreText(*r.evaluation[0]), ScoreText(after))
                  : ScoreText(after),
              note);
}

void AddTotals(Page& page, const Report& r) {
  AddSizeNumber(page, "size of the file", r.bytes, r.optimized);
  AddSizeNumber(page, "zipped", r.zipped, r.optimized);
  AddErrorNumbers(page, r.comparison);
  AddTimeNumber(page, r.comparison);
  AddAccuracyNumber(page, r);
  int64_t zeros = 0, elements = 0;
  for (const ConstantReport& c : r.constants) {
    zeros += c.zeros;
    elements += c.elements;
  }
  if (elements > 0)
    page.Number("weights that are zero", PercentOf(zeros, elements),
                fmt::format("of {} numbers", elements));
}

//------------------------------------------------------------------- the parts

void AddSizes(Page& page, const Report& r) {
  if (r.sizes.empty()) return;
  page.Section("Size");
  std::vector<std::string> kinds;
  StackedBar before{"before", {}, BytesOf(r.bytes[0])};
  StackedBar after{"after", {}, BytesOf(r.bytes[1])};
  std::vector<Row> rows;
  for (const SizeReport& size : r.sizes) {
    kinds.push_back(size.kind);
    before.parts.push_back(static_cast<double>(size.bytes[0]));
    after.parts.push_back(static_cast<double>(size.bytes[1]));
    rows.push_back({size.kind, r.optimized ? BytesOf(size.bytes[0]) : "",
                    BytesOf(size.bytes[1])});
  }
  std::vector<StackedBar> bars;
  if (r.optimized) bars.push_back(before);
  bars.push_back(after);
  if (!r.optimized) bars[0].label = "the file";
  page.Figure(PlotStackedBars(kinds, bars), "What the file is made of");
  const Column columns[] = {{"kind"}, {"before", true}, {"after", true}};
  page.Table(columns, rows);
}

std::string DistinctText(const ConstantReport& c) {
  return c.distinct < 0 ? "more than 256" : fmt::format("{}", c.distinct);
}

std::string QuantizationText(const Quantization& q) {
  if (q.empty()) return "";
  if (q.per_channel())
    return fmt::format("{} scales along axis {}", q.scale.size(), q.axis);
  return fmt::format("scale {}, zero point {}", NumberText(q.scale[0]),
                     q.zero_point.empty() ? 0 : q.zero_point[0]);
}

std::string TypeText(const ConstantReport& c) {
  std::string type = c.dtype[0] == c.dtype[1] ? c.dtype[1]
                     : c.dtype[0].empty()     ? c.dtype[1]
                     : c.dtype[1].empty()     ? c.dtype[0] + " → none"
                                              : Arrow(c.dtype[0], c.dtype[1]);
  return c.sparse ? type + ", sparse" : type;
}

void AddConstants(Page& page, const Report& r) {
  if (r.constants.empty()) return;
  page.Section("Weights and other constants");
  std::vector<BarPair> bars;
  std::vector<Row> rows;
  for (const ConstantReport& c : r.constants) {
    if (bars.size() < kPlottedConstants)
      bars.push_back(
          {c.name,
           {static_cast<double>(c.bytes[0]), static_cast<double>(c.bytes[1])},
           {c.dtype[0].empty() ? "" : BytesOf(c.bytes[0]),
            c.dtype[1].empty() ? "" : BytesOf(c.bytes[1])}});
    rows.push_back({c.name, c.shape.ToString(), TypeText(c),
                    c.dtype[0].empty() ? "" : BytesOf(c.bytes[0]),
                    c.dtype[1].empty() ? "" : BytesOf(c.bytes[1]),
                    DecibelText(c.sqnr_db), PercentOf(c.zeros, c.elements),
                    DistinctText(c), QuantizationText(c.quantization)});
  }
  page.Figure(PlotBarPairs(bars), r.optimized
                                      ? "The largest, before (grey) and after"
                                      : "The largest");
  const Column columns[] = {
      {"name"},         {"shape"},        {"type"},
      {"before", true}, {"after", true},  {"SQNR", true},
      {"zeros", true},  {"values", true}, {"quantization"}};
  page.Table(columns, rows, 12);
}

void AddLeftFloat(Page& page, const Report& r) {
  if (r.left_float.empty()) return;
  page.Section(
      fmt::format("Operators that stay float32: {}", r.left_float.size()));
  std::vector<Row> rows;
  for (const FloatOperatorReport& left : r.left_float)
    rows.push_back({left.name, left.op, left.reason});
  const Column columns[] = {{"output"}, {"operator"}, {"why"}};
  page.Table(columns, rows);
}

void AddRanges(Page& page, const Report& r) {
  if (r.ranges.empty()) return;
  page.Section("Ranges of the activations");
  std::vector<Span> spans;
  std::vector<Row> rows;
  for (const RangeReport& range : r.ranges) {
    const std::string seen = fmt::format("{} to {}", NumberText(range.seen[0]),
                                         NumberText(range.seen[1]));
    const std::string holds = fmt::format(
        "{} to {}", NumberText(range.holds[0]), NumberText(range.holds[1]));
    if (spans.size() < kPlottedRanges)
      spans.push_back({range.name,
                       {range.seen[0], range.seen[1]},
                       {range.holds[0], range.holds[1]},
                       "seen " + seen + ", holds " + holds});
    rows.push_back({range.name, range.dtype, seen, holds,
                    NumberText(range.scale),
                    fmt::format("{}", range.zero_point)});
  }
  page.Figure(PlotSpans(spans),
              "Values seen (blue) within those that the numbers can hold "
              "(grey); the axis is logarithmic away from zero");
  const Column columns[] = {{"tensor"}, {"type"},        {"seen"},
                            {"holds"},  {"scale", true}, {"zero point", true}};
  page.Table(columns, rows, 12);
}

void AddEvaluation(Page& page, const Report& r) {
  if (!r.evaluation[1]) return;
  const Evaluation& after = *r.evaluation[1];
  page.Section("Accuracy");
  std::vector<Row> rows;
  const auto add = [&](const std::string& what, double Evaluation::*score) {
    rows.push_back({what,
                    r.evaluation[0]
                        ? fmt::format("{:.2f}", 100 * (*r.evaluation[0]).*score)
                        : "",
                    fmt::format("{:.2f}", 100 * after.*score)});
  };
  if (after.is_detector) {
    add("mAP, IoU 0.5 to 0.95", &Evaluation::map);
    add("AP at IoU 0.5", &Evaluation::ap50);
    add("AP at IoU 0.75", &Evaluation::ap75);
  } else {
    add("top-1, %", &Evaluation::top1);
    add("top-5, %", &Evaluation::top5);
  }
  const Column columns[] = {{"score"}, {"before", true}, {"after", true}};
  page.Table(columns, rows);
  std::vector<Row> classes;
  for (size_t i = 0; i < after.classes.size(); ++i) {
    const auto score = [&](const Evaluation& e) {
      if (i >= e.classes.size()) return std::string();
      const Evaluation::Class& c = e.classes[i];
      return e.is_detector ? fmt::format("{:.2f} AP", 100 * c.ap)
                           : fmt::format("{} of {}", c.right, c.examples);
    };
    classes.push_back({after.classes[i].name,
                       r.evaluation[0] ? score(*r.evaluation[0]) : "",
                       score(after)});
  }
  page.Fold("By class", false, [&] {
    const Column of_class[] = {{"class"}, {"before", true}, {"after", true}};
    page.Table(of_class, classes, 100);
  });
}

std::string Shares(const int64_t (&bytes)[2]) {
  return fmt::format("{} -> {} bytes ({})", bytes[0], bytes[1],
                     PercentOf(bytes[1], bytes[0]));
}

}  // namespace

std::string ToHtml(const Report& r) {
  Page page(r.optimized ? "Optimized: " + r.mode : "Converted", r.source);
  AddTotals(page, r);
  if (!r.notices.empty() || !r.not_compared.empty()) {
    page.Section("Notes");
    std::vector<std::string> notes = r.notices;
    if (!r.not_compared.empty())
      notes.push_back("The model was not run: " + r.not_compared);
    page.List(notes);
  }
  AddEvaluation(page, r);
  if (!r.comparison.outputs.empty()) AddOutputs(page, r.comparison);
  AddLayers(page, r.comparison);
  AddLeftFloat(page, r);
  AddSizes(page, r);
  AddConstants(page, r);
  AddRanges(page, r);
  AddTimes(page, r.comparison);
  return page.Finish();
}

std::string Summary(const Report& r) {
  if (!r.optimized)
    return r.evaluation[1] ? "  score   " + ScoreText(*r.evaluation[1]) : "";
  std::string text = fmt::format("{}\n  size    {}", r.mode, Shares(r.bytes));
  if (r.zipped[1] > 0) text += "\n  zipped  " + Shares(r.zipped);
  if (!r.not_compared.empty())
    return text + "\n  not run to compare: " + r.not_compared;
  const Comparison& c = r.comparison;
  if (!c.outputs.empty()) {
    const auto worst =
        std::ranges::min_element(c.outputs, {}, &Difference::sqnr_db);
    text += fmt::format("\n  error   {} SQNR, largest {} ({} {}examples)",
                        DecibelText(worst->sqnr_db), NumberText(worst->max_abs),
                        c.examples, c.random ? "random " : "");
    if (c.same_top1 >= 0)
      text += fmt::format(", same class first {:.1f} %", 100 * c.same_top1);
  }
  if (c.median_us[0] > 0)
    text += fmt::format("\n  time    {:.0f} -> {:.0f} us ({:.2f} x as fast)",
                        c.median_us[0], c.median_us[1],
                        c.median_us[0] / c.median_us[1]);
  if (r.evaluation[0] && r.evaluation[1])
    text += "\n  score   " + ScoreText(*r.evaluation[0]) + " -> " +
            ScoreText(*r.evaluation[1]);
  return text;
}

}  // namespace liteforge
