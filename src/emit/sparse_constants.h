// SPDX-License-Identifier: Apache-2.0
// Constants that are mostly zeros, stored without these.
#pragma once

#include <memory>
#include <optional>
#include <unordered_map>

#include "formats/tflite/model_writer.h"
#include "ir/graph.h"

namespace liteforge {

// What the file holds of a sparse constant.
struct SparseConstant {
  Blob stored;  // the elements that are kept
  tflite::SparsityParametersT sparsity;
};

using SparseConstants =
    std::unordered_map<const ir::Value*, std::unique_ptr<SparseConstant>>;

// In rows along the last dimension, or blocks of four neighbours along it,
// whichever is smaller; nullptr where that is not at least an eighth smaller
// than the dense form (`always`: where there is no sparse form at all).
std::unique_ptr<SparseConstant> MakeSparse(const ir::Value& value,
                                           bool always = false);

// Whether TensorFlow Lite's kernel takes the node's weights, operand 1, in
// either form: those of FULLY_CONNECTED in float32.
bool TakesSparseWeights(const ir::Node& node);

// The graph's constants to be stored sparse: what DENSIFY reads, always, and
// weights that the kernel takes sparse, where that is smaller.
void FindSparseConstants(const ir::Graph& graph, SparseConstants& found);

}  // namespace liteforge
