// SPDX-License-Identifier: Apache-2.0
// Setting weights to zero, and letting the others make up for them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.h"
#include "liteforge/result.h"
#include "quantize/input_products.h"

namespace liteforge {

enum class PrunePattern : uint8_t {
  kGlobal,     // the least weights of all layers together
  kLayer,      // the least of each layer
  kTwoOfFour,  // two of any four neighbours along the input
  kBlock,      // runs of 4 neighbours along the input, the least of each layer
  kBlock16,    // the same of 16
};

// "", "layer", "2:4", "block", "block16". Errors: kInvalidArgument listing
// them.
Result<PrunePattern> PrunePatternFromName(std::string_view name);

// CONV_2D and FULLY_CONNECTED with constant float32 weights that only they
// read; those of the same constants together. (Depthwise filters are too small
// to lose any.)
std::vector<WeightMatrix> PrunableLayers(const ir::Module& module);

struct PrunedLayer {
  std::string name;
  int64_t weights = 0;
  int64_t zeros = 0;
  bool refitted = false;
};

// What it costs to drop each of the layer's weights, in no particular order:
// with `products`, what the layer's outputs err more without it, of their
// energy; else the weight's size, of the layer's root mean square.
std::vector<float> RelativeCosts(const WeightMatrix& layer,
                                 const InputProducts* products);

// The part of each layer's weights that is to go so that `fraction` of all
// goes, those of the least cost times their layer's importance.
std::vector<float> FractionsOf(const std::vector<std::vector<float>>& costs,
                               const std::vector<double>& importance,
                               float fraction);

// Makes that part of the weights zero (2:4: half). With `products` (or null)
// those that stay, and the bias, are fitted anew to give what the layer gave
// before.
PrunedLayer PruneLayer(const WeightMatrix& layer, float fraction,
                       PrunePattern pattern, const InputProducts* products);

// At most `count` different weights in each layer, zero staying zero.
// Returns how many layers changed.
int ClusterWeights(const std::vector<WeightMatrix>& layers, int count);

}  // namespace liteforge
