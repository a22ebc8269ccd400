// SPDX-License-Identifier: Apache-2.0
// What the hash tables of a model hold once it is loaded.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "import/saved_model/graph_index.h"
#include "import/saved_model/resource.h"
#include "liteforge/result.h"
#include "liteforge/types.h"

namespace liteforge {

// Keys and values in the same order, both of rank 1.
struct TableContents {
  DataType key_type = DataType::kNone;
  DataType value_type = DataType::kNone;
  tf::TensorProto keys;
  tf::TensorProto values;
};

// Tables are filled by nodes that run once, when a model is loaded:
// LookupTableImportV2 and InitializeTableV2 with constants, or
// InitializeTableFromTextFileV2 with a file among the assets; in the graph, or
// in functions that it calls with the table. Source:
// tensorflow/core/ops/lookup_ops.cc, kernels/lookup_util.cc.
class Tables {
 public:
  // `model` must outlive it. `assets`: the directory of the assets.
  Tables(const GraphIndex& model, std::filesystem::path assets)
      : model_(model), assets_(std::move(assets)) {}

  // Errors: kUnsupported where nothing fills the table, or not with what is in
  // the SavedModel; kInvalidModel and kIo for damaged assets.
  Result<TableContents> ContentsOf(const Resource& table) const;

 private:
  const GraphIndex& model_;
  std::filesystem::path assets_;
};

}  // namespace liteforge
