// SPDX-License-Identifier: Apache-2.0
// Which parts of a model change variables while they run. Everything else has
// no effect beyond its outputs, and is reached through these alone.
#pragma once

#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "import/saved_model/graph_index.h"

namespace liteforge {

// AssignVariableOp, AssignAdd, ResourceScatterUpdate and their kin.
bool AssignsVariable(std::string_view op);

class Effects {
 public:
  using Names = std::unordered_set<std::string_view>;

  // `model` must outlive it.
  explicit Effects(const GraphIndex& model);

  // Nodes of the top graph (null), or of a function's body, whose place in the
  // order matters: those that change a variable, in a graph that has such those
  // that read one, and what comes after either, be it by a control input. Valid
  // while the model is.
  const Names& Behind(const tf::FunctionDef* function);

 private:
  bool Changes(const tf::NodeDef& node) const;
  bool Reads(const tf::NodeDef& node) const;

  const GraphIndex& model_;
  Names changing_, reading_;  // functions
  std::unordered_map<const tf::FunctionDef*, Names> behind_;
};

}  // namespace liteforge
