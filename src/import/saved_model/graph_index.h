// SPDX-License-Identifier: Apache-2.0
// A TensorFlow graph with its function library, looked up by name.
#pragma once

#include <memory>
#include <string_view>
#include <unordered_map>

#include "formats/tensorflow/saved_model.pb.h"
#include "liteforge/result.h"

namespace liteforge {

// Nodes, functions and operator definitions of a MetaGraph by name. Keeps the
// MetaGraph alive; views into it are valid while the GraphIndex is.
class GraphIndex {
 public:
  // kInvalidModel when two nodes or two functions have one name.
  static Result<GraphIndex> Of(std::shared_ptr<const tf::MetaGraphDef> meta);

  const tf::MetaGraphDef& meta() const { return *meta_; }
  const std::shared_ptr<const tf::MetaGraphDef>& keeper() const {
    return meta_;
  }
  const tf::NodeDef* FindNode(std::string_view name) const;
  // Of the graph and all functions.
  int64_t node_count() const { return node_count_; }
  const tf::FunctionDef* FindFunction(std::string_view name) const;

  // The number of the output that "node:argument:offset" means inside a
  // function. Operators that neither the file nor our own table describes
  // have one output argument.
  Result<int> OutputIndex(const tf::NodeDef& node, std::string_view argument,
                          int offset) const;

 private:
  std::shared_ptr<const tf::MetaGraphDef> meta_;
  int64_t node_count_ = 0;
  std::unordered_map<std::string_view, const tf::NodeDef*> nodes_;
  std::unordered_map<std::string_view, const tf::FunctionDef*> functions_;
  std::unordered_map<std::string_view, const tf::OpDef*> ops_;
};

// An attribute, or null.
const tf::AttrValue* FindAttribute(const tf::NodeDef& node, const char* name);

}  // namespace liteforge
