// SPDX-License-Identifier: Apache-2.0
// Running a model on examples to learn where its values lie.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "ir/graph.h"
#include "liteforge/dataset.h"
#include "liteforge/interpreter.h"
#include "liteforge/result.h"
#include "quantize/calibration.h"

namespace liteforge {

// The inputs of a module's signature, by number, as an interpreter describes
// them; of 0 also where there is no signature.
std::vector<TensorDetails> InputsOf(const ir::Module& module,
                                    size_t signature = 0);

// Runs the module's signature, as it is, on every example, and shows every
// tensor that it computes. Graphs and tensors are named as the module's graphs
// and values, whose names must be unique (NameUniquely). `finished` is called
// after each example with their number so far. Errors: what running says,
// naming the example; kInvalidArgument where there was none.
using ShowTensor = std::function<Result<void>(const ir::Graph& graph,
                                              const ObservedTensor& tensor)>;
Result<void> RunExamples(const ir::Module& module,
                         const RepresentativeDataset& examples,
                         const ShowTensor& show,
                         const std::function<void(size_t)>& finished = {},
                         size_t signature = 0);

// Runs the module's signature and that of `before`, a .tflite of the same
// operators with other constants, side by side, and shows the tensors that are
// `wanted` as both compute them.
using ShowPair = std::function<Result<void>(const ir::Graph& graph,
                                            const ObservedTensor& now,
                                            const ObservedTensor& before)>;
using WantTensor =
    std::function<bool(const ir::Graph& graph, std::string_view name)>;
Result<void> RunExamplePairs(const ir::Module& module,
                             std::span<const std::byte> before,
                             const RepresentativeDataset& examples,
                             const WantTensor& wanted, const ShowPair& show,
                             const std::function<void(size_t)>& finished = {},
                             size_t signature = 0);

// Statistics of every float32 tensor. Errors: also for values that are no
// finite numbers, naming the tensor.
Result<Calibration> Calibrate(const ir::Module& module,
                              const RepresentativeDataset& examples,
                              const std::function<void(size_t)>& finished = {},
                              size_t signature = 0);

}  // namespace liteforge
