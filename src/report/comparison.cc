// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "report/comparison_sections.h"
#include "report/plots.h"

namespace liteforge {
namespace {

using Json = nlohmann::ordered_json;

// Below this a layer's noise is a tenth of its signal's amplitude.
constexpr double kNoisyDb = 20;
constexpr size_t kPlottedOperators = 12;

Json JsonOf(const Difference& d) {
  return {{"name", d.name},        {"dtype", d.dtype},
          {"max_abs", d.max_abs},  {"mean_abs", d.mean_abs},
          {"rmse", d.rmse},        {"sqnr_db", FiniteOrNull(d.sqnr_db)},
          {"elements", d.elements}};
}

Json JsonOf(const std::vector<Difference>& list) {
  Json json = Json::array();
  for (const Difference& d : list) json.push_back(JsonOf(d));
  return json;
}

const std::vector<Column> kDifferenceColumns = {
    {"tensor"},        {"type"},       {"SQNR", true},
    {"largest", true}, {"mean", true}, {"rms", true}};

Row RowOf(const Difference& d) {
  return {d.name,
          d.dtype,
          DecibelText(d.sqnr_db),
          NumberText(d.max_abs),
          NumberText(d.mean_abs),
          NumberText(d.rmse)};
}

std::vector<Row> RowsOf(const std::vector<Difference>& list) {
  std::vector<Row> rows;
  for (const Difference& d : list) rows.push_back(RowOf(d));
  return rows;
}

std::string ExamplesText(const Comparison& c) {
  return fmt::format("{} {}example{}", c.examples, c.random ? "random " : "",
                     c.examples == 1 ? "" : "s");
}

// Times of all operators of a kind, those that take longest first.
std::vector<OperatorTime> TimesByKind(const std::vector<OperatorTime>& list) {
  std::map<std::string, OperatorTime> kinds;
  for (const OperatorTime& o : list) {
    OperatorTime& kind = kinds[o.op];
    kind.op = kind.name = o.op;
    for (int side = 0; side < 2; ++side) kind.us[side] += o.us[side];
  }
  std::vector<OperatorTime> sorted;
  for (auto& [name, kind] : kinds) sorted.push_back(std::move(kind));
  std::ranges::stable_sort(sorted, std::ranges::greater(), [](const auto& o) {
    return std::max(o.us[0], o.us[1]);
  });
  return sorted;
}

std::string TimeText(double us) { return us > 0 ? MicrosecondsText(us) : ""; }

}  // namespace

Json FiniteOrNull(double number) {
  return std::isfinite(number) ? Json(number) : Json(nullptr);
}

std::string Written(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

Json JsonOf(const Comparison& c) {
  Json json;
  json["examples"] = c.examples;
  json["random"] = c.random;
  json["bytes"] = {c.bytes[0], c.bytes[1]};
  json["median_us"] = {c.median_us[0], c.median_us[1]};
  if (c.same_top1 >= 0) json["same_top1"] = c.same_top1;
  json["outputs"] = JsonOf(c.outputs);
  json["layers"] = JsonOf(c.layers);
  json["operators"] = Json::array();
  for (const OperatorTime& o : c.operators)
    json["operators"].push_back(
        {{"op", o.op}, {"name", o.name}, {"us", {o.us[0], o.us[1]}}});
  return json;
}

void AddTimeNumber(Page& page, const Comparison& c) {
  if (c.median_us[1] <= 0) return;
  if (c.median_us[0] <= 0) {
    page.Number("time of a run", MicrosecondsText(c.median_us[1]),
                "median, one thread");
    return;
  }
  page.Number("time of a run",
              MicrosecondsText(c.median_us[0]) + " → " +
                  MicrosecondsText(c.median_us[1]),
              fmt::format("{:.2f} × as fast; medians, taken in turns",
                          c.median_us[0] / c.median_us[1]));
}

void AddErrorNumbers(Page& page, const Comparison& c) {
  if (c.outputs.empty()) return;
  const auto worst =
      std::ranges::min_element(c.outputs, {}, &Difference::sqnr_db);
  page.Number("signal to noise of the outputs", DecibelText(worst->sqnr_db),
              "of the worst; " + ExamplesText(c));
  if (c.same_top1 >= 0)
    page.Number("same class first", fmt::format("{:.1f} %", 100 * c.same_top1),
                "of " + ExamplesText(c));
}

void AddOutputs(Page& page, const Comparison& c) {
  page.Section("Errors of the outputs");
  page.Paragraph(
      "Over " + ExamplesText(c) +
      ". SQNR is the power of the first model's numbers over that of their "
      "difference to the second's: 20 dB is a tenth, 40 dB a hundredth.");
  if (c.random)
    page.Paragraph(
        "Random examples say little about real ones: give examples.");
  page.Table(kDifferenceColumns, RowsOf(c.outputs));
}

void AddLayers(Page& page, const Comparison& c) {
  if (c.layers.empty()) return;
  page.Section("Layers");
  std::vector<Point> points;
  for (const Difference& d : c.layers) points.push_back({d.name, d.sqnr_db});
  page.Figure(PlotPoints(points, "dB", kNoisyDb),
              fmt::format("SQNR of every tensor that both models have, in the "
                          "order of the network; red: below {} dB",
                          kNoisyDb));
  std::vector<Difference> sorted = c.layers;
  std::ranges::stable_sort(sorted, {}, &Difference::sqnr_db);
  page.Paragraph("The noisiest first:");
  page.Table(kDifferenceColumns, RowsOf(sorted), 12);
}

void AddTimes(Page& page, const Comparison& c) {
  if (c.operators.empty()) return;
  page.Section("Where the time goes");
  const std::vector<OperatorTime> kinds = TimesByKind(c.operators);
  std::vector<BarPair> bars;
  for (const OperatorTime& kind : kinds) {
    if (bars.size() == kPlottedOperators) break;
    bars.push_back({kind.op,
                    {kind.us[0], kind.us[1]},
                    {TimeText(kind.us[0]), TimeText(kind.us[1])}});
  }
  const bool both = c.median_us[0] > 0;
  page.Figure(PlotBarPairs(bars),
              both
                  ? "Time of all operators of a kind in one run, before (grey) "
                    "and after"
                  : "Time of all operators of a kind in one run");
  std::vector<OperatorTime> sorted = c.operators;
  std::ranges::stable_sort(sorted, std::ranges::greater(), [](const auto& o) {
    return std::max(o.us[0], o.us[1]);
  });
  std::vector<Row> rows;
  for (const OperatorTime& o : sorted)
    rows.push_back({o.name, o.op, TimeText(o.us[0]), TimeText(o.us[1])});
  page.Fold("Every operator", false, [&] {
    const Column columns[] = {
        {"output"}, {"operator"}, {"before", true}, {"after", true}};
    page.Table(columns, rows, 40);
  });
}

std::string ToJson(const Comparison& comparison) {
  return Written(JsonOf(comparison));
}

std::string ToHtml(const Comparison& c) {
  Page page("Comparison of two models", c.models[0] + " → " + c.models[1]);
  page.Number("size",
              BytesText(static_cast<double>(c.bytes[0])) + " → " +
                  BytesText(static_cast<double>(c.bytes[1])),
              PercentText(static_cast<double>(c.bytes[1]),
                          static_cast<double>(c.bytes[0])));
  AddErrorNumbers(page, c);
  AddTimeNumber(page, c);
  AddOutputs(page, c);
  AddLayers(page, c);
  AddTimes(page, c);
  return page.Finish();
}

}  // namespace liteforge
