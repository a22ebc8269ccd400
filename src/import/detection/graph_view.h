// SPDX-License-Identifier: Apache-2.0
// A ConcreteFunction's graph, for looking backwards from its outputs.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "function/concrete_function.h"

namespace liteforge {

class GraphView {
 public:
  // `function` must outlive it and keep its nodes.
  explicit GraphView(const ConcreteFunction& function);

  // One output of one node; of none when the graph ends.
  struct Point {
    const tf::NodeDef* node = nullptr;
    int output = 0;
    std::string tensor;  // "node:1"
    bool Is(std::string_view op) const {
      return node != nullptr && node->op() == op;
    }
    friend bool operator==(const Point& a, const Point& b) {
      return a.node == b.node && a.output == b.output;
    }
  };

  Point At(std::string_view tensor) const;
  // What a node's data input i is, through Identity.
  Point Input(const Point& point, int i) const;
  // Backwards along first inputs while the operation is one of `ops`.
  Point Through(Point point, const std::set<std::string_view>& ops) const;

  // A constant's elements, integers and floats alike; nullopt for others.
  std::optional<std::vector<double>> Constant(const Point& point) const;
  // The last element of a shape: of a constant, or of a Pack.
  std::optional<double> LastOf(const Point& point) const;

  // All nodes that the tensor depends on, itself included; what stands behind
  // a node for which `stop` says so is left out.
  std::vector<const tf::NodeDef*> Ancestors(
      std::string_view tensor,
      const std::function<bool(const tf::NodeDef&)>& stop = {}) const;

  const ConcreteFunction& function() const { return function_; }

 private:
  const ConcreteFunction& function_;
  std::map<std::string_view, const tf::NodeDef*> nodes_;
};

}  // namespace liteforge
