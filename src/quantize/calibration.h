// SPDX-License-Identifier: Apache-2.0
// What was seen of every tensor while a model ran on examples.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "ir/graph.h"
#include "liteforge/result.h"
#include "quantize/statistics.h"

namespace liteforge {

// Gives every graph and every value of a graph a name of its own, inputs and
// outputs first, so that names can stand for values.
void NameUniquely(ir::Module& module);

// Statistics by graph and value. A signature's graph has its key for a name.
class Calibration {
 public:
  Statistics& At(const std::string& graph, const std::string& value) {
    return graphs_[graph][value];
  }
  // nullptr for what was never seen.
  const Statistics* Find(const ir::Graph& graph, const ir::Value& value) const;
  const Statistics* Find(const std::string& graph,
                         const std::string& value) const;
  bool empty() const { return graphs_.empty(); }
  // Whether anything was seen of the graph.
  bool Knows(const std::string& graph) const { return graphs_.contains(graph); }

  // Errors: kInvalidArgument where the two are not of one model: they know a
  // graph of one name, and no value of it in common.
  Result<void> Merge(const Calibration& other);
  // Of one model that ran elsewhere in it.
  void Add(const Calibration& other);

  // A text file, JSON; the same statistics give the same text.
  std::string ToJson() const;
  static Result<Calibration> FromJson(std::string_view text);

 private:
  std::map<std::string, std::map<std::string, Statistics>> graphs_;
};

}  // namespace liteforge
