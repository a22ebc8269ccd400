// SPDX-License-Identifier: Apache-2.0
#include "import/detection/graph_view.h"

#include "formats/tensorflow/tensor_proto.h"

namespace liteforge {
namespace {

// Constants that tell something are small.
constexpr int64_t kMostElements = 64;

template <class T>
std::vector<double> Widen(const Blob& data) {
  const std::vector<T> values = data.ToVector<T>();
  return {values.begin(), values.end()};
}

}  // namespace

GraphView::GraphView(const ConcreteFunction& function) : function_(function) {
  for (const tf::NodeDef& node : function.graph.node())
    nodes_[node.name()] = &node;
}

GraphView::Point GraphView::At(std::string_view tensor) const {
  InputReference at = ParseInput(tensor);
  for (size_t steps = 0; steps <= nodes_.size(); ++steps) {
    const auto found = nodes_.find(at.node);
    if (found == nodes_.end()) return {};
    const tf::NodeDef& node = *found->second;
    if (node.op() != "Identity" || node.input_size() < 1) {
      std::string name(at.node);
      if (at.output > 0) name += ":" + std::to_string(at.output);
      return {&node, at.output, std::move(name)};
    }
    at = ParseInput(node.input(0));
  }
  return {};
}

GraphView::Point GraphView::Input(const Point& point, int i) const {
  if (point.node == nullptr || i >= point.node->input_size() ||
      point.node->input(i).starts_with('^'))
    return {};
  return At(point.node->input(i));
}

GraphView::Point GraphView::Through(
    Point point, const std::set<std::string_view>& ops) const {
  for (size_t steps = 0; steps <= nodes_.size(); ++steps) {
    if (point.node == nullptr || !ops.contains(point.node->op())) return point;
    point = Input(point, 0);
  }
  return {};
}

std::optional<std::vector<double>> GraphView::Constant(
    const Point& point) const {
  if (!point.Is("Const")) return std::nullopt;
  const auto value = point.node->attr().find("value");
  if (value == point.node->attr().end() || !value->second.has_tensor())
    return std::nullopt;
  const tf::TensorProto& tensor = value->second.tensor();
  const int64_t elements = FromTensorFlow(tensor.tensor_shape()).elements();
  if (elements < 0 || elements > kMostElements) return std::nullopt;
  Blob data;
  const auto beside = function_.constants.find(point.node->name());
  if (beside != function_.constants.end()) {
    data = beside->second;
  } else {
    auto decoded = DecodeTensor(tensor);
    if (!decoded) return std::nullopt;
    data = *std::move(decoded);
  }
  switch (FromTensorFlow(tensor.dtype())) {
    case DataType::kFloat32:
      return Widen<float>(data);
    case DataType::kInt32:
      return Widen<int32_t>(data);
    case DataType::kInt64:
      return Widen<int64_t>(data);
    default:
      return std::nullopt;
  }
}

std::optional<double> GraphView::LastOf(const Point& point) const {
  if (point.Is("Pack")) {
    int inputs = 0;
    for (const std::string& input : point.node->input())
      inputs += input.starts_with('^') ? 0 : 1;
    const auto last = Constant(Input(point, inputs - 1));
    return last && last->size() == 1 ? std::optional((*last)[0]) : std::nullopt;
  }
  const auto all = Constant(point);
  return all && !all->empty() ? std::optional(all->back()) : std::nullopt;
}

std::vector<const tf::NodeDef*> GraphView::Ancestors(
    std::string_view tensor,
    const std::function<bool(const tf::NodeDef&)>& stop) const {
  std::set<const tf::NodeDef*> seen;
  std::vector<const tf::NodeDef*> found;
  std::vector<std::string_view> open = {ParseInput(tensor).node};
  while (!open.empty()) {
    const auto node = nodes_.find(open.back());
    open.pop_back();
    if (node == nodes_.end() || !seen.insert(node->second).second) continue;
    found.push_back(node->second);
    if (stop && stop(*node->second)) continue;
    for (const std::string& input : node->second->input()) {
      const InputReference at = ParseInput(input);
      if (!at.control) open.push_back(at.node);
    }
  }
  return found;
}

}  // namespace liteforge
