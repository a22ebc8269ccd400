// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "liteforge/inspect.h"
#include "report/graph_view.h"
#include "report/page.h"
#include "report/plots.h"

namespace liteforge {
namespace {

constexpr size_t kListedConstants = 12;
// Longer graphs are listed, not drawn.
constexpr size_t kMostDrawn = 400;

std::string TensorQuantizationText(const Quantization& q) {
  if (q.empty()) return "";
  if (q.per_channel())
    return fmt::format("{} scales along axis {}", q.scale.size(), q.axis);
  return fmt::format("scale {:.6g}, zero point {}", q.scale[0],
                     q.zero_point.empty() ? 0 : q.zero_point[0]);
}

void AddModelTotals(Page& page, const ModelDescription& m) {
  const bool tflite = !m.subgraphs.empty();
  page.Number("size", BytesText(static_cast<double>(m.file_bytes)),
              fmt::format("{} bytes", m.file_bytes));
  if (m.parameters > 0)
    page.Number("parameters", fmt::format("{}", m.parameters), "");
  if (tflite)
    page.Number(
        "operators", fmt::format("{}", m.operator_sequence.size()),
        fmt::format("of {} kinds, {} subgraph{}", m.operators.size(),
                    m.subgraphs.size(), m.subgraphs.size() == 1 ? "" : "s"));
  if (!m.layers.empty())
    page.Number("layers", fmt::format("{}", m.layers.size()), "");
  if (!m.min_runtime_version.empty())
    page.Number("runs from TensorFlow Lite", m.min_runtime_version, "");
  page.Number(tflite ? "runs here" : "converts", m.converts ? "yes" : "no", "");
}

void AddBorder(Page& page, const ModelDescription& m) {
  page.Section("Inputs and outputs");
  std::vector<Row> rows;
  const auto add = [&](std::string_view role, const TensorDetails& t) {
    rows.push_back({t.name, std::string(role),
                    Describe(t.dtype, t.shape_signature),
                    TensorQuantizationText(t.quantization)});
  };
  for (const TensorDetails& input : m.inputs) add("input", input);
  for (const TensorDetails& output : m.outputs) add("output", output);
  const Column columns[] = {
      {"name"}, {"role"}, {"type and shape"}, {"quantization"}};
  page.Table(columns, rows);
  if (!m.image_mean.empty())
    page.Paragraph(fmt::format(
        "Images x in 0 to 255 are given as (x - {:.6g}) / "
        "{:.6g}.",
        fmt::join(m.image_mean, ", "), fmt::join(m.image_std, ", ")));
  if (!m.labels.empty())
    page.Fold(fmt::format("{} labels", m.labels.size()), false,
              [&] { page.List(m.labels); });
  for (const SignatureDetails& signature : m.signatures) {
    std::string text = "Signature " + signature.key + ":";
    for (const auto& [name, index] : signature.inputs) text += " " + name;
    text += " →";
    for (const auto& [name, index] : signature.outputs) text += " " + name;
    page.Paragraph(text);
  }
}

void AddOperatorKinds(Page& page, const ModelDescription& m) {
  if (m.operators.empty()) return;
  page.Section("Operators");
  std::vector<Row> rows;
  for (const OperatorDescription& row : m.operators)
    rows.push_back({row.name,
                    row.version > 0 ? fmt::format("{}", row.version) : "",
                    fmt::format("{}", row.count)});
  const Column columns[] = {{"operator"}, {"version", true}, {"count", true}};
  page.Table(columns, rows, 30);
}

void AddLayers(Page& page, const ModelDescription& m) {
  if (m.layers.empty()) return;
  page.Section("Layers");
  std::vector<Row> rows;
  for (const LayerDescription& layer : m.layers)
    rows.push_back({layer.name, layer.type, layer.output,
                    fmt::format("{}", layer.parameters),
                    layer.converts ? "" : "does not convert"});
  const Column columns[] = {
      {"layer"}, {"type"}, {"output"}, {"parameters", true}, {""}};
  page.Table(columns, rows, 60);
}

void AddModelConstants(Page& page, const ModelDescription& m) {
  struct Entry {
    const TensorDetails* tensor;
    int64_t bytes;
  };
  std::vector<Entry> entries;
  for (const SubgraphDescription& graph : m.subgraphs) {
    for (size_t i = 0; i < graph.tensors.size(); ++i) {
      if (graph.tensors[i].is_constant)
        entries.push_back({&graph.tensors[i], graph.constant_bytes[i]});
    }
  }
  if (entries.empty()) return;
  std::ranges::stable_sort(entries, std::ranges::greater(), &Entry::bytes);
  page.Section("Constants");
  std::vector<BarPair> bars;
  std::vector<Row> rows;
  for (const Entry& entry : entries) {
    const auto bytes = static_cast<double>(entry.bytes);
    const TensorDetails& t = *entry.tensor;
    if (bars.size() < kListedConstants)
      bars.push_back({t.name, {0, bytes}, {"", BytesText(bytes)}});
    rows.push_back({t.name, Describe(t.dtype, t.shape), BytesText(bytes),
                    PercentText(bytes, static_cast<double>(m.file_bytes)),
                    TensorQuantizationText(t.quantization)});
  }
  page.Figure(PlotBarPairs(bars), "The largest");
  const Column columns[] = {{"name"},
                            {"type and shape"},
                            {"size", true},
                            {"of the file", true},
                            {"quantization"}};
  page.Table(columns, rows, 15);
}

std::vector<Row> TensorRows(const SubgraphDescription& graph,
                            const OperatorUse& use) {
  std::vector<Row> rows;
  const auto add = [&](std::string_view role, int index) {
    if (index < 0) {
      rows.push_back({"(left out)", std::string(role), "", "", ""});
      return;
    }
    const TensorDetails& t = graph.tensors[static_cast<size_t>(index)];
    rows.push_back({fmt::format("{}: {}", index, t.name), std::string(role),
                    Describe(t.dtype, t.shape_signature),
                    t.is_constant
                        ? BytesText(static_cast<double>(
                              graph.constant_bytes[static_cast<size_t>(index)]))
                        : "",
                    TensorQuantizationText(t.quantization)});
  };
  for (const int input : use.inputs) add("in", input);
  for (const int output : use.outputs) add("out", output);
  return rows;
}

void AddGraph(Page& page, const SubgraphDescription& graph, size_t number) {
  page.Section(fmt::format("Subgraph {}{}", number,
                           graph.name.empty() ? "" : ": " + graph.name));
  page.Paragraph(fmt::format("{} operators, {} tensors", graph.operators.size(),
                             graph.tensors.size()));
  if (graph.operators.size() <= kMostDrawn)
    page.Fold("Drawing", number == 0, [&] {
      page.Figure(DrawGraph(graph),
                  "From top to bottom in the order in which they run, with "
                  "what each gives");
    });
  page.Fold("Operators with their tensors", false, [&] {
    const Column columns[] = {
        {"tensor"}, {""}, {"type and shape"}, {"size", true}, {"quantization"}};
    for (size_t i = 0; i < graph.operators.size(); ++i) {
      const OperatorUse& use = graph.operators[i];
      page.Fold(fmt::format("{}  {} v{}", i, use.name, use.version), false,
                [&] { page.Table(columns, TensorRows(graph, use)); });
    }
  });
}

}  // namespace

std::string ToHtml(const ModelDescription& m) {
  Page page(m.kind, m.writer.empty() ? m.path : m.path + " · " + m.writer);
  AddModelTotals(page, m);
  if (!m.problem.empty()) {
    page.Section(m.subgraphs.empty() ? "Why it does not convert"
                                     : "Why it does not run");
    page.Paragraph(m.problem);
  }
  AddBorder(page, m);
  for (size_t i = 0; i < m.subgraphs.size(); ++i)
    AddGraph(page, m.subgraphs[i], i);
  AddLayers(page, m);
  AddOperatorKinds(page, m);
  AddModelConstants(page, m);
  return page.Finish();
}

}  // namespace liteforge
