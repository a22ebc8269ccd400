// SPDX-License-Identifier: Apache-2.0
//        in   image                  float32[1,8,8,1]
//     |-[ CONV_2D              ]     float32[1,8,8,4]
//     | [ DEPTHWISE_CONV_2D    ]     float32[1,8,8,4]
//     '>[ ADD                  ]     float32[1,8,8,4]
//        out  scores
//
// Lines that would cross lie in lanes of their own, the nearest free one to the
// right being taken.
#include "report/graph_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "report/page.h"

namespace liteforge {
namespace {

constexpr double kRow = 24;
constexpr double kLane = 7;
constexpr double kBox = 168;
constexpr size_t kMostLanes = 12;

// From the output of one row to a row behind the next.
struct Edge {
  size_t from, to, lane = 0;
};

// Row 0 holds the graph's inputs, the last one its outputs.
std::vector<Edge> EdgesOf(const SubgraphDescription& graph) {
  std::map<int, size_t> made_by;
  for (const int input : graph.inputs) made_by[input] = 0;
  std::vector<Edge> edges;
  const auto read = [&](const std::vector<int>& tensors, size_t row) {
    for (const int tensor : tensors) {
      const auto producer = made_by.find(tensor);
      if (producer != made_by.end() && producer->second + 1 < row)
        edges.push_back({producer->second, row});
    }
  };
  for (size_t i = 0; i < graph.operators.size(); ++i) {
    read(graph.operators[i].inputs, i + 1);
    for (const int output : graph.operators[i].outputs) made_by[output] = i + 1;
  }
  read(graph.outputs, graph.operators.size() + 1);
  return edges;
}

// Gives every edge a lane; returns how many there are.
size_t AssignLanes(std::vector<Edge>& edges) {
  std::ranges::sort(edges, {},
                    [](const Edge& e) { return std::pair(e.from, e.to); });
  std::vector<size_t> busy_until;
  for (Edge& edge : edges) {
    size_t lane = 0;
    while (lane < busy_until.size() && busy_until[lane] > edge.from) ++lane;
    if (lane == busy_until.size()) busy_until.push_back(0);
    busy_until[lane] = edge.to;
    edge.lane = std::min(lane, kMostLanes - 1);
  }
  return std::min(busy_until.size(), kMostLanes);
}

std::string TensorText(const SubgraphDescription& graph, int index) {
  if (index < 0 || static_cast<size_t>(index) >= graph.tensors.size())
    return "";
  const TensorDetails& t = graph.tensors[static_cast<size_t>(index)];
  return Describe(t.dtype, t.shape_signature);
}

class Drawing {
 public:
  explicit Drawing(const SubgraphDescription& graph)
      : graph_(graph), edges_(EdgesOf(graph)) {
    left_ = 8 + kLane * static_cast<double>(AssignLanes(edges_));
  }

  std::string Draw() {
    const size_t rows = graph_.operators.size() + 2;
    for (const Edge& edge : edges_) DrawEdge(edge);
    Border(0, "in", graph_.inputs);
    for (size_t i = 0; i < graph_.operators.size(); ++i) Box(i);
    Border(rows - 1, "out", graph_.outputs);
    return fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 400 {:.0f}\" "
        "role=\"img\" aria-label=\"the graph\">\n{}</svg>\n",
        kRow * static_cast<double>(rows) + 4, svg_);
  }

 private:
  double Middle(size_t row) const {
    return kRow * (static_cast<double>(row) + 0.5);
  }

  void DrawEdge(const Edge& edge) {
    const double x = left_ - 4 - kLane * static_cast<double>(edge.lane);
    svg_ += fmt::format(
        "<path class=\"edge\" d=\"M{0:.1f} {1:.1f}H{2:.1f}V{3:.1f}H{0:.1f}\"/>"
        "\n",
        left_, Middle(edge.from) + 5, x, Middle(edge.to) - 5);
  }

  void Text(double x, size_t row, std::string_view kind,
            std::string_view text) {
    svg_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\"{}>{}</text>\n", x,
                        Middle(row) + 4, kind, Escaped(text));
  }

  void Border(size_t row, std::string_view what, const std::vector<int>& list) {
    Text(left_ + 6, row, " class=\"t\"",
         fmt::format("{} ({})", what, list.size()));
    if (list.size() == 1)
      Text(left_ + kBox + 8, row, " class=\"t\"", TensorText(graph_, list[0]));
  }

  void Box(size_t i) {
    const OperatorUse& use = graph_.operators[i];
    const size_t row = i + 1;
    const int output = use.outputs.empty() ? -1 : use.outputs[0];
    std::string title = fmt::format("{}: {}", i, use.name);
    if (output >= 0)
      title += " → " + graph_.tensors[static_cast<size_t>(output)].name;
    svg_ += fmt::format(
        "<rect class=\"box\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{}\" "
        "height=\"{}\" rx=\"4\"><title>{}</title></rect>\n",
        left_, Middle(row) - 9, kBox, 18, Escaped(title));
    Text(left_ + 6, row, "", use.name.substr(0, 24));
    Text(left_ + kBox + 8, row, " class=\"t\"", TensorText(graph_, output));
    if (i > 0)
      svg_ +=
          fmt::format("<path class=\"edge\" d=\"M{0:.1f} {1:.1f}V{2:.1f}\"/>\n",
                      left_ + 12, Middle(i) + 9, Middle(row) - 9);
  }

  const SubgraphDescription& graph_;
  std::vector<Edge> edges_;
  double left_ = 8;
  std::string svg_;
};

}  // namespace

std::string DrawGraph(const SubgraphDescription& graph) {
  return Drawing(graph).Draw();
}

}  // namespace liteforge
