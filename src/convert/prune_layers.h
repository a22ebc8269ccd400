// SPDX-License-Identifier: Apache-2.0
// Pruning the layers of a model, one after the other, by what examples show.
#pragma once

#include <functional>
#include <vector>

#include "ir/graph.h"
#include "liteforge/dataset.h"
#include "liteforge/result.h"
#include "quantize/prune.h"

namespace liteforge {

// Runs `use` on the examples of each signature that has some, from their
// beginning; it may be asked to again. `finished` is to be told how many
// examples of the signature are done, or is empty.
using UseExamples = std::function<Result<void>(
    size_t signature, const RepresentativeDataset& examples,
    const std::function<void(size_t)>& finished)>;
using OnExamples = std::function<Result<void>(const UseExamples& use)>;

// Sets `fraction` of the layers' weights to zero (2:4: half). With examples
// (or none) each layer is fitted to give what it gave before, from what reaches
// it through those pruned before it. kGlobal: layers that err sooner keep more.
// How much more is tried where the model is small enough, on examples that the
// fitting of the trials has not seen. Names must be unique (NameUniquely).
Result<std::vector<PrunedLayer>> PruneLayers(
    const ir::Module& module, const std::vector<WeightMatrix>& layers,
    float fraction, PrunePattern pattern, const OnExamples& examples);

}  // namespace liteforge
