// SPDX-License-Identifier: Apache-2.0
// The values that a SavedModel's variables have when it is loaded.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "formats/tensorflow/tensor_bundle.h"
#include "import/saved_model/graph_index.h"
#include "liteforge/result.h"

namespace liteforge {

// Which tensor of the checkpoint a variable is restored from. The graph itself
// says it: the saver's AssignVariableOp(variable, RestoreV2(names)[i]), at the
// top or inside the restoring function of TensorFlow 2. Variables that it does
// not mention are found by the object graph, then by their own name.
class Variables {
 public:
  // Without a checkpoint; for frozen graphs.
  Variables() = default;
  Variables(const GraphIndex& graph, TensorBundle bundle);

  // `variable` is a VarHandleOp, VariableV2 or Variable of the top graph.
  Result<StoredTensor> ValueOf(const tf::NodeDef& variable) const;
  // The value of a node of the SavedObjectGraph that is a variable.
  Result<StoredTensor> ValueOfObject(int node_id) const;

 private:
  struct Source {
    std::string key;
    std::string slice;  // "10 4 0,5:-": the part of the tensor; "" all of it
  };

  void ScanAssignments(const GraphIndex& graph);
  void ScanRestoreFunction(const GraphIndex& graph);
  void ScanObjects(const GraphIndex& graph);
  std::optional<Source> SourceOf(const tf::NodeDef& variable) const;

  std::optional<TensorBundle> bundle_;
  std::map<std::string, Source, std::less<>> by_node_;
  std::map<int, std::string> by_object_;  // checkpoint keys
  std::map<std::string, std::string, std::less<>> by_variable_name_;
};

}  // namespace liteforge
