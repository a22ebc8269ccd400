// SPDX-License-Identifier: Apache-2.0
// What a handle is of.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "formats/tensorflow/graph.pb.h"

namespace liteforge {

// A variable or a table: a node of the top graph, or an object of the
// SavedModel that a function captured.
struct Resource {
  const tf::NodeDef* node = nullptr;
  int object = -1;
  std::string name;
  bool is_table = false;

  friend bool operator<(const Resource& a, const Resource& b) {
    return std::pair(a.node, a.object) < std::pair(b.node, b.object);
  }
};

inline bool IsVariableOp(std::string_view op) {
  return op == "VarHandleOp" || op == "VariableV2" || op == "Variable";
}

inline bool IsTableOp(std::string_view op) {
  return op == "HashTableV2" || op == "HashTable";
}

}  // namespace liteforge
