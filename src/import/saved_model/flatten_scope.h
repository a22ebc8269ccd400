// SPDX-License-Identifier: Apache-2.0
// What the files of the Flattener share.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "import/saved_model/flatten.h"

namespace liteforge {

// The top graph, or one call of a function, while its nodes are visited.
struct Flattener::Scope {
  const tf::FunctionDef* function = nullptr;  // null: the top graph
  std::string prefix;                         // of new nodes' names
  const AttributeMap* attributes = nullptr;   // that the caller gives
  std::unordered_map<std::string_view, const tf::NodeDef*> nodes;
  std::unordered_map<std::string_view, Operands> arguments;
  std::map<std::pair<std::string_view, int>, Operand> fed;
  std::unordered_map<std::string_view, Operands> done;
  std::unordered_set<std::string_view> open;
  const Effects::Names* behind_effects = nullptr;
};

struct Flattener::Point {
  std::string_view node;
  int output = 0;
  bool control = false;
  const Operand* known = nullptr;  // an argument, or fed
};

// Whether an operator calls functions by attributes that cannot be inlined.
bool CallsLater(std::string_view op);

inline Operand TensorOperand(std::string name, bool is_node = false) {
  Operand operand;
  operand.tensor = std::move(name);
  operand.is_node = is_node;
  return operand;
}

// An output of a node by its number: "node" or "node:2".
inline std::string OutputName(const std::string& node, int output) {
  return output == 0 ? node : node + ":" + std::to_string(output);
}

}  // namespace liteforge
